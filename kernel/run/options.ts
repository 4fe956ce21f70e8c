/** What a run can be asked for, and what it comes to. */
import type { LaunchSpec } from './bridge/process.js';
import type { Difference } from './check/index.js';
import type { ExitCode } from './exit.js';
import type { CodeCell, Notebook } from './notebook/index.js';
import type { GivenParameters } from './parameters/index.js';
import type { RecordedValue } from './records.js';
import type { RunReporter } from './reporter.js';

export interface RunOptions {
  /** The notebook's file; it is not written to. */
  input: string;
  /** Where the executed notebook goes; default: `NAME.executed.ipynb` beside the original. */
  output?: string | undefined;
  /** Writes the executed notebook over `input`. */
  inPlace?: boolean | undefined;
  /** Saves the notebook without outputs. */
  stripOutputs?: boolean | undefined;
  /** The folder that cells work in; default: the notebook's. */
  cwd?: string | undefined;
  /** The kernel to start; default: this build's. */
  kernel?: LaunchSpec | undefined;
  /** A Jupyter server (or hub, or gateway) to run the kernel on, instead of this machine. */
  server?: ServerAddress | undefined;
  /** Milliseconds until the kernel must have answered; default: a minute. */
  startupTimeout?: number | undefined;
  /** Milliseconds for all cells together, and for each cell; what exceeds them is interrupted: exit code 124. */
  timeout?: number | undefined;
  cellTimeout?: number | undefined;
  /** Goes on after cells that failed, and ends with exit code 0. */
  allowErrors?: boolean | undefined;
  /** The first and the last cell to run: a number among the code cells (from 1), an id, or a tag. */
  from?: string | undefined;
  until?: string | undefined;
  /** Seeds the random numbers before the first cell: `manualSeed(seed)`. */
  seed?: number | undefined;
  /** Claims about recorded values, such as `finalLoss < 0.1`: exit code 5 when one does not hold. */
  assertions?: readonly string[] | undefined;
  /** Keeps the outputs of cells that an earlier run in the output file has done (see `resume.ts`). */
  resume?: boolean | undefined;
  /** Runs the notebook again, in a new kernel, up to so many times while a cell fails, is late, or the kernel dies. */
  retries?: number | undefined;
  /** Cuts the outputs of each cell at this size. */
  maxOutputBytes?: number | undefined;
  /** Compares with the outputs stored in `input`: exit code 5 when they differ. Nothing is saved without `output`. */
  check?: { tolerance?: number | undefined } | undefined;
  /** Milliseconds between saves while it runs; default: 5 seconds. */
  saveEvery?: number | undefined;
  /** Values for what the cell tagged `parameters` declares. */
  parameters?: GivenParameters | undefined;
  reporter?: RunReporter | undefined;
  /** Aborting it interrupts the cell that runs, saves, and ends the run with exit code 130. */
  signal?: AbortSignal | undefined;
}

/** Where a Jupyter server is, and which of its kernels is wanted. */
export interface ServerAddress {
  /** Its base URL, as in `http://host:8888/` or `https://hub/user/ada/`; a `token` in its query is used. */
  url: string;
  token?: string | undefined;
  /** The kernelspec's name there; default: the notebook's own, or `nabla`. */
  kernelName?: string | undefined;
}

/** How a cell ended; `notRun` when the run ended before its turn. */
export type CellStatus = 'ok' | 'error' | 'skipped' | 'notRun';

export interface CellReport {
  cell: CodeCell;
  /** Its place among the code cells, from 1. */
  number: number;
  status: CellStatus;
  seconds: number;
  /** The error that it ended with. */
  error?: CellError;
}

export interface CellError {
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface RunResult {
  exitCode: ExitCode;
  /** What went wrong, in one line. */
  message?: string;
  /** The file with the executed notebook; none after a check without one. */
  output?: string | undefined;
  notebook: Notebook;
  /** The error that ended the run. */
  error?: CellError & { cell: CodeCell };
  /** Every code cell, in the notebook's order, and what became of it. */
  cells: CellReport[];
  /** What `check` found. */
  differences: Difference[];
  /** How often the notebook was run: more than once with `retries`. */
  attempts: number;
  /** Seconds from the start of the kernel to the last save. */
  seconds: number;
  /** What the notebook recorded by name. */
  records: Map<string, RecordedValue>;
}

/** How a run ended. */
export type Outcome = Pick<RunResult, 'exitCode' | 'error' | 'message'>;
