/** A widget of ours in JupyterLab with anywidget: a person moves a slider while a loop that never awaits uses it. */
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
  // 0
  "const lr = slider({ min: 1e-4, max: 1, value: 0.01, log: true, label: 'learning rate' });\nlr",
  // 1: ends when the slider stands at its right end
  [
    'const w = tensor([5], { requiresGrad: true });',
    'const optimizer = new optim.SGD([w], { lr: lr.value });',
    'let used = 0;',
    'while (used < 1) {',
    '  if (lr.value !== used) {',
    '    used = lr.value;',
    '    console.log(`learning rate ${used}, w ${w.item().toFixed(3)}`);',
    '  }',
    '  optimizer.paramGroups[0].lr = used / 1000;',
    '  optimizer.zeroGrad();',
    '  w.square().sum().backward();',
    '  optimizer.step();',
    '}',
  ].join('\n'),
  // 2
  [
    'const counter = widget({',
    '  esm: `export default { render({ model, el }) {',
    "    const button = document.createElement('button');",
    "    const draw = () => { button.textContent = 'clicked ' + model.get('count'); };",
    "    button.className = 'counter';",
    "    button.onclick = () => { model.set('count', model.get('count') + 1); model.save_changes(); };",
    "    model.on('change:count', draw);",
    "    model.on('msg:custom', ({ title }, [bytes]) => { button.title = title + bytes.byteLength; });",
    '    draw();',
    '    el.append(button);',
    '  } }`,',
    '  state: { count: 0 },',
    '});',
    "counter.on('change:count', (count) => console.log(`count ${count}`));",
    'counter',
  ].join('\n'),
  // 3
  "counter.set('count', 40); counter.send({ title: 'bytes: ' }, { buffers: [new Float64Array(2)] })",
];

let lab: Lab | undefined;
let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const folder = mkdtempSync(path.join(tmpdir(), 'nabla-widgets-'));
  writeFileSync(path.join(folder, 'widgets.ipynb'), JSON.stringify(notebookOf(cells)));
  lab = await startLab(folder);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

/** Drags the knob to a place between 0 (left) and 1 (right). */
async function drag(slider: Locator, from: number, to: number): Promise<void> {
  await slider.scrollIntoViewIfNeeded();
  const box = await slider.boundingBox();
  if (!box) throw new Error('the slider is not in sight');
  const { mouse } = slider.page();
  const y = box.y + box.height / 2;
  await mouse.move(box.x + from * box.width, y);
  await mouse.down();
  await mouse.move(box.x + to * box.width, y, { steps: 12 });
  await mouse.up();
}

test('a slider sets the learning rate of a synchronous loop, and is there again when the page is loaded anew', async () => {
  if (!browser || !lab) throw new Error('JupyterLab or Chromium did not start');
  const notebook = await NotebookPage.open(browser, lab, 'widgets.ipynb');
  await notebook.runToEnd(0);
  const slider = notebook.cell(0).locator('.nabla-slider input');
  await slider.waitFor();
  expect(await notebook.cell(0).locator('.nabla-slider').innerText()).toMatch(/learning rate[^]*0\.01/);

  await notebook.run(1);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await expect.poll(() => notebook.output(1), { timeout: 20_000 }).toContain('learning rate 0.01,');
  await drag(slider, 0.5, 0.75);
  const rates = async () =>
    [...(await notebook.output(1)).matchAll(/learning rate ([\d.e-]+)/g)].map((match) => Number(match[1]));
  // About 1e-4 to the power of a quarter.
  await expect.poll(async () => (await rates()).at(-1), { timeout: 20_000 }).toBeGreaterThan(0.08);
  expect((await rates()).at(-1)).toBeLessThan(0.13);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await notebook.page.screenshot({ path: path.join(screenshots, 'slider-while-training.png') });

  const shown = await notebook.cell(0).locator('.nabla-slider output').innerText();
  await notebook.menu('File', 'Save Notebook');
  await notebook.page.reload();
  await slider.waitFor();
  expect(await notebook.cell(0).locator('.nabla-slider output').innerText()).toBe(shown);
  await drag(slider, 0.75, 1.05);
  await notebook.waitForStatus('Idle');
  await notebook.close();
});

test('a widget of your own counts clicks, in the page and in the cell', async () => {
  if (!browser || !lab) throw new Error('JupyterLab or Chromium did not start');
  const notebook = await NotebookPage.open(browser, lab, 'widgets.ipynb');
  await notebook.runToEnd(2);
  const button = notebook.cell(2).locator('.counter');
  await button.click();
  await expect.poll(() => button.innerText()).toBe('clicked 1');
  await expect.poll(() => notebook.output(2)).toContain('count 1');
  await notebook.runToEnd(3);
  await expect.poll(() => button.innerText()).toBe('clicked 40');
  expect(await button.getAttribute('title')).toBe('bytes: 16');
  await button.click();
  await expect.poll(() => notebook.output(2)).toContain('count 41');
  await notebook.page.screenshot({ path: path.join(screenshots, 'widget-counter.png') });
  await notebook.close();
});
