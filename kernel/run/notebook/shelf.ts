/**
 * Large values of outputs, in temporary files rather than in memory: a run needs then no more memory for a notebook
 * of 200 MB than for one of 10 MB. A value that lies there is read whenever somebody asks for it, so that nobody
 * needs to know; a save copies its bytes, which are those of the notebook file.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { heapCollector } from '../../boot/heap-collector.js';

/** Shorter values stay where they are. */
const LEAST_LENGTH = 4096;

/** So much of the notebook stays in memory: most notebooks need no file. */
const MEMORY = 4_000_000;

/** Beyond this a new file is begun; one whose values nobody can ask for any more is given back. */
const FILE_SIZE = 64_000_000;

/** At a time, so that the event loop goes on between. */
const CHUNK = 1_000_000;

/** V8 would let four copies of each value lie about, as its heap may grow to hundreds of megabytes at first. */
const COLLECTED_EVERY = 12_000_000;
let uncollected = 0;
let collect: (() => void) | undefined;

function putAway(bytes: number): void {
  uncollected += bytes;
  if (uncollected < COLLECTED_EVERY) return;
  uncollected = 0;
  (collect ??= heapCollector())();
}

const openFiles = new FinalizationRegistry<number>((fd) => closeSync(fd));

/** One file. It has no name any more: however this process ends, nothing of it is left. */
class ShelfFile {
  readonly fd: number;
  length = 0;

  constructor() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-outputs-'));
    try {
      this.fd = openSync(path.join(folder, 'values'), 'wx+', 0o600);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    openFiles.register(this, this.fd);
  }

  write(pieces: Iterable<string>): Slice {
    const start = this.length;
    try {
      for (const piece of pieces) {
        const bytes = Buffer.from(piece);
        for (let done = 0; done < bytes.length;)
          done += writeSync(this.fd, bytes, done, bytes.length - done, this.length + done);
        this.length += bytes.length;
      }
    } catch (error) {
      this.length = start;
      throw error;
    }
    return new Slice(this, start, this.length - start);
  }
}

/** A value in a file, as JSON. */
export class Slice {
  constructor(
    private readonly file: ShelfFile,
    private readonly start: number,
    private readonly length: number,
  ) {}

  *chunks(): Generator<Buffer> {
    for (let done = 0; done < this.length;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, this.length - done));
      const count = readSync(this.file.fd, chunk, 0, chunk.length, this.start + done);
      if (count === 0) throw new Error(`the file with the outputs ends at ${fstatSync(this.file.fd).size}`);
      yield chunk.subarray(0, count);
      done += count;
    }
  }

  read(): unknown {
    return JSON.parse(Buffer.concat([...this.chunks()]).toString());
  }
}

/** By the objects of which they are fields. */
const slices = new WeakMap<object, Map<string, Slice>>();

/** Where a field of an object lies, if not in memory. */
export const sliceOf = (holder: object, key: string): Slice | undefined => slices.get(holder)?.get(key);

export class Shelf {
  #memory: number;
  #file: ShelfFile | undefined;

  /** Nothing goes to a file before `memory` bytes have come. */
  constructor(memory = MEMORY) {
    this.#memory = memory;
  }

  /**
   * Puts a field of `holder` there if it is large. `inFile` gives the value as the notebook file has it, where it is
   * indented by `depth`, and `fromFile` gives it back.
   */
  put(
    holder: object,
    key: string,
    depth: number,
    inFile: (value: unknown) => unknown,
    fromFile: (value: unknown) => unknown,
  ): void {
    if (sliceOf(holder, key) !== undefined) return;
    const value: unknown = Reflect.get(holder, key);
    const size = lengthOf(value);
    if (size < LEAST_LENGTH) return;
    this.#memory -= size;
    if (this.#memory >= 0) return;
    let slice: Slice;
    try {
      if (this.#file === undefined || this.#file.length > FILE_SIZE) this.#file = new ShelfFile();
      slice = this.#file.write(jsonPieces(inFile(value), depth));
    } catch {
      // No room: it stays in memory.
      return;
    }
    putAway(size);
    const elsewhere = slices.get(holder) ?? new Map<string, Slice>();
    slices.set(holder, elsewhere.set(key, slice));
    const field = { enumerable: true, configurable: true };
    const get = (): unknown => fromFile(slice.read());
    const set = (fresh: unknown): void => {
      elsewhere.delete(key);
      Object.defineProperty(holder, key, { ...field, value: fresh, writable: true });
    };
    Object.defineProperty(holder, key, { ...field, get, set });
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 0;
}

/** What `JSON.stringify(value, null, 1)` gives at a depth; long texts are never in memory a second time. */
function* jsonPieces(value: unknown, depth: number): Generator<string> {
  if (typeof value === 'string') {
    yield '"';
    for (let start = 0; start < value.length;) {
      let end = Math.min(value.length, start + CHUNK);
      // The two halves of a character stay together.
      if (end < value.length && isHighSurrogate(value.charCodeAt(end - 1))) end++;
      yield JSON.stringify(value.slice(start, end)).slice(1, -1);
      start = end;
    }
    yield '"';
    return;
  }
  const indented = (text: string): string => text.replaceAll('\n', `\n${' '.repeat(depth)}`);
  if (!Array.isArray(value) || value.length === 0 || !value.every((line) => typeof line === 'string')) {
    yield indented(JSON.stringify(value, null, 1));
    return;
  }
  let text = '[';
  for (const [index, line] of value.entries()) {
    text += indented(`${index === 0 ? '' : ','}\n ${JSON.stringify(line)}`);
    if (text.length < CHUNK) continue;
    yield text;
    text = '';
  }
  yield `${text}${indented('\n]')}`;
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
