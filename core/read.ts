/** Reading a tensor's elements into ordinary JavaScript values. */
import { elementOf, isHalf } from './dtype.js';
import { readHalf } from './half.js';
import { formatShape, type Shape } from './layout.js';
import { f32, f64, i32, u8 } from './memory.js';
import { castCopy, contiguousData, elements, type ElementArray } from './ops/raw.js';
import { Tensor } from './tensor.js';
import type { ArrayOf, Unknown } from './types/known.js';
import { late } from './autograd/levels/late.js';
import { tracing } from './autograd/tracing.js';
import { levels } from './autograd/levels/wrapped.js';

/** A tensor's elements as nested arrays: a number (or boolean) for 0-d. */
export type NestedArray = number | boolean | NestedArray[];

/** Elements in order without gaps, of a dtype that JavaScript has an array for. */
function readable(x: Tensor, operation: string): Tensor {
  return contiguousData(isHalf(x.dtype) ? castCopy(x, 'float32', operation) : x, operation);
}

/**
 * The elements in row-major order as a typed array of their own: int64 as Float64Array, bool as Uint8Array, the 16-bit
 * floats as Float32Array.
 */
export function toTypedArray(x: Tensor): ElementArray {
  if (levels.top !== null) late.refuseReading('toTypedArray()', x);
  if (tracing.current !== null) tracing.current.escapes('toTypedArray()');
  return elements(readable(x, 'toTypedArray')).slice();
}

/** The only element. */
export function item(x: Tensor): number {
  if (levels.top !== null) late.refuseReading('item()', x);
  if (x.layout.size !== 1) {
    throw new RangeError(
      `item: takes a tensor of one element, this one has shape ${formatShape(x.shape)}; use toArray() for all`,
    );
  }
  if (tracing.current !== null) tracing.current.escapes('item()');
  const { ptr, dtype } = x;
  if (isHalf(dtype)) return readHalf(dtype, ptr);
  switch (elementOf(dtype)) {
    case 'float32':
      return f32[ptr >>> 2];
    case 'float64':
      return f64[ptr / 8];
    case 'int32':
      return i32[ptr >>> 2];
    case 'uint8':
      return u8[ptr];
  }
}

function nest(shape: Shape, read: (i: number) => number | boolean): NestedArray {
  let at = 0;
  const build = (depth: number): NestedArray => {
    if (depth === shape.length) return read(at++);
    const row = new Array<NestedArray>(shape[depth]);
    for (let i = 0; i < row.length; i++) row[i] = build(depth + 1);
    return row;
  };
  return build(0);
}

/** All elements as nested arrays. */
export function toArray(x: Tensor): NestedArray {
  if (levels.top !== null) late.refuseReading('toArray()', x);
  const source = readable(x, 'toArray');
  const data = elements(source);
  return x.dtype === 'bool' ? nest(x.shape, (i) => data[i] !== 0) : nest(x.shape, (i) => data[i]);
}

declare module './tensor.js' {
  interface Tensor<S, D> {
    /**
     * The only element as a number (bool: 1 or 0).
     * @throws RangeError if there is not exactly one
     */
    item(): number;
    /** The elements as nested arrays of numbers, or of booleans for a bool tensor; a bare value for a 0-d tensor. */
    toArray(): ArrayOf<S, D>;
    /** The same as `toArray`. */
    tolist(): ArrayOf<S, D>;
    /** A copy of the elements in row-major order as a typed array: int64 as Float64Array, bool as Uint8Array, 16-bit floats as Float32Array. */
    toTypedArray(): ElementArray;
  }
}

Tensor.prototype.item = function () {
  return item(this);
};
Tensor.prototype.toArray = function () {
  return toArray(this) as Unknown;
};
Tensor.prototype.tolist = function () {
  return toArray(this) as Unknown;
};
Tensor.prototype.toTypedArray = function () {
  return toTypedArray(this);
};
