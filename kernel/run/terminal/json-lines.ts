/** A run as JSON, one event a line, for programs that follow it. */
import type { CodeCell, Notebook, Output } from '../notebook/index.js';
import type { OutputChange } from '../outputs.js';
import type { RunReporter, RunningCell } from '../reporter.js';

export class JsonLinesReporter implements RunReporter {
  /** Cells by the number under which their events go, also those that come after they have ended. */
  readonly #numbers = new Map<CodeCell, number>();

  constructor(
    readonly write: (line: string) => void,
    /** What every event carries beside its own fields. */
    readonly common: object = {},
  ) {}

  started(input: string, _notebook: Notebook, total: number): void {
    this.#event('started', { input, total });
  }

  cellStarted({ cell, number, total }: RunningCell): void {
    this.#numbers.set(cell, number);
    this.#event('cellStarted', { number, total, id: cell.id ?? null });
  }

  output(cell: CodeCell, change: OutputChange): void {
    const number = this.#numbers.get(cell) ?? null;
    switch (change.kind) {
      case 'added':
      case 'updated':
        this.#event('output', {
          number,
          change: change.kind,
          output: change.output,
          displayId: change.displayId ?? null,
        });
        return;
      case 'extended': {
        const output: Output = { ...change.output, text: change.text };
        this.#event('output', { number, change: 'added', output, displayId: null });
        return;
      }
      case 'cleared':
        this.#event('output', { number, change: 'cleared' });
    }
  }

  cellEnded({ cell, number, total }: RunningCell, status: 'ok' | 'error' | 'skipped', seconds: number): void {
    const times = { seconds: Math.round(seconds * 1000) / 1000 };
    this.#event('cellEnded', { number, total, id: cell.id ?? null, status, ...times });
  }

  retrying(attempt: number, attempts: number, reason: string): void {
    this.#event('retrying', { attempt, attempts, reason });
  }

  ended(): void {
    this.#event('ended', {});
  }

  #event(event: string, fields: object): void {
    this.write(`${JSON.stringify({ event, ...this.common, ...fields })}\n`);
  }
}
