/** Householder QR of one matrix (Golub & Van Loan, Matrix Computations, 5.2), in float64. */

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
  const work = a.slice(start, start + m * n);
  const steps = Math.min(m, n);
  const scales = new Float64Array(steps);
  // The reflection of step k is I − scale v vᵀ with v₀ = 1; the rest of v is kept below the diagonal.
  for (let k = 0; k < steps; k++) scales[k] = reflectColumn(work, m, n, k);
  const r = new Float64Array(columns * n);
  for (let i = 0; i < steps; i++) for (let j = i; j < n; j++) r[i * n + j] = work[i * n + j];
  const q = new Float64Array(m * columns);
  for (let i = 0; i < columns; i++) q[i * columns + i] = 1;
  for (let k = steps - 1; k >= 0; k--) applyReflection(work, m, n, k, scales[k], q, columns, k);
  return { q, r };
}

/** Makes the elements below the diagonal of column k zero by a reflection, and applies it to the columns behind. */
function reflectColumn(work: Float64Array, m: number, n: number, k: number): number {
  let below = 0;
  for (let i = k + 1; i < m; i++) below = Math.hypot(below, work[i * n + k]);
  if (below === 0) return 0;
  const first = work[k * n + k];
  const beta = first >= 0 ? -Math.hypot(first, below) : Math.hypot(first, below);
  for (let i = k + 1; i < m; i++) work[i * n + k] /= first - beta;
  work[k * n + k] = beta;
  const scale = (beta - first) / beta;
  applyReflection(work, m, n, k, scale, work, n, k + 1);
  return scale;
}

/** Reflects the columns of `target` (m × width) from `from` on. */
function applyReflection(
  work: Float64Array,
  m: number,
  n: number,
  k: number,
  scale: number,
  target: Float64Array,
  width: number,
  from: number,
): void {
  if (scale === 0) return;
  const sums = target.slice(k * width + from, (k + 1) * width);
  for (let i = k + 1; i < m; i++) {
    const v = work[i * n + k];
    for (let j = from; j < width; j++) sums[j - from] += v * target[i * width + j];
  }
  for (let j = from; j < width; j++) target[k * width + j] -= scale * sums[j - from];
  for (let i = k + 1; i < m; i++) {
    const v = scale * work[i * n + k];
    for (let j = from; j < width; j++) target[i * width + j] -= v * sums[j - from];
  }
}
