/** JupyterLab's visual debugger on a notebook of this kernel, used with the mouse. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../jupyter/environment.js';
import { launchChromium, startLab, type Lab } from './lab.js';
import { notebookOf } from './notebook-file.js';
import { NotebookPage } from './notebook-page.js';

const screenshots = path.join(root, 'test/browser/screenshots');
const cells = [
  `function scaled(values: number[], factor: number): number[] {
  const result: number[] = [];
  for (const value of values) {
    result.push(value * factor);
  }
  return result;
}`,
  `const label: string = 'three numbers';
const weights = tensor([[1, 2], [3, 4]]);
const answer = scaled([1, 2, 3], 10);
answer.join(' ')`,
];

let folder: string;
let lab: Lab | undefined;
let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  folder = mkdtempSync(path.join(tmpdir(), 'nabla-debugger-'));
  writeFileSync(path.join(folder, 'debug.ipynb'), JSON.stringify(notebookOf(cells)));
  lab = await startLab(folder);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

/** The debugger's panel beside the notebook. */
class DebuggerPanel {
  constructor(readonly notebook: NotebookPage) {}

  async enable(): Promise<void> {
    await this.notebook.page.locator('.jp-DebuggerBugButton').click();
    await this.notebook.page.locator('.jp-DebuggerBreakpoints').waitFor();
    await this.notebook.cell(0).locator('.cm-gutter.cm-breakpoint-gutter').waitFor();
  }

  async clickGutter(cell: number, line: number): Promise<void> {
    // The first element only keeps the place of the widest one.
    await this.notebook
      .cell(cell)
      .locator('.cm-gutter.cm-breakpoint-gutter .cm-gutterElement')
      .nth(line)
      .click();
  }

  /** The line that is highlighted in a cell. */
  highlighted(cell: number): Locator {
    return this.notebook.cell(cell).locator('.jp-DebuggerEditor-highlight');
  }

  async press(button: 'Continue' | 'Next' | 'Step In' | 'Step Out'): Promise<void> {
    await this.notebook.page.locator(`#jp-debugger-sidebar jp-button[title^="${button}"]`).click();
  }

  get callStack(): Locator {
    return this.notebook.page.locator('.jp-DebuggerCallstack-body');
  }

  get breakpoints(): Locator {
    return this.notebook.page.locator('.jp-DebuggerBreakpoints-body');
  }

  variable(name: string): Locator {
    const label = this.notebook.page.locator('.jp-DebuggerVariables-name', {
      hasText: new RegExp(`^${name}$`),
    });
    return this.notebook.page.locator('.jp-DebuggerVariables-body [role="treeitem"]', { has: label }).first();
  }
}

test('a breakpoint from the gutter, a step, a variable, the end', async () => {
  if (!browser || !lab) throw new Error('JupyterLab or Chromium did not start');
  const notebook = await NotebookPage.open(browser, lab, 'debug.ipynb');
  await notebook.page.setViewportSize({ width: 1400, height: 900 });
  const panel = new DebuggerPanel(notebook);
  await panel.enable();

  // In the function, before its cell has run at all, and in the cell that calls it.
  await panel.clickGutter(0, 4);
  await panel.clickGutter(1, 2);
  await panel.breakpoints.getByText('Cell [ ]').nth(1).waitFor();
  await notebook.runToEnd(0);

  await notebook.run(1);
  await panel.highlighted(1).waitFor();
  expect(await panel.highlighted(1).innerText()).toContain('const weights');
  await panel.callStack.getByText('Cell [2]').first().waitFor();
  await panel.variable('label').waitFor();
  expect(await panel.variable('label').innerText()).toContain("'three numbers'");

  await panel.press('Next');
  await panel.highlighted(1).filter({ hasText: 'const answer' }).waitFor();
  await panel.variable('weights').waitFor();
  await expect.poll(() => panel.variable('weights').innerText()).toContain('Tensor [2, 2] float32');

  await panel.press('Continue');
  await panel.highlighted(0).waitFor();
  expect(await panel.highlighted(0).innerText()).toContain('result.push');
  await panel.callStack.getByText('scaled').waitFor();
  expect(await panel.variable('factor').innerText()).toContain('10');
  await panel.variable('values').click();
  await panel.variable('2').waitFor();
  expect(await panel.variable('2').innerText()).toContain('3');
  await notebook.page.screenshot({ path: path.join(screenshots, 'debugger.png') });

  await panel.clickGutter(0, 4);
  await expect.poll(() => panel.breakpoints.locator('.jp-DebuggerBreakpoint').count()).toBe(1);
  await panel.press('Continue');
  await notebook.waitForPrompt(1, /\[\d+\]/);
  await notebook.waitForStatus('Idle');
  expect(await notebook.output(1)).toContain('10 20 30');
  expect(await panel.highlighted(1).count()).toBe(0);
  // What the cells have left is in the panel of variables.
  await panel.variable('answer').waitFor();
  await notebook.page.screenshot({ path: path.join(screenshots, 'debugger-variables.png') });
  await notebook.close();
});
