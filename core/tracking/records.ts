/**
 * Files of records as TensorFlow writes them: length (uint64), its checksum, data, their checksum. What is appended
 * is whole or, after a crash, the last record is cut off and the reader stops in front of it.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32c } from '../io/crc32.js';

/** A checksum of data that hold checksums is weak, so they are rotated and shifted. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const HEAD = 12;
const FRAME = HEAD + 4;

/** The record with its frame. */
export function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + FRAME);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, HEAD);
  view.setUint32(HEAD + data.length, masked(data), true);
  return record;
}

const PIECE = 1 << 20;

/**
 * The records of a file, up to its end or the first that is cut off or damaged. Each is there until the next is asked
 * for: a file may be larger than the memory.
 */
export function* recordsOf(file: string): Generator<Uint8Array> {
  const descriptor = openSync(file, 'r');
  try {
    const piece = new Piece(descriptor);
    while (piece.has(FRAME)) {
      const head = piece.peek(HEAD);
      const view = new DataView(head.buffer, head.byteOffset, HEAD);
      const length = view.getUint32(0, true);
      const isLength =
        view.getUint32(4, true) === 0 && view.getUint32(8, true) === masked(head.subarray(0, 8));
      if (!isLength || !piece.has(length + FRAME)) return;
      const record = piece.peek(length + FRAME);
      const data = record.subarray(HEAD, HEAD + length);
      const sum = new DataView(record.buffer, record.byteOffset + HEAD + length, 4).getUint32(0, true);
      if (sum !== masked(data)) return;
      yield data;
      piece.drop(length + FRAME);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** A window that moves over a file. */
class Piece {
  private bytes = new Uint8Array(PIECE);
  private start = 0;
  private end = 0;

  constructor(private readonly descriptor: number) {}

  /** Whether so many bytes follow; they can be looked at then. */
  has(count: number): boolean {
    if (this.end - this.start >= count) return true;
    const rest = this.bytes.subarray(this.start, this.end);
    if (count <= this.bytes.length) this.bytes.copyWithin(0, this.start, this.end);
    else {
      const larger = new Uint8Array(Math.max(count, 2 * this.bytes.length));
      larger.set(rest);
      this.bytes = larger;
    }
    this.end = rest.length;
    this.start = 0;
    while (this.end < count) {
      const read = readSync(this.descriptor, this.bytes, this.end, this.bytes.length - this.end, null);
      if (read === 0) return false;
      this.end += read;
    }
    return true;
  }

  peek(count: number): Uint8Array {
    return this.bytes.subarray(this.start, this.start + count);
  }

  drop(count: number): void {
    this.start += count;
  }
}
