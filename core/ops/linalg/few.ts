/**
 * Linear algebra of one small matrix: the same algorithms in arrays that are there already. To make one takes longer than
 * to factorize a matrix of four rows. What is not usual, and every error, is left to the op.
 */
import { gradMode } from '../../autograd/mode.js';
import { Layout } from '../../layout.js';
import { f32, f64 } from '../../memory.js';
import { allocate, Tensor } from '../../tensor.js';
import { isFew } from '../few.js';
import type { Few } from '../record.js';
import { pairsOf } from '../results.js';
import { eliminate, type Elimination, solveFactorized } from './numeric/lu.js';
import { choleskyInPlace, solveTriangle } from './numeric/triangular.js';

/** Up to so many elements. */
const MOST = 64;

export const matrix = new Float64Array(MOST);
export const right = new Float64Array(MOST);
const solution = new Float64Array(MOST);
const lu: Elimination = { n: 0, data: matrix, rows: new Int32Array(MOST), sign: 1, singular: -1 };

/** A vector or matrix of few floats that nothing records, whatever its strides. */
export function isOperand(x: unknown): x is Tensor {
  if (!(x instanceof Tensor)) return false;
  const { layout, dtype } = x;
  return (
    isFew(layout.size, MOST) &&
    layout.size > 0 &&
    layout.ndim > 0 &&
    layout.ndim <= 2 &&
    (dtype === 'float32' || dtype === 'float64') &&
    !(gradMode.enabled && x.requiresGrad)
  );
}

export function isSquare(x: unknown): x is Tensor {
  return isOperand(x) && x.layout.ndim === 2 && x.layout.shape[0] === x.layout.shape[1];
}

/** The elements, row by row. */
export function read(x: Tensor, into: Float64Array): void {
  const { shape, strides, ndim } = x.layout;
  const columns = ndim === 2 ? shape[1] : 1;
  const step = ndim === 2 ? strides[1] : 0;
  const rows = shape[0];
  const row = strides[0];
  const isSingle = x.dtype === 'float32';
  const start = x.start(isSingle ? 2 : 3);
  for (let r = 0, to = 0; r < rows; r++)
    for (let c = 0, at = start + r * row; c < columns; c++, at += step)
      into[to++] = isSingle ? f32[at] : f64[at];
}

export function write(values: Float64Array, layout: Layout, like: Tensor, name: string): Tensor {
  const out = allocate(layout, like.dtype, name);
  const { size } = layout;
  if (like.dtype === 'float32') {
    const to = out.start(2);
    for (let i = 0; i < size; i++) f32[to + i] = values[i];
  } else {
    const to = out.start(3);
    for (let i = 0; i < size; i++) f64[to + i] = values[i];
  }
  return out;
}

function factorize(a: Tensor): void {
  read(a, matrix);
  lu.n = a.layout.shape[0];
  eliminate(lu);
}

function one(value: number, like: Tensor, name: string): Tensor {
  solution[0] = value;
  return write(solution, Layout.scalar, like, name);
}

/** (input) */
export function fewInverse(name: string): Few {
  return (a) => {
    if (!isSquare(a)) return null;
    factorize(a);
    if (lu.singular >= 0) return null;
    const { n } = lu;
    for (let i = 0; i < n * n; i++) right[i] = 0;
    for (let i = 0; i < n; i++) right[i * (n + 1)] = 1;
    solveFactorized(lu, right, solution, 0, n);
    return write(solution, a.layout.compact(), a, name);
  };
}

/** (A, B, left) with matrices or vectors to the right. */
export const fewSolve: Few = (a, b, left) => {
  if ((left !== undefined && left !== true) || !isSquare(a) || !isOperand(b) || a.dtype !== b.dtype)
    return null;
  if (b.layout.shape[0] !== a.layout.shape[0]) return null;
  factorize(a);
  if (lu.singular >= 0) return null;
  read(b, right);
  solveFactorized(lu, right, solution, 0, b.layout.size / lu.n);
  return write(solution, b.layout.compact(), b, 'linalg.solve');
};

/** (input) */
export function fewDeterminant(name: string): Few {
  return (a) => {
    if (!isSquare(a)) return null;
    factorize(a);
    let product: number = lu.sign;
    for (let i = 0; i < lu.n; i++) product *= matrix[i * (lu.n + 1)];
    return one(product, a, name);
  };
}

const logarithms = pairsOf(['sign', 'logabsdet']);

/** The sign of the determinant of what is factorized, and the logarithm of its size. */
const parts = { sign: 1, log: 0 };

function logarithm(): void {
  const { n } = lu;
  let sign: number = lu.sign;
  let log = 0;
  for (let i = 0; i < n; i++) {
    const pivot = matrix[i * (n + 1)];
    log += Math.log(Math.abs(pivot));
    sign *= Math.sign(pivot);
  }
  parts.sign = sign;
  parts.log = log;
}

/** (input): sign and logarithm. */
export function fewSlogdet(name: string): Few {
  return (a) => {
    if (!isSquare(a)) return null;
    factorize(a);
    logarithm();
    const sign = one(parts.sign, a, name);
    return logarithms(sign, one(parts.log, a, name));
  };
}

/** (input) */
export const fewLogdet: Few = (a) => {
  if (!isSquare(a)) return null;
  factorize(a);
  logarithm();
  return one(parts.sign === -1 ? NaN : parts.log, a, 'logdet');
};

/** (input, upper) */
export function fewCholesky(name: string): Few {
  return (a, upper) => {
    if ((upper !== undefined && upper !== false) || !isSquare(a)) return null;
    read(a, matrix);
    if (choleskyInPlace(matrix, 0, a.layout.shape[0]) !== 0) return null;
    return write(matrix, a.layout.compact(), a, name);
  };
}

/** x with A x = b for what `matrix` and `right` hold. Fewer columns than rows are solved in arrays of their own. */
function solveInPlace(n: number, k: number, upper: boolean, unit: boolean): void {
  solveTriangle(matrix, 0, n, right, 0, k, { upper, unit });
}

/** (A, B, left, upper, unitriangular) */
export const fewSolveTriangular: Few = (a, b, left, upper, unit) => {
  if ((left !== undefined && left !== true) || typeof upper !== 'boolean') return null;
  if (unit !== undefined && typeof unit !== 'boolean') return null;
  if (!isSquare(a) || !isOperand(b) || a.dtype !== b.dtype || b.layout.ndim !== 2) return null;
  const n = a.layout.shape[0];
  if (b.layout.shape[0] !== n) return null;
  read(a, matrix);
  read(b, right);
  solveInPlace(n, b.layout.shape[1], upper, unit ?? false);
  return write(right, b.layout.compact(), b, 'linalg.solveTriangular');
};

/** (input, L, upper) by a lower factor. */
export const fewCholeskySolve: Few = (b, l, upper) => {
  if ((upper !== undefined && upper !== false) || !isSquare(l) || !isOperand(b) || l.dtype !== b.dtype)
    return null;
  const n = l.layout.shape[0];
  if (b.layout.ndim !== 2 || b.layout.shape[0] !== n) return null;
  const k = b.layout.shape[1];
  read(l, matrix);
  read(b, right);
  solveInPlace(n, k, false, false);
  // Between the two systems the op rounds to the dtype.
  if (b.dtype === 'float32') for (let i = 0; i < n * k; i++) right[i] = Math.fround(right[i]);
  for (let r = 0; r < n; r++)
    for (let c = 0; c < r; c++) {
      matrix[c * n + r] = matrix[r * n + c];
      matrix[r * n + c] = 0;
    }
  solveInPlace(n, k, true, false);
  return write(right, b.layout.compact(), b, 'choleskySolve');
};
