/**
 * Products of few float32 as one loop: vectors and matrices whatever their strides are, so that a transposed one needs no
 * copy. A call of the kernel takes as long as some hundred multiplications.
 *
 * Sums are rounded as the kernel rounds them, so that a compiled step gives the same numbers: once for each product where
 * the kernel multiplies and adds at once. In float64 JavaScript has no such instruction; the kernel does it.
 */
import { gradMode } from '../autograd/mode.js';
import type { MatrixOperand } from '../kernels/api.js';
import { hasFusedMultiplyAdd } from '../kernels/tuning/fused.js';
import { Layout } from '../layout.js';
import { f32 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { isFewFloats, startOf } from './few-lines.js';
import { isFew } from './few.js';
import type { Few } from './record.js';

/** Up to so many multiplications, and where the kernel is the only thing that is saved. */
const FEW = 256;
const RECORDED = 96;

/** A float tensor of 1 to `most` dimensions that nothing records, whatever its strides. */
function isOperand(x: unknown, most: number): x is Tensor {
  if (!(x instanceof Tensor)) return false;
  const { layout, dtype } = x;
  return (
    layout.ndim >= 1 &&
    layout.ndim <= most &&
    layout.size > 0 &&
    dtype === 'float32' &&
    !(gradMode.enabled && x.requiresGrad)
  );
}

/** A matrix as it lies in memory. */
interface Place {
  at: number;
  row: number;
  column: number;
}

const left: Place = { at: 0, row: 0, column: 0 };
const right: Place = { at: 0, row: 0, column: 0 };
/** One row for all. */
const row: Place = { at: 0, row: 0, column: 1 };

/** out[m, n] = scale · left[m, k] · right[k, n] + factor · added, which may be none. */
function multiply(
  out: number,
  m: number,
  k: number,
  n: number,
  scale: number,
  added: Place | null,
  factor: number,
): void {
  const { row: leftRow, column: leftColumn } = left;
  const { row: rightRow, column: rightColumn } = right;
  const isFused = hasFusedMultiplyAdd();
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let total = 0;
      let x = left.at + i * leftRow;
      let y = right.at + j * rightColumn;
      for (let p = 0; p < k; p++, x += leftColumn, y += rightRow) {
        const term = f32[x] * f32[y];
        total = Math.fround(total + (isFused ? term : Math.fround(term)));
      }
      if (scale !== 1) total = Math.fround(scale * total);
      if (added !== null && factor !== 0) {
        const term = f32[added.at + i * added.row + j * added.column];
        total += factor === 1 ? term : Math.fround(factor * term);
      }
      f32[out + i * n + j] = total;
    }
}

function place(into: Place, x: Tensor, row: number, column: number): void {
  into.at = startOf(x);
  into.row = row;
  into.column = column;
}

/** out[m, n] = x[m, k] y[k, n] of float32 in order from x on, and of y with these strides, plus a row, where there is one. */
export function multiplyRows(
  out: number,
  m: number,
  k: number,
  n: number,
  x: number,
  y: number,
  yRow: number,
  yColumn: number,
  bias: number,
): void {
  left.at = x;
  left.row = k;
  left.column = 1;
  right.at = y;
  right.row = yRow;
  right.column = yColumn;
  row.at = bias;
  multiply(out, m, k, n, 1, bias < 0 ? null : row, 1);
}

/** The left operand: a vector is a row. */
function placeLeft(x: Tensor): void {
  const { strides, ndim } = x.layout;
  if (ndim === 1) place(left, x, 0, strides[0]);
  else place(left, x, strides[0], strides[1]);
}

/** The right operand: a vector is a column. */
function placeRight(y: Tensor): void {
  const { strides, ndim } = y.layout;
  if (ndim === 1) place(right, y, strides[0], 0);
  else place(right, y, strides[0], strides[1]);
}

/** Matrices or vectors x y (or x yᵀ, where `turned`) of the numbers of dimensions that an op takes. */
function product(name: string, turned: boolean, ndims: readonly [number, number] | null): Few {
  return (x, y, bias) => {
    if (bias !== undefined || !isOperand(x, 2) || !isOperand(y, 2) || x.dtype !== y.dtype) return null;
    const { shape: a, ndim } = x.layout;
    const { shape: b, ndim: other } = y.layout;
    if (ndims !== null && (ndim !== ndims[0] || other !== ndims[1])) return null;
    if (turned && other !== 2) return null;
    const m = ndim === 2 ? a[0] : 1;
    const k = a[ndim - 1];
    const n = other === 2 ? b[turned ? 0 : 1] : 1;
    if (!isFew(m * k * n, FEW) || b[turned ? 1 : 0] !== k) return null;
    const layout =
      ndim === 2
        ? Layout.contiguous(other === 2 ? [m, n] : [m])
        : other === 2
          ? Layout.contiguous([n])
          : Layout.scalar;
    const out = allocate(layout, x.dtype, name);
    placeLeft(x);
    if (turned) place(right, y, y.layout.strides[1], y.layout.strides[0]);
    else placeRight(y);
    multiply(startOf(out), m, k, n, 1, null, 0);
    return out;
  };
}

/** (input, other) of vectors and matrices. */
export const fewMatmul: Few = product('matmul', false, null);
/** (input, mat2) */
export const fewMm: Few = product('mm', false, [2, 2]);
/** (input, vec) */
export const fewMv: Few = product('mv', false, [2, 1]);
/** (input, tensor) */
export const fewVectors: Few = product('dot', false, [1, 1]);
/** Of matrices x yᵀ. */
const fewTurned: Few = product('inner', true, null);

/** c = a b of few float32, with the strides of kernels; false where they are many. */
export function multiplyFew(
  element: 'float32' | 'float64',
  { m, n, k }: { readonly m: number; readonly n: number; readonly k: number },
  a: MatrixOperand,
  b: MatrixOperand,
  c: number,
): boolean {
  if (element !== 'float32' || !isFew(m * n * k, RECORDED)) return false;
  left.at = a.ptr / 4;
  left.row = a.row;
  left.column = a.col;
  right.at = b.ptr / 4;
  right.row = b.row;
  right.column = b.col;
  multiply(c / 4, m, k, n, 1, null, 0);
  return true;
}

const addend: Place = { at: 0, row: 0, column: 0 };

/** What is added to a product [m, n], repeated to it; false where it cannot be. */
function placeAddend(x: Tensor, m: number, n: number): boolean {
  const { shape, strides, ndim } = x.layout;
  if (ndim > 2) return false;
  const columns = ndim === 0 ? 1 : shape[ndim - 1];
  const rows = ndim === 2 ? shape[0] : 1;
  if ((columns !== 1 && columns !== n) || (rows !== 1 && rows !== m)) return false;
  place(addend, x, rows === 1 ? 0 : strides[0], columns === 1 ? 0 : strides[ndim - 1]);
  return true;
}

/**
 * (input, a, b, beta, alpha): beta input + alpha a b. A product of two vectors is their outer product, one of a matrix and
 * a vector a vector.
 */
function sumWithProduct(name: string, ndims: readonly [number, number]): Few {
  return (input, x, y, beta, alpha) => {
    if (!isOperand(input, 2) || !isOperand(x, 2) || !isOperand(y, 2)) return null;
    if (input.dtype !== x.dtype || x.dtype !== y.dtype || x.ndim !== ndims[0] || y.ndim !== ndims[1])
      return null;
    if (
      (beta !== undefined && typeof beta !== 'number') ||
      (alpha !== undefined && typeof alpha !== 'number')
    )
      return null;
    const isOuter = ndims[0] === 1;
    const m = x.layout.shape[0];
    const k = isOuter ? 1 : x.layout.shape[1];
    const n = isOuter ? y.layout.shape[0] : ndims[1] === 2 ? y.layout.shape[1] : 1;
    if (!isFew(m * k * n, FEW) || (!isOuter && y.layout.shape[0] !== k)) return null;
    if (ndims[1] === 1 && !isOuter) {
      // The result is a column here, a vector for the caller.
      const { size, ndim, strides } = input.layout;
      if (ndim !== 1 || (size !== 1 && size !== m)) return null;
      place(addend, input, size === 1 ? 0 : strides[0], 0);
    } else if (!placeAddend(input, m, n)) return null;
    const out = allocate(Layout.contiguous(ndims[1] === 1 && !isOuter ? [m] : [m, n]), x.dtype, name);
    if (isOuter) {
      place(left, x, x.layout.strides[0], 0);
      place(right, y, 0, y.layout.strides[0]);
    } else {
      placeLeft(x);
      placeRight(y);
    }
    multiply(startOf(out), m, k, n, alpha ?? 1, addend, beta ?? 1);
    return out;
  };
}

/** (input, mat1, mat2, beta, alpha) */
export const fewAddmm: Few = sumWithProduct('addmm', [2, 2]);
/** (input, mat, vec, beta, alpha) */
export const fewAddmv: Few = sumWithProduct('addmv', [2, 1]);
/** (input, vec1, vec2, beta, alpha) */
export const fewAddr: Few = sumWithProduct('addr', [1, 1]);

/** (input, vec2) */
export const fewOuter: Few = (x, y) => {
  if (!isOperand(x, 1) || !isOperand(y, 1) || x.dtype !== y.dtype) return null;
  const m = x.layout.size;
  const n = y.layout.size;
  if (!isFew(m * n, FEW)) return null;
  const out = allocate(Layout.contiguous([m, n]), x.dtype, 'outer');
  place(left, x, x.layout.strides[0], 0);
  place(right, y, 0, y.layout.strides[0]);
  multiply(startOf(out), m, 1, n, 1, null, 0);
  return out;
};

/** (input, mat2) of two batches of matrices in order. */
export const fewBmm: Few = (x, y) => {
  if (!isFewFloats(x, FEW) || !isFewFloats(y, FEW) || x.ndim !== 3 || y.ndim !== 3) return null;
  if (x.dtype !== 'float32' || y.dtype !== 'float32') return null;
  const [count, m, k] = x.layout.shape;
  const [others, rows, n] = y.layout.shape;
  if (others !== count || rows !== k || !isFew(count * m * k * n, FEW)) return null;
  const out = allocate(Layout.contiguous([count, m, n]), x.dtype, 'bmm');
  const to = startOf(out);
  place(left, x, k, 1);
  place(right, y, n, 1);
  for (let i = 0; i < count; i++, left.at += m * k, right.at += k * n)
    multiply(to + i * m * n, m, k, n, 1, null, 0);
  return out;
};

/** (input, other): of vectors their product, of matrices x yᵀ. */
export const fewInner: Few = (x, y) =>
  x instanceof Tensor && x.ndim === 1
    ? fewVectors(x, y, undefined, undefined)
    : x instanceof Tensor && x.ndim === 2
      ? fewTurned(x, y, undefined, undefined)
      : null;
