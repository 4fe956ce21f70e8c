/** Putting samples together to batches. */

import { formatShape, sameShape } from '../layout.js';
import { u8 } from '../memory.js';
import { tensor } from '../ops/creation.js';
import { contiguousData } from '../ops/raw.js';
import { allocateShape, Tensor } from '../tensor.js';

/**
 * What samples of type T become as a batch: tensors are stacked, numbers and booleans become a tensor, strings an array;
 * arrays and objects are batched member by member. Samples that are still to come make a batch that is.
 */
export type Collated<T> =
  T extends PromiseLike<infer U>
    ? Promise<Collated<U>>
    : T extends Tensor | number | boolean
      ? Tensor
      : T extends string
        ? string[]
        : T extends readonly unknown[]
          ? { -readonly [K in keyof T]: Collated<T[K]> }
          : T extends object
            ? { [K in keyof T]: Collated<T[K]> }
            : T[];

/**
 * Makes a batch of samples as {@link Collated} says. Numbers become the default dtype as in `tensor`; return
 * `tensor(label, { dtype: 'int64' })` for class labels.
 * @throws RangeError if tensors or arrays differ in shape, TypeError for samples it does not know
 */
export function defaultCollate<T>(samples: readonly T[]): Collated<T>;
export function defaultCollate(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (samples.every(isTensor)) return stackRows(samples);
  if (samples.every(isNumber) || samples.every(isBoolean)) return tensor(samples);
  if (typeof first === 'string') return [...samples];
  if (samples.every(isArray)) {
    const lengths = new Set(samples.map((sample) => sample.length));
    if (lengths.size > 1) {
      throw new RangeError(`collate: samples are arrays of different lengths, ${[...lengths].join(' and ')}`);
    }
    const [{ length }] = samples;
    return Array.from({ length }, (_, i) => defaultCollate(samples.map((sample) => sample[i])));
  }
  if (samples.every(isRecord)) {
    const names = Object.keys(samples[0]);
    return Object.fromEntries(
      names.map((name) => [name, defaultCollate(samples.map((sample) => sample[name]))]),
    );
  }
  throw new TypeError(
    `collate: no way to batch samples such as a ${typeof first}; give the loader a function { collate } of your own`,
  );
}

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Tensors of one shape as the rows of a new one; unrecorded. */
export function stackRows(rows: readonly Tensor[]): Tensor {
  const [{ shape, dtype }] = rows;
  for (const row of rows) {
    if (sameShape(row.shape, shape) && row.dtype === dtype) continue;
    throw new RangeError(
      `collate: samples of a batch must agree in shape and dtype, got ${formatShape(shape)} ${dtype} and ` +
        `${formatShape(row.shape)} ${row.dtype}`,
    );
  }
  const out = allocateShape([rows.length, ...shape], dtype, 'collate');
  const bytes = out.storage.byteLength / rows.length;
  rows.forEach((row, i) => {
    const { ptr } = contiguousData(row, 'collate');
    u8.copyWithin(out.ptr + i * bytes, ptr, ptr + bytes);
  });
  return out;
}

/**
 * The rows of a tensor at the given indices, copied; unrecorded.
 * @throws RangeError for an index that is not a row's
 */
export function gatherRows(source: Tensor, indices: readonly number[]): Tensor {
  const contiguous = contiguousData(source, 'getBatch');
  const [rows, ...rest] = source.shape;
  const out = allocateShape([indices.length, ...rest], source.dtype, 'getBatch');
  const bytes = (contiguous.numel() / Math.max(1, rows)) * contiguous.elementSize();
  const from = contiguous.ptr;
  let to = out.ptr;
  for (const index of indices) {
    if (!(index >= 0 && index < rows)) throw new RangeError(`getBatch: no row ${index} among ${rows}`);
    u8.copyWithin(to, from + index * bytes, from + (index + 1) * bytes);
    to += bytes;
  }
  return out;
}
