/** Writing files whole or not at all. */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

const LARGEST_WRITE = 2 ** 30;

/** A file that is being written. */
export class Sink {
  /** Bytes written so far: where the next ones go. */
  position = 0;

  constructor(private readonly descriptor: number) {}

  write(bytes: Uint8Array): void {
    this.writeAt(bytes, this.position);
    this.position += bytes.length;
  }

  /** Overwrites bytes that were written before. */
  writeAt(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      const length = Math.min(bytes.length - done, LARGEST_WRITE);
      done += writeSync(this.descriptor, bytes, done, length, position + done);
    }
  }
}

/**
 * Writes a file so that others see the old one or the whole new one, and after a crash too: into a temporary file
 * in the same folder, which takes the file's name when it is complete and on the disk.
 */
export function writeAtomically(file: string, write: (sink: Sink) => void): void {
  const target = resolveLinks(file);
  const folder = path.dirname(target);
  const temporary = path.join(folder, `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const descriptor = openSync(temporary, 'wx');
  try {
    try {
      write(new Sink(descriptor));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, target);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
  syncFolder(folder);
}

/** Where a link leads, so that the file is replaced and not the link. */
function resolveLinks(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

/** Puts the new name itself on the disk, where the system allows that. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Windows cannot open folders; the file itself is safe.
  }
}
