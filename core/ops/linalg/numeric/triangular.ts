/** Triangular systems and the Cholesky factor of one matrix, in float64. */
import { addScaled, dotOf, transposed } from './reflections.js';

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
  if (k < n && solveColumns(a, aStart, n, b, bStart, k, upper, unit)) return;
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const to = bStart + i * k;
    const [first, last] = upper ? [i + 1, n] : [0, i];
    for (let j = first; j < last; j++) {
      const factor = a[aStart + i * n + j];
      if (factor !== 0) addScaled(-factor, b, bStart + j * k, b, to, k);
    }
    if (unit) continue;
    const pivot = a[aStart + i * n + i];
    for (let c = 0; c < k; c++) b[to + c] /= pivot;
  }
}

/**
 * Few columns: each by itself, as products of a row and what is known. Gives false and changes nothing where infinities
 * come out, of which 0 times as much counts as 0.
 */
function solveColumns(
  a: Float64Array,
  aStart: number,
  n: number,
  b: Float64Array,
  bStart: number,
  k: number,
  upper: boolean,
  unit: boolean,
): boolean {
  const x = transposed(b, bStart, n, k);
  for (let c = 0; c < k; c++) solveColumn(a, aStart, n, x, c * n, upper, unit);
  for (const value of x) if (value - value !== 0) return false;
  for (let i = 0; i < n; i++) for (let c = 0; c < k; c++) b[bStart + i * k + c] = x[c * n + i];
  return true;
}

function solveColumn(
  a: Float64Array,
  start: number,
  n: number,
  x: Float64Array,
  at: number,
  upper: boolean,
  unit: boolean,
): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step;
    const row = start + i * n;
    const known = upper ? dotOf(a, row + i + 1, x, at + i + 1, step) : dotOf(a, row, x, at, i);
    x[at + i] -= known;
    if (!unit) x[at + i] /= a[row + i];
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
      const sum = a[row + j] - dotOf(a, row, a, other, j);
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
