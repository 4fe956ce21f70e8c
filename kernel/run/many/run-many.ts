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
  /** A server gave no kernel, so another one is asked. */
  moved?: (options: RunOptions, index: number, reason: string) => void;
  ended?: (outcome: ManyOutcome, index: number) => void;
}

/** Resolves when all have ended; outcomes are in the order of `runs`. `run` is `runNotebook`. */
export function runMany(
  runs: readonly RunOptions[],
  { jobs, servers = [], signal, started, moved, ended }: ManyOptions,
  run: (options: RunOptions) => Promise<RunResult>,
): Promise<ManyOutcome[]> {
  /** Servers that gave no kernel, the longer the later: they are asked last. */
  const failures = new Map<ServerAddress, number>();
  const orderFor = (hand: number): (ServerAddress | undefined)[] =>
    servers
      .map((_, i) => servers[(hand + i) % servers.length])
      .toSorted((a, b) => (failures.get(a) ?? 0) - (failures.get(b) ?? 0));
  return pooled(runs, jobs, async (given, index, hand) => {
    const places = servers.length === 0 ? [given.server] : orderFor(hand);
    let outcome: ManyOutcome = {
      options: { ...given, signal },
      failure: new RunError('interrupted before its turn', ExitCode.interrupted),
    };
    for (const [attempt, server] of places.entries()) {
      if (signal?.aborted) break;
      const options: RunOptions = { ...given, signal, ...(server && { server }) };
      if (attempt === 0) started?.(options, index);
      else moved?.(options, index, messageOf(outcome) ?? '');
      outcome = await settled(options, run);
      if (exitCodeOf(outcome) !== ExitCode.notStarted || server === undefined) break;
      failures.set(server, (failures.get(server) ?? 0) + 1);
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
