/**
 * Elements as files hold them, and their way into tensors and out. What a tensor holds in the same form goes straight
 * into the tensor memory; the rest is converted piece by piece, exactly.
 */
import { type DType, isHalf } from '../dtype.js';
import { halfValue } from '../half.js';
import { type Shape, sizeOf } from '../layout.js';
import { u8 } from '../memory.js';
import { castCopy, contiguousData, elements } from '../ops/raw.js';
import { allocateShape, type Tensor } from '../tensor.js';
import type { Fill } from './source.js';

/** Element types of files. */
export type FileType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

interface FileTypeInfo {
  readonly bytes: number;
  /** The smallest dtype of tensors that holds every value (of 64-bit integers, those up to 2^53). */
  readonly dtype: DType;
}

export const FILE_TYPES: Readonly<Record<FileType, FileTypeInfo>> = {
  float64: { bytes: 8, dtype: 'float64' },
  float32: { bytes: 4, dtype: 'float32' },
  float16: { bytes: 2, dtype: 'float16' },
  bfloat16: { bytes: 2, dtype: 'bfloat16' },
  int64: { bytes: 8, dtype: 'int64' },
  int32: { bytes: 4, dtype: 'int32' },
  int16: { bytes: 2, dtype: 'int32' },
  int8: { bytes: 1, dtype: 'int32' },
  uint64: { bytes: 8, dtype: 'int64' },
  uint32: { bytes: 4, dtype: 'int64' },
  uint16: { bytes: 2, dtype: 'int32' },
  uint8: { bytes: 1, dtype: 'uint8' },
  bool: { bytes: 1, dtype: 'bool' },
};

/** How elements lie in a file. */
export interface Encoding {
  readonly type: FileType;
  readonly littleEndian: boolean;
}

/** Bytes converted at a time. */
const PIECE = 2 ** 18;
const MAX_DIMS = 64;

/**
 * Checks a shape that a file claims, and gives its number of bytes.
 * @throws Error that begins with `where`
 */
export function checkedByteLength(where: string, shape: Shape, type: FileType): number {
  if (shape.length > MAX_DIMS) {
    throw new Error(`${where}: has ${shape.length} dimensions, tensors have up to ${MAX_DIMS}`);
  }
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new Error(`${where}: ${size} is not the size of a dimension`);
  }
  // Without the zeros, so that a size of 0 does not hide sizes that overflow.
  const bytes = sizeOf(shape.filter((size) => size > 0)) * FILE_TYPES[type].bytes;
  if (!Number.isSafeInteger(bytes)) throw new Error(`${where}: the sizes [${shape.join(', ')}] overflow`);
  return shape.includes(0) ? 0 : bytes;
}

/** Reads a tensor of a checked shape, in row-major order. @throws Error for integers that cannot be held exactly */
export function readTensor(where: string, fill: Fill, shape: Shape, encoding: Encoding): Tensor {
  const { dtype } = FILE_TYPES[encoding.type];
  if (isHalf(dtype) && !encoding.littleEndian) {
    // Widened and narrowed again, which changes no number.
    return castCopy(readAs(where, fill, shape, encoding, 'float32'), dtype, where);
  }
  return readAs(where, fill, shape, encoding, dtype);
}

function readAs(where: string, fill: Fill, shape: Shape, encoding: Encoding, dtype: DType): Tensor {
  const { bytes } = FILE_TYPES[encoding.type];
  const out = allocateShape(shape, dtype, where);
  const count = out.layout.size;
  if (isStoredAlike(encoding)) {
    fill(u8.subarray(out.ptr, out.ptr + count * bytes));
    return out;
  }
  const target = elements(out);
  const piece = new Uint8Array(Math.min(count, PIECE / bytes) * bytes);
  const step = piece.length / bytes;
  const decode = decoder(where, encoding);
  for (let i = 0; i < count; i += step) {
    const n = Math.min(step, count - i);
    const filled = piece.subarray(0, n * bytes);
    fill(filled);
    decode(new DataView(filled.buffer, 0, filled.length), target.subarray(i, i + n));
  }
  return out;
}

function isStoredAlike({ type, littleEndian }: Encoding): boolean {
  if (type === 'uint8') return true;
  if (!littleEndian) return false;
  return ['float32', 'float64', 'float16', 'bfloat16', 'int32'].includes(type);
}

type Decode = (from: DataView, to: ReturnType<typeof elements>) => void;

function decoder(where: string, { type, littleEndian: le }: Encoding): Decode {
  const each =
    (bytes: number, get: (from: DataView, at: number) => number): Decode =>
    (from, to) => {
      for (let i = 0; i < to.length; i++) to[i] = get(from, i * bytes);
    };
  switch (type) {
    case 'float64':
      return each(8, (from, at) => from.getFloat64(at, le));
    case 'float32':
      return each(4, (from, at) => from.getFloat32(at, le));
    case 'float16':
    case 'bfloat16':
      return each(2, (from, at) => halfValue(type, from.getUint16(at, le)));
    case 'int32':
      return each(4, (from, at) => from.getInt32(at, le));
    case 'int16':
      return each(2, (from, at) => from.getInt16(at, le));
    case 'int8':
      return each(1, (from, at) => from.getInt8(at));
    case 'uint32':
      return each(4, (from, at) => from.getUint32(at, le));
    case 'uint16':
      return each(2, (from, at) => from.getUint16(at, le));
    case 'uint8':
      return each(1, (from, at) => from.getUint8(at));
    case 'bool':
      return each(1, (from, at) => (from.getUint8(at) === 0 ? 0 : 1));
    case 'int64':
    case 'uint64':
      return each(8, (from, at) => {
        const high =
          type === 'int64' ? from.getInt32(at + (le ? 4 : 0), le) : from.getUint32(at + (le ? 4 : 0), le);
        const value = high * 2 ** 32 + from.getUint32(at + (le ? 0 : 4), le);
        if (!Number.isSafeInteger(value)) throw unsafeInteger(where, from, at, type, le);
        return value;
      });
  }
}

function unsafeInteger(where: string, from: DataView, at: number, type: FileType, le: boolean): RangeError {
  const value = type === 'int64' ? from.getBigInt64(at, le) : from.getBigUint64(at, le);
  return new RangeError(
    `${where}: holds the integer ${value.toString()}; integers in tensors go up to 2^53 - 1 in size, and a larger one ` +
      'would be changed',
  );
}

/** Bytes of a tensor's elements in a file: each dtype is written as itself. */
export function fileByteLength(x: Tensor): number {
  return x.layout.size * FILE_TYPES[x.dtype].bytes;
}

/** Hands a tensor's elements to `write`, little-endian and in row-major order, in pieces that are valid for the call. */
export function writeTensor(x: Tensor, operation: string, write: (bytes: Uint8Array) => void): void {
  const source = contiguousData(x, operation);
  const length = fileByteLength(source);
  if (source.dtype !== 'int64') {
    if (length > 0) write(u8.subarray(source.ptr, source.ptr + length));
    return;
  }
  const values = elements(source);
  const step = PIECE / 8;
  const piece = new DataView(new ArrayBuffer(Math.min(values.length, step) * 8));
  for (let i = 0; i < values.length; i += step) {
    const n = Math.min(step, values.length - i);
    for (let j = 0; j < n; j++) {
      const value = values[i + j];
      if (!Number.isSafeInteger(value)) {
        throw new RangeError(
          `${operation}: an int64 tensor holds ${value}, which is beyond the exact integers`,
        );
      }
      piece.setUint32(j * 8, value >>> 0, true);
      piece.setInt32(j * 8 + 4, Math.floor(value / 2 ** 32), true);
    }
    write(new Uint8Array(piece.buffer, 0, n * 8));
  }
}
