/**
 * Reductions of a few elements, and their gradients, as one loop each: what takes several kernels otherwise. A tensor
 * whose reduced dimensions are neighbours is seen as [outer, size, inner].
 */
import { elementOf, isWideFloat } from '../dtype.js';
import { Layout } from '../layout.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { allocate, type Tensor } from '../tensor.js';
import { isFew, shiftOf } from './few.js';
import { isPlain } from './formulas.js';
import { allocateLike } from './operand.js';
import type { ElementArray } from './raw.js';
import { reducedShape, type Run } from './sum.js';

/** Up to so many elements a loop takes less time than calls of kernels. */
const FEW = 256;

/** A tensor of few elements in order as [outer, size, inner], or null. */
export function fewRun(x: Tensor, dims: readonly number[]): Run | null {
  const { layout } = x;
  if (!isFew(layout.size, FEW) || layout.size === 0 || !layout.contiguous) return null;
  const { shape } = layout;
  const count = dims.length;
  if (count === shape.length) return { outer: 1, size: layout.size, inner: 1 };
  const first = dims[0];
  if (dims[count - 1] - first !== count - 1) return null;
  let outer = 1;
  let size = 1;
  let inner = 1;
  for (let d = 0; d < shape.length; d++) {
    if (d < first) outer *= shape[d];
    else if (d < first + count) size *= shape[d];
    else inner *= shape[d];
  }
  return { outer, size, inner };
}

function arrayOf(x: Tensor): ElementArray {
  switch (elementOf(x.dtype)) {
    case 'float32':
      return f32;
    case 'float64':
      return f64;
    case 'int32':
      return i32;
    case 'uint8':
      return u8;
  }
}

function reduced(
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  dtype: 'bool' | null,
  name: string,
): Tensor {
  const all = dims.length === x.ndim && !keepdim;
  const layout = all ? Layout.scalar : Layout.contiguous(reducedShape(x.layout.shape, dims, keepdim));
  return allocate(layout, dtype ?? x.dtype, name);
}

/** Whether some element is not 0 (`looksFor` true), or none is 0 (false). */
export function truthOfFew(
  looksFor: boolean,
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  { outer, size, inner }: Run,
): Tensor {
  const out = reduced(x, dims, keepdim, 'bool', looksFor ? 'any' : 'all');
  const array = arrayOf(x);
  const first = x.ptr >>> shiftOf(array);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const from = first + o * size * inner + i;
      let k = 0;
      while (k < size && (array[from + k * inner] !== 0) !== looksFor) k++;
      u8[out.ptr + o * inner + i] = k < size === looksFor ? 1 : 0;
    }
  }
  return out;
}

type Floats = Float32Array | Float64Array;

/** What one result is, of `size` elements that lie `step` apart. */
export type Line = (array: Floats, from: number, size: number, step: number) => number;

export function reduceFew(
  name: string,
  line: Line,
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  { outer, size, inner }: Run,
): Tensor {
  const out = reduced(x, dims, keepdim, null, name);
  const array = x.dtype === 'float32' ? f32 : f64;
  const first = x.ptr >>> shiftOf(array);
  const to = out.ptr >>> shiftOf(array);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      array[to + o * inner + i] = line(array, first + o * size * inner + i, size, inner);
  return out;
}

/** √Σ x² */
export const lengthOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) total += array[at] * array[at];
  return Math.sqrt(total);
};

export const productOfLine: Line = (array, from, size, step) => {
  let product = 1;
  for (let k = 0, at = from; k < size; k++, at += step) product *= array[at];
  return product;
};

/** ln Σ eˣ, where infinite elements are not taken off. */
export const exponentialSumOfLine: Line = (array, from, size, step) => {
  let top = -Infinity;
  for (let k = 0, at = from; k < size; k++, at += step) if (array[at] > top) top = array[at];
  if (top === Infinity || top === -Infinity) top = 0;
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) total += Math.exp(array[at] - top);
  return Math.log(total) + top;
};

/** Writes the gradients of one line, given its result's, from where its elements lie to where theirs do. */
export type LineGradient = (
  array: Floats,
  from: number,
  to: number,
  size: number,
  step: number,
  grad: number,
  result: number,
) => void;

/** The gradient of a reduction, where nobody will differentiate it and all lies in order; else null. */
export function reduceFewGradient(
  name: string,
  line: LineGradient,
  grad: Tensor,
  x: Tensor,
  y: Tensor,
  dims: readonly number[],
): Tensor | null {
  if (!isPlain() || !isWideFloat(x.dtype) || grad.dtype !== x.dtype) return null;
  const run = fewRun(x, dims);
  if (run === null || !y.layout.contiguous) return null;
  const { outer, size, inner } = run;
  // A result that is one number may lie anywhere; of several, the gradients lie in order, too.
  if (!grad.layout.contiguous && grad.layout.size > 1) return null;
  const out = allocateLike(x, x.dtype, name);
  const array = x.dtype === 'float32' ? f32 : f64;
  const shift = shiftOf(array);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = o * inner + i;
      const first = o * size * inner + i;
      const from = (x.ptr >>> shift) + first;
      line(
        array,
        from,
        (out.ptr >>> shift) + first,
        size,
        inner,
        array[(grad.ptr >>> shift) + at],
        array[(y.ptr >>> shift) + at],
      );
    }
  }
  return out;
}

/** Those that are equal to the extreme share its gradient. */
export const extremeGradient: LineGradient = (array, from, to, size, step, grad, result) => {
  let count = 0;
  for (let k = 0; k < size; k++) if (array[from + k * step] === result) count++;
  // The extreme is NaN where an element is.
  const rest = count === 0 ? NaN : 0;
  const share = grad / count;
  for (let k = 0; k < size; k++) array[to + k * step] = array[from + k * step] === result ? share : rest;
};

/** Of the square root of the sum of squares: x g / y, and 0 where that is 0. */
export const lengthGradient: LineGradient = (array, from, to, size, step, grad, result) => {
  const factor = result === 0 ? 0 : grad / result;
  for (let k = 0; k < size; k++) array[to + k * step] = result === 0 ? 0 : array[from + k * step] * factor;
};

/** Of a product: g y / x, or g times the product of the others where there are zeros. */
export const productGradient: LineGradient = (array, from, to, size, step, grad, result) => {
  let zeros = 0;
  for (let k = 0; k < size; k++) if (array[from + k * step] === 0) zeros++;
  for (let k = 0; k < size; k++) {
    if (zeros === 0) {
      array[to + k * step] = (grad * result) / array[from + k * step];
      continue;
    }
    let others = grad;
    for (let j = 0; j < size; j++) if (j !== k) others *= array[from + j * step];
    array[to + k * step] = others;
  }
};

/** Of ln Σ eˣ: eˣ⁻ʸ g. */
export const exponentialSumGradient: LineGradient = (array, from, to, size, step, grad, result) => {
  for (let k = 0; k < size; k++) array[to + k * step] = Math.exp(array[from + k * step] - result) * grad;
};

/** Of the unbiased variance: 2 (x − mean) g / (size − 1). */
export const varianceGradient: LineGradient = (array, from, to, size, step, grad) => {
  let total = 0;
  for (let k = 0; k < size; k++) total += array[from + k * step];
  const mean = total / size;
  const factor = (2 * grad) / (size - 1);
  for (let k = 0; k < size; k++) array[to + k * step] = (array[from + k * step] - mean) * factor;
};
