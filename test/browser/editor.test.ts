/** What the editor knows, in JupyterLab: Tab, Shift-Tab and type errors, by the keyboard. */
import { expect, test } from 'vitest';
import type { NotebookPage } from './notebook-page.js';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage();
const cells = [
  'const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh());\nmodel(randn([3, 2])).shape.join()',
  'const steps: number = model.parameters().length;\nconst name: string = steps;\nsteps',
  '',
  '',
];

async function type(notebook: NotebookPage, cell: number, text: string): Promise<void> {
  await notebook.cell(cell).locator('.cm-content').click();
  await notebook.page.keyboard.type(text);
}

test('a type error appears below the cell that has it, which has run all the same', async () => {
  const notebook = await stage.open('type-error', cells);
  await notebook.runToEnd(0, '3,16');
  await notebook.runToEnd(1, '2');
  const errors = notebook
    .cell(1)
    .locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]');
  await expect
    .poll(() => errors.innerText())
    .toMatch(/Cell \[2\]:2:7 type error .*'number' is not assignable to type 'string'/);
  await expect.poll(() => errors.innerText()).toContain('const name: string = steps;');
  await notebook.page.screenshot({ path: screenshotFile('type-error') });
  expect(await notebook.output(0)).not.toContain('type error');
});

test('Tab completes members of a value of another cell, and of the library', async () => {
  const notebook = await stage.open('completion', cells);
  await notebook.runToEnd(0, '3,16');
  const line = notebook.cell(2).locator('.cm-line');
  const completer = notebook.page.locator('.jp-Completer:visible');
  const entries = () => completer.locator('.jp-Completer-match').allInnerTexts();
  await type(notebook, 2, 'model.namedPar');
  await notebook.pressUntil('Tab', completer);
  await expect.poll(entries).toEqual(['namedParameters']);
  await notebook.page.keyboard.press('Enter');
  await expect.poll(() => line.innerText()).toBe('model.namedParameters');
  await notebook.page.keyboard.press('Control+A');
  await notebook.page.keyboard.type('optim.Ad');
  await notebook.pressUntil('Tab', completer);
  const optimizers = ['Adam', 'AdamW', 'Adagrad', 'Adadelta', 'Adamax'];
  await expect.poll(entries).toEqual(expect.arrayContaining(optimizers));
  await notebook.page.screenshot({ path: screenshotFile('completion') });
  await notebook.page.keyboard.press('Enter');
  await expect.poll(() => line.innerText()).toMatch(/^optim\.Ad\w+$/);
});

test('Tab completes a name of a module that the cell does not import yet, and imports it', async () => {
  const notebook = await stage.open('auto-import', cells);
  await notebook.runToEnd(0, '3,16');
  const completer = notebook.page.locator('.jp-Completer:visible');
  await type(notebook, 2, 'const isThere = existsSyn');
  await notebook.pressUntil('Tab', completer);
  const entry = completer.locator('.jp-Completer-match', {
    hasText: "import { existsSync } from 'node:fs';",
  });
  await notebook.page.screenshot({ path: screenshotFile('auto-import') });
  await entry.first().click();
  const text = () => notebook.cell(2).locator('.cm-content').innerText();
  await expect.poll(text).toBe("import { existsSync } from 'node:fs';\nconst isThere = existsSync");
  await notebook.page.keyboard.type("('.');\nisThere");
  await notebook.runToEnd(2, 'true');
});

test('Shift-Tab shows signature, documentation and value', async () => {
  const notebook = await stage.open('inspection', cells);
  await notebook.runToEnd(0, '3,16');
  await notebook.runToEnd(1, '2');
  await type(notebook, 3, 'model.zeroGrad(');
  const tooltip = notebook.page.locator('.jp-Tooltip');
  await notebook.pressUntil('Shift+Tab', tooltip);
  // Its text comes a moment after its frame.
  await expect.poll(() => tooltip.innerText()).toContain('zeroGrad(');
  await notebook.page.keyboard.press('Escape');
  await tooltip.waitFor({ state: 'detached' });
  await notebook.cell(3).locator('.cm-content').click();
  await notebook.page.keyboard.press('Control+A');
  await notebook.page.keyboard.type('steps');
  await notebook.pressUntil('Shift+Tab', tooltip);
  await expect.poll(() => tooltip.innerText()).toContain('steps: number');
  await expect.poll(() => tooltip.innerText()).toMatch(/\b2\b/);
  await notebook.page.screenshot({ path: screenshotFile('tooltip') });
});
