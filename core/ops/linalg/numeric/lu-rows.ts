/** LU factorization of one matrix of any shape (Golub & Van Loan, Matrix Computations, 3.4), in float64. */
import { pivotRow, swapRows } from './lu.js';
import { addScaled } from './reflections.js';

export interface RowLU {
  /** L below the diagonal (with ones on it, not stored) and U from it up, row by row. */
  readonly data: Float64Array;
  /** Step k exchanged row k with row pivots[k]. */
  readonly pivots: Int32Array;
  /** Row i of the factorized matrix is row `rows[i]` of the given one. */
  readonly rows: Int32Array;
}

/** P A = L U of the m × n matrix at `start` of `a`; without `pivoting`, rows stay where they are. */
export function factorizeRows(
  a: Float64Array,
  start: number,
  m: number,
  n: number,
  pivoting: boolean,
): RowLU {
  const data = a.slice(start, start + m * n);
  const steps = Math.min(m, n);
  const pivots = Int32Array.from({ length: steps }, (_, k) => k);
  const rows = Int32Array.from({ length: m }, (_, i) => i);
  for (let k = 0; k < steps; k++) {
    const p = pivoting ? pivotRow(data, n, k, m) : k;
    if (p !== k) {
      swapRows(data, n, p, k);
      [rows[p], rows[k]] = [rows[k], rows[p]];
      pivots[k] = p;
    }
    const pivot = data[k * n + k];
    if (pivot === 0 && pivoting) continue;
    for (let i = k + 1; i < m; i++) {
      const factor = data[i * n + k] / pivot;
      data[i * n + k] = factor;
      if (factor !== 0) addScaled(-factor, data, k * n + k + 1, data, i * n + k + 1, n - k - 1);
    }
  }
  return { data, pivots, rows };
}
