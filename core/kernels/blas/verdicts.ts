/** Verdicts about libraries, kept in files: a library is tried once, until it, the machine or what configures it changes. */
import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readCached, writeCached } from '../tuning/cache.js';
import type { Verdict } from './examine.js';

/** Changes when the trial does. */
const TRIAL = 1;

/** Variables that change what a library does. */
const CONFIGURES =
  /^(OPENBLAS|GOTO|MKL|BLIS|DNNL|ONEDNN|OMP|GOMP|KMP|VECLIB|ATL)_|^(DY)?LD_(LIBRARY_PATH|PRELOAD)$/;

/** A trial that takes longer than this was cut off. */
const LONGEST_TRIAL = 120_000;

/** All that a verdict depends on; undefined where there is no such file. */
export function verdictKey(
  file: string,
  threads: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  let state = os.release();
  try {
    const { size, mtimeMs } = statSync(file);
    state = `${size} ${mtimeMs}`;
  } catch {
    // Frameworks of macOS belong to its version.
    if (!file.includes('.framework/')) return undefined;
  }
  const settings = Object.keys(env)
    .filter((name) => CONFIGURES.test(name))
    .sort()
    .map((name) => `${name}=${env[name]}`);
  const { arch, platform, version } = process;
  return [TRIAL, file, state, platform, arch, version, os.cpus()[0]?.model, threads, ...settings].join('\n');
}

/** FNV-1a, twice with different beginnings: the key itself is in the file, so collisions only cost a trial. */
function hash(text: string): string {
  let [a, b] = [0x811c9dc5, 0x12345678];
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x01000193);
  }
  return ((a >>> 0) * 2 ** 20 + (b >>> 12)).toString(36);
}

export const verdictFile = (key: string): string => `blas-${hash(key)}.json`;

export function readVerdict(key: string, folder: string): Verdict | undefined {
  const cached = readCached(verdictFile(key), folder);
  if (typeof cached !== 'object' || cached === null || !('key' in cached) || cached.key !== key)
    return undefined;
  return 'verdict' in cached && isVerdict(cached.verdict) ? cached.verdict : undefined;
}

export function writeVerdict(key: string, verdict: Verdict, folder: string): boolean {
  return writeCached(verdictFile(key), { key, verdict }, folder);
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null) return false;
  const { problem, name, gflops, float64 } = value as Partial<Record<keyof Verdict, unknown>>;
  return (
    (problem === null || typeof problem === 'string') &&
    typeof name === 'string' &&
    typeof gflops === 'number' &&
    typeof float64 === 'boolean'
  );
}

/**
 * Marks that a library is being tried, so that others wait for that verdict.
 *
 * @returns the mark, which goes when the trial is over; null when somebody else tries it or the folder cannot be written to
 */
export function markBusy(key: string, folder: string): string | null {
  const mark = path.join(folder, `${verdictFile(key)}.busy`);
  try {
    mkdirSync(folder, { recursive: true });
    const since = statSync(mark, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > LONGEST_TRIAL) rmSync(mark, { force: true });
    closeSync(openSync(mark, 'wx'));
    return mark;
  } catch {
    return null;
  }
}
