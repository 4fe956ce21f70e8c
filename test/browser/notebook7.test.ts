/** Notebook 7 in Chromium: run, see a chart, stop, answer a question, move a slider; the name of the file has an emoji. */
import { test } from 'vitest';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage('notebook');
const cells = [
  "const kept = 'kept π';\nconst chart = lossChart({ title: 'Notebook 7' });\nfor (let i = 0; i < 20; i++) chart.add({ loss: 1 / (i + 1) });",
  'for (;;) {}',
  "`${kept} ${await input('your name? ')}`",
  "const speed = slider({ label: 'speed', value: 0.5 });\nspeed",
  'speed.value',
  "throw new RangeError('on purpose')",
];

test('a session in Notebook 7', async () => {
  const notebook = await stage.open('essai π 🎉', cells);
  await notebook.runToEnd(0);
  await notebook.cell(0).locator('.jp-OutputArea-output img, .vega-embed').first().waitFor();

  await notebook.run(1);
  await notebook.waitForPrompt(1, /\[\*\]/);
  await notebook.pressStop();
  await notebook.waitForPrompt(1, /\[\d+\]/);
  await notebook.expectOutput(1, 'KeyboardInterrupt');

  await notebook.run(2);
  const question = notebook.cell(2).locator('.jp-Stdin-input');
  await question.fill('Ada');
  await question.press('Enter');
  await notebook.waitForPrompt(2, /\[\d+\]/);
  await notebook.expectOutput(2, "'kept π Ada'");

  await notebook.runToEnd(3);
  const slider = notebook.cell(3).locator('.nabla-slider input');
  await slider.focus();
  await slider.press('End');
  await notebook.runToEnd(4, /^1$/);

  await notebook.runToEnd(5, /RangeError[^]*on purpose/);
  await notebook.page.screenshot({ path: screenshotFile('notebook7') });
});
