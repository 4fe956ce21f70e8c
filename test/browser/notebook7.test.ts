/** Notebook 7 in Chromium: run, see a chart, stop, answer a question, move a slider; the name of the file has an emoji. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../jupyter/environment.js';
import { launchChromium, startLab, type Lab } from './lab.js';
import { notebookOf } from './notebook-file.js';
import { NotebookPage } from './notebook-page.js';

const FILE = 'essai π 🎉.ipynb';
const cells = [
  "const kept = 'kept π';\nconst chart = lossChart({ title: 'Notebook 7' });\nfor (let i = 0; i < 20; i++) chart.add({ loss: 1 / (i + 1) });",
  'for (;;) {}',
  "`${kept} ${await input('your name? ')}`",
  "const speed = slider({ label: 'speed', value: 0.5 });\nspeed",
  'speed.value',
  "throw new RangeError('on purpose')",
];

let lab: Lab | undefined;
let browser: Browser | undefined;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'nabla-notebook7-'));
  writeFileSync(path.join(folder, FILE), JSON.stringify(notebookOf(cells)));
  lab = await startLab(folder, 'notebook');
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

test('a session in Notebook 7', async () => {
  if (!browser || !lab) throw new Error('Notebook or Chromium did not start');
  const notebook = await NotebookPage.openInNotebook7(browser, lab, FILE);
  const { page } = notebook;
  const ends = (index: number) => notebook.waitForPrompt(index, /\[\d+\]/);

  await notebook.run(0);
  await ends(0);
  await notebook.cell(0).locator('.jp-OutputArea-output img, .vega-embed').first().waitFor();

  await notebook.run(1);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await notebook.pressStop();
  await ends(1);
  await expect.poll(() => notebook.output(1)).toContain('KeyboardInterrupt');

  await notebook.run(2);
  const question = notebook.cell(2).locator('.jp-Stdin-input');
  await question.fill('Ada');
  await question.press('Enter');
  await ends(2);
  await expect.poll(() => notebook.output(2)).toContain("'kept π Ada'");

  await notebook.run(3);
  await ends(3);
  const slider = notebook.cell(3).locator('.nabla-slider input');
  await slider.focus();
  await slider.press('End');
  await notebook.run(4);
  await ends(4);
  expect(await notebook.output(4)).toBe('1');

  await notebook.run(5);
  await ends(5);
  expect(await notebook.output(5)).toMatch(/RangeError[^]*on purpose/);
  const screenshots = path.join(root, 'test/browser/screenshots');
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, 'notebook7.png') });
  await notebook.close();
});
