/** Typed arrays and bigints as what tensors store. */
import type { DType } from '../dtype.js';
import { describeValue } from '../layout.js';

/** Typed arrays that carry data in. */
export type DataArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * A bigint as a number.
 * @throws RangeError beyond 2⁵³ − 1, where int64 is not exact here
 */
export function exactly(value: bigint, op: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(
    `${op}: ${value} is out of range for int64, which holds -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER} exactly`,
  );
}

/** Whether data are rows given as typed arrays. */
export function isArrays(data: unknown): data is readonly DataArray[] {
  return Array.isArray(data) && ArrayBuffer.isView(data[0]);
}

/**
 * The elements of a typed array as stored, and their dtype. Integers that tensors lack become wider ones: of 8 and 16
 * bits int32, of 32 without sign int64.
 */
export function numbersOf(data: unknown, op: string): { data: Numbers; dtype: DType } {
  if (data instanceof Float32Array) return { data, dtype: 'float32' };
  if (data instanceof Float64Array) return { data, dtype: 'float64' };
  if (data instanceof Int32Array) return { data, dtype: 'int32' };
  if (data instanceof Uint8Array) return { data, dtype: 'uint8' };
  if (data instanceof Uint8ClampedArray) return { data: new Uint8Array(data), dtype: 'uint8' };
  if (data instanceof Int8Array || data instanceof Int16Array || data instanceof Uint16Array)
    return { data: Int32Array.from(data), dtype: 'int32' };
  if (data instanceof Uint32Array) return { data: Float64Array.from(data), dtype: 'int64' };
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return { data: Float64Array.from(data, (value) => exactly(value, op)), dtype: 'int64' };
  const name = ArrayBuffer.isView(data) ? `a ${data.constructor.name}` : describeValue(data);
  throw new TypeError(
    `${op}: takes a typed array of numbers (Float32Array, Int32Array, BigInt64Array …), got ${name}`,
  );
}
