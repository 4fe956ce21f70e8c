/** NumPy's .npy files: one array each. */
import type { DType } from '../dtype.js';
import { Layout } from '../layout.js';
import { Tensor } from '../tensor.js';
import { readTensor, writeTensor } from './elements.js';
import { encodeNpyHeader, type NpyHeader, readNpyHeader } from './npy-header.js';
import { rowRange } from './safetensors.js';
import { writeAtomically } from './sink.js';
import { type FileInput, type Fill, fillFrom, openSource, pathOf, withSource } from './source.js';

/** NumPy's names; it has none for bfloat16. */
const DESCR: Readonly<Record<Exclude<DType, 'bfloat16'>, string>> = {
  float32: '<f4',
  float64: '<f8',
  float16: '<f2',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  bool: '|b1',
};

/**
 * The array of an .npy file (versions 1 to 3, both byte orders and both orders of elements). 8- and 16-bit
 * integers become int32, uint32 int64. An array in column-major order becomes a tensor with such strides.
 * @throws Error for a malformed file, or one of a dtype that tensors do not have; RangeError for 64-bit integers beyond
 *   2^53
 */
export function loadNpy(input: FileInput): Tensor {
  return withSource(input, (source) => readNpy(`npy ${source.name}`, fillFrom(source, 0), source.size));
}

/** An open .npy file, of which only the header was read. Close it, or declare it with `using`. */
export class NpyFile {
  readonly #source: ReturnType<typeof openSource>;
  readonly #header: NpyHeader;

  /** @throws Error for a malformed file, and for one in column-major order, which has no rows */
  constructor(input: FileInput) {
    this.#source = openSource(input);
    try {
      this.#header = readNpyHeader(`npy ${this.#source.name}`, fillFrom(this.#source, 0), this.#source.size);
      if (this.#header.fortranOrder && this.#header.shape.length > 1) {
        throw new Error(`npy ${this.#source.name}: is in column-major order; read it as a whole by loadNpy`);
      }
    } catch (error) {
      this.#source.close();
      throw error;
    }
  }

  get shape(): readonly number[] {
    return this.#header.shape;
  }

  /** The element type in the file. */
  get dtype(): string {
    return this.#header.encoding.type;
  }

  /** Reads the rows from `start` up to `end` (without it) of the first dimension. @throws RangeError */
  rows(start: number, end: number): Tensor {
    const where = `npy ${this.#source.name}`;
    const { shape, dataLength, length, encoding } = this.#header;
    const part = rowRange(where, shape, dataLength, start, end);
    return readTensor(where, fillFrom(this.#source, length + part.offset), part.shape, encoding);
  }

  close(): void {
    this.#source.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens an .npy file to read parts of an array that is larger than the memory: `io.openNpy(path).rows(0, 1000)`. */
export function openNpy(input: FileInput): NpyFile {
  return new NpyFile(input);
}

/** Reads an array of `size` bytes in all. */
export function readNpy(where: string, fill: Fill, size: number): Tensor {
  const { encoding, shape, fortranOrder } = readNpyHeader(where, fill, size);
  if (!fortranOrder) return readTensor(where, fill, shape, encoding);
  const x = readTensor(where, fill, shape.toReversed(), encoding);
  const { layout } = x;
  return new Tensor(x.storage, Layout.of(shape, layout.strides.toReversed(), 0), x.dtype);
}

/** Writes a tensor as an .npy file (version 1.0, little-endian, row-major), which appears whole or not at all. */
export function saveNpy(path: string | URL, x: Tensor): void {
  writeAtomically(pathOf(path), (sink) => {
    encodeNpy(x, 'saveNpy', (bytes) => {
      sink.write(bytes);
    });
  });
}

/** Hands the bytes of an .npy file to `write`, in pieces that are valid for the call. */
export function encodeNpy(x: Tensor, operation: string, write: (bytes: Uint8Array) => void): void {
  write(npyHeader(x));
  writeTensor(x, operation, write);
}

/** What precedes a tensor's elements in an .npy file. */
export function npyHeader(x: Tensor): Uint8Array {
  if (x.dtype === 'bfloat16') {
    throw new TypeError(
      "npy: NumPy's format has no bfloat16; convert with x.float() first, or save as safetensors",
    );
  }
  return encodeNpyHeader(DESCR[x.dtype], x.shape);
}
