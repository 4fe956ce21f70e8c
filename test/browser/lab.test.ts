/**
 * What a person does in JupyterLab, done by Chromium. Screenshots of each stage go to test/browser/screenshots/;
 * with NABLA_README_SCREENSHOT set, the one in the README is renewed as well.
 */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IMimeBundle } from '@jupyterlab/nbformat';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../jupyter/environment.js';
import { launchChromium, startLab, type Lab } from './lab.js';
import { codeCells, notebookOf } from './notebook-file.js';
import { NotebookPage } from './notebook-page.js';

const screenshots = path.join(root, 'test/browser/screenshots');
const cells = [
  // 0
  'manualSeed(0);\nconst [x, y] = data.moons(200, { noise: 0.1 }).tensors;\nconst model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));\nmodel',
  // 1: a synchronous loop with a live chart, about four seconds long
  [
    'const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });',
    "const chart = lossChart({ title: 'Training' });",
    'const end = Date.now() + 4000;',
    'let steps: number = 0;',
    'while (Date.now() < end) {',
    '  optimizer.zeroGrad();',
    '  const loss = F.crossEntropy(model(x), y);',
    '  loss.backward();',
    '  optimizer.step();',
    '  chart.add({ loss });',
    '  steps += 1;',
    '}',
    'steps > 10',
  ].join('\n'),
  // 2
  'for (;;) {}',
  // 3
  'await new Promise(() => {})',
  // 4
  '[...model.parameters()].length + " parameters are still here"',
  // 5
  'function half(value: number): number {\n  if (value % 2 !== 0) throw new RangeError(`${value} is odd`);\n  return value / 2;\n}\nhalf(3)',
  // 6
  "const model: string = 'redeclared with another type';\nmodel",
  // 7
  "import { basename } from 'node:path';\nconst answer = await Promise.resolve(basename('/tmp/forty-two'));\nanswer",
  // 8
  'typeof model',
];

let folder: string;
let lab: Lab | undefined;
let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  folder = mkdtempSync(path.join(tmpdir(), 'nabla-lab-'));
  writeFileSync(path.join(folder, 'session.ipynb'), JSON.stringify(notebookOf(cells)));
  lab = await startLab(folder);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

function openNotebook(file: string): Promise<NotebookPage> {
  if (!browser || !lab) throw new Error('JupyterLab or Chromium did not start');
  return NotebookPage.open(browser, lab, file);
}

function executionCounts(file: string): unknown[] {
  return codeCells(file).map((cell) => cell.execution_count);
}

async function screenshot(notebook: NotebookPage, name: string): Promise<string> {
  const file = path.join(screenshots, `${name}.png`);
  await notebook.page.screenshot({ path: file });
  return file;
}

test('a session: train with a live curve, stop two kinds of endless cell, keep the model, see errors, restart', async () => {
  const notebook = await openNotebook('session.ipynb');
  expect(await notebook.runToEnd(0)).toContain('Linear');

  // The curve moves while the synchronous loop runs: at least two different pictures before the cell has ended.
  await notebook.run(1);
  await notebook.waitForPrompt(1, /\[\*\]/);
  const frames = new Set<string>();
  while (await notebook.cell(1).locator('.jp-InputArea-prompt', { hasText: '[*]' }).count()) {
    const picture = await notebook.picture(1);
    if (picture !== undefined && !frames.has(picture)) {
      frames.add(picture);
      if (frames.size === 2) await screenshot(notebook, 'live-curve-while-training');
    }
  }
  expect(frames.size).toBeGreaterThanOrEqual(3);
  await notebook.waitForStatus('Idle');
  expect(await notebook.output(1)).toContain('true');
  await screenshot(notebook, 'curve-after-training');

  for (const endless of [2, 3]) {
    await notebook.run(endless);
    await notebook.waitForStatus('Busy');
    await notebook.waitForPrompt(endless, /\[\*\]/);
    await notebook.pressStop();
    await notebook.waitForStatus('Idle');
    expect(await notebook.output(endless)).toContain('KeyboardInterrupt');
  }
  expect(await notebook.runToEnd(4)).toContain('4 parameters are still here');

  const error = await notebook.runToEnd(5);
  expect(error).toContain('RangeError');
  expect(error).toContain('3 is odd');
  expect(error).toMatch(/half.*Cell \[\d+\]:2/);
  expect(error).toContain('if (value % 2 !== 0)');
  await notebook.cell(5).scrollIntoViewIfNeeded();
  await screenshot(notebook, 'error-with-frame');

  expect(await notebook.runToEnd(6)).toContain('redeclared with another type');
  expect(await notebook.runToEnd(7)).toContain('forty-two');

  await notebook.restart();
  await notebook.waitForStatus('Idle');
  expect(await notebook.runToEnd(8)).toContain('undefined');
  await screenshot(notebook, 'after-restart');
  await notebook.close();
});

test('the lesson runs from top to bottom and shows its charts', async () => {
  copyFileSync(path.join(root, 'notebooks/02-descent.ipynb'), path.join(folder, 'lesson.ipynb'));
  const notebook = await openNotebook('lesson.ipynb');
  await notebook.menu('Run', 'Run All Cells');
  await notebook.waitForStatus('Busy');
  await notebook.waitForStatus('Idle');
  await notebook.menu('File', 'Save Notebook');
  const saved = path.join(folder, 'lesson.ipynb');
  await expect.poll(() => executionCounts(saved), { timeout: 30_000 }).not.toContain(null);
  const outputs = codeCells(saved).flatMap((cell) => cell.outputs);
  expect(outputs.filter((output) => output.output_type === 'error')).toEqual([]);
  const png = outputs.map((output) => (output.data as IMimeBundle | undefined)?.['image/png']);
  expect(png.filter((picture) => typeof picture === 'string').length).toBeGreaterThan(5);

  // While a cell runs its charts are PNG; when it has ended JupyterLab prefers the interactive Vega-Lite form.
  const pictures = notebook.page.locator('.jp-OutputArea-output img, .jp-OutputArea-output .vega-embed');
  // It draws them when it has time.
  await expect.poll(() => pictures.count(), { timeout: 30_000 }).toBeGreaterThan(2);
  await notebook.page.setViewportSize({ width: 1280, height: 1330 });
  await notebook.showPicture('Two moons');
  const file = await screenshot(notebook, 'lesson');
  if (process.env.NABLA_README_SCREENSHOT !== undefined)
    copyFileSync(file, path.join(root, 'notebooks/images/jupyterlab.png'));
  await notebook.close();
});
