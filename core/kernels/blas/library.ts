/**
 * Which BLAS library runs: looked for at the first product that is large enough, taken when its trial was passed. A library
 * that nobody has tried yet is tried beside this process, whose own kernels go on until the verdict is there.
 */
import { cacheFolder } from '../tuning/cache.js';
import { bindLibrary, type BlasBinding, type Ffi } from './binding.js';
import { candidates, thisPlace, type Place } from './candidates.js';
import { ARENA_BYTES, checkBinding } from './check.js';
import {
  childProcess,
  koffiPath,
  loadKoffi,
  onMainThread,
  type Order,
  PATIENCE,
  trialProgram,
  tryInBackground,
  tryLibrary,
  type Verdict,
} from './examine.js';
import { markBusy, readVerdict, verdictFile, verdictKey, writeVerdict } from './verdicts.js';
import path from 'node:path';

/** What finding a library needs from outside; tests put others in its place. */
export interface Surroundings {
  readonly place: Place;
  readonly folder: string;
  readonly threads: number;
  /** False in threads that a program has started. */
  readonly mainThread: () => boolean;
  /** Where koffi is; undefined where it is not installed. */
  readonly koffi: () => string | undefined;
  readonly ffi: () => Ffi;
  /** Waits for the trial; some variables of the environment may be others. */
  readonly tryNow: (file: string, env?: Place['env']) => Verdict | undefined;
  readonly tryLater: (orders: readonly Order[]) => void;
  readonly warn: (text: string) => void;
  /** Adds to a verdict how much faster the library is than Nabla's kernel, or what went wrong; missing where nobody asks. */
  readonly compare?: (file: string, verdict: Verdict) => Verdict;
}

/** `off`, `auto`, or the path of a library. */
export function blasSetting(env: Place['env']): string {
  const setting = env.NABLA_BLAS?.trim() ?? '';
  if (setting === '') return 'auto';
  return /^(off|auto)$/i.test(setting) ? setting.toLowerCase() : setting;
}

export function surroundings(threads: number): Surroundings {
  const settings = () => ({ execPath: process.execPath, program: trialProgram(), patience: PATIENCE });
  return {
    place: thisPlace(),
    folder: cacheFolder(),
    threads,
    mainThread: onMainThread,
    koffi: koffiPath,
    ffi: () => loadKoffi() as Ffi,
    tryNow: (file, env) => {
      const koffi = koffiPath();
      return koffi === undefined
        ? undefined
        : tryLibrary(childProcess(), settings(), { koffi, file, threads }, env);
    },
    tryLater: (orders) => tryInBackground(orders, settings()),
    warn: (text) => {
      process.stderr.write(`nabla: ${text}\n`);
    },
  };
}

/** What is known of a library. */
export interface Known {
  readonly file: string;
  readonly key: string;
  readonly verdict: Verdict | undefined;
}

export type Found =
  | { readonly state: 'none'; readonly reason: string }
  /** Nobody has tried it yet. */
  | { readonly state: 'unknown'; readonly libraries: readonly Known[] }
  | { readonly state: 'ready'; readonly file: string; readonly verdict: Verdict; readonly key: string };

/** A library slower than this many times Nabla's kernel is of no use; the margin is for noise. */
const WORTH_IT = 0.8;

export const isUseful = ({ problem, advantage }: Verdict): boolean =>
  problem === null && (advantage === undefined || advantage > WORTH_IT);

/** Products of float64 are worth something too: a library that has none must be faster than one that does. */
const score = ({ gflops, float64 }: Verdict): number => gflops * (float64 ? 1 : 0.8);

/** The libraries of this machine with what is known of each. */
export function knownLibraries({ place, folder, threads }: Surroundings, files = candidates(place)): Known[] {
  return files.flatMap((file) => {
    const key = verdictKey(file, threads, place.env);
    return key === undefined ? [] : [{ file, key, verdict: readVerdict(key, folder) }];
  });
}

/** The best of those that passed their trial; libraries without a verdict are left to somebody else. */
export function bestOf(libraries: readonly Known[]): Found {
  let best: { file: string; key: string; verdict: Verdict } | undefined;
  for (const { file, key, verdict } of libraries)
    if (
      verdict !== undefined &&
      isUseful(verdict) &&
      (best === undefined || score(verdict) > score(best.verdict))
    )
      best = { file, key, verdict };
  if (best !== undefined) return { state: 'ready', ...best };
  const unknown = libraries.filter(({ verdict }) => verdict === undefined);
  if (unknown.length > 0) return { state: 'unknown', libraries: unknown };
  return {
    state: 'none',
    reason: libraries.length === 0 ? 'none was found' : 'none of those found can be used',
  };
}

/** The file that `NABLA_BLAS` names; undefined where there is none. */
export function forcedFile(setting: string, place: Place): string | undefined {
  if (place.exists(setting)) return path.resolve(setting);
  if (setting === path.basename(setting))
    return candidates(place).find((file) => path.basename(file).startsWith(setting));
  return undefined;
}

/** The library that `NABLA_BLAS` names, tried now unless that was done before. */
export function forced(setting: string, around: Surroundings): Found {
  const refuse = (reason: string): Found => {
    around.warn(`NABLA_BLAS=${setting}: ${reason}; products run on Nabla's own kernels`);
    return { state: 'none', reason };
  };
  if (around.koffi() === undefined)
    return refuse('koffi, which calls native libraries, is not installed (npm install koffi)');
  const file = forcedFile(setting, around.place);
  const library = file === undefined ? undefined : knownLibraries(around, [file]).at(0);
  if (library === undefined) return refuse('there is no such file');
  let { verdict } = library;
  if (verdict === undefined) {
    verdict = around.tryNow(library.file);
    if (verdict === undefined) return refuse('it could not be tried');
    writeVerdict(library.key, verdict, around.folder);
  }
  if (verdict.problem !== null) return refuse(verdict.problem);
  return { state: 'ready', file: library.file, key: library.key, verdict };
}

/** The library to use now; asks for the trial of those that nobody has tried. */
export function findLibrary(setting: string, around: Surroundings): Found {
  if (setting === 'off') return { state: 'none', reason: 'NABLA_BLAS=off' };
  // OpenBLAS ends its threads when a process is forked, as for every child process, and whoever waits for them in another
  // thread waits for ever.
  if (!around.mainThread()) return { state: 'none', reason: 'a library is used on the main thread only' };
  if (setting !== 'auto') return forced(setting, around);
  const libraries = knownLibraries(around);
  const found = bestOf(libraries);
  if (libraries.length === 0) return found;
  const koffi = around.koffi();
  if (koffi === undefined) return { state: 'none', reason: 'koffi is not installed' };
  const { folder, threads } = around;
  const orders = libraries.flatMap(({ file, key, verdict }): Order[] => {
    if (verdict !== undefined) return [];
    const busy = markBusy(key, folder);
    if (busy === null) return [];
    return [{ trial: { koffi, file, threads }, key, target: path.join(folder, verdictFile(key)), busy }];
  });
  if (orders.length > 0) around.tryLater(orders);
  return found;
}

/** OpenBLAS starts its threads as it is loaded, unless this says otherwise; ours take their place. */
function withoutThreads<T>(load: () => T): T {
  const { OPENBLAS_NUM_THREADS: before } = process.env;
  process.env.OPENBLAS_NUM_THREADS = '1';
  try {
    return load();
  } finally {
    if (before === undefined) delete process.env.OPENBLAS_NUM_THREADS;
    else process.env.OPENBLAS_NUM_THREADS = before;
  }
}

/**
 * Loads a library that passed its trial, and lets it multiply once more in this process.
 *
 * @throws Error when it cannot be loaded here, or is wrong here
 */
export function loadLibrary(file: string, around: Surroundings): { binding: BlasBinding; ffi: Ffi } {
  const ffi = around.ffi();
  const { platform, arch, env } = around.place;
  const binding = withoutThreads(() => bindLibrary(ffi, file, { platform, arch, env }));
  binding.setThreads?.(1);
  const buffer = new ArrayBuffer(ARENA_BYTES);
  const address = Number(ffi.address(new Uint8Array(buffer)));
  const problem = checkBinding(binding, { buffer, byteOffset: 0, address }, 'small');
  if (problem !== null) throw new Error(problem);
  return { binding, ffi };
}
