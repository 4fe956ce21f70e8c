/** A finished run as data, for `--json`, and for those who call `runNotebook` and want less than the notebook. */
import { ExitCode, type RunError } from '../exit.js';
import type { CellStatus, RunResult } from '../options.js';
import type { RecordedValue } from '../records.js';

/** A run, or why it did not begin. */
export type Reported = { input: string } & ({ result: RunResult } | { failure: RunError });

export interface RunSummary {
  input: string;
  /** The executed notebook; null when none was written. */
  output: string | null;
  exitCode: ExitCode;
  message: string | null;
  seconds: number;
  /** How often the notebook was run: more than once with retries. */
  attempts: number;
  records: Record<string, RecordedValue>;
  cells: CellSummary[];
}

export interface CellSummary {
  number: number;
  id: string | null;
  status: CellStatus;
  seconds: number;
  executionCount: number | null;
  error: { ename: string; evalue: string } | null;
  /** What `--check` found. */
  difference: string | null;
}

export function summaryOf(input: string, result: RunResult): RunSummary {
  const { output, exitCode, message, seconds, records, cells, differences, attempts } = result;
  return {
    input,
    output: output ?? null,
    exitCode,
    message: message ?? null,
    seconds: rounded(seconds),
    attempts,
    records: Object.fromEntries(records),
    cells: cells.map(({ cell, number, status, seconds, error }) => ({
      number,
      id: cell.id ?? null,
      status,
      seconds: rounded(seconds),
      executionCount: cell.execution_count,
      error: error === undefined ? null : { ename: error.ename, evalue: error.evalue },
      difference: differences.find((one) => one.cell === cell)?.message ?? null,
    })),
  };
}

/** A run that did not begin. */
export function summaryOfFailure(input: string, { exitCode, message }: RunError): RunSummary {
  return { input, output: null, exitCode, message, seconds: 0, attempts: 1, records: {}, cells: [] };
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
