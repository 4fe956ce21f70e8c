/** A run as plain lines: for logs, pipes and terminals without cursor control. */
import type { CodeCell, Notebook, Output } from '../notebook/index.js';
import type { OutputChange } from '../outputs.js';
import type { RunReporter, RunningCell } from '../reporter.js';
import { duration, outputText, title, type Style } from './text.js';

export class PlainReporter implements RunReporter {
  /** Displays that can still change, in the order of their first showing; they are shown when their cell ends. */
  readonly #live = new Map<CodeCell, Set<Output>>();
  #atLineStart = true;

  constructor(
    readonly write: (text: string) => void,
    readonly style: Style,
  ) {}

  started(input: string, _notebook: Notebook, total: number): void {
    this.#line(`${this.style.bold(input)}: ${total} code cells`);
  }

  cellStarted({ cell, number, total }: RunningCell): void {
    this.#line(this.style.dim(`[${number}/${total}] ${title(cell.source)}`));
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
        return;
    }
  }

  cellEnded({ cell, number, total }: RunningCell, how: 'ok' | 'error' | 'skipped', seconds: number): void {
    for (const output of this.#live.get(cell) ?? []) this.#output(output);
    this.#live.delete(cell);
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
