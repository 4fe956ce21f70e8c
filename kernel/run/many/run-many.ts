/** Runs several notebooks, each in a kernel of its own, a few at a time. */
import { ExitCode, RunError } from '../exit.js';
import type { RunOptions, RunResult, ServerAddress } from '../options.js';
import { pooled } from './pool.js';

/** What became of one of many runs: it ended, or could not begin. */
export type ManyOutcome = { options: RunOptions } & ({ result: RunResult } | { failure: RunError });

export interface ManyOptions {
  /** How many run at the same time; with servers, each of them gets its share. */
  jobs: number;
  /** Kernels are started on these in turn. */
  servers?: readonly ServerAddress[];
  signal?: AbortSignal | undefined;
  started?: (options: RunOptions, index: number) => void;
  ended?: (outcome: ManyOutcome, index: number) => void;
}

/** Resolves when all have ended; outcomes are in the order of `runs`. `run` is `runNotebook`. */
export function runMany(
  runs: readonly RunOptions[],
  { jobs, servers = [], signal, started, ended }: ManyOptions,
  run: (options: RunOptions) => Promise<RunResult>,
): Promise<ManyOutcome[]> {
  return pooled(runs, jobs, async (given, index, hand) => {
    const server = servers.length === 0 ? given.server : servers[hand % servers.length];
    const options: RunOptions = { ...given, signal, ...(server && { server }) };
    let outcome: ManyOutcome;
    if (signal?.aborted) {
      outcome = { options, failure: new RunError('interrupted before its turn', ExitCode.interrupted) };
    } else {
      started?.(options, index);
      outcome = await settled(options, run);
    }
    ended?.(outcome, index);
    return outcome;
  });
}

async function settled(
  options: RunOptions,
  run: (options: RunOptions) => Promise<RunResult>,
): Promise<ManyOutcome> {
  try {
    return { options, result: await run(options) };
  } catch (error) {
    if (error instanceof RunError) return { options, failure: error };
    throw error;
  }
}

export const exitCodeOf = (outcome: ManyOutcome): ExitCode =>
  'result' in outcome ? outcome.result.exitCode : outcome.failure.exitCode;

export const messageOf = (outcome: ManyOutcome): string | undefined =>
  'result' in outcome ? outcome.result.message : outcome.failure.message;

/** 0 when all went well; 130 when they were interrupted; else that of the first which failed. */
export function commonExitCode(outcomes: readonly ManyOutcome[]): ExitCode {
  const codes = outcomes.map(exitCodeOf).filter((code) => code !== ExitCode.ok);
  return codes.includes(ExitCode.interrupted) ? ExitCode.interrupted : (codes[0] ?? ExitCode.ok);
}
