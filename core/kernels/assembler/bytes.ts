/** Bytes of a WebAssembly binary: LEB128 integers, IEEE floats, sections. */
export class ByteWriter {
  readonly bytes: number[] = [];

  byte(value: number): void {
    this.bytes.push(value);
  }

  /** The instruction that gives a vector of these bytes. */
  vector(bytes: Uint8Array): void {
    this.append([0xfd, 12, ...bytes]);
  }

  /** LEB128 of 0 <= value < 2^32. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.bytes.push(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.bytes.push(low);
        return;
      }
      this.bytes.push(low | 0x80);
    }
  }

  float32(value: number): void {
    scratch.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.bytes.push(scratch.getUint8(i));
  }

  float64(value: number): void {
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.bytes.push(scratch.getUint8(i));
  }

  /** An ASCII name. */
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.bytes.push(text.charCodeAt(i));
  }

  /** Spread in pieces: one native call copies much faster than a loop that runs but once, and arguments are limited. */
  append(bytes: readonly number[]): void {
    for (let start = 0; start < bytes.length; start += 8192)
      this.bytes.push(...(bytes.length <= 8192 ? bytes : bytes.slice(start, start + 8192)));
  }

  /** What `write` writes, preceded by its length. */
  sized(write: (inner: ByteWriter) => void): void {
    const inner = new ByteWriter();
    write(inner);
    this.unsigned(inner.bytes.length);
    this.append(inner.bytes);
  }
}

const scratch = new DataView(new ArrayBuffer(8));
