/** Least squares of one matrix of full rank by Householder reflections (Golub & Van Loan, Matrix Computations, 5.3, 5.6). */
import {
  addScaled,
  dotOf,
  type Reflected,
  reflectColumns,
  transposed,
  turn,
  turnBack,
} from './reflections.js';
import { zeros } from './scratch.js';

/** A matrix and right-hand sides by their places in arrays. */
export interface Given {
  readonly values: Float64Array;
  readonly start: number;
}

/**
 * The X (n × k) that minimizes |A X − B| for the m × n matrix A and B (m × k), of smallest norm where there are several;
 * null if A is not of full rank: if an element of R's diagonal is at most `rtol` times the largest.
 */
export function leastSquares(
  a: Given,
  b: Given,
  m: number,
  n: number,
  k: number,
  rtol: number,
): Float64Array | null {
  const isWide = m < n;
  // Rows of A are the columns of Aᵀ.
  const factors = isWide
    ? reflectColumns(a.values.slice(a.start, a.start + m * n), n, m)
    : reflectColumns(transposed(a.values, a.start, m, n), m, n);
  if (!hasFullRank(factors, rtol)) return null;
  const right = transposed(b.values, b.start, m, k);
  if (!isWide) {
    for (let c = 0; c < k; c++) {
      turnBack(factors, right, c * m);
      solveUpper(factors, right, c * m);
    }
    const x = zeros(n * k);
    for (let i = 0; i < n; i++) for (let c = 0; c < k; c++) x[i * k + c] = right[c * m + i];
    return x;
  }
  // Aᵀ = Q R: the solution of smallest norm is Q R⁻ᵀ B.
  const wide = zeros(n * k);
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < m; i++) wide[c * n + i] = right[c * m + i];
    solveLower(factors, wide, c * n);
    turn(factors, wide, c * n, m);
  }
  return transposed(wide, 0, k, n);
}

function hasFullRank({ m, columns, scales }: Reflected, rtol: number): boolean {
  let smallest = Infinity;
  let largest = 0;
  for (let i = 0; i < scales.length; i++) {
    const size = Math.abs(columns[i * (m + 1)]);
    smallest = Math.min(smallest, size);
    largest = Math.max(largest, size);
  }
  return scales.length === 0 || smallest > rtol * largest;
}

/** x ← R⁻¹ x, of n elements. */
function solveUpper({ m, n, columns }: Reflected, x: Float64Array, at: number): void {
  for (let j = n - 1; j >= 0; j--) {
    x[at + j] /= columns[j * m + j];
    addScaled(-x[at + j], columns, j * m, x, at, j);
  }
}

/** x ← R⁻ᵀ x, of n elements. */
function solveLower({ m, n, columns }: Reflected, x: Float64Array, at: number): void {
  for (let j = 0; j < n; j++) x[at + j] = (x[at + j] - dotOf(columns, j * m, x, at, j)) / columns[j * m + j];
}
