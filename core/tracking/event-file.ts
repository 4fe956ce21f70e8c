/**
 * One event file that is appended to. A disk that is full or a folder that must not be written costs measurements, not
 * the training: it is told once, and tried again as time goes by.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { versionEvent } from './event.js';
import { frame } from './records.js';

/** Where nothing could be written, the next attempt is made after so many milliseconds. */
const PATIENCE_MS = 1000;
/** Workers have a counter each, and containers the same process numbers: names are tried until one is free. */
const MOST_NAMES = 1000;

let counter = 0;

/** A file of a name that no other writer has. TensorBoard takes every one with `tfevents` in it, in the order of the names. */
function openNew(folder: string): number {
  const begin = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}`;
  for (let names = 1; ; names++)
    try {
      return openSync(path.join(folder, `${begin}.${counter++}`), 'ax');
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || names === MOST_NAMES) throw error;
    }
}

export class EventFile {
  private descriptor: number | undefined;
  /** Bytes of whole records, and of the one that is being written. */
  private whole = 0;
  private pending = 0;
  private lost = 0;
  private trouble: string | null = null;
  private retryAt = -Infinity;
  private lookAt = -Infinity;

  constructor(
    private readonly folder: string,
    /** Tells the person who trains. */
    private readonly warn: (text: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.attempt(() => this.open());
  }

  /** Why nothing is written at the moment; null when all is well. */
  get problem(): string | null {
    return this.trouble;
  }

  /** Appends an event. Whether it arrived; what did not is lost. */
  append(event: Uint8Array): boolean {
    if (this.trouble !== null && this.now() < this.retryAt) {
      this.lost += 1;
      return false;
    }
    const written = this.attempt(() => {
      this.leaveDeleted();
      this.open();
      this.write(frame(event));
    });
    if (!written) this.lost += 1;
    return written;
  }

  close(): void {
    const { descriptor } = this;
    this.descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
    if (this.lost > 0 && this.trouble !== null)
      this.warn(
        `SummaryWriter: ${lostOf(this.lost)} of the run in ${this.folder} were lost (${this.trouble}).`,
      );
  }

  /** Goes on in a new file where somebody has deleted the old one, which would swallow all that is written. */
  private leaveDeleted(): void {
    const now = this.now();
    if (this.descriptor === undefined || now < this.lookAt) return;
    this.lookAt = now + PATIENCE_MS;
    if (fstatSync(this.descriptor).nlink > 0) return;
    closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(): void {
    if (this.descriptor === undefined) {
      mkdirSync(this.folder, { recursive: true });
      const descriptor = openNew(this.folder);
      this.whole = this.pending = 0;
      this.descriptor = descriptor;
    }
    if (this.pending > 0) this.mend(this.descriptor);
    if (this.whole === 0) this.write(frame(versionEvent(Date.now() / 1000)));
  }

  private write(record: Uint8Array): void {
    this.pending = record.length;
    for (let done = 0; done < record.length;) done += writeSync(this.descriptor!, record, done);
    // If an interrupt comes before these two, the next call finds the record whole.
    this.whole += record.length;
    this.pending = 0;
  }

  /**
   * A full disk or an interrupt cut off the write before this one. Readers stop at a record that is not whole, so
   * nothing may follow it.
   */
  private mend(descriptor: number): void {
    const { size } = fstatSync(descriptor);
    if (size !== this.whole + this.pending && size !== this.whole) ftruncateSync(descriptor, this.whole);
    else this.whole = size;
    this.pending = 0;
  }

  private attempt(body: () => void): boolean {
    try {
      body();
    } catch (error) {
      this.retryAt = this.now() + PATIENCE_MS;
      const words = wordsOf(error);
      if (this.trouble === null)
        this.warn(
          `SummaryWriter: the run in ${this.folder} cannot be written (${words}). The training goes on; what it measures is lost until writing succeeds again.`,
        );
      this.trouble = words;
      return false;
    }
    if (this.trouble !== null) {
      this.trouble = null;
      this.warn(`SummaryWriter: the run in ${this.folder} is written again; ${lostOf(this.lost)} were lost.`);
      this.lost = 0;
    }
    return true;
  }
}

const lostOf = (count: number): string => `${count} ${count === 1 ? 'measurement' : 'measurements'}`;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EACCES: 'not allowed',
  EPERM: 'not allowed',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file of this name is in the way',
};

/** What is wrong in a few words, with the system's code. */
function wordsOf(error: unknown): string {
  const code = codeOf(error);
  if (Object.hasOwn(WORDS, code)) return `${WORDS[code]}, ${code}`;
  return error instanceof Error ? error.message : String(error);
}
