/** Writing files whole or not at all. */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, unlinkSync, writeSync } from 'node:fs';
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
 * A file that others see as the old one or the whole new one, and after a crash too: it is written into a temporary file
 * in the same folder, which takes the file's name when it is complete and on the disk.
 */
export class AtomicFile {
  readonly sink: Sink;
  readonly #target: string;
  readonly #temporary: string;
  readonly #descriptor: number;
  #open = true;

  constructor(file: string) {
    this.#target = resolveLinks(file);
    const unique = `${process.pid}-${process.hrtime.bigint().toString(36)}`;
    const name = `.${path.basename(this.#target)}.${unique}.tmp`;
    this.#temporary = path.join(path.dirname(this.#target), name);
    this.#descriptor = openSync(this.#temporary, 'wx');
    this.sink = new Sink(this.#descriptor);
  }

  /** Puts the file in its place. If that fails nothing is left of it. */
  commit(): void {
    try {
      try {
        fsyncSync(this.#descriptor);
      } finally {
        this.#open = false;
        closeSync(this.#descriptor);
      }
      renameSync(this.#temporary, this.#target);
    } catch (error) {
      unlinkSync(this.#temporary);
      throw error;
    }
    syncFolder(path.dirname(this.#target));
  }

  /** Leaves nothing behind; without effect after {@link commit}. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
    unlinkSync(this.#temporary);
  }
}

/** Writes an {@link AtomicFile} in one go. */
export function writeAtomically(file: string, write: (sink: Sink) => void): void {
  const atomic = new AtomicFile(file);
  try {
    write(atomic.sink);
  } catch (error) {
    atomic.abort();
    throw error;
  }
  atomic.commit();
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
