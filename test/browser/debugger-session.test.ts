/** A whole session with JupyterLab's debugger: a local module, expressions, variables, exceptions, Stop, a page that is loaded anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DebuggerPanel } from './debugger-panel.js';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage();

const area = `interface Box { w: number; h: number }

export function area(box: Box): number {
  const product: number = box.w * box.h;
  return product;
}

export function total(boxes: Box[]): number {
  let sum = 0;
  for (const box of boxes) sum += area(box);
  return sum;
}
`;

test('a step into a local module opens it, a breakpoint in it stops; expressions and copies', async () => {
  mkdirSync(path.join(stage.folder, 'lib'), { recursive: true });
  writeFileSync(path.join(stage.folder, 'lib', 'area.ts'), area);
  const notebook = await stage.open('module', [
    "import { total } from './lib/area.ts';\nconst weights = tensor([[1, 2], [3, 4]]);\nconst all = total([{ w: 2, h: 3 }, { w: 4, h: 5 }]);\nall",
    'product + 1',
  ]);
  const { page } = notebook;
  await page.setViewportSize({ width: 1400, height: 1000 });
  const panel = new DebuggerPanel(notebook);
  await panel.enable();
  await panel.clickGutter(0, 3);
  await panel.breakpoints.locator('.jp-DebuggerBreakpoint').waitFor();
  await notebook.run(0);
  await panel.highlighted(0).waitFor();

  // What is drawn of a tensor is what a cell would show.
  await panel.chooseInMenu('weights', 'Render Variable');
  await page.getByText('shape=[2, 2], dtype=float32').waitFor();

  await panel.press('Step In');
  await panel.callStack.getByText('total').waitFor();
  const source = page.locator('.jp-MainAreaWidget:visible .cm-content', { hasText: 'interface Box' });
  await source.locator('.jp-DebuggerEditor-highlight', { hasText: 'let sum = 0' }).waitFor();
  const gutter = page.locator('.jp-MainAreaWidget:visible .cm-editor', { hasText: 'interface Box' });
  await gutter.locator('.cm-breakpoint-gutter .cm-gutterElement').nth(5).click();
  await expect.poll(() => panel.breakpoints.innerText()).toContain('area.ts');
  await panel.press('Continue');
  await panel.callStack.getByText('area', { exact: true }).waitFor();
  await panel.variable('product').waitFor();
  await expect.poll(() => panel.variable('product').innerText()).toContain('6');

  await panel.evaluate('product * 100 + box.w');
  await page.locator('.jp-CodeConsole', { hasText: '602' }).waitFor();
  // The panel, which shows none after an expression if frames are the same to it, has variables.
  await panel.variable('product').filter({ hasText: '6' }).waitFor();
  await panel.chooseInMenu('product', 'Copy Variable to Globals');
  await page.screenshot({ path: screenshotFile('debugger-module') });

  await panel.press('Step Out');
  await panel.callStack.getByText('total').waitFor();
  await panel.removeBreakpoints();
  await panel.press('Continue');
  await notebook.expectOutput(0, '26');
  await notebook.runToEnd(1, '7');
});
