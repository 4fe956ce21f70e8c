import type { INotebookContent } from '@jupyterlab/nbformat';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Lab } from './lab.js';
import { readNotebook } from './notebook-file.js';

/** A notebook that is open in JupyterLab, in the words of a person who uses it. */
export class NotebookPage {
  /** @param file where the server keeps the notebook. */
  constructor(
    readonly page: Page,
    readonly file: string,
  ) {
    // The first load of all compiles the page's scripts.
    page.setDefaultTimeout(60_000);
  }

  async openInLab(lab: Lab, name: string): Promise<void> {
    await this.page.goto(`${lab.url}/lab/tree/${encodeURIComponent(name)}?reset`);
    await this.page.waitForSelector('.jp-Notebook .jp-Cell');
    await this.waitForStatus('Idle');
  }

  /** Opens a notebook in Notebook 7, whose page has no status bar. */
  async openInNotebook7(lab: Lab, name: string): Promise<void> {
    await this.page.goto(`${lab.url}/notebooks/${encodeURIComponent(name)}`);
    await this.page.waitForSelector('.jp-Notebook .jp-Cell');
    await this.page
      .locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
      .waitFor({ timeout: 60_000 });
  }

  /** Chooses an entry of a menu, for example `('Run', 'Run All Cells')`. */
  async menu(bar: string, entry: string): Promise<void> {
    await this.page.locator('.lm-MenuBar-itemLabel', { hasText: new RegExp(`^${bar}$`) }).click();
    await this.page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^${entry}$`) }).click();
  }

  /** Waits for the kernel's state as the status bar words it. */
  async waitForStatus(status: 'Idle' | 'Busy', timeout = 120_000): Promise<void> {
    await this.page.locator('#jp-main-statusbar', { hasText: `| ${status}` }).waitFor({ timeout });
  }

  cell(index: number): Locator {
    return this.page.locator('.jp-Notebook .jp-Cell').nth(index);
  }

  /** Runs a cell that has not run yet (the first is 0, Markdown cells count) and leaves it selected. */
  async run(index: number): Promise<void> {
    const prompt = this.cell(index).locator('.jp-InputArea-prompt');
    const started = async () => {
      await this.cell(index).locator('.jp-InputArea-editor').click();
      await this.page.keyboard.press('Control+Enter');
      // A page that is just opening can miss a key; the star comes before the kernel has heard of it.
      return appears(prompt.filter({ hasText: /\[[*\d]+\]/ }), 10_000);
    };
    await expect.poll(started, { timeout: 60_000 }).toBe(true);
  }

  /** Presses keys until something is in sight, as a person does to whom nothing was offered in time. */
  async pressUntil(keys: string, shown: Locator): Promise<void> {
    const seen = async () => {
      await this.page.keyboard.press(keys);
      return appears(shown, 5000);
    };
    await expect.poll(seen, { timeout: 60_000 }).toBe(true);
  }

  /** Waits for the prompt of a code cell: `[ ]:` not run, `[*]:` running, `[3]:` ended. */
  async waitForPrompt(index: number, prompt: RegExp, timeout = 60_000): Promise<void> {
    await this.cell(index).locator('.jp-InputArea-prompt', { hasText: prompt }).waitFor({ timeout });
  }

  /** Runs a cell and waits until it has ended, and until a person reads `text` below it. */
  async runToEnd(index: number, text: string | RegExp = ''): Promise<void> {
    await this.run(index);
    await this.waitForPrompt(index, /\[\d+\]/);
    if (await this.page.locator('#jp-main-statusbar').count()) await this.waitForStatus('Idle');
    await this.expectOutput(index, text);
  }

  /** What a person reads below a cell. */
  async output(index: number): Promise<string> {
    return (await this.cell(index).locator('.jp-OutputArea-output').allInnerTexts()).join('\n');
  }

  /** Waits until what a person reads below a cell contains `text`: it is drawn a moment after it has come. */
  async expectOutput(index: number, text: string | RegExp): Promise<void> {
    const output = () => this.output(index);
    if (typeof text === 'string') await expect.poll(output).toContain(text);
    else await expect.poll(output).toMatch(text);
  }

  /** Saves the notebook until its file is as `ready` wants it, and gives it: a save comes a while after the click that asks for it. */
  async saveUntil(
    ready: (notebook: INotebookContent) => boolean,
    timeout = 120_000,
  ): Promise<INotebookContent> {
    let last: INotebookContent | undefined;
    const saved = async () => {
      await this.menu('File', 'Save Notebook');
      last = readNotebook(this.file);
      return last !== undefined && ready(last);
    };
    await expect.poll(saved, { timeout, interval: 1000 }).toBe(true);
    if (last === undefined) throw new Error('the poll ended without a notebook');
    return last;
  }

  /** The picture in a cell's output, or undefined while there is none. */
  async picture(index: number): Promise<string | undefined> {
    const source = () =>
      this.cell(index).locator('.jp-OutputArea-output img').first().getAttribute('src', { timeout: 2000 });
    return (await source().catch(() => null)) ?? undefined;
  }

  /** Scrolls to the first picture below the cell whose code contains `text`. */
  async showPicture(text: string): Promise<void> {
    const cell = this.page.locator('.jp-CodeCell', { hasText: text });
    const picture = cell.locator('.jp-OutputArea-output img, .jp-OutputArea-output .vega-embed').first();
    // Cells out of sight are drawn when they come into view, which moves the ones below them.
    for (let stable = 0, last = NaN; stable < 5;) {
      await cell.locator('.jp-InputArea').first().scrollIntoViewIfNeeded();
      await picture.scrollIntoViewIfNeeded();
      const top = (await picture.boundingBox())?.y ?? NaN;
      stable = top === last ? stable + 1 : 0;
      last = top;
    }
  }

  /** Presses the Stop button of the notebook's toolbar. */
  async pressStop(): Promise<void> {
    await this.page
      .locator(
        'jp-button[data-command="notebook:interrupt-kernel"], [data-jp-item-name="interrupt"] jp-button',
      )
      .first()
      .click();
  }

  async restart(): Promise<void> {
    await this.menu('Kernel', 'Restart Kernel…');
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
    await this.page.locator('.jp-Dialog').waitFor({ state: 'detached' });
  }
}

/** Whether something comes into sight within so many milliseconds. */
function appears(shown: Locator, timeout: number): Promise<boolean> {
  return shown.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}
