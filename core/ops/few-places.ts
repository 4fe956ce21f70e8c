/**
 * Turning, repeating, replacing and joining a few elements as one loop; like those of `few-movement.ts` they leave what is
 * not usual, and every error, to the op.
 */
import { Layout, type Shape } from '../layout.js';
import { allocate, Tensor } from '../tensor.js';
import { isFew } from './few.js';
import { floatsOf, isFewFloats, startOf } from './few-lines.js';
import { copied, copyLine, dimOf, fewCat, fewStack, MOVED, product } from './few-movement.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than one kernel. */
const FEW = 128;

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

/** (input, shifts, dims): one shift of one dimension, or of all elements in a row. */
export const fewRoll: Few = (x, shift, dim) => {
  if (!isFewFloats(x, MOVED) || !isWhole(shift) || x.ndim === 0) return null;
  const { shape, ndim } = x.layout;
  const at = dim === undefined ? 0 : dimOf(dim, ndim);
  if (at < 0) return null;
  const size = dim === undefined ? x.layout.size : shape[at];
  const inner = dim === undefined ? 1 : product(shape, at + 1, ndim);
  const out = allocate(x.layout.compact(), x.dtype, 'roll');
  const array = floatsOf(x);
  const by = (((shift % size) + size) % size) * inner;
  const line = size * inner;
  const end = startOf(x) + x.layout.size;
  for (let from = startOf(x), to = startOf(out); from < end; from += line, to += line) {
    for (let i = by; i < line; i++) array[to + i] = array[from + i - by];
    for (let i = 0; i < by; i++) array[to + i] = array[from + line - by + i];
  }
  return out;
};

/** (input, k, dims) of a matrix, by a quarter, a half or three quarters. */
export const fewRot90: Few = (x, k, dims) => {
  if (dims !== undefined || !isFewFloats(x, MOVED) || x.ndim !== 2) return null;
  const turns = k === undefined ? 1 : isWhole(k) ? ((k % 4) + 4) % 4 : 0;
  if (turns === 0) return null;
  const [rows, columns] = x.layout.shape;
  const isHalf = turns === 2;
  const out = allocate(Layout.contiguous(isHalf ? [rows, columns] : [columns, rows]), x.dtype, 'rot90');
  const array = floatsOf(x);
  const last = startOf(x) + (isHalf ? rows * columns - 1 : turns === 1 ? columns - 1 : (rows - 1) * columns);
  const row = isHalf ? -columns : turns === 1 ? -1 : 1;
  const step = isHalf ? -1 : turns === 1 ? columns : -columns;
  const [tall, wide] = out.layout.shape;
  let to = startOf(out);
  for (let r = 0; r < tall; r++)
    for (let c = 0, at = last + r * row; c < wide; c++, at += step) array[to++] = array[at];
  return out;
};

/** (input, counts) of up to two dimensions; `pads` where counts may be missing in front. */
export function fewRepeat(name: string, pads: boolean): Few {
  return (x, counts) => {
    if (!Array.isArray(counts) || counts.length > 2 || !isFewFloats(x, MOVED) || x.ndim > 2 || x.ndim === 0)
      return null;
    if (counts.length === 0 || (!pads && counts.length < x.ndim)) return null;
    const { shape, ndim } = x.layout;
    const down: unknown = counts.length === 2 ? counts[0] : 1;
    const across: unknown = counts[counts.length - 1];
    if (!isWhole(down) || !isWhole(across) || down < 1 || across < 1) return null;
    const rows = ndim === 2 ? shape[0] : 1;
    const columns = shape[ndim - 1];
    if (!isFew(rows * columns * down * across, MOVED)) return null;
    const sizes = ndim === 2 || counts.length === 2 ? [rows * down, columns * across] : [columns * across];
    const out = allocate(Layout.contiguous(sizes), x.dtype, name);
    const array = floatsOf(x);
    const start = startOf(x);
    let to = startOf(out);
    for (let d = 0; d < down; d++)
      for (let r = 0; r < rows; r++)
        for (let a = 0; a < across; a++)
          for (let c = 0, from = start + r * columns; c < columns; c++) array[to++] = array[from++];
    return out;
  };
}

/** (input, repeats, dim), as often for each. */
export const fewRepeatInterleave: Few = (x, repeats, dim) => {
  if (!isFewFloats(x) || !isWhole(repeats) || repeats < 1 || x.ndim === 0) return null;
  const { layout } = x;
  const { shape, ndim } = layout;
  const at = dim === undefined ? 0 : dimOf(dim, ndim);
  if (at < 0 || !isFew(layout.size * repeats, FEW)) return null;
  const inner = dim === undefined ? 1 : product(shape, at + 1, ndim);
  const sizes = dim === undefined ? [layout.size * repeats] : shape.slice();
  if (dim !== undefined) sizes[at] *= repeats;
  const out = allocate(Layout.contiguous(sizes), x.dtype, 'repeatInterleave');
  const array = floatsOf(x);
  const start = startOf(x);
  let to = startOf(out);
  for (let from = start; from < start + layout.size; from += inner)
    for (let n = 0; n < repeats; n++) for (let i = 0; i < inner; i++) array[to++] = array[from + i];
  return out;
};

/** Whether `src` is a float tensor of the dtype of x and of its shape but for one dimension: of size `count`, or gone. */
function isPart(src: unknown, x: Tensor, at: number, count: number | null): src is Tensor {
  if (!isFewFloats(src, MOVED) || src.dtype !== x.dtype) return false;
  const { shape, ndim } = x.layout;
  const { shape: own } = src.layout;
  if (own.length !== (count === null ? ndim - 1 : ndim)) return false;
  for (let d = 0; d < ndim; d++) {
    if (d === at) {
      if (count !== null && own[d] !== count) return false;
    } else if (own[count === null && d > at ? d - 1 : d] !== shape[d]) return false;
  }
  return true;
}

/** A copy of x with `count` lines of a dimension replaced, `step` apart. */
function replaced(
  x: Tensor,
  src: Tensor,
  at: number,
  start: number,
  count: number,
  step: number,
  name: string,
): Tensor {
  const out = copied(x, name);
  const array = floatsOf(x);
  const { shape, ndim } = x.layout;
  const inner = product(shape, at + 1, ndim);
  const outer = product(shape, 0, at);
  let from = startOf(src);
  for (let o = 0; o < outer; o++)
    for (let k = 0, to = startOf(out) + (o * shape[at] + start) * inner; k < count; k++, to += step * inner) {
      copyLine(array, from, to, inner);
      from += inner;
    }
  return out;
}

/** (input, src, dim, index) */
export const fewSelectScatter: Few = (x, src, dim, index) => {
  if (!isFewFloats(x, MOVED) || !isWhole(index)) return null;
  const at = dimOf(dim, x.ndim);
  const size = at < 0 ? 0 : x.layout.shape[at];
  const row = index < 0 ? index + size : index;
  if (row < 0 || row >= size || !isPart(src, x, at, null)) return null;
  return replaced(x, src, at, row, 1, 1, 'selectScatter');
};

/** An end of a slice within a dimension; −1 for what is none. */
function boundOf(value: unknown, usual: number, size: number): number {
  if (value === undefined || value === null) return usual;
  if (!isWhole(value)) return -1;
  return Math.min(Math.max(value < 0 ? value + size : value, 0), size);
}

/** (input, src, dim, start, end, step) */
export const fewSliceScatter: Few = (x, src, dim, start, end, step) => {
  if (!isFewFloats(x, MOVED) || x.ndim === 0) return null;
  const at = dim === undefined ? 0 : dimOf(dim, x.ndim);
  const by = step ?? 1;
  if (at < 0 || !isWhole(by) || by < 1) return null;
  const size = x.layout.shape[at];
  const first = boundOf(start, 0, size);
  const last = boundOf(end, size, size);
  if (first < 0 || last <= first) return null;
  const count = Math.ceil((last - first) / by);
  return isPart(src, x, at, count) ? replaced(x, src, at, first, count, by, 'sliceScatter') : null;
};

/** (input, src) of a matrix: its main diagonal replaced. */
export const fewDiagonalScatter: Few = (x, src, more) => {
  if (
    more !== undefined ||
    !isFewFloats(x, MOVED) ||
    x.ndim !== 2 ||
    !isFewFloats(src, MOVED) ||
    src.ndim !== 1
  )
    return null;
  const [rows, columns] = x.layout.shape;
  const count = Math.min(rows, columns);
  if (src.dtype !== x.dtype || src.layout.size !== count) return null;
  const out = copied(x, 'diagonalScatter');
  const array = floatsOf(x);
  const from = startOf(src);
  const to = startOf(out);
  for (let i = 0; i < count; i++) array[to + i * (columns + 1)] = array[from + i];
  return out;
};

function dimensionsOf(tensors: unknown): number {
  const first: unknown = Array.isArray(tensors) ? tensors[0] : undefined;
  return first instanceof Tensor ? first.ndim : 0;
}

/** (tensors) */
export const fewHstack: Few = (tensors) => fewJoin(tensors, fewCat, fewCat, 0, 1);
export const fewVstack: Few = (tensors) => fewJoin(tensors, fewStack, fewCat, 0, 0);
export const fewColumnStack: Few = (tensors) => fewJoin(tensors, fewStack, fewCat, 1, 1);
/** Of matrices. */
export const fewDstack: Few = (tensors) =>
  dimensionsOf(tensors) === 2 ? fewStack(tensors, 2, undefined, undefined) : null;

/** Vectors are joined in one way, matrices and more in another. */
function fewJoin(tensors: unknown, vectors: Few, others: Few, vectorDim: number, otherDim: number): unknown {
  const ndim = dimensionsOf(tensors);
  if (ndim === 0) return null;
  return ndim === 1
    ? vectors(tensors, vectorDim, undefined, undefined)
    : others(tensors, otherDim, undefined, undefined);
}

/** (input, dim): the first half of a dimension times the sigmoid of the second. */
export const fewGlu: Few = (x, dim) => {
  if (!isFewFloats(x) || x.ndim === 0) return null;
  const { shape, ndim } = x.layout;
  const at = dim === undefined ? ndim - 1 : dimOf(dim, ndim);
  if (at < 0 || shape[at] % 2 !== 0) return null;
  const sizes = shape.slice();
  sizes[at] /= 2;
  const out = allocate(Layout.contiguous(sizes), x.dtype, 'glu');
  const array = floatsOf(x);
  const half = product(sizes, at, ndim);
  const end = startOf(x) + x.layout.size;
  let to = startOf(out);
  for (let from = startOf(x); from < end; from += 2 * half)
    for (let i = from; i < from + half; i++) array[to++] = array[i] / (1 + Math.exp(-array[i + half]));
  return out;
};

/** (input, x, dx, dim): sums of (y₀ + y₁) dx / 2 along a dimension, where the distances are all the same. */
export const fewCumulativeTrapezoid: Few = (y, x, dx, dim) => {
  if (x !== undefined || !isFewFloats(y, MOVED) || y.ndim === 0) return null;
  const { shape, ndim } = y.layout;
  const at = dim === undefined ? ndim - 1 : dimOf(dim, ndim);
  const by = dx ?? 1;
  if (at < 0 || typeof by !== 'number' || shape[at] < 2) return null;
  const sizes = shape.slice();
  sizes[at]--;
  const out = allocate(Layout.contiguous(sizes), y.dtype, 'cumulativeTrapezoid');
  const array = floatsOf(y);
  const size = shape[at];
  const inner = product(shape, at + 1, ndim);
  const outer = product(shape, 0, at);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let from = startOf(y) + o * size * inner + i;
      let to = startOf(out) + o * (size - 1) * inner + i;
      let total = 0;
      for (let k = 1; k < size; k++, from += inner, to += inner) {
        total += (array[from] + array[from + inner]) * (by / 2);
        array[to] = total;
      }
    }
  return out;
};

/** (input, other) of matrices. */
export const fewKron: Few = (a, b) => {
  if (!isFewFloats(a) || !isFewFloats(b) || a.dtype !== b.dtype || a.ndim !== 2 || b.ndim !== 2) return null;
  const [m, n] = a.layout.shape;
  const [p, q] = b.layout.shape;
  if (!isFew(m * n * p * q, FEW)) return null;
  const out = allocate(Layout.contiguous([m * p, n * q]), a.dtype, 'kron');
  const array = floatsOf(a);
  const [left, right] = [startOf(a), startOf(b)];
  let to = startOf(out);
  for (let i = 0; i < m; i++)
    for (let r = 0; r < p; r++)
      for (let j = 0; j < n; j++) {
        const factor = array[left + i * n + j];
        for (let c = 0, from = right + r * q; c < q; c++) array[to++] = factor * array[from++];
      }
  return out;
};

/** (x1, x2, p) of matrices: the Euclidean distances of their rows. */
export const fewCdist: Few = (a, b, p) => {
  if ((p !== undefined && p !== 2) || !isFewFloats(a) || !isFewFloats(b) || a.dtype !== b.dtype) return null;
  if (a.ndim !== 2 || b.ndim !== 2) return null;
  const [m, k]: Shape = a.layout.shape;
  const [n, other] = b.layout.shape;
  if (k !== other || !isFew(m * n * k, 4 * FEW)) return null;
  const out = allocate(Layout.contiguous([m, n]), a.dtype, 'cdist');
  const array = floatsOf(a);
  let to = startOf(out);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const x = startOf(a) + i * k;
      const y = startOf(b) + j * k;
      let total = 0;
      for (let d = 0; d < k; d++) total += (array[x + d] - array[y + d]) ** 2;
      array[to++] = Math.sqrt(total);
    }
  return out;
};
