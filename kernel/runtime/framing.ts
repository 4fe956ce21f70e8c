/**
 * Frames on a byte stream: a little-endian 32-bit length, then that many bytes of JSON. Used on both sides of each
 * pipe between the kernel process and the user process.
 */

const HEADER = 4;

/** One frame, ready to be written. */
export function encodeFrame(message: unknown): Buffer {
  const json = JSON.stringify(message);
  const size = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(HEADER + size);
  frame.writeUInt32LE(size, 0);
  frame.write(json, HEADER, 'utf8');
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
      const json = bytes.toString('utf8', HEADER, HEADER + size);
      this.#buffered -= HEADER + size;
      if (bytes.length === HEADER + size) this.#chunks.shift();
      else this.#chunks[0] = bytes.subarray(HEADER + size);
      this.deliver(JSON.parse(json));
    }
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}
