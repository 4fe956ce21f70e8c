/** What all commands that run notebooks do with their terminal. */
import { ExitCode } from '../exit.js';
import { styleFor, type Progress } from '../terminal/index.js';
import type { RunCommandOptions } from './options.js';

/** A report on stdout is all that is on stdout. */
export const shownProgress = ({ progress = 'auto', json, junit, html }: RunCommandOptions): Progress =>
  [json, junit, html].includes('-') ? 'none' : progress;

/** Runs with a signal that is given by Ctrl+C, SIGTERM or SIGHUP; at the second one the process ends. */
export async function untilSignal<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onSignal = (): void => {
    // The second time it is meant: what has run is saved every few seconds, kernels end with this process.
    if (abort.signal.aborted) process.exit(ExitCode.interrupted);
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  try {
    return await run(abort.signal);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  }
}

export function printError(message: string): void {
  const { red } = styleFor(process.stderr);
  process.stderr.write(`${red('nabla:')} ${message}\n`);
}
