/**
 * Files of records as TensorFlow writes them: length (uint64), its checksum, data, their checksum. What is appended
 * is whole or, after a crash, the last record is cut off and the reader stops in front of it.
 */
import { readFileSync } from 'node:fs';
import { crc32c } from '../io/crc32.js';

/** A checksum of data that hold checksums is weak, so they are rotated and shifted. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The record with its frame. */
export function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}

/** The records of a file, up to its end or the first that is cut off or damaged. */
export function* recordsOf(file: string): Generator<Uint8Array> {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true);
    const end = at + 12 + length;
    const isWhole =
      view.getUint32(at + 4, true) === 0 &&
      view.getUint32(at + 8, true) === masked(bytes.subarray(at, at + 8)) &&
      end + 4 <= bytes.length;
    if (!isWhole) return;
    const data = bytes.subarray(at + 12, end);
    if (view.getUint32(end, true) !== masked(data)) return;
    yield data;
    at = end + 4;
  }
}
