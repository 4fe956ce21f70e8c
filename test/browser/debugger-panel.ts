import type { Locator } from 'playwright-core';
import type { NotebookPage } from './notebook-page.js';

/** The debugger's panel beside the notebook. */
export class DebuggerPanel {
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

  /** Chooses an entry of a variable's menu. */
  async chooseInMenu(variable: string, entry: string): Promise<void> {
    const { page } = this.notebook;
    await this.variable(variable).click({ button: 'right' });
    await page.locator('.lm-Menu-itemLabel', { hasText: entry }).click();
  }

  /** Runs an expression in the console of the debugger, which opens with the first one. */
  async evaluate(expression: string): Promise<void> {
    const { page } = this.notebook;
    const input = page.locator('.jp-CodeConsole-input .cm-content');
    if ((await input.count()) === 0)
      await page.locator('#jp-debugger-sidebar jp-button[title^="Evaluate"]').click();
    await input.click();
    await page.keyboard.type(expression);
    await page.keyboard.press('Shift+Enter');
  }

  async removeBreakpoints(): Promise<void> {
    await this.notebook.page
      .locator('#jp-debugger-sidebar jp-button[title^="Remove All Breakpoints"]')
      .click();
    await this.notebook.page.locator('.jp-Dialog .jp-mod-accept').click();
    await this.breakpoints.locator('.jp-DebuggerBreakpoint').first().waitFor({ state: 'detached' });
  }
}
