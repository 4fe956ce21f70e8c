/**
 * Products of few floats as one loop: vectors and matrices whatever their strides are, so that a transposed one needs no
 * copy. A call of the kernel takes as long as some hundred multiplications.
 */
import { gradMode } from '../autograd/mode.js';
import { Layout } from '../layout.js';
import { allocate, Tensor } from '../tensor.js';
import { type Floats, floatsOf, isFewFloats, startOf } from './few-lines.js';
import { isFew } from './few.js';
import type { Few } from './record.js';

/** Up to so many multiplications. */
const FEW = 256;

/** A float tensor of 1 to `most` dimensions that nothing records, whatever its strides. */
function isOperand(x: unknown, most: number): x is Tensor {
  if (!(x instanceof Tensor)) return false;
  const { layout, dtype } = x;
  return (
    layout.ndim >= 1 &&
    layout.ndim <= most &&
    layout.size > 0 &&
    (dtype === 'float32' || dtype === 'float64') &&
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

/** out[m, n] = scale · left[m, k] · right[k, n] + what `begin` gives for its elements. */
function multiply(
  array: Floats,
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
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let total = 0;
      let x = left.at + i * leftRow;
      let y = right.at + j * rightColumn;
      for (let p = 0; p < k; p++, x += leftColumn, y += rightRow) total += array[x] * array[y];
      array[out + i * n + j] =
        added === null
          ? scale * total
          : scale * total + (factor === 0 ? 0 : factor * array[added.at + i * added.row + j * added.column]);
    }
}

function place(into: Place, x: Tensor, row: number, column: number): void {
  into.at = startOf(x);
  into.row = row;
  into.column = column;
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
    multiply(floatsOf(x), startOf(out), m, k, n, 1, null, 0);
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
/** (input, weight), without bias. */
const fewPlainLinear: Few = product('linear', true, null);

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

/** (input, weight, bias): x Wᵀ + b */
export const fewLinear: Few = (x, w, bias) => {
  if (bias === undefined) return fewPlainLinear(x, w, undefined, undefined);
  if (!isOperand(x, 2) || !isOperand(w, 2) || !isOperand(bias, 1)) return null;
  if (x.dtype !== w.dtype || x.dtype !== bias.dtype || w.ndim !== 2) return null;
  const { shape, ndim } = x.layout;
  const [n, k] = w.layout.shape;
  const m = ndim === 2 ? shape[0] : 1;
  if (!isFew(m * k * n, FEW) || shape[ndim - 1] !== k || bias.layout.size !== n) return null;
  const out = allocate(Layout.contiguous(ndim === 2 ? [m, n] : [n]), x.dtype, 'linear');
  placeLeft(x);
  place(right, w, w.layout.strides[1], w.layout.strides[0]);
  placeAddend(bias, m, n);
  multiply(floatsOf(x), startOf(out), m, k, n, 1, addend, 1);
  return out;
};

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
    multiply(floatsOf(x), startOf(out), m, k, n, alpha ?? 1, addend, beta ?? 1);
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
  multiply(floatsOf(x), startOf(out), m, 1, n, 1, null, 0);
  return out;
};

/** (input, mat2) of two batches of matrices in order. */
export const fewBmm: Few = (x, y) => {
  if (!isFewFloats(x, FEW) || !isFewFloats(y, FEW) || x.dtype !== y.dtype || x.ndim !== 3 || y.ndim !== 3)
    return null;
  const [count, m, k] = x.layout.shape;
  const [others, rows, n] = y.layout.shape;
  if (others !== count || rows !== k || !isFew(count * m * k * n, FEW)) return null;
  const out = allocate(Layout.contiguous([count, m, n]), x.dtype, 'bmm');
  const to = startOf(out);
  place(left, x, k, 1);
  place(right, y, n, 1);
  for (let i = 0; i < count; i++, left.at += m * k, right.at += k * n)
    multiply(floatsOf(x), to + i * m * n, m, k, n, 1, null, 0);
  return out;
};

/** (input, other): of vectors their product, of matrices x yᵀ. */
export const fewInner: Few = (x, y) =>
  x instanceof Tensor && x.ndim === 1
    ? fewVectors(x, y, undefined, undefined)
    : x instanceof Tensor && x.ndim === 2
      ? fewPlainLinear(x, y, undefined, undefined)
      : null;
