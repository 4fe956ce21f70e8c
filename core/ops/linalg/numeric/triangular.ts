/** Triangular systems and the Cholesky factor of one matrix, in float64. */

export interface Triangle {
  readonly upper: boolean;
  /** Whether the diagonal counts as ones. */
  readonly unit: boolean;
}

/** Solves A x = b in place of b (n × k) for a triangular A; the other triangle is not read. Division by 0 gives infinities. */
export function solveTriangle(
  a: Float64Array,
  aStart: number,
  n: number,
  b: Float64Array,
  bStart: number,
  k: number,
  { upper, unit }: Triangle,
): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const to = bStart + i * k;
    const [first, last] = upper ? [i + 1, n] : [0, i];
    for (let j = first; j < last; j++) {
      const factor = a[aStart + i * n + j];
      if (factor === 0) continue;
      const from = bStart + j * k;
      for (let c = 0; c < k; c++) b[to + c] -= factor * b[from + c];
    }
    if (unit) continue;
    const pivot = a[aStart + i * n + i];
    for (let c = 0; c < k; c++) b[to + c] /= pivot;
  }
}

/**
 * The lower triangular L with A = L Lᵀ, written over the n × n matrix at `start`, of which only the lower triangle is
 * read. Returns the order of the first leading minor that is not positive, or 0 if A is positive definite.
 */
export function choleskyInPlace(a: Float64Array, start: number, n: number): number {
  for (let i = 0; i < n; i++) {
    const row = start + i * n;
    for (let j = 0; j <= i; j++) {
      const other = start + j * n;
      let sum = a[row + j];
      for (let k = 0; k < j; k++) sum -= a[row + k] * a[other + k];
      if (i > j) {
        a[row + j] = sum / a[other + j];
      } else {
        if (!(sum > 0)) return i + 1;
        a[row + i] = Math.sqrt(sum);
      }
    }
    for (let j = i + 1; j < n; j++) a[row + j] = 0;
  }
  return 0;
}
