/**
 * Reductions of a few elements, over all of them or over one dimension, as one loop: what a record names as `few`. They
 * take a float tensor in order that nothing records, and leave everything else, errors too, to the op.
 */
import { gradMode } from '../autograd/mode.js';
import { Layout } from '../layout.js';
import { f32, f64, u8 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { isFew } from './few.js';
import type { Few } from './record.js';

export type Floats = Float32Array | Float64Array;

/** What one result is, of `size` elements that lie `step` apart. */
export type Line = (array: Floats, from: number, size: number, step: number) => number;

/** Up to so many elements a loop takes less time than kernels. */
const FEW = 96;

/** Whether a value is a tensor of few floats in order, outside of the graph. */
export function isFewFloats(x: unknown, most = FEW): x is Tensor {
  if (!(x instanceof Tensor)) return false;
  const { layout, dtype } = x;
  return (
    isFew(layout.size, most) &&
    layout.size > 0 &&
    layout.contiguous &&
    (dtype === 'float32' || dtype === 'float64') &&
    !(gradMode.enabled && x.requiresGrad)
  );
}

/** The array that a float tensor lies in. */
export function floatsOf(x: Tensor): Floats {
  return x.dtype === 'float32' ? f32 : f64;
}

/** Where a float tensor begins in its array. */
export function startOf(x: Tensor): number {
  return x.dtype === 'float32' ? x.ptr >>> 2 : x.ptr / 8;
}

/** [outer, size, inner] around one dimension. */
let outer = 1;
let size = 1;
let inner = 1;

/** Looks at one dimension, or all (undefined); the layout of the result, or null where the dimension is no such thing. */
function around(x: Tensor, given: unknown, keepdim: unknown): Layout | null {
  const { layout } = x;
  const { shape, ndim } = layout;
  const dim = Array.isArray(given) ? onlyOf(given, ndim) : given;
  if (dim === undefined || dim === null) {
    if (keepdim === true) return null;
    outer = inner = 1;
    size = layout.size;
    return Layout.scalar;
  }
  if (typeof dim !== 'number' || (dim | 0) !== dim || ndim === 0) return null;
  const at = dim < 0 ? dim + ndim : dim;
  if (at < 0 || at >= ndim) return null;
  outer = inner = 1;
  size = shape[at];
  for (let d = 0; d < at; d++) outer *= shape[d];
  for (let d = at + 1; d < ndim; d++) inner *= shape[d];
  if (keepdim !== true && ndim === 1) return Layout.scalar;
  const left = new Array<number>(keepdim === true ? ndim : ndim - 1);
  for (let d = 0, to = 0; d < ndim; d++) {
    if (d !== at) left[to++] = shape[d];
    else if (keepdim === true) left[to++] = 1;
  }
  return Layout.contiguous(left);
}

/** Of a list of dimensions: the only one, undefined for all in order, and what is no dimension for others. */
function onlyOf(dims: readonly unknown[], ndim: number): unknown {
  if (dims.length === 1) return dims[0];
  if (dims.length !== ndim || ndim === 0) return NaN;
  for (let i = 0; i < ndim; i++) if (dims[i] !== i) return NaN;
  return undefined;
}

function isKeepdim(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

/** A reduction of floats to the same dtype: (input, dim, keepdim). */
export function fewLines(name: string, line: Line): Few {
  return (x, dim, keepdim, more) => {
    if (more !== undefined || !isKeepdim(keepdim) || !isFewFloats(x)) return null;
    const layout = around(x, dim, keepdim);
    if (layout === null) return null;
    return reduced(x, layout, x.dtype, name, line);
  };
}

/** The same where the result is of another dtype. */
export function fewLinesTo(name: string, dtype: 'bool' | 'int64', line: Line): Few {
  return (x, dim, keepdim, more) => {
    if (more !== undefined || !isKeepdim(keepdim) || !isFewFloats(x)) return null;
    const layout = around(x, dim, keepdim);
    if (layout === null) return null;
    return reduced(x, layout, dtype, name, line);
  };
}

/** Positions of extremes over one dimension or all. */
export function fewPlaces(name: string, line: Line): Few {
  const lines = fewLinesTo(name, 'int64', line);
  return (x, dim, keepdim, more) => (typeof dim === 'object' ? null : lines(x, dim, keepdim, more));
}

function reduced(x: Tensor, layout: Layout, dtype: Tensor['dtype'], name: string, line: Line): Tensor {
  // Allocating may not change what was found: it calls nothing of here.
  const out = allocate(layout, dtype, name);
  const array = floatsOf(x);
  const from = startOf(x);
  if (dtype === 'bool') {
    for (let o = 0, at = out.ptr; o < outer; o++)
      for (let i = 0; i < inner; i++) u8[at++] = line(array, from + o * size * inner + i, size, inner);
    return out;
  }
  if (dtype === 'int64') {
    for (let o = 0, at = out.ptr / 8; o < outer; o++)
      for (let i = 0; i < inner; i++) f64[at++] = line(array, from + o * size * inner + i, size, inner);
    return out;
  }
  for (let o = 0, at = startOf(out); o < outer; o++)
    for (let i = 0; i < inner; i++) array[at++] = line(array, from + o * size * inner + i, size, inner);
  return out;
}

/** (input, p, dim, keepdim) of the norm with p = 2. */
export function fewNorm(name: string, line: Line): Few {
  return (x, p, dim, keepdim) => {
    if ((p !== undefined && p !== 2) || !isKeepdim(keepdim) || !isFewFloats(x)) return null;
    const layout = around(x, dim, keepdim);
    return layout === null ? null : reduced(x, layout, x.dtype, name, line);
  };
}

export const sumOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) total += array[at];
  return total;
};

export const meanOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) total += array[at];
  return total / size;
};

export const largestOfLine: Line = (array, from, size, step) => {
  let top = array[from];
  for (let k = 1, at = from + step; k < size; k++, at += step) top = Math.max(top, array[at]);
  return top;
};

export const smallestOfLine: Line = (array, from, size, step) => {
  let top = array[from];
  for (let k = 1, at = from + step; k < size; k++, at += step) top = Math.min(top, array[at]);
  return top;
};

/** Where the first largest is; the first NaN where there is one. */
export const largestPlaceOfLine: Line = (array, from, size, step) => {
  let top = array[from];
  let place = 0;
  for (let k = 1, at = from + step; k < size && top === top; k++, at += step) {
    const value = array[at];
    if (value > top || value !== value) {
      top = value;
      place = k;
    }
  }
  return place;
};

export const smallestPlaceOfLine: Line = (array, from, size, step) => {
  let top = array[from];
  let place = 0;
  for (let k = 1, at = from + step; k < size && top === top; k++, at += step) {
    const value = array[at];
    if (value < top || value !== value) {
      top = value;
      place = k;
    }
  }
  return place;
};

export const countOfLine: Line = (array, from, size, step) => {
  let count = 0;
  for (let k = 0, at = from; k < size; k++, at += step) if (array[at] !== 0) count++;
  return count;
};

export const anyOfLine: Line = (array, from, size, step) => {
  for (let k = 0, at = from; k < size; k++, at += step) if (array[at] !== 0) return 1;
  return 0;
};

export const allOfLine: Line = (array, from, size, step) => {
  for (let k = 0, at = from; k < size; k++, at += step) if (array[at] === 0) return 0;
  return 1;
};

/** Σ (x − mean)² / (size − 1), in two passes. */
export const varianceOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) total += array[at];
  const mean = total / size;
  let squares = 0;
  for (let k = 0, at = from; k < size; k++, at += step) squares += (array[at] - mean) ** 2;
  return squares / (size - 1);
};

export const deviationOfLine: Line = (array, from, size, step) =>
  Math.sqrt(varianceOfLine(array, from, size, step));

/** Σ x without NaN. */
export const numbersSumOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) if (array[at] === array[at]) total += array[at];
  return total;
};

export const numbersMeanOfLine: Line = (array, from, size, step) => {
  let total = 0;
  let count = 0;
  for (let k = 0, at = from; k < size; k++, at += step) {
    if (array[at] !== array[at]) continue;
    total += array[at];
    count++;
  }
  return total / count;
};
