/** Bytes to read from: a file, of which nothing is read before it is asked for, or an array that is there already. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where a file is read from: its path, its file: address, or its content. */
export type FileInput = string | URL | Uint8Array;

/** Bytes at positions. */
export interface Source {
  /** What messages call it. */
  readonly name: string;
  /** Number of bytes. */
  readonly size: number;
  /** Fills `target` with the bytes from `position` on. @throws Error where there are not so many */
  read(target: Uint8Array, position: number): void;
}

/** Fills what it is given with the next bytes. @throws Error where there are not so many left */
export type Fill = (target: Uint8Array) => void;

/** One read of a file is at most this many bytes: some systems do not take more. */
const LARGEST_READ = 2 ** 30;

/** Opened by {@link openSource}; whoever opened it closes it. */
export class FileSource implements Source {
  readonly size: number;
  readonly #descriptor: number;
  #open = true;

  constructor(readonly name: string) {
    this.#descriptor = openSync(name, 'r');
    const status = fstatSync(this.#descriptor);
    if (!status.isFile()) {
      this.close();
      throw new Error(`${name}: not a file`);
    }
    this.size = status.size;
  }

  read(target: Uint8Array, position: number): void {
    if (!this.#open) throw new Error(`${this.name}: was closed before this was read`);
    let done = 0;
    while (done < target.length) {
      const length = Math.min(target.length - done, LARGEST_READ);
      const count = readSync(this.#descriptor, target, done, length, position + done);
      if (count === 0) throw tooShort(this, position, target.length);
      done += count;
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }
}

/** Bytes in memory. */
export class BytesSource implements Source {
  readonly size: number;

  constructor(
    private readonly bytes: Uint8Array,
    readonly name = 'the given bytes',
  ) {
    this.size = bytes.length;
  }

  read(target: Uint8Array, position: number): void {
    if (position + target.length > this.size) throw tooShort(this, position, target.length);
    target.set(this.bytes.subarray(position, position + target.length));
  }

  close(): void {
    // Nothing is held.
  }
}

function tooShort(source: Source, position: number, length: number): Error {
  return new Error(
    `${source.name}: ends too early: ${length} bytes are needed from byte ${position} on, the file has ${source.size}`,
  );
}

/** A path as given, or of a file: address. */
export function pathOf(path: string | URL): string {
  return typeof path === 'string' ? path : fileURLToPath(path);
}

export function openSource(input: FileInput): FileSource | BytesSource {
  return input instanceof Uint8Array ? new BytesSource(input) : new FileSource(pathOf(input));
}

/** Opens `input` for as long as `use` runs. */
export function withSource<T>(input: FileInput, use: (source: Source) => T): T {
  const source = openSource(input);
  try {
    return use(source);
  } finally {
    source.close();
  }
}

/** The bytes from `position` on, in order. */
export function fillFrom(source: Source, position: number): Fill {
  let at = position;
  return (target) => {
    source.read(target, at);
    at += target.length;
  };
}

/** `length` bytes in an array of their own. The caller has checked that the source has them. */
export function readBytes(source: Source, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  source.read(bytes, position);
  return bytes;
}
