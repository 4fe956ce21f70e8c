import type { Browser, Locator, Page } from 'playwright-core';
import type { Lab } from './lab.js';

/** A notebook that is open in JupyterLab, in the words of a person who uses it. */
export class NotebookPage {
  private constructor(readonly page: Page) {}

  static async open(browser: Browser, lab: Lab, file: string): Promise<NotebookPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    // The first load of all compiles the page's scripts.
    page.setDefaultTimeout(60_000);
    await page.goto(`${lab.url}/lab/tree/${encodeURIComponent(file)}?reset`);
    const notebook = new NotebookPage(page);
    await page.waitForSelector('.jp-Notebook .jp-Cell');
    await notebook.waitForStatus('Idle');
    return notebook;
  }

  /** Opens a notebook in Notebook 7, whose page has no status bar. */
  static async openInNotebook7(browser: Browser, lab: Lab, file: string): Promise<NotebookPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${lab.url}/notebooks/${encodeURIComponent(file)}`);
    await page.waitForSelector('.jp-Notebook .jp-Cell');
    await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor({ timeout: 60_000 });
    return new NotebookPage(page);
  }

  async close(): Promise<void> {
    await this.page.context().close();
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

  /** Runs one cell (the first is 0, Markdown cells count) and leaves it selected. */
  async run(index: number): Promise<void> {
    await this.cell(index).locator('.jp-InputArea-editor').click();
    await this.page.keyboard.press('Control+Enter');
  }

  /** Waits for the prompt of a code cell: `[ ]:` not run, `[*]:` running, `[3]:` ended. */
  async waitForPrompt(index: number, prompt: RegExp, timeout = 60_000): Promise<void> {
    await this.cell(index).locator('.jp-InputArea-prompt', { hasText: prompt }).waitFor({ timeout });
  }

  /** Runs a cell and waits until it has ended. */
  async runToEnd(index: number): Promise<string> {
    await this.run(index);
    await this.waitForPrompt(index, /\[\d+\]/);
    await this.waitForStatus('Idle');
    return this.output(index);
  }

  /** What a person reads below a cell. */
  async output(index: number): Promise<string> {
    return (await this.cell(index).locator('.jp-OutputArea-output').allInnerTexts()).join('\n');
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
