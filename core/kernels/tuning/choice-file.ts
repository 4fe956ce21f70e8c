/** Which kernel won, kept in a file of the cache: for one processor, one Node and one state of the code that makes kernels. */
import { accessSync, constants, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder, readCached, writeCached } from './cache.js';

/** FNV-1a. What was hashed is in the file too, so a collision only costs a measurement. */
function hash(text: string): string {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return (state >>> 0).toString(36);
}

/**
 * All that a choice depends on.
 *
 * @param code the source of the functions that emit the kernels: another build of Nabla, another key
 */
export function choiceKey(what: string, code: string, candidates: readonly string[]): string {
  const { arch, platform, version, versions } = process;
  const cpu = os.cpus()[0]?.model ?? 'unknown';
  return [what, platform, arch, cpu, `Node ${version}`, `V8 ${versions.v8}`, hash(code), ...candidates].join(
    '; ',
  );
}

const fileName = (key: string): string => `tuning-${hash(key)}.json`;

/** The name of the winner; undefined where none is kept, or the file is broken or somebody else's. */
export function readChoice(
  key: string,
  candidates: readonly string[],
  folder: string = cacheFolder(),
): string | undefined {
  const kept = readCached(fileName(key), folder);
  if (typeof kept !== 'object' || kept === null || !('key' in kept) || kept.key !== key) return undefined;
  if (!('winner' in kept) || typeof kept.winner !== 'string') return undefined;
  return candidates.includes(kept.winner) ? kept.winner : undefined;
}

/** Whether it could be written. */
export function writeChoice(
  key: string,
  winner: string,
  gflops: Readonly<Record<string, number>>,
  folder: string = cacheFolder(),
): boolean {
  return writeCached(fileName(key), { key, winner, gflops }, folder);
}

/** Why a choice is or is not kept. */
export type CacheState = 'unused' | 'kept' | 'empty' | 'broken' | 'unwritable';

/** Looks at the folder for what stands in the way, where nothing is kept. */
export function cacheState(key: string, kept: boolean, folder: string = cacheFolder()): CacheState {
  if (kept) return 'kept';
  let at = folder;
  while (!existsSync(at) && path.dirname(at) !== at) at = path.dirname(at);
  try {
    accessSync(at, constants.W_OK | constants.X_OK);
  } catch {
    return 'unwritable';
  }
  return existsSync(path.join(folder, fileName(key))) ? 'broken' : 'empty';
}
