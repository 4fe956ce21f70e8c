/** Householder QR of one matrix (Golub & Van Loan, Matrix Computations, 5.2), in float64. */
import { reflectAll, reflectColumns, transposed } from './reflections.js';
import { zeros } from './scratch.js';

export interface QR {
  /** m × columns, row by row. */
  readonly q: Float64Array;
  /** columns × n, upper triangular. */
  readonly r: Float64Array;
}

/**
 * A = Q R of the m × n matrix at `start` of `a`, with `columns` (min(m, n) or m) columns of Q. As in LAPACK, a diagonal
 * element of R has the sign that avoids cancellation: opposite to that of the column's first element.
 */
export function householderQR(a: Float64Array, start: number, m: number, n: number, columns: number): QR {
  const { columns: work, scales } = reflectColumns(transposed(a, start, m, n), m, n);
  const steps = scales.length;
  const r = zeros(columns * n);
  for (let i = 0; i < steps; i++) for (let j = i; j < n; j++) r[i * n + j] = work[j * m + i];
  // Columns of the identity, turned; reflection k does not move those before the k-th.
  const q = zeros(m * columns);
  for (let j = 0; j < columns; j++) q[j * m + j] = 1;
  for (let k = steps - 1; k >= 0; k--)
    reflectAll(work, k * m + k, m - k, scales[k], q, k * m + k, m, columns - k);
  return { q: transposed(q, 0, columns, m), r };
}
