/** What the editor knows, in JupyterLab: Tab, Shift-Tab and type errors, by the keyboard. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../jupyter/environment.js';
import { launchChromium, startLab, type Lab } from './lab.js';
import { notebookOf } from './notebook-file.js';
import { NotebookPage } from './notebook-page.js';

const screenshots = path.join(root, 'test/browser/screenshots');
const cells = [
  'const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh());\nmodel(randn([3, 2])).shape.join()',
  'const steps: number = model.parameters().length;\nconst name: string = steps;\nsteps',
  '',
  '',
];

let lab: Lab | undefined;
let browser: Browser | undefined;
let notebook: NotebookPage;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), 'nabla-editor-'));
  writeFileSync(path.join(folder, 'editor.ipynb'), JSON.stringify(notebookOf(cells)));
  lab = await startLab(folder);
  browser = await launchChromium();
  notebook = await NotebookPage.open(browser, lab, 'editor.ipynb');
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

async function type(cell: number, text: string): Promise<void> {
  await notebook.cell(cell).locator('.cm-content').click();
  await notebook.page.keyboard.type(text);
}

test('a type error appears below the cell that has it, which has run all the same', async () => {
  expect(await notebook.runToEnd(0)).toContain('3,16');
  expect(await notebook.runToEnd(1)).toContain('2');
  const errors = notebook
    .cell(1)
    .locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]');
  await errors.waitFor();
  await notebook.page.screenshot({ path: path.join(screenshots, 'type-error.png') });
  expect(await errors.innerText()).toMatch(
    /Cell \[2\]:2:7 type error .*'number' is not assignable to type 'string'/,
  );
  expect(await errors.innerText()).toContain('const name: string = steps;');
  expect(await notebook.output(0)).not.toContain('type error');
}, 120_000);

test('Tab completes members of a value of another cell, and of the library', async () => {
  const line = notebook.cell(2).locator('.cm-line');
  const completer = notebook.page.locator('.jp-Completer:visible');
  await type(2, 'model.namedPar');
  await notebook.page.keyboard.press('Tab');
  await completer.waitFor();
  expect(await completer.locator('.jp-Completer-match').allInnerTexts()).toEqual(['namedParameters']);
  await notebook.page.keyboard.press('Enter');
  await expect.poll(() => line.innerText()).toBe('model.namedParameters');
  await notebook.page.keyboard.press('Control+A');
  await notebook.page.keyboard.type('optim.Ad');
  await notebook.page.keyboard.press('Tab');
  await completer.waitFor();
  await notebook.page.screenshot({ path: path.join(screenshots, 'completion.png') });
  const entries = await completer.locator('.jp-Completer-match').allInnerTexts();
  expect(entries).toEqual(expect.arrayContaining(['Adam', 'AdamW', 'Adagrad', 'Adadelta', 'Adamax']));
  await notebook.page.keyboard.press('Enter');
  await expect.poll(() => line.innerText()).toMatch(/^optim\.Ad\w+$/);
}, 120_000);

test('Shift-Tab shows signature, documentation and value', async () => {
  await type(3, 'model.zeroGrad(');
  await notebook.page.keyboard.press('Shift+Tab');
  const tooltip = notebook.page.locator('.jp-Tooltip');
  await tooltip.waitFor();
  expect(await tooltip.innerText()).toContain('zeroGrad(');
  await notebook.page.keyboard.press('Escape');
  await tooltip.waitFor({ state: 'detached' });
  await notebook.cell(3).locator('.cm-content').click();
  await notebook.page.keyboard.press('Control+A');
  await notebook.page.keyboard.type('steps');
  await notebook.page.keyboard.press('Shift+Tab');
  await tooltip.waitFor();
  await notebook.page.screenshot({ path: path.join(screenshots, 'tooltip.png') });
  const text = await tooltip.innerText();
  expect(text).toContain('steps: number');
  expect(text).toMatch(/\b2\b/);
}, 120_000);
