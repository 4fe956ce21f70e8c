/** Reads numbers out of whatever holds them. */

export type NestedNumbers = readonly (number | NestedNumbers)[];

/** Numbers in an array, flat or nested, or in a tensor. */
export type NumberSource = ArrayLike<number> | NestedNumbers | TensorLike;

/** What is needed of a tensor. */
export interface TensorLike {
  /** The elements in row-major order. */
  toTypedArray(): ArrayLike<number>;
}

/**
 * The numbers in row-major order. Float32 arrays are handed on without a copy.
 *
 * @throws TypeError when something in there is not a number
 */
export function flatNumbers(source: unknown): Float32Array | Float64Array {
  if (source instanceof Float32Array || source instanceof Float64Array) return source;
  if (ArrayBuffer.isView(source) && !(source instanceof DataView))
    return Float64Array.from(source as unknown as ArrayLike<number | bigint>, Number);
  if (Array.isArray(source)) {
    const out: number[] = [];
    flatten(source, out);
    return Float64Array.from(out);
  }
  if (isTensorLike(source)) return flatNumbers(source.toTypedArray());
  if (typeof source === 'number') return Float64Array.of(source);
  throw new TypeError(`expected a tensor or an array of numbers, got ${describe(source)}`);
}

function flatten(values: readonly unknown[], out: number[]): void {
  for (const value of values) {
    if (typeof value === 'number') out.push(value);
    else if (typeof value === 'bigint' || typeof value === 'boolean') out.push(Number(value));
    else if (Array.isArray(value)) flatten(value, out);
    else for (const number of flatNumbers(value)) out.push(number);
  }
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function isTensorLike(value: unknown): value is TensorLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    'toTypedArray' in value &&
    typeof value.toTypedArray === 'function'
  );
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? value.constructor.name : typeof value;
}
