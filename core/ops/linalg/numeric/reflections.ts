/**
 * Householder reflections of columns that lie one behind another, so that every loop walks along memory (Golub & Van
 * Loan, Matrix Computations, 5.1 and 5.2), in float64.
 */

import { zeros } from './scratch.js';

/** Sums of squares between these are neither cut off at 0 nor overflow. */
const SMALLEST = 1e-280;
const LARGEST = 1e280;

/** x · y of `n` elements; in four sums, because one would wait for each addition. */
export function dotOf(x: Float64Array, from: number, y: Float64Array, other: number, n: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    a += x[from + i] * y[other + i];
    b += x[from + i + 1] * y[other + i + 1];
    c += x[from + i + 2] * y[other + i + 2];
    d += x[from + i + 3] * y[other + i + 3];
  }
  for (; i < n; i++) a += x[from + i] * y[other + i];
  return a + b + (c + d);
}

/** y += factor · x of `n` elements. */
export function addScaled(
  factor: number,
  x: Float64Array,
  from: number,
  y: Float64Array,
  to: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) y[to + i] += factor * x[from + i];
}

/** √(Σ xᵢ²), also where the squares overflow or vanish. */
export function normOf(x: Float64Array, from: number, n: number): number {
  const square = dotOf(x, from, x, from, n);
  if (square > SMALLEST && square < LARGEST) return Math.sqrt(square);
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const size = Math.abs(x[from + i]);
    if (!(size <= largest)) largest = size;
  }
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (x[from + i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** √(x² + y²), also where the squares overflow or vanish, which is all that makes `Math.hypot` slow. */
export function lengthOf(x: number, y: number): number {
  const square = x * x + y * y;
  return square > SMALLEST && square < LARGEST ? Math.sqrt(square) : Math.hypot(x, y);
}

/** What `reflectColumns` leaves of a matrix: R, and the reflections whose product is Q. */
export interface Reflected {
  readonly m: number;
  readonly n: number;
  /**
   * n columns of m elements. Column j holds column j of R from its top to the diagonal, and below it, for j < min(m, n),
   * the vector v of reflection j, 1 − scale v vᵀ, whose first element is 1 and stands for the diagonal's place.
   */
  readonly columns: Float64Array;
  readonly scales: Float64Array;
}

/**
 * Makes what is below the diagonal of `n` columns of `m` elements zero by reflections, in place. A diagonal element has
 * the sign that avoids cancellation, as in LAPACK: opposite to that of the column's first element.
 */
export function reflectColumns(columns: Float64Array, m: number, n: number): Reflected {
  const steps = Math.min(m, n);
  const scales = zeros(steps);
  for (let k = 0; k < steps; k++) {
    scales[k] = makeReflection(columns, k * m + k, m - k);
    reflectAll(columns, k * m + k, m - k, scales[k], columns, (k + 1) * m + k, m, n - k - 1);
  }
  return { m, n, columns, scales };
}

/** Turns a column of `size` elements into its norm and the vector of a reflection; gives that one's scale. */
export function makeReflection(x: Float64Array, at: number, size: number): number {
  const below = normOf(x, at + 1, size - 1);
  if (below === 0) return 0;
  const first = x[at];
  const norm = lengthOf(first, below);
  const beta = first >= 0 ? -norm : norm;
  const divisor = first - beta;
  for (let i = 1; i < size; i++) x[at + i] /= divisor;
  x[at] = beta;
  return (beta - first) / beta;
}

/** x ← x − scale v vᵀ x of `size` elements, with a v whose first element counts as 1. */
export function reflect(
  v: Float64Array,
  at: number,
  size: number,
  scale: number,
  x: Float64Array,
  to: number,
): void {
  if (scale === 0) return;
  const sum = scale * (x[to] + dotOf(v, at + 1, x, to + 1, size - 1));
  x[to] -= sum;
  addScaled(-sum, v, at + 1, x, to + 1, size - 1);
}

/** `reflect` of `count` columns that lie `step` apart: two at a time, which share what is read of v. */
export function reflectAll(
  v: Float64Array,
  at: number,
  size: number,
  scale: number,
  x: Float64Array,
  to: number,
  step: number,
  count: number,
): void {
  if (scale === 0) return;
  let j = 0;
  for (; j + 1 < count; j += 2) reflectTwo(v, at, size, scale, x, to + j * step, to + (j + 1) * step);
  if (j < count) reflect(v, at, size, scale, x, to + j * step);
}

function reflectTwo(
  v: Float64Array,
  at: number,
  size: number,
  scale: number,
  x: Float64Array,
  first: number,
  second: number,
): void {
  let a = x[first];
  let b = x[second];
  let c = 0;
  let d = 0;
  let i = 1;
  for (; i + 1 < size; i += 2) {
    const p = v[at + i];
    const q = v[at + i + 1];
    a += p * x[first + i];
    b += p * x[second + i];
    c += q * x[first + i + 1];
    d += q * x[second + i + 1];
  }
  if (i < size) {
    a += v[at + i] * x[first + i];
    b += v[at + i] * x[second + i];
  }
  const one = scale * (a + c);
  const other = scale * (b + d);
  x[first] -= one;
  x[second] -= other;
  for (i = 1; i < size; i++) {
    const p = v[at + i];
    x[first + i] -= one * p;
    x[second + i] -= other * p;
  }
}

/** x ← Qᵀ x of a column of m elements. */
export function turnBack({ m, columns, scales }: Reflected, x: Float64Array, to: number): void {
  for (let k = 0; k < scales.length; k++) reflect(columns, k * m + k, m - k, scales[k], x, to + k);
}

/** x ← Q x of a column of m elements, of which those behind the first `known` are 0. */
export function turn({ m, columns, scales }: Reflected, x: Float64Array, to: number, known: number): void {
  for (let k = Math.min(known, scales.length) - 1; k >= 0; k--)
    reflect(columns, k * m + k, m - k, scales[k], x, to + k);
}

/** Exchanges rows and columns of the m × n matrix at `start`. */
export function transposed(a: Float64Array, start: number, m: number, n: number): Float64Array {
  const out = zeros(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[start + i * n + j];
  return out;
}
