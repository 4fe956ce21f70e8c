/**
 * Frames on a byte stream: two little-endian 32-bit lengths (of the rest, and of the JSON that it begins with), the
 * JSON, and the message's binary `buffers`, each behind a length of its own. Used on both sides of each pipe between
 * the kernel process and the user process.
 */
import { isJsonObject, parse } from '../protocol/json.js';

const LENGTH = 4;
const HEADER = 2 * LENGTH;

/** One frame, ready to be written. */
export function encodeFrame(message: object & { buffers?: readonly Uint8Array[] }): Buffer {
  const { buffers } = message;
  const json = JSON.stringify(buffers ? { ...message, buffers: undefined } : message);
  const jsonSize = Buffer.byteLength(json);
  const size = (buffers ?? []).reduce((sum, { length }) => sum + LENGTH + length, jsonSize);
  const frame = Buffer.allocUnsafe(HEADER + size);
  frame.writeUInt32LE(size, 0);
  frame.writeUInt32LE(jsonSize, LENGTH);
  frame.write(json, HEADER, 'utf8');
  let at = HEADER + jsonSize;
  for (const buffer of buffers ?? []) {
    at = frame.writeUInt32LE(buffer.length, at);
    frame.set(buffer, at);
    at += buffer.length;
  }
  return frame;
}

/** Puts frames together again from chunks that end anywhere. */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(private readonly deliver: (message: unknown) => void) {}

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    for (;;) {
      if (this.#buffered < HEADER) return;
      if (this.#chunks[0].length < HEADER) this.#join();
      const size = this.#chunks[0].readUInt32LE(0);
      if (this.#buffered < HEADER + size) return;
      if (this.#chunks[0].length < HEADER + size) this.#join();
      const bytes = this.#chunks[0];
      const message = decodeBody(bytes.subarray(LENGTH, HEADER + size));
      this.#buffered -= HEADER + size;
      if (bytes.length === HEADER + size) this.#chunks.shift();
      else this.#chunks[0] = bytes.subarray(HEADER + size);
      this.deliver(message);
    }
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

/** What follows the first length. */
function decodeBody(bytes: Buffer): unknown {
  const end = LENGTH + bytes.readUInt32LE(0);
  const message = parse(bytes.toString('utf8', LENGTH, end));
  if (end === bytes.length || !isJsonObject(message)) return message;
  const buffers: Uint8Array[] = [];
  for (let at = end; at < bytes.length;) {
    const from = at + LENGTH;
    at = from + bytes.readUInt32LE(at);
    // A copy: it begins at offset 0 of memory of its own, so that any typed array can lie over it.
    buffers.push(new Uint8Array(bytes.subarray(from, at)));
  }
  return { ...message, buffers };
}
