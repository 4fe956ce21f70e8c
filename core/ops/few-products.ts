/**
 * Products of few floats by one call (`kernels/simd/few-product.ts`): vectors and matrices whatever their strides are, so
 * that a transposed one needs no copy. Products and sums are rounded as those of the kernel for large ones.
 */
import { gradMode } from '../autograd/mode.js';
import type { FloatElement, MatrixOperand } from '../kernels/api.js';
import { type FewProduct, fewProduct, fewProductInTurn } from '../kernels/simd/few-product.js';
import { Layout } from '../layout.js';
import { f32, f64 } from '../memory.js';
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
    (dtype === 'float32' || dtype === 'float64') &&
    !(gradMode.enabled && x.requiresGrad)
  );
}

let inTurn32: FewProduct | null = null;
let product32: FewProduct | null = null;
let product64: FewProduct | null = null;

/**
 * out[m, n] = x[m, k] y[k, n] + added, of addresses and strides in elements; `added`, a row, is −1 where there is none.
 * Sums of float32 without it begin with the first product; the others are added up as the kernel adds them.
 */
export function multiplyAt(
  dtype: string,
  out: number,
  m: number,
  k: number,
  n: number,
  x: number,
  xRow: number,
  xColumn: number,
  y: number,
  yRow: number,
  yColumn: number,
  added = -1,
): void {
  if (dtype === 'float32') {
    const product =
      added < 0 ? (inTurn32 ??= fewProductInTurn('float32')) : (product32 ??= fewProduct('float32'));
    // prettier-ignore
    product(
      out << 2, m, k, n, x << 2, xRow << 2, xColumn << 2, y << 2, yRow << 2, yColumn << 2, added < 0 ? 0 : added << 2,
    );
  } else
    // prettier-ignore
    (product64 ??= fewProduct('float64'))(
      out << 3, m, k, n, x << 3, xRow << 3, xColumn << 3, y << 3, yRow << 3, yColumn << 3, added < 0 ? 0 : added << 3,
    );
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
    const { strides: left } = x.layout;
    const { strides: right } = y.layout;
    // A vector is a row on the left and a column on the right.
    const row = ndim === 2 ? left[0] : 0;
    const down = right[turned ? 1 : 0];
    const across = other === 2 ? right[turned ? 0 : 1] : 0;
    multiplyAt(x.dtype, startOf(out), m, k, n, startOf(x), row, left[ndim - 1], startOf(y), down, across);
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
export const fewVdot: Few = product('vdot', false, [1, 1]);
/** Of matrices x yᵀ. */
const fewTurned: Few = product('inner', true, null);

/** c = a b of few floats, with the strides of kernels; false where they are many. */
export function multiplyFew(
  element: FloatElement,
  { m, n, k }: { readonly m: number; readonly n: number; readonly k: number },
  a: MatrixOperand,
  b: MatrixOperand,
  c: number,
): boolean {
  if (!isFew(m * n * k, RECORDED)) return false;
  const shift = element === 'float32' ? 2 : 3;
  const [to, left, right] = [c >>> shift, a.ptr >>> shift, b.ptr >>> shift];
  multiplyAt(element, to, m, k, n, left, a.row, a.col, right, b.row, b.col);
  return true;
}

/**
 * (input, a, b, beta, alpha): beta input + alpha a b. A product of two vectors is their outer product, one of a matrix and
 * a vector a vector.
 */
function sumWithProduct(name: string, ndims: readonly [number, number]): Few {
  return (input, x, y, beta = 1, alpha = 1) => {
    if (!isOperand(input, 2) || !isOperand(x, 2) || !isOperand(y, 2)) return null;
    if (input.dtype !== x.dtype || x.dtype !== y.dtype || x.ndim !== ndims[0] || y.ndim !== ndims[1])
      return null;
    if (typeof beta !== 'number' || typeof alpha !== 'number') return null;
    const isOuter = ndims[0] === 1;
    const isVector = !isOuter && ndims[1] === 1;
    const { shape: tall, strides: left } = x.layout;
    const { shape: wide, strides: right } = y.layout;
    const m = tall[0];
    const k = isOuter ? 1 : tall[1];
    const n = isOuter ? wide[0] : isVector ? 1 : wide[1];
    if (!isFew(m * k * n, FEW) || (!isOuter && wide[0] !== k)) return null;
    // The result of a matrix and a vector is a column here, a vector for the caller.
    const { shape, strides, ndim } = input.layout;
    if (isVector && ndim !== 1) return null;
    const rows = isVector ? shape[0] : ndim === 2 ? shape[0] : 1;
    const columns = isVector ? 1 : shape[ndim - 1];
    if ((columns !== 1 && columns !== n) || (rows !== 1 && rows !== m)) return null;
    const down = rows === 1 ? 0 : strides[0];
    const across = columns === 1 ? 0 : strides[ndim - 1];
    const out = allocate(Layout.contiguous(isVector ? [m] : [m, n]), x.dtype, name);
    const to = startOf(out);
    const [row, column] = isOuter ? [left[0], 0] : [left[0], left[1]];
    const [below, beside] = isOuter ? [0, right[0]] : [right[0], isVector ? 0 : right[1]];
    multiplyAt(x.dtype, to, m, k, n, startOf(x), row, column, startOf(y), below, beside);
    if (x.dtype === 'float32') plus32(to, m, n, alpha, beta, startOf(input), down, across);
    else plus64(to, m, n, alpha, beta, startOf(input), down, across);
    return out;
  };
}

/** out = alpha out + beta x, rounded as ops one after the other do. */
function plus32(
  out: number,
  m: number,
  n: number,
  alpha: number,
  beta: number,
  x: number,
  row: number,
  column: number,
): void {
  for (let i = 0, to = out; i < m; i++)
    for (let j = 0, at = x + i * row; j < n; j++, to++, at += column) {
      const scaled = alpha === 1 ? f32[to] : Math.fround(alpha * f32[to]);
      if (beta === 0) f32[to] = scaled;
      else f32[to] = scaled + (beta === 1 ? f32[at] : Math.fround(beta * f32[at]));
    }
}

function plus64(
  out: number,
  m: number,
  n: number,
  alpha: number,
  beta: number,
  x: number,
  row: number,
  column: number,
): void {
  for (let i = 0, to = out; i < m; i++)
    for (let j = 0, at = x + i * row; j < n; j++, to++, at += column)
      f64[to] = beta === 0 ? alpha * f64[to] : alpha * f64[to] + beta * f64[at];
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
  multiplyAt(
    x.dtype,
    startOf(out),
    m,
    1,
    n,
    startOf(x),
    x.layout.strides[0],
    0,
    startOf(y),
    0,
    y.layout.strides[0],
  );
  return out;
};

/** (input, mat2) of two batches of matrices in order. */
export const fewBmm: Few = (x, y) => {
  if (!isFewFloats(x, FEW) || !isFewFloats(y, FEW) || x.ndim !== 3 || y.ndim !== 3) return null;
  if (x.dtype !== y.dtype) return null;
  const [count, m, k] = x.layout.shape;
  const [others, rows, n] = y.layout.shape;
  if (others !== count || rows !== k || !isFew(count * m * k * n, FEW)) return null;
  const out = allocate(Layout.contiguous([count, m, n]), x.dtype, 'bmm');
  for (let i = 0, to = startOf(out), a = startOf(x), b = startOf(y); i < count; i++) {
    multiplyAt(x.dtype, to, m, k, n, a, k, 1, b, n, 1);
    to += m * n;
    a += m * k;
    b += k * n;
  }
  return out;
};

/** (input, other): of vectors their product, of matrices x yᵀ. */
export const fewInner: Few = (x, y) =>
  x instanceof Tensor && x.ndim === 1
    ? fewVectors(x, y, undefined, undefined)
    : x instanceof Tensor && x.ndim === 2
      ? fewTurned(x, y, undefined, undefined)
      : null;
