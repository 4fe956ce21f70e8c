/** The idx format, in which MNIST and its likes are distributed: one array of bytes or numbers, big-endian. */
import { gzipSync } from 'node:zlib';
import type { DType } from '../dtype.js';
import { contiguousData, elements } from '../ops/raw.js';
import type { Tensor } from '../tensor.js';
import { checkedByteLength, FILE_TYPES, type FileType, readTensor } from './elements.js';
import { gunzipExactly, gunzipStart, isGzip } from './gzip.js';
import { writeAtomically } from './sink.js';
import {
  BytesSource,
  type FileInput,
  fillFrom,
  pathOf,
  readBytes,
  type Source,
  withSource,
} from './source.js';

/** The third byte of a file. */
const TYPES: ReadonlyMap<number, FileType> = new Map<number, FileType>([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);

const LARGEST_HEADER = 4 + 4 * 255;

interface IdxHeader {
  readonly type: FileType;
  readonly shape: readonly number[];
  /** Bytes before the data. */
  readonly length: number;
  readonly dataLength: number;
}

/**
 * The array of an idx file such as MNIST's `train-images-idx3-ubyte`, also one compressed by gzip. int8 and int16
 * become int32.
 * @throws Error for a file that is not exactly what its header says, before anything is allocated for it
 */
export function loadIdx(input: FileInput): Tensor {
  return withSource(input, (source) => {
    const where = `idx ${source.name}`;
    if (!isGzip(source)) {
      const start = readBytes(source, 0, Math.min(LARGEST_HEADER, source.size));
      return readIdx(where, source, parseHeader(where, start));
    }
    const header = parseHeader(where, gunzipStart(where, source));
    const bytes = gunzipExactly(where, source, header.length + header.dataLength);
    return readIdx(where, new BytesSource(bytes, source.name), header);
  });
}

function readIdx(where: string, source: Source, { type, shape, length, dataLength }: IdxHeader): Tensor {
  if (source.size !== length + dataLength) {
    throw new Error(
      `${where}: [${shape.join(', ')}] of ${type} takes ${dataLength} bytes, but ${source.size - length} follow the header`,
    );
  }
  return readTensor(where, fillFrom(source, length), shape, { type, littleEndian: false });
}

function parseHeader(where: string, start: Uint8Array): IdxHeader {
  const type = TYPES.get(start[2]);
  if (start.length < 4 || start[0] !== 0 || start[1] !== 0 || type === undefined) {
    const found = [...start.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new Error(
      `${where}: is not an idx file: it begins with ${found || 'nothing'}, not with two zeros, the type of its elements ` +
        `(${[...TYPES.keys()].map((code) => code.toString(16).padStart(2, '0')).join(', ')}) and the number of dimensions`,
    );
  }
  const length = 4 + 4 * start[3];
  if (start.length < length) {
    throw new Error(`${where}: ends inside the header, which has ${start[3]} dimensions`);
  }
  const view = new DataView(start.buffer, start.byteOffset, length);
  const shape = Array.from({ length: start[3] }, (_, i) => view.getUint32(4 + 4 * i, false));
  return { type, shape, length, dataLength: checkedByteLength(where, shape, type) };
}

/**
 * Writes a uint8, int32, float32 or float64 tensor as an idx file, compressed if the path ends in .gz; it appears whole
 * or not at all.
 * @throws TypeError for other dtypes
 */
export function saveIdx(path: string | URL, x: Tensor): void {
  const file = pathOf(path);
  const code = [...TYPES].find(([, type]) => type === x.dtype)?.[0];
  if (code === undefined) {
    throw new TypeError(
      `saveIdx: idx files hold uint8, int32, float32 and float64, got ${x.dtype}; convert it with x.to('int32'), for instance`,
    );
  }
  const bytes = encode(x, code);
  writeAtomically(file, (sink) => {
    sink.write(file.toLowerCase().endsWith('.gz') ? gzipSync(bytes) : bytes);
  });
}

function encode(x: Tensor, code: number): Uint8Array {
  const dtype: DType = x.dtype;
  const size = FILE_TYPES[dtype].bytes;
  const begin = 4 + 4 * x.ndim;
  const bytes = new Uint8Array(begin + size * x.numel());
  const view = new DataView(bytes.buffer);
  bytes[2] = code;
  bytes[3] = x.ndim;
  x.shape.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n, false);
  });
  const source = contiguousData(x, 'saveIdx');
  const values = elements(source);
  for (let i = 0, at = begin; i < values.length; i++, at += size) {
    if (dtype === 'uint8') bytes[at] = values[i];
    else if (dtype === 'int32') view.setInt32(at, values[i], false);
    else if (dtype === 'float32') view.setFloat32(at, values[i], false);
    else view.setFloat64(at, values[i], false);
  }
  return bytes;
}
