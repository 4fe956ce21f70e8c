/** Reading gzip files whose size is known from their own beginning, so that nothing larger is ever made of them. */
import { constants, gunzipSync } from 'node:zlib';
import { memory } from '../storage.js';
import { readBytes, type Source } from './source.js';

/** Deflate makes at most 1032 bytes of one. */
const LARGEST_RATIO = 1032;
/** Compressed bytes that are enough for the header of what is inside. */
const START = 4096;

/** Whether a file is compressed by gzip (RFC 1952). */
export function isGzip(source: Source): boolean {
  if (source.size < 2) return false;
  const [a, b] = readBytes(source, 0, 2);
  return a === 0x1f && b === 0x8b;
}

/** The first bytes of what is compressed, some thousands at least if there are so many. */
export function gunzipStart(where: string, source: Source): Uint8Array {
  const compressed = readBytes(source, 0, Math.min(START, source.size));
  return unpack(where, compressed, START * LARGEST_RATIO, constants.Z_SYNC_FLUSH);
}

/** All of it, which is exactly `size` bytes. @throws Error where it is not, RangeError where that is too much */
export function gunzipExactly(where: string, source: Source, size: number): Uint8Array {
  const { limit } = memory();
  if (size > source.size * LARGEST_RATIO) {
    throw new Error(`${where}: claims ${size} bytes in ${source.size} compressed ones, which cannot be`);
  }
  if (size > limit) {
    throw new RangeError(`${where}: claims ${size} bytes, more than the memory limit of ${limit}`);
  }
  const bytes = unpack(where, readBytes(source, 0, source.size), size, constants.Z_FINISH);
  if (bytes.length === size) return bytes;
  throw new Error(`${where}: holds ${bytes.length} bytes, and its header claims ${size}`);
}

function unpack(where: string, compressed: Uint8Array, limit: number, finishFlush: number): Uint8Array {
  try {
    return gunzipSync(compressed, { finishFlush, maxOutputLength: Math.max(1, limit) });
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
        ? `holds more than the ${limit} bytes its header claims`
        : `cannot be decompressed: ${error instanceof Error ? error.message : String(error)}`;
    throw new Error(`${where}: ${why}`, { cause: error });
  }
}
