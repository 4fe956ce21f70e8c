/** Pooling of few floats as one loop over windows, without a description of them made before. */
import { Layout } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { type Floats, floatsOf, isFewFloats, startOf } from './few-lines.js';
import type { Few } from './record.js';

/** Up to so many elements. */
const FEW = 128;

/** Sizes of the input, of the result, of windows, and how far apart these are and how far they reach beyond. */
const input = [1, 1, 1];
const count = [1, 1, 1];
const kernel = [1, 1, 1];
const stride = [1, 1, 1];
const padding = [0, 0, 0];

/** One number for all dimensions, or one for each; −1 for what is no such thing. */
function sizeAt(value: unknown, d: number, ndim: number): number {
  const size: unknown = Array.isArray(value) ? (value.length === ndim ? value[d] : undefined) : value;
  return typeof size === 'number' && (size | 0) === size ? size : -1;
}

/** The shape of the result; null where something is unusual, or wrong. */
function prepare(x: Tensor, ndim: number, sizes: unknown, steps: unknown, margins: unknown): number[] | null {
  const { shape, ndim: given } = x.layout;
  if (given !== ndim + 1 && given !== ndim + 2) return null;
  const result = shape.slice();
  for (let d = 0; d < 3; d++) {
    const own = d - (3 - ndim);
    if (own < 0) {
      input[d] = count[d] = kernel[d] = stride[d] = 1;
      padding[d] = 0;
      continue;
    }
    const size = shape[given - ndim + own];
    const width = sizeAt(sizes, own, ndim);
    const step = steps === undefined ? width : sizeAt(steps, own, ndim);
    const margin = margins === undefined ? 0 : sizeAt(margins, own, ndim);
    const room = size + 2 * margin - width;
    if (width < 1 || step < 1 || margin < 0 || 2 * margin > width || room < 0) return null;
    input[d] = size;
    kernel[d] = width;
    stride[d] = step;
    padding[d] = margin;
    result[given - ndim + own] = count[d] = Math.floor(room / step) + 1;
  }
  return result;
}

/** The result of the elements of one window, between its first and last in each dimension. */
type Window = (array: Floats, plane: number, from: Corner, to: Corner, power: number) => number;
type Corner = readonly [number, number, number];

const first: [number, number, number] = [0, 0, 0];
const last: [number, number, number] = [0, 0, 0];

function slide(x: Tensor, shape: readonly number[], name: string, window: Window, power: number): Tensor {
  const out = allocate(Layout.contiguous(shape), x.dtype, name);
  const array = floatsOf(x);
  const size = input[0] * input[1] * input[2];
  const planes = x.layout.size / size;
  let to = startOf(out);
  let plane = startOf(x);
  for (let p = 0; p < planes; p++, plane += size)
    for (let z = 0; z < count[0]; z++) {
      limit(0, z);
      for (let y = 0; y < count[1]; y++) {
        limit(1, y);
        for (let c = 0; c < count[2]; c++) {
          limit(2, c);
          array[to++] = window(array, plane, first, last, power);
        }
      }
    }
  return out;
}

function limit(d: number, i: number): void {
  const start = i * stride[d] - padding[d];
  first[d] = Math.max(start, 0);
  last[d] = Math.min(start + kernel[d], input[d]);
}

const largest: Window = (array, plane, from, to) => {
  let top = -Infinity;
  for (let z = from[0]; z < to[0]; z++)
    for (let y = from[1]; y < to[1]; y++) {
      const row = plane + (z * input[1] + y) * input[2];
      for (let c = from[2]; c < to[2]; c++) top = Math.max(top, array[row + c]);
    }
  return top;
};

function sumOf(array: Floats, plane: number, from: Corner, to: Corner): number {
  let total = 0;
  for (let z = from[0]; z < to[0]; z++)
    for (let y = from[1]; y < to[1]; y++) {
      const row = plane + (z * input[1] + y) * input[2];
      for (let c = from[2]; c < to[2]; c++) total += array[row + c];
    }
  return total;
}

const mean: Window = (array, plane, from, to) =>
  sumOf(array, plane, from, to) / (kernel[0] * kernel[1] * kernel[2]);

/** The norm of whole windows, as the composed ops compute it: sgn(Σ xᵖ) |Σ xᵖ|^(1/p). */
const norm: Window = (array, plane, from, to, power) => {
  let total = 0;
  for (let z = from[0]; z < to[0]; z++)
    for (let y = from[1]; y < to[1]; y++) {
      const row = plane + (z * input[1] + y) * input[2];
      for (let c = from[2]; c < to[2]; c++) total += array[row + c] ** power;
    }
  return Math.max(total, 0) ** (1 / power);
};

/** (input, kernelSize, stride, padding, dilation, ceilMode): what gives positions, too, is the op's. */
export function fewMaxPool(name: string, ndim: number): Few {
  return (x, sizes, steps, margins, dilation, ceilMode) => {
    if ((dilation !== undefined && dilation !== 1) || (ceilMode !== undefined && ceilMode !== false))
      return null;
    if (!isFewFloats(x, FEW)) return null;
    const shape = prepare(x, ndim, sizes, steps, margins);
    return shape === null ? null : slide(x, shape, name, largest, 0);
  };
}

/** (input, kernelSize, stride, padding, ceilMode, countIncludePad) */
export function fewAveragePool(name: string, ndim: number): Few {
  return (x, sizes, steps, margins, ceilMode, counts) => {
    if ((ceilMode !== undefined && ceilMode !== false) || (counts !== undefined && counts !== true))
      return null;
    if (!isFewFloats(x, FEW)) return null;
    const shape = prepare(x, ndim, sizes, steps, margins);
    return shape === null ? null : slide(x, shape, name, mean, 0);
  };
}

/** (input, normType, kernelSize, stride, ceilMode) with an even norm, whose powers are not negative. */
export function fewNormPool(name: string, ndim: number): Few {
  return (x, power, sizes, steps, ceilMode) => {
    if (ceilMode !== undefined && ceilMode !== false) return null;
    if (typeof power !== 'number' || !(power > 0) || power % 2 !== 0 || !isFewFloats(x, FEW)) return null;
    const shape = prepare(x, ndim, sizes, steps, undefined);
    return shape === null ? null : slide(x, shape, name, norm, power);
  };
}

/** (input, outputSize) where windows cover each dimension evenly: sizes that divide. */
export function fewEvenPool(name: string, ndim: number, kind: 'max' | 'mean'): Few {
  return (x, counts) => {
    if (!isFewFloats(x, FEW)) return null;
    const { shape, ndim: given } = x.layout;
    if (given <= ndim) return null;
    const sizes = new Array<number>(ndim);
    for (let d = 0; d < ndim; d++) {
      const wanted = sizeAt(counts, d, ndim);
      const size = shape[given - ndim + d];
      if (wanted < 1 || size % wanted !== 0) return null;
      sizes[d] = size / wanted;
    }
    const result = prepare(x, ndim, sizes, undefined, undefined);
    return result === null ? null : slide(x, result, name, kind === 'max' ? largest : mean, 0);
  };
}
