/**
 * Writes a file so that whoever reads it at any moment, also after a crash, finds either what was there before or all
 * of the new content: it is written beside its place and renamed.
 */
import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Throws what the file system throws; nothing is left behind then. */
export function replaceFileSync(target: string, content: string | Uint8Array): void {
  const { file, staging, mode } = placesOf(target);
  try {
    writeFileSync(staging, content, { mode });
    renameSync(staging, file);
  } catch (error) {
    rmSync(staging, { force: true });
    throw error;
  }
}

/** The same for content that comes piece by piece; the event loop goes on between the pieces. Survives a power cut. */
export async function replaceFile(target: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  const { file, staging, mode } = placesOf(target);
  const remove = (): void => rmSync(staging, { force: true });
  process.once('exit', remove);
  try {
    const handle = await open(staging, 'w', mode);
    try {
      for (const piece of pieces) await handle.writeFile(piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staging, file);
  } catch (error) {
    await rm(staging, { force: true });
    throw error;
  } finally {
    process.off('exit', remove);
  }
}

let written = 0;

function placesOf(target: string): { file: string; staging: string; mode: number } {
  // Behind a symbolic link it is the file that is replaced, not the link.
  const file = existsSync(target) ? realpathSync(target) : target;
  const staging = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}-${++written}.tmp`);
  const mode = (statSync(file, { throwIfNoEntry: false })?.mode ?? 0o666) & 0o777;
  return { file, staging, mode };
}
