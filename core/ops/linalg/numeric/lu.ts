/** LU factorization of one square matrix with partial pivoting (Golub & Van Loan, Matrix Computations, 3.4), in float64. */
import { addScaled } from './reflections.js';

export interface LU {
  readonly n: number;
  /** L below the diagonal (with ones on it, not stored) and U from it up, row by row. */
  readonly data: Float64Array;
  /** Row i of the factorized matrix is row `rows[i]` of the given one. */
  readonly rows: Int32Array;
  /** The determinant of the permutation. */
  readonly sign: 1 | -1;
  /** The first column without a pivot; -1 for a matrix that can be inverted. */
  readonly singular: number;
}

/** P A = L U of the n × n matrix that starts at `start` of `a`, which is left as it is. */
export function factorize(a: Float64Array, start: number, n: number): LU {
  const data = a.slice(start, start + n * n);
  const lu = { n, data, rows: new Int32Array(n), sign: 1 as 1 | -1, singular: -1 };
  eliminate(lu);
  return lu;
}

/** Factors, and how the elimination went, of one that begins. */
export type Elimination = { -readonly [K in keyof LU]: LU[K] };

/** Factorizes the matrix that `data` holds, in place. */
export function eliminate(lu: Elimination): void {
  const { n, data, rows } = lu;
  let sign: 1 | -1 = 1;
  let singular = -1;
  for (let i = 0; i < n; i++) rows[i] = i;
  for (let k = 0; k < n; k++) {
    const p = pivotRow(data, n, k);
    if (p !== k) {
      swapRows(data, n, p, k);
      const row = rows[p];
      rows[p] = rows[k];
      rows[k] = row;
      sign = sign === 1 ? -1 : 1;
    }
    const pivot = data[k * n + k];
    if (pivot === 0) {
      if (singular < 0) singular = k;
      continue;
    }
    for (let i = k + 1; i < n; i++) {
      const factor = data[i * n + k] / pivot;
      data[i * n + k] = factor;
      if (factor === 0) continue;
      addScaled(-factor, data, k * n + k + 1, data, i * n + k + 1, n - k - 1);
    }
  }
  lu.sign = sign;
  lu.singular = singular;
}

/** Of the rows from k on of `m` rows of n, the one with the largest element in column k. */
export function pivotRow(data: Float64Array, n: number, k: number, m = n): number {
  let row = k;
  let best = Math.abs(data[k * n + k]);
  for (let i = k + 1; i < m; i++) {
    const size = Math.abs(data[i * n + k]);
    if (size > best) {
      best = size;
      row = i;
    }
  }
  return row;
}

/** Exchanges two rows of n elements. */
export function swapRows(data: Float64Array, n: number, a: number, b: number): void {
  for (let j = 0; j < n; j++) {
    const value = data[a * n + j];
    data[a * n + j] = data[b * n + j];
    data[b * n + j] = value;
  }
}

/** x = A⁻¹ b for the n × k matrices that start at `start` of `b` and of `x`. */
export function solveFactorized(lu: LU, b: Float64Array, x: Float64Array, start: number, k: number): void {
  const { n, data, rows } = lu;
  for (let i = 0; i < n; i++) {
    const to = start + i * k;
    const from = start + rows[i] * k;
    for (let c = 0; c < k; c++) x[to + c] = b[from + c];
    for (let j = 0; j < i; j++) subtractRow(x, to, start + j * k, data[i * n + j], k);
  }
  for (let i = n - 1; i >= 0; i--) {
    const to = start + i * k;
    for (let j = i + 1; j < n; j++) subtractRow(x, to, start + j * k, data[i * n + j], k);
    const pivot = data[i * n + i];
    for (let c = 0; c < k; c++) x[to + c] /= pivot;
  }
}

function subtractRow(x: Float64Array, to: number, from: number, factor: number, k: number): void {
  if (factor === 0) return;
  for (let c = 0; c < k; c++) x[to + c] -= factor * x[from + c];
}

/** Pivots further apart make det(A) · A⁻¹ too inexact: two large errors that should cancel. */
const PIVOT_RATIO = 1e-6;

/** Whether the matrix is so near to a singular one, judged by its pivots, that det(A) · A⁻¹ is not to be relied on. */
export function isNearlySingular({ n, data }: LU): boolean {
  let smallest = Infinity;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const size = Math.abs(data[i * n + i]);
    smallest = Math.min(smallest, size);
    largest = Math.max(largest, size);
  }
  return n > 0 && smallest <= PIVOT_RATIO * largest;
}
