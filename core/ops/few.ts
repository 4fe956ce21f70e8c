/**
 * Loops over a few elements, for ops that would take a kernel or several: a call into WebAssembly takes as long as
 * computing some dozen elements in JavaScript.
 */
import type { DType } from '../dtype.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { Layout, type Shape } from '../layout.js';
import { Storage } from '../storage.js';
import { allocate, Tensor } from '../tensor.js';
import { allocateLike } from './operand.js';
import type { Few } from './record.js';

/**
 * The most elements that any op computes by a loop of its own instead of kernels, whatever it would choose itself. All
 * such loops ask `isFew`, so that who must see the kernels that an op calls sets this to 0 for that time.
 */
export const fewElements = { limit: 2 ** 31 };

/** Up to so many elements a loop takes less time than calls of kernels. */
const FEW = 128;

/** Whether an op on so many elements is to be a loop in JavaScript, which pays up to `most`. */
export function isFew(size: number, most = FEW): boolean {
  return size <= most && size <= fewElements.limit;
}

/** Up to so many elements are copied one by one. */
const COPIED = 48;

/** The array that a tensor lies in; null for the 16-bit floats. */
function arrayOf(dtype: DType): Float32Array | Float64Array | Int32Array | Uint8Array | null {
  switch (dtype) {
    case 'float32':
      return f32;
    case 'float64':
    case 'int64':
      return f64;
    case 'int32':
      return i32;
    case 'bool':
    case 'uint8':
      return u8;
    default:
      return null;
  }
}

/**
 * The binary logarithm of the bytes of an array's elements. Where they begin is found by shifts, because a loop whose
 * places come from a division counts in floating point.
 */
export function shiftOf(array: Float32Array | Float64Array | Int32Array | Uint8Array): 0 | 2 | 3 {
  return array === f64 ? 3 : array === u8 ? 0 : 2;
}

/**
 * out = x of few elements, whatever the strides of x are, where `out` is contiguous and of the same shape; false for
 * the 16-bit floats.
 */
export function copyFew(x: Tensor, out: Tensor): boolean {
  const { layout } = x;
  if (!isFew(layout.size, COPIED) || layout.ndim > 2) return false;
  const isTruth = out.dtype === 'bool' && x.dtype !== 'bool';
  // int64 is stored as float64: what storing drops elsewhere is dropped here, and what is no number becomes 0.
  const isWhole = out.dtype === 'int64' && (x.dtype === 'float32' || x.dtype === 'float64');
  const source = arrayOf(x.dtype);
  const target = arrayOf(out.dtype);
  if (source === null || target === null) return false;
  const from = x.ptr >>> shiftOf(source);
  let to = out.ptr >>> shiftOf(target);
  const { shape, strides, ndim } = layout;
  const rows = ndim === 2 ? shape[0] : 1;
  const columns = ndim === 0 ? 1 : shape[ndim - 1];
  const row = ndim === 2 ? strides[0] : 0;
  const step = ndim === 0 ? 0 : strides[ndim - 1];
  if (source === target && !isTruth && !isWhole) {
    copyRows(source, from, row, step, to, rows, columns);
    return true;
  }
  for (let r = 0; r < rows; r++)
    for (let c = 0, at = from + r * row; c < columns; c++, at += step, to++)
      target[to] = isTruth ? (source[at] !== 0 ? 1 : 0) : isWhole ? wholeOf(source[at]) : source[at];
  return true;
}

/** Elements that lie `row` and `step` apart, in order; float32 by a loop that V8 compiles for that array alone. */
function copyRows(
  array: Float32Array | Float64Array | Int32Array | Uint8Array,
  from: number,
  row: number,
  step: number,
  to: number,
  rows: number,
  columns: number,
): void {
  if (array === f32) {
    for (let r = 0; r < rows; r++)
      for (let c = 0, at = from + r * row; c < columns; c++, at += step) f32[to++] = f32[at];
    return;
  }
  for (let r = 0; r < rows; r++)
    for (let c = 0, at = from + r * row; c < columns; c++, at += step) array[to++] = array[at];
}

/** Every element of a contiguous tensor of few floats becomes `value`; false for others. */
export function fillFew(out: Tensor, value: number): boolean {
  const { dtype, layout } = out;
  const { size } = layout;
  if ((dtype !== 'float32' && dtype !== 'float64') || !isFew(size, COPIED)) return false;
  const array = dtype === 'float32' ? f32 : f64;
  const to = out.ptr >>> shiftOf(array);
  for (let i = 0; i < size; i++) array[to + i] = value;
  return true;
}

/**
 * What a reduction of few floats gave, repeated over the dimensions that it reduced: elements of their own, which take
 * less time than a view that all who read it have to look at closely. Null where it is no such thing.
 */
export function repeatFew(x: Tensor, shape: Shape, dims: readonly number[], divisor: number): Tensor | null {
  const { layout, dtype } = x;
  const floats = dtype === 'float32' || dtype === 'float64';
  if (!floats || !layout.contiguous || (dims.length !== 1 && layout.size !== 1)) return null;
  const whole = Layout.contiguous(shape);
  const { size } = whole;
  if (!isFew(size) || size === 0) return null;
  let inner = layout.size === 1 ? size : 1;
  const along = layout.size === 1 ? 1 : shape[dims[0]];
  if (layout.size !== 1) for (let d = dims[0] + 1; d < shape.length; d++) inner *= shape[d];
  const out = allocate(whole, dtype, 'repeat');
  const array = dtype === 'float32' ? f32 : f64;
  const from = x.ptr >>> shiftOf(array);
  let to = out.ptr >>> shiftOf(array);
  if (layout.size === 1) {
    const value = array[from] / divisor;
    for (let i = 0; i < size; i++) array[to + i] = value;
    return out;
  }
  const outer = size / (along * inner);
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < along; k++)
      for (let i = 0; i < inner; i++) array[to++] = array[from + o * inner + i] / divisor;
  return out;
}

/**
 * A copy in order of few elements of up to two dimensions, repeated to a shape; null for what is no such thing. Loops take
 * it instead of operands with gaps and columns.
 */
export function inOrder(x: Tensor, shape: Shape): Tensor | null {
  const { layout } = x;
  const { ndim } = layout;
  const array = arrayOf(x.dtype);
  if (array === null || shape.length > 2 || shape.length === 0 || ndim > shape.length) return null;
  const rows = shape.length === 2 ? shape[0] : 1;
  const columns = shape[shape.length - 1];
  const tall = ndim === 2 ? layout.shape[0] : 1;
  const wide = ndim > 0 ? layout.shape[ndim - 1] : 1;
  if ((tall !== rows && tall !== 1) || (wide !== columns && wide !== 1) || !isFew(rows * columns))
    return null;
  const row = tall === 1 ? 0 : layout.strides[0];
  const step = wide === 1 ? 0 : layout.strides[ndim - 1];
  const from = x.ptr >>> shiftOf(array);
  const out = allocate(Layout.contiguous(shape), x.dtype, 'contiguous');
  copyRows(array, from, row, step, out.ptr >>> shiftOf(array), rows, columns);
  return out;
}

/** (input): itself, where its elements lie in order. */
export const fewContiguous: Few = (x) => {
  if (!(x instanceof Tensor) || !isFew(x.layout.size) || x.requiresGrad) return null;
  return x.layout.contiguous ? x : inOrder(x, x.layout.shape);
};

function wholeOf(value: number): number {
  return value - value === 0 ? Math.trunc(value) : 0;
}

/** Places for the elements of two operands of one kernel call. */
const places = Storage.allocate(2 * COPIED * 8, 'operands');

/**
 * Where few floats lie in order, repeated to a matrix of a shape, until the same slot is used again: an operand of a
 * kernel without a tensor for it. −1 for what is no such operand.
 */
export function inOrderFew(x: Tensor, [rows, columns]: Shape, slot: 0 | 1): number {
  const { layout, dtype } = x;
  if (!isFew(rows * columns, COPIED) || layout.ndim > 2 || (dtype !== 'float32' && dtype !== 'float64'))
    return -1;
  const array = dtype === 'float32' ? f32 : f64;
  const { shape, strides, ndim } = layout;
  const row = ndim === 2 && shape[0] > 1 ? strides[0] : 0;
  const step = ndim > 0 && shape[ndim - 1] > 1 ? strides[ndim - 1] : 0;
  const ptr = places.ptr + slot * COPIED * 8;
  const from = x.ptr >>> shiftOf(array);
  let to = ptr >>> shiftOf(array);
  for (let r = 0; r < rows; r++)
    for (let c = 0, at = from + r * row; c < columns; c++, at += step) array[to++] = array[at];
  return ptr;
}

/** The array in which two tensors lie, where both are few floats in order. */
export function fewFloats(x: Tensor, other: Tensor): Float32Array | Float64Array | null {
  const { layout, dtype } = x;
  if (!isFew(layout.size) || !layout.contiguous || !other.layout.contiguous) return null;
  return dtype === 'float32' ? f32 : dtype === 'float64' ? f64 : null;
}

/** Elements within limits, min ≤ max. */
export function clampFew(array: Float32Array | Float64Array, x: Tensor, min: number, max: number): Tensor {
  const out = allocateLike(x, x.dtype, 'clamp');
  const from = x.ptr >>> shiftOf(array);
  const to = out.ptr >>> shiftOf(array);
  for (let i = 0; i < x.layout.size; i++) {
    const value = array[from + i];
    array[to + i] = value < min ? min : value > max ? max : value;
  }
  return out;
}

/** The gradient where the element lies within the limits, both included. */
export function clampGradFew(
  array: Float32Array | Float64Array,
  grad: Tensor,
  x: Tensor,
  min: number,
  max: number,
): Tensor {
  const out = allocateLike(grad, x.dtype, 'clamp');
  const low = array === f32 ? Math.fround(min) : min;
  const high = array === f32 ? Math.fround(max) : max;
  const from = x.ptr >>> shiftOf(array);
  const given = grad.ptr >>> shiftOf(array);
  const to = out.ptr >>> shiftOf(array);
  for (let i = 0; i < x.layout.size; i++) {
    const value = array[from + i];
    array[to + i] = value < low || value > high ? 0 : array[given + i];
  }
  return out;
}
