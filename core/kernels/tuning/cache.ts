/**
 * What was found out about this machine once, kept in files so that other processes need not find it out again. Everything
 * works without: a folder that cannot be written to, and files that are broken or somebody else's, count as absent.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The folder for Nabla's caches: `NABLA_CACHE_DIR`, or where the system wants such folders; it need not exist. */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
  home: () => string = os.homedir,
): string {
  if (env.NABLA_CACHE_DIR) return path.resolve(env.NABLA_CACHE_DIR);
  if (platform === 'win32')
    return path.join(env.LOCALAPPDATA ?? path.join(home(), 'AppData', 'Local'), 'nabla', 'Cache');
  if (platform === 'darwin') return path.join(home(), 'Library', 'Caches', 'nabla');
  // By its specification a relative path there is to be ignored.
  const base = env.XDG_CACHE_HOME;
  return path.join(base && path.isAbsolute(base) ? base : path.join(home(), '.cache'), 'nabla');
}

/** What a file of the cache holds, of any shape; undefined where there is none that can be read. */
export function readCached(name: string, folder: string = cacheFolder()): unknown {
  try {
    return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Replaces a file of the cache whole; whether that worked. */
export function writeCached(name: string, value: unknown, folder: string = cacheFolder()): boolean {
  const file = path.join(folder, name);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, `${JSON.stringify(value)}\n`);
    renameSync(draft, file);
    return true;
  } catch {
    try {
      rmSync(draft, { force: true });
    } catch {
      // The folder cannot be written to.
    }
    return false;
  }
}
