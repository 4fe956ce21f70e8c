/** What a run tells while it goes on, to whoever shows it. */
import type { CodeCell, Notebook } from './notebook/index.js';
import type { OutputChange } from './outputs.js';

/** A code cell of the run: the `number`th of `total`. */
export interface RunningCell {
  cell: CodeCell;
  number: number;
  total: number;
}

export interface RunReporter {
  /** The notebook was read, the kernel is being started. */
  started?(input: string, notebook: Notebook, total: number): void;
  cellStarted?(running: RunningCell): void;
  /** Outputs of a cell changed; also after it has ended. */
  output?(cell: CodeCell, change: OutputChange): void;
  /** `skipped` cells were never started. */
  cellEnded?(running: RunningCell, how: 'ok' | 'error' | 'skipped', seconds: number): void;
  /** The run ended badly and begins anew: the `attempt`th of `attempts`. */
  retrying?(attempt: number, attempts: number, reason: string): void;
  /** Nothing follows, but for another attempt. */
  ended?(): void;
}
