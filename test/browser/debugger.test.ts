/** JupyterLab's visual debugger on a notebook of this kernel, used with the mouse. */
import { expect, test } from 'vitest';
import { DebuggerPanel } from './debugger-panel.js';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage();
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

test('a breakpoint from the gutter, a step, a variable, the end', async () => {
  const notebook = await stage.open('debug', cells);
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
  await expect.poll(() => panel.highlighted(1).innerText()).toContain('const weights');
  await panel.callStack.getByText('Cell [2]').first().waitFor();
  await panel.variable('label').waitFor();
  await expect.poll(() => panel.variable('label').innerText()).toContain("'three numbers'");

  await panel.press('Next');
  await panel.highlighted(1).filter({ hasText: 'const answer' }).waitFor();
  await panel.variable('weights').waitFor();
  await expect.poll(() => panel.variable('weights').innerText()).toContain('Tensor [2, 2] float32');

  await panel.press('Continue');
  await panel.highlighted(0).waitFor();
  await expect.poll(() => panel.highlighted(0).innerText()).toContain('result.push');
  await panel.callStack.getByText('scaled').waitFor();
  await expect.poll(() => panel.variable('factor').innerText()).toContain('10');
  await panel.variable('values').click();
  await panel.variable('2').waitFor();
  await expect.poll(() => panel.variable('2').innerText()).toContain('3');
  await notebook.page.screenshot({ path: screenshotFile('debugger') });

  await panel.clickGutter(0, 4);
  await expect.poll(() => panel.breakpoints.locator('.jp-DebuggerBreakpoint').count()).toBe(1);
  await panel.press('Continue');
  await notebook.waitForPrompt(1, /\[\d+\]/);
  await notebook.waitForStatus('Idle');
  await notebook.expectOutput(1, '10 20 30');
  await expect.poll(() => panel.highlighted(1).count()).toBe(0);
  // What the cells have left is in the panel of variables.
  await panel.variable('answer').waitFor();
  await notebook.page.screenshot({ path: screenshotFile('debugger-variables') });
});
