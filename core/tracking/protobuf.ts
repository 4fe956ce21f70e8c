/** As much of the protocol buffers' wire format as TensorBoard's events need. https://protobuf.dev/programming-guides/encoding/ */

const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const FLOAT = 5;

const text = new TextEncoder();

/** Builds a message, field by field. */
export class MessageWriter {
  private buffer = new Uint8Array(256);
  private view = new DataView(this.buffer.buffer);
  private length = 0;

  double(field: number, value: number): this {
    this.key(field, DOUBLE);
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
    return this;
  }

  float(field: number, value: number): this {
    this.key(field, FLOAT);
    this.reserve(4);
    this.view.setFloat32(this.length, value, true);
    this.length += 4;
    return this;
  }

  /** A whole number from 0 to 2^53. */
  integer(field: number, value: number): this {
    this.key(field, VARINT);
    this.varint(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, text.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.key(field, BYTES);
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
    return this;
  }

  /** Doubles in one field. */
  packed(field: number, values: ArrayLike<number>): this {
    this.key(field, BYTES);
    this.varint(8 * values.length);
    this.reserve(8 * values.length);
    for (let i = 0; i < values.length; i++) this.view.setFloat64(this.length + 8 * i, values[i], true);
    this.length += 8 * values.length;
    return this;
  }

  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  private key(field: number, type: number): void {
    this.varint(field * 8 + type);
  }

  private varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 128) {
      this.buffer[this.length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.length++] = rest;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = new Uint8Array(2 * (this.length + bytes));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
    this.view = new DataView(larger.buffer);
  }
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A field as it stands in a message: a number, or bytes. */
export interface Field {
  number: number;
  value: number | Uint8Array;
}

/** The fields of a message, in order. Throws RangeError when it is cut off or malformed. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      if (at >= message.length || shift > 2 ** 63) throw new RangeError('a message that is cut off');
      const byte = message[at++];
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
  };
  const skip = (bytes: number): number => {
    if (bytes > message.length - at) throw new RangeError('a message that is cut off');
    at += bytes;
    return at - bytes;
  };
  while (at < message.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case VARINT:
        yield { number, value: varint() };
        break;
      case DOUBLE:
        yield { number, value: view.getFloat64(skip(8), true) };
        break;
      case FLOAT:
        yield { number, value: view.getFloat32(skip(4), true) };
        break;
      case BYTES: {
        const length = varint();
        const start = skip(length);
        yield { number, value: message.subarray(start, start + length) };
        break;
      }
      default:
        throw new RangeError(`a field of the unknown type ${key % 8}`);
    }
  }
}
