/** What every browser test stands on: a folder, a Jupyter server on it, a Chromium, and notebooks of each test's own. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { root } from '../jupyter/environment.js';
import { launchChromium, startLab, type Lab } from './lab.js';
import { notebookOf } from './notebook-file.js';
import { NotebookPage } from './notebook-page.js';

const screenshots = path.join(root, 'test/browser/screenshots');

/** Puts a server and a browser before the tests of a file, and takes them away after these. */
export function useStage(
  application: 'jupyterlab' | 'notebook' = 'jupyterlab',
  options: () => readonly string[] = () => [],
): Stage {
  const stage = new Stage(application, options);
  beforeAll(() => stage.start());
  afterAll(() => stage.end());
  return stage;
}

export class Stage {
  /** The server's root, which is the working directory of its kernels. */
  readonly folder = mkdtempSync(path.join(tmpdir(), 'nabla-browser-'));
  private lab: Lab | undefined;
  private browser: Browser | undefined;

  /** @param options more arguments of the server */
  constructor(
    private readonly application: 'jupyterlab' | 'notebook',
    private readonly options: () => readonly string[],
  ) {}

  async start(): Promise<void> {
    mkdirSync(screenshots, { recursive: true });
    this.lab = await startLab(this.folder, this.application, this.options());
    this.browser = await launchChromium();
  }

  async end(): Promise<void> {
    await this.browser?.close();
    await this.lab?.stop();
  }

  /** Opens a new notebook with these cells until the test ends; a test that fails leaves a picture of it. */
  async open(name: string, cells: readonly string[]): Promise<NotebookPage> {
    const file = `${name}.ipynb`;
    writeFileSync(path.join(this.folder, file), JSON.stringify(notebookOf(cells)));
    return this.openFile(file);
  }

  /** Opens a notebook that is in the folder. */
  async openFile(file: string): Promise<NotebookPage> {
    if (!this.browser || !this.lab) throw new Error('the Jupyter server or Chromium did not start');
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    onTestFinished(async ({ task }) => {
      if (task.result?.state === 'fail')
        await page.screenshot({ path: screenshotFile(`failed-${file}`.replace(/\W+/g, '-')) });
      await context.close();
    });
    const notebook = new NotebookPage(page, path.join(this.folder, file));
    if (this.application === 'notebook') await notebook.openInNotebook7(this.lab, file);
    else await notebook.openInLab(this.lab, file);
    return notebook;
  }
}

/** Where the screenshot of this name is kept. */
export function screenshotFile(name: string): string {
  return path.join(screenshots, `${name}.png`);
}
