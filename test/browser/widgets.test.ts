/** A widget of ours in JupyterLab with anywidget: a person moves a slider while a loop that never awaits uses it. */
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage();
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
  const notebook = await stage.open('slider', cells);
  await notebook.runToEnd(0);
  const slider = notebook.cell(0).locator('.nabla-slider input');
  const shown = () => notebook.cell(0).locator('.nabla-slider').innerText();
  await expect.poll(shown).toMatch(/learning rate[^]*0\.01/);

  await notebook.run(1);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await notebook.expectOutput(1, 'learning rate 0.01,');
  await drag(slider, 0.5, 0.75);
  const rates = async () =>
    [...(await notebook.output(1)).matchAll(/learning rate ([\d.e-]+)/g)].map((match) => Number(match[1]));
  // About 1e-4 to the power of a quarter.
  await expect.poll(async () => (await rates()).at(-1)).toBeGreaterThan(0.08);
  expect((await rates()).at(-1)).toBeLessThan(0.13);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await notebook.page.screenshot({ path: screenshotFile('slider-while-training') });

  const before = await shown();
  await notebook.saveUntil((file) => JSON.stringify(file).includes('widget-view+json'));
  await notebook.page.reload();
  await expect.poll(shown).toBe(before);
  await drag(slider, 0.75, 1.05);
  await notebook.waitForStatus('Idle');
});

test('a widget of your own counts clicks, in the page and in the cell', async () => {
  const notebook = await stage.open('widget', cells);
  await notebook.runToEnd(2);
  const button = notebook.cell(2).locator('.counter');
  await button.click();
  await expect.poll(() => button.innerText()).toBe('clicked 1');
  await notebook.expectOutput(2, 'count 1');
  await notebook.runToEnd(3);
  await expect.poll(() => button.innerText()).toBe('clicked 40');
  await expect.poll(() => button.getAttribute('title')).toBe('bytes: 16');
  await button.click();
  await notebook.expectOutput(2, 'count 41');
  await notebook.page.screenshot({ path: screenshotFile('widget-counter') });
});
