/**
 * What a person does in JupyterLab, done by Chromium. Screenshots of each stage go to test/browser/screenshots/;
 * with NABLA_README_SCREENSHOT set, the one in the README is renewed as well.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { IMimeBundle, INotebookContent } from '@jupyterlab/nbformat';
import { expect, test } from 'vitest';
import { root } from '../jupyter/environment.js';
import { codeCells } from './notebook-file.js';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage();
const cells = [
  // 0
  'manualSeed(0);\nconst [x, y] = data.moons(200, { noise: 0.1 }).tensors;\nconst model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));\nmodel',
  // 1: a synchronous loop with a live chart, which ends when the test has seen enough
  [
    'const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });',
    "const chart = lossChart({ title: 'Training' });",
    "const { existsSync } = await import('node:fs');",
    'let steps: number = 0;',
    "while (!existsSync('seen')) {",
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

test('a session: train with a live curve, stop two kinds of endless cell, keep the model, see errors, restart', async () => {
  const notebook = await stage.open('session', cells);
  const screenshot = (name: string) => notebook.page.screenshot({ path: screenshotFile(name) });
  await notebook.runToEnd(0, 'Linear');

  // The curve moves while the synchronous loop runs: the loop ends when three different pictures were seen.
  await notebook.run(1);
  await notebook.waitForPrompt(1, /\[\*\]/);
  const frames = new Set<string>();
  const seen = async () => {
    const picture = await notebook.picture(1);
    if (picture !== undefined) frames.add(picture);
    return frames.size;
  };
  await expect.poll(seen, { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await screenshot('live-curve-while-training');
  writeFileSync(path.join(stage.folder, 'seen'), '');
  await notebook.waitForPrompt(1, /\[\d+\]/);
  await notebook.waitForStatus('Idle');
  await notebook.expectOutput(1, 'true');
  await screenshot('curve-after-training');

  for (const endless of [2, 3]) {
    await notebook.run(endless);
    await notebook.waitForStatus('Busy');
    await notebook.waitForPrompt(endless, /\[\*\]/);
    await notebook.pressStop();
    await notebook.waitForStatus('Idle');
    await notebook.expectOutput(endless, 'KeyboardInterrupt');
  }
  await notebook.runToEnd(4, '4 parameters are still here');

  await notebook.runToEnd(5, 'RangeError');
  await notebook.expectOutput(5, '3 is odd');
  await notebook.expectOutput(5, /half.*Cell \[\d+\]:2/);
  await notebook.expectOutput(5, 'if (value % 2 !== 0)');
  await notebook.cell(5).scrollIntoViewIfNeeded();
  await screenshot('error-with-frame');

  await notebook.runToEnd(6, 'redeclared with another type');
  await notebook.runToEnd(7, 'forty-two');

  await notebook.restart();
  await notebook.waitForStatus('Idle');
  await notebook.runToEnd(8, 'undefined');
  await screenshot('after-restart');
});

test('the lesson runs from top to bottom and shows its charts', async () => {
  const lesson = readFileSync(path.join(root, 'notebooks/02-descent.ipynb'), 'utf8');
  const notRun = lesson.replace(/"execution_count": \d+/g, '"execution_count": null');
  writeFileSync(path.join(stage.folder, 'lesson.ipynb'), notRun);
  const notebook = await stage.openFile('lesson.ipynb');
  await notebook.menu('Run', 'Run All Cells');
  await notebook.waitForStatus('Busy');
  // Between two cells the kernel is idle too: the file says when all have run.
  const haveRun = (file: INotebookContent) => codeCells(file).every((cell) => cell.execution_count !== null);
  const executed = await notebook.saveUntil(haveRun);
  await notebook.waitForStatus('Idle');
  const outputs = codeCells(executed).flatMap((cell) => cell.outputs);
  expect(outputs.filter((output) => output.output_type === 'error')).toEqual([]);
  const png = outputs.map((output) => (output.data as IMimeBundle | undefined)?.['image/png']);
  expect(png.filter((picture) => typeof picture === 'string').length).toBeGreaterThan(5);

  // While a cell runs its charts are PNG; when it has ended JupyterLab prefers the interactive Vega-Lite form.
  const pictures = notebook.page.locator('.jp-OutputArea-output img, .jp-OutputArea-output .vega-embed');
  // It draws them when it has time.
  await expect.poll(() => pictures.count()).toBeGreaterThan(2);
  await notebook.page.setViewportSize({ width: 1280, height: 1330 });
  await notebook.showPicture('Two moons');
  const file = screenshotFile('lesson');
  await notebook.page.screenshot({ path: file });
  if (process.env.NABLA_README_SCREENSHOT !== undefined)
    copyFileSync(file, path.join(root, 'notebooks/images/jupyterlab.png'));
});
