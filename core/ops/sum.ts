/** The sum over dimensions, and its counterpart expand: what undoes broadcasting. */
import { elementOf, isHalf } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { Layout, sameShape, type Shape } from '../layout.js';
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { allocate, Tensor } from '../tensor.js';
import { f32, f64 } from '../memory.js';
import { reduceDeferred } from './deferred/record.js';
import { isFew, repeatFew, shiftOf } from './few.js';
import { apply, type Primitive } from './primitive.js';
import { castCopy, contiguousData } from './raw.js';
import { expandTo, reshapeTo } from './shape.js';

/**
 * A contiguous tensor as [outer, size, inner] for a run of neighbouring dimensions that are reduced.
 * Dimensions that are not neighbours are reduced one run after the other.
 */
export interface Run {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}

/** The runs of neighbouring reduced dimensions, last first, each for the shape that the later ones have left. */
export function reducedRuns(shape: Shape, dims: readonly number[]): Run[] {
  const runs: Run[] = [];
  const left = shape.slice();
  let i = dims.length - 1;
  while (i >= 0) {
    const last = dims[i];
    while (i > 0 && dims[i - 1] === dims[i] - 1) i--;
    const first = dims[i];
    i--;
    let outer = 1;
    let size = 1;
    let inner = 1;
    for (let d = 0; d < first; d++) outer *= left[d];
    for (let d = first; d <= last; d++) {
      size *= left[d];
      left[d] = 1;
    }
    for (let d = last + 1; d < left.length; d++) inner *= left[d];
    runs.push({ outer, size, inner });
  }
  return runs;
}

/** The shape after reducing `dims` (ascending). */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  if (keepdim) {
    const out = shape.slice();
    for (const dim of dims) out[dim] = 1;
    return out;
  }
  return shape.filter((_, i) => !dims.includes(i));
}

/** Reduces dimensions with a kernel; `x` is of the dtype that is accumulated in. */
export function reduceRaw(
  op: 'sum' | 'prod' | 'max' | 'min',
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  name: string,
): Tensor {
  if (isHalf(x.dtype)) {
    return castCopy(reduceRaw(op, castCopy(x, 'float32', name), dims, keepdim, name), x.dtype, name);
  }
  if (dims.length === x.ndim && !keepdim && x.ndim > 0) return reduceAll(op, x, name);
  if (dims.length === 1 && x.layout.contiguous) return reduceOne(op, x, dims[0], keepdim, name);
  const shape = reducedShape(x.shape, dims, keepdim);
  const runs = reducedRuns(x.shape, dims);
  if (runs.length === 0) return castCopy(x, x.dtype, name);
  if (runs.length === 1 && x.storage.deferred !== null) {
    const out = allocate(Layout.contiguous(shape), x.dtype, name);
    if (reduceDeferred(op, x, runs[0], out)) return out;
  }
  let current = contiguousData(x, name);
  for (let i = 0; i < runs.length; i++) {
    const { outer, size, inner } = runs[i];
    const out = allocate(
      i === runs.length - 1 ? Layout.contiguous(shape) : Layout.contiguous([outer, inner]),
      x.dtype,
      name,
    );
    if (out.layout.size > 0) kernels.reduce(op, elementOf(x.dtype), outer, size, inner, current.ptr, out.ptr);
    if (current !== x) current.storage.release();
    current = out;
  }
  return current;
}

/** Reduces one dimension of a tensor that lies in order. */
function reduceOne(
  op: 'sum' | 'prod' | 'max' | 'min',
  x: Tensor,
  dim: number,
  keepdim: boolean,
  name: string,
): Tensor {
  const from = x.layout.shape;
  const ndim = from.length;
  const shape = new Array<number>(keepdim ? ndim : ndim - 1);
  let outer = 1;
  let inner = 1;
  for (let d = 0; d < ndim; d++) {
    const size = from[d];
    if (d < dim) outer *= size;
    else if (d > dim) inner *= size;
    if (keepdim) shape[d] = d === dim ? 1 : size;
    else if (d !== dim) shape[d < dim ? d : d - 1] = size;
  }
  const out = allocate(Layout.contiguous(shape), x.dtype, name);
  if (x.storage.deferred !== null && reduceDeferred(op, x, { outer, size: from[dim], inner }, out))
    return out;
  if (out.layout.size > 0) kernels.reduce(op, elementOf(x.dtype), outer, from[dim], inner, x.ptr, out.ptr);
  return out;
}

/** Reduces everything to one number. */
function reduceAll(op: 'sum' | 'prod' | 'max' | 'min', x: Tensor, name: string): Tensor {
  if (x.storage.deferred !== null) {
    const out = allocate(Layout.scalar, x.dtype, name);
    if (reduceDeferred(op, x, { outer: 1, size: x.layout.size, inner: 1 }, out)) return out;
  }
  const source = contiguousData(x, name);
  const out = allocate(Layout.scalar, x.dtype, name);
  kernels.reduce(op, elementOf(x.dtype), 1, x.layout.size, 1, source.ptr, out.ptr);
  if (source !== x) source.storage.release();
  return out;
}

interface SumAttributes {
  readonly shape: Shape;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const sumPrimitive: Primitive<SumAttributes> = {
  name: 'sum',
  forward: ([x], { dims, keepdim }) => reduceRaw('sum', x, dims, keepdim, 'sum'),
  vjp: (grad, { attributes: { shape, dims, keepdim } }) => [repeated(grad, shape, dims, keepdim)],
  jvp: 'linear',
  batch: ([x], { dims, keepdim }) =>
    sumDims(
      x,
      dims.map((dim) => dim + 1),
      keepdim,
    ),
};

/** What a reduction gave, repeated over the dimensions that it reduced: a view, where elements are not few. */
export function repeated(x: Tensor, shape: Shape, dims: readonly number[], keepdim: boolean): Tensor {
  const few = gradMode.enabled || levels.top !== null ? null : repeatFew(x, shape, dims, 1);
  if (few !== null) return few;
  if (gradMode.enabled || levels.top !== null || x.viewOf !== null) {
    return expandTo(keepdim || x.ndim === 0 ? x : restoreDims(x, shape, dims), shape);
  }
  // Nothing is recorded: the layout says it all.
  const own = x.layout.strides;
  const strides = new Array<number>(shape.length);
  for (let d = 0, at = 0, next = 0; d < shape.length; d++) {
    const isReduced = at < dims.length && dims[at] === d;
    if (isReduced) {
      strides[d] = 0;
      at++;
      if (keepdim) next++;
    } else strides[d] = own[next++];
  }
  return new Tensor(x.storage, Layout.of(shape, strides, x.layout.offset), x.dtype);
}

/** Sum over `dims` (ascending, counted from the front), in the dtype of `x`. */
export function sumDims(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  return apply(sumPrimitive, [x], { shape: x.shape, dims, keepdim });
}

/** What a reduction without keepdim gave, with the reduced dimensions back as size 1. */
export function restoreDims(x: Tensor, shape: Shape, dims: readonly number[]): Tensor {
  return dims.length === 0 ? x : reshapeTo(x, reducedShape(shape, dims, true));
}

/** The same of a matrix of few floats that a row or a column was repeated to, as one loop; null for others. */
function sumFewTo(x: Tensor, shape: Shape): Tensor | null {
  const { layout, dtype } = x;
  if (layout.ndim !== 2 || !layout.contiguous || (dtype !== 'float32' && dtype !== 'float64')) return null;
  const [rows, columns] = layout.shape;
  const last = shape.length - 1;
  const isRow = last >= 0 && last <= 1 && shape[last] === columns && (last === 0 || shape[0] === 1);
  const isColumn = last === 1 && shape[0] === rows && shape[1] === 1;
  if ((!isRow && !isColumn) || layout.size === 0) return null;
  const out = allocate(Layout.contiguous(shape), dtype, 'sum');
  const array = dtype === 'float32' ? f32 : f64;
  const from = x.ptr >>> shiftOf(array);
  const to = out.ptr >>> shiftOf(array);
  const [count, along, step, across] = isRow ? [columns, rows, columns, 1] : [rows, columns, 1, columns];
  for (let i = 0; i < count; i++) {
    let total = 0;
    for (let k = 0, at = from + i * across; k < along; k++, at += step) total += array[at];
    array[to + i] = total;
  }
  return out;
}

/** Undoes broadcasting: the sum over what was repeated to get from `shape` to the shape of `x`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (isFew(x.layout.size) && !gradMode.enabled && levels.top === null) {
    const few = sumFewTo(x, shape);
    if (few !== null) return few;
  }
  const lead = x.ndim - shape.length;
  const dims: number[] = [];
  for (let i = 0; i < x.ndim; i++) {
    if (i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1)) dims.push(i);
  }
  const summed = sumDims(x, dims, true);
  return lead === 0 ? summed : reshapeTo(summed, shape);
}
