/** A run as plain lines: for logs, pipes and terminals without cursor control. */
import type { CodeCell, Notebook, Output } from '../notebook/index.js';
import type { OutputChange } from '../outputs.js';
import type { RunReporter, RunningCell } from '../reporter.js';
import { duration, outputText, title, type Style } from './text.js';

/** What changes in place (a progress bar, a chart's numbers) is told so often while its cell runs, and less and less often the longer it does. */
const FIRST_MS = 10_000;
/** Share of the cell's time after which it is told again. */
const SLOWER = 0.1;
/** Longer ones (a dashboard) would flood the log: they are shown when their cell ends. */
const MOST_LINES = 5;

export class PlainReporter implements RunReporter {
  /** Displays that can still change, in the order of their first showing; they are shown when their cell ends. */
  readonly #live = new Map<CodeCell, Set<Output>>();
  /** What was told of each while it changed. */
  readonly #told = new Map<Output, string>();
  #atLineStart = true;
  #since = 0;
  #toldAt = 0;

  constructor(
    readonly write: (text: string) => void,
    readonly style: Style,
    /** Milliseconds. */
    readonly now: () => number = () => performance.now(),
  ) {}

  started(input: string, _notebook: Notebook, total: number): void {
    this.#line(`${this.style.bold(input)}: ${total} code cells`);
  }

  cellStarted({ cell, number, total }: RunningCell): void {
    this.#line(this.style.dim(`[${number}/${total}] ${title(cell.source)}`));
    this.#since = this.#toldAt = this.now();
  }

  output(cell: CodeCell, change: OutputChange): void {
    switch (change.kind) {
      case 'added':
        if (change.displayId === undefined) this.#output(change.output);
        else this.#live.set(cell, (this.#live.get(cell) ?? new Set()).add(change.output));
        return;
      case 'extended':
        this.#text(change.text);
        return;
      case 'cleared':
        this.#live.delete(cell);
        return;
      case 'updated':
        this.#tell(cell);
        return;
    }
  }

  /** What has changed, when it is time: who reads the log of a long training wants to know how far it is. */
  #tell(cell: CodeCell): void {
    const now = this.now();
    if (now - this.#toldAt < Math.max(FIRST_MS, SLOWER * (now - this.#since))) return;
    this.#toldAt = now;
    for (const output of this.#live.get(cell) ?? []) {
      const text = outputText(output);
      if (text === this.#told.get(output) || text.trimEnd().split('\n').length > MOST_LINES) continue;
      this.#told.set(output, text);
      this.#output(output);
    }
  }

  cellEnded({ cell, number, total }: RunningCell, how: 'ok' | 'error' | 'skipped', seconds: number): void {
    for (const output of this.#live.get(cell) ?? [])
      if (outputText(output) !== this.#told.get(output)) this.#output(output);
    this.#live.delete(cell);
    this.#told.clear();
    const { dim, red } = this.style;
    const where = `[${number}/${total}]`;
    if (how === 'ok') this.#line(dim(`${where} ${duration(seconds)}`));
    else if (how === 'error') this.#line(red(`${where} failed after ${duration(seconds)}`));
    else if (cell.source.trim() !== '') this.#line(dim(`${where} skipped`));
  }

  retrying(attempt: number, attempts: number, reason: string): void {
    this.#line(this.style.red(`${reason}; attempt ${attempt} of ${attempts}`));
  }

  #output(output: Output): void {
    if (output.output_type !== 'stream' && !this.#atLineStart) this.#text('\n');
    this.#text(outputText(output));
  }

  #text(text: string): void {
    if (text === '') return;
    // A line that writes over itself becomes lines here.
    const shown = this.style
      .own(text)
      .replace(/^\r+(?!\n)/, '')
      .replace(/\r+(?!\n)/g, '\n');
    this.write(shown);
    this.#atLineStart = shown.endsWith('\n');
  }

  #line(text: string): void {
    this.write(`${this.#atLineStart ? '' : '\n'}${text}\n`);
    this.#atLineStart = true;
  }
}
