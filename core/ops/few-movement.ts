/**
 * Joining, taking and putting a few elements as one loop: what records name as `few`. Like those of `few-lines.ts` they
 * leave what is not usual, and every error, to the op.
 */
import { kernels } from '../kernels/index.js';
import { gatherAlong32, reverse32, scatterAlong32, scatterRows32 } from '../kernels/lines.js';
import { Layout, sameShape } from '../layout.js';
import { f64, u8 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { type Floats, floatsOf, isFewFloats, startOf } from './few-lines.js';
import { isFew } from './few.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than one kernel, */
const FEW = 96;
/** than several calls of kernels, or one that looks at each place. */
export const MOVED = 4096;
/** What kernels do not do faster. */
export const ANY = 2 ** 31;
/** Of so many elements and more the kernel's loop is worth its call. */
const KERNEL_FROM = 512;

/** [outer, size, inner] around a dimension. */
export type Around = readonly [number, number, number];

/** Whether a value is a tensor of few int64 in order, as indices are. */
export function isFewIndices(x: unknown, most = FEW): x is Tensor {
  if (!(x instanceof Tensor) || x.dtype !== 'int64') return false;
  const { layout } = x;
  return layout.contiguous && layout.size > 0 && isFew(layout.size, most);
}

/** A dimension from the front; −1 where it is none. */
export function dimOf(dim: unknown, ndim: number): number {
  if (typeof dim !== 'number' || (dim | 0) !== dim) return -1;
  const at = dim < 0 ? dim + ndim : dim;
  return at >= 0 && at < ndim ? at : -1;
}

export function product(shape: readonly number[], from: number, to: number): number {
  let n = 1;
  for (let d = from; d < to; d++) n *= shape[d];
  return n;
}

/** Float tensors of one dtype, each few; the number of all their elements, −1 where they are not so. */
function countOfAll(tensors: unknown): number {
  if (!Array.isArray(tensors) || tensors.length === 0) return -1;
  const [first] = tensors as readonly unknown[];
  if (!isFewFloats(first, MOVED)) return -1;
  let count = 0;
  for (const x of tensors as readonly unknown[]) {
    if (!isFewFloats(x, MOVED) || x.dtype !== first.dtype || x.ndim !== first.ndim) return -1;
    count += x.layout.size;
  }
  return isFew(count, MOVED) ? count : -1;
}

/** `count` elements that lie in order, to another place. */
export function copyLine(array: Floats, from: number, to: number, count: number): void {
  if (count > LINE) array.copyWithin(to, from, from + count);
  else for (let i = 0; i < count; i++) array[to + i] = array[from + i];
}

/** Up to so many elements a loop takes less time than a call of `copyWithin`. */
const LINE = 32;

/** Tensors [outer, own inner] side by side, in a new tensor; null where there are many and short lines. */
function sideBySide(tensors: readonly Tensor[], outer: number, layout: Layout, name: string): Tensor | null {
  if (layout.size > 8 * FEW && layout.size <= outer * tensors.length * LINE) return null;
  const out = allocate(layout, tensors[0].dtype, name);
  const array = floatsOf(out);
  const row = layout.size / outer;
  let start = startOf(out);
  for (const x of tensors) {
    const inner = x.layout.size / outer;
    let from = startOf(x);
    for (let o = 0; o < outer; o++) {
      copyLine(array, from, start + o * row, inner);
      from += inner;
    }
    start += inner;
  }
  return out;
}

/** (tensors, dim) */
export const fewCat: Few = (given, dim) => {
  if (countOfAll(given) < 0) return null;
  const tensors = given as readonly Tensor[];
  const { shape, ndim } = tensors[0].layout;
  const at = dim === undefined ? (ndim > 0 ? 0 : -1) : dimOf(dim, ndim);
  if (at < 0) return null;
  const joined = shape.slice();
  for (let i = 1; i < tensors.length; i++) {
    const other = tensors[i].layout.shape;
    for (let d = 0; d < ndim; d++) if (d !== at && other[d] !== shape[d]) return null;
    joined[at] += other[at];
  }
  return sideBySide(tensors, product(shape, 0, at), Layout.contiguous(joined), 'cat');
};

/** (tensors, dim) */
export const fewStack: Few = (given, dim) => {
  if (countOfAll(given) < 0) return null;
  const tensors = given as readonly Tensor[];
  const { shape, ndim } = tensors[0].layout;
  const at = dim === undefined ? 0 : dimOf(dim, ndim + 1);
  if (at < 0) return null;
  for (let i = 1; i < tensors.length; i++) {
    const other = tensors[i].layout.shape;
    for (let d = 0; d < ndim; d++) if (other[d] !== shape[d]) return null;
  }
  const joined = new Array<number>(ndim + 1);
  for (let d = 0; d <= ndim; d++) joined[d] = d < at ? shape[d] : d === at ? tensors.length : shape[d - 1];
  return sideBySide(tensors, product(shape, 0, at), Layout.contiguous(joined), 'stack');
};

/** Whether all indices are whole numbers from 0 up to below `size`: negative ones and errors are the op's. */
export function areInside(index: Tensor, size: number): boolean {
  const start = index.ptr >>> 3;
  const end = start + index.layout.size;
  for (let i = start; i < end; i++) {
    const at = f64[i];
    if (!(at >= 0 && at < size && (at | 0) === at)) return false;
  }
  return true;
}

/** (input, dim, index) */
export const fewIndexSelect: Few = (x, dim, index) => {
  if (!isFewFloats(x, MOVED) || !isFewIndices(index) || index.ndim !== 1) return null;
  const { shape, ndim } = x.layout;
  const at = dimOf(dim, ndim);
  if (at < 0 || !areInside(index, shape[at])) return null;
  const count = index.layout.size;
  const taken = shape.slice();
  taken[at] = count;
  const outer = product(shape, 0, at);
  const inner = product(shape, at + 1, ndim);
  if (!isFew(outer * count * inner, inner > LINE ? MOVED : 2 * FEW)) return null;
  return takeLines(x, index, Layout.contiguous(taken), [outer, shape[at], inner], 'index');
};

/** Lines of x [outer, size, inner] by number. */
function takeLines(
  x: Tensor,
  index: Tensor,
  layout: Layout,
  [outer, size, inner]: Around,
  name: string,
): Tensor {
  const out = allocate(layout, x.dtype, name);
  const array = floatsOf(x);
  const first = startOf(x);
  const rows = index.ptr >>> 3;
  const count = index.layout.size;
  let to = startOf(out);
  for (let o = 0; o < outer; o++)
    for (let r = 0; r < count; r++) {
      const from = first + (o * size + (f64[rows + r] | 0)) * inner;
      if (inner === 1) array[to] = array[from];
      else copyLine(array, from, to, inner);
      to += inner;
    }
  return out;
}

/** (input, dim, index), where only the dimension itself differs from the input: float32 of any number of elements. */
export const fewGather: Few = (x, dim, index) => {
  if (!isFewFloats(x, ANY) || !isFewIndices(index, ANY)) return null;
  const { shape, ndim } = x.layout;
  const at = dimOf(dim, ndim);
  if (at < 0 || x.dtype !== 'float32' || !isAlong(shape, index.layout.shape, at)) return null;
  const around: Around = [product(shape, 0, at), shape[at], product(shape, at + 1, ndim)];
  const out = allocate(index.layout.compact(), x.dtype, 'index');
  const count = index.layout.shape[at];
  const isDone =
    index.layout.size < KERNEL_FROM
      ? gatherAlong32(x.ptr, index.ptr, out.ptr, around, count)
      : kernels.takeAlong(around, count, x.ptr, index.ptr, out.ptr);
  return isDone ? out : null;
};

/** (input, indices, dim) */
export const fewTakeAlongDim: Few = (x, index, dim) =>
  dim === undefined ? null : fewGather(x, dim, index, undefined);

export function isAlong(shape: readonly number[], counts: readonly number[], dim: number): boolean {
  if (shape.length !== counts.length) return false;
  for (let d = 0; d < shape.length; d++) if (d !== dim && shape[d] !== counts[d]) return false;
  return true;
}

/** (input, dim, index, src): a copy with elements replaced, or added to; float32 of any number of elements. */
export function fewScatter(name: string, adds: boolean): Few {
  return (x, dim, index, src) => {
    if (!isFewFloats(x, ANY) || !isFewIndices(index, ANY) || !isFewFloats(src, ANY)) return null;
    if (x.dtype !== 'float32' || src.dtype !== 'float32') return null;
    const { shape, ndim } = x.layout;
    const at = dimOf(dim, ndim);
    const counts = index.layout.shape;
    if (at < 0 || !isAlong(shape, counts, at) || !sameShape(src.layout.shape, counts)) return null;
    const around: Around = [product(shape, 0, at), shape[at], product(shape, at + 1, ndim)];
    const out = copied(x, name);
    if (index.layout.size >= KERNEL_FROM)
      return kernels.putAlong(adds, around, counts[at], src.ptr, index.ptr, out.ptr) ? out : null;
    const scatter = around[2] === 1 ? scatterRows32 : scatterAlong32;
    return scatter(adds, src.ptr, index.ptr, out.ptr, around, counts[at]) ? out : null;
  };
}

export function copied(x: Tensor, name: string): Tensor {
  const out = allocate(x.layout.compact(), x.dtype, name);
  const array = floatsOf(x);
  const from = startOf(x);
  const to = startOf(out);
  copyLine(array, from, to, x.layout.size);
  return out;
}

/** (input, dim, index, source): lines replaced or added to. */
export function fewPutLines(name: string, adds: boolean): Few {
  const most = adds ? 3 * FEW : MOVED;
  return (x, dim, index, source) => {
    if (!isFewFloats(x, most) || !isFewIndices(index) || index.ndim !== 1) return null;
    if (!isFewFloats(source, most) || source.dtype !== x.dtype) return null;
    const { shape, ndim } = x.layout;
    const at = dimOf(dim, ndim);
    if (at < 0 || !areInside(index, shape[at])) return null;
    const { shape: given, ndim: rank } = source.layout;
    const count = index.layout.size;
    if (rank !== ndim || given[at] !== count || !isAlong(shape, given, at)) return null;
    const out = copied(x, name);
    const array = floatsOf(x);
    const inner = product(shape, at + 1, ndim);
    const outer = product(shape, 0, at);
    const rows = index.ptr >>> 3;
    let from = startOf(source);
    for (let o = 0; o < outer; o++)
      for (let r = 0; r < count; r++) {
        const to = startOf(out) + (o * shape[at] + (f64[rows + r] | 0)) * inner;
        if (adds) for (let i = 0; i < inner; i++) array[to + i] += array[from + i];
        else copyLine(array, from, to, inner);
        from += inner;
      }
    return out;
  };
}

/** (input, index) of elements in row-major order. */
export const fewTake: Few = (x, index) => {
  if (!isFewFloats(x, ANY) || !isFewIndices(index, ANY)) return null;
  const { size } = x.layout;
  const count = index.layout.size;
  if (x.dtype === 'float32' && count >= KERNEL_FROM) {
    const out = allocate(index.layout.compact(), 'float32', 'index');
    return kernels.takeAlong([1, size, 1], count, x.ptr, index.ptr, out.ptr) ? out : null;
  }
  if (count > MOVED || !areInside(index, size)) return null;
  return takeLines(x, index, index.layout.compact(), [1, size, 1], 'index');
};

/** (input, mask) of one shape. */
export const fewMaskedSelect: Few = (x, mask) => {
  if (!isFewFloats(x, MOVED) || !isFewMask(mask, x)) return null;
  const { size } = x.layout;
  const marks = mask.ptr;
  let count = 0;
  for (let i = 0; i < size; i++) count += u8[marks + i];
  const out = allocate(Layout.contiguous([count]), x.dtype, 'index');
  const array = floatsOf(x);
  const from = startOf(x);
  let to = startOf(out);
  for (let i = 0; i < size; i++) if (u8[marks + i] !== 0) array[to++] = array[from + i];
  return out;
};

export function isFewMask(mask: unknown, x: Tensor): mask is Tensor {
  if (!(mask instanceof Tensor) || mask.dtype !== 'bool' || !mask.layout.contiguous) return false;
  return mask.layout === x.layout || (mask.ndim === x.ndim && isAlong(x.layout.shape, mask.layout.shape, -1));
}

/** (input, index) where the index is one mask of the input's shape, or one vector of positions of the first dimension. */
export const fewAt: Few = (x, index) => {
  if (!(index instanceof Tensor)) return null;
  return index.dtype === 'bool'
    ? fewMaskedSelect(x, index, undefined, undefined)
    : fewIndexSelect(x, 0, index, undefined);
};

/** (input, dims), one dimension of float32 of any number of elements. */
export const fewFlip: Few = (x, dims) => {
  if (!isFewFloats(x, ANY) || x.dtype !== 'float32' || x.ndim === 0) return null;
  const only: unknown = Array.isArray(dims) ? (dims.length === 1 ? dims[0] : undefined) : dims;
  const at = dimOf(only, x.ndim);
  if (at < 0) return null;
  const { shape, ndim } = x.layout;
  const out = allocate(x.layout.compact(), x.dtype, 'flip');
  const [outer, size, inner] = [product(shape, 0, at), shape[at], product(shape, at + 1, ndim)];
  if (inner === 1 && x.layout.size >= KERNEL_FROM) kernels.reverseRows(outer, size, x.ptr, out.ptr);
  else reverse32(x.ptr, out.ptr, [outer, size, inner]);
  return out;
};

/** (input) */
export const fewFliplr: Few = (x) =>
  isFewFloats(x, ANY) && x.ndim >= 2 ? fewFlip(x, 1, undefined, undefined) : null;

/** (input) */
export const fewFlipud: Few = (x) => fewFlip(x, 0, undefined, undefined);

/** (input) */
export const fewClone: Few = (x) => (!isFewFloats(x) ? null : copied(x, 'clone'));

/** (input, n, dim): the first difference along the last dimension. */
export const fewDiff: Few = (x, n, dim, prepend) => {
  if (prepend !== undefined || (n !== undefined && n !== 1) || !isFewFloats(x, 3 * FEW)) return null;
  const { shape, ndim } = x.layout;
  if (ndim === 0 || (dim !== undefined && dim !== -1 && dim !== ndim - 1) || shape[ndim - 1] < 2) return null;
  const left = shape.slice();
  const size = left[ndim - 1]--;
  const out = allocate(Layout.contiguous(left), x.dtype, 'sub');
  const array = floatsOf(x);
  let from = startOf(x);
  let to = startOf(out);
  const outer = x.layout.size / size;
  for (let o = 0; o < outer; o++, from++)
    for (let i = 1; i < size; i++, from++) array[to++] = array[from + 1] - array[from];
  return out;
};
