/**
 * Eigenvalues and eigenvectors of one symmetric matrix, in float64: Householder tridiagonalization and the implicit QL
 * algorithm (Golub & Van Loan, Matrix Computations, 8.3; Bowdler, Martin, Reinsch & Wilkinson 1968).
 */

import { lengthOf } from './reflections.js';
import { orderOf, zeros } from './scratch.js';

export interface Eigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** n × n, eigenvector j in column j, row by row. */
  readonly vectors: Float64Array;
}

/** How often the QL iteration may be repeated for one eigenvalue. Two to three times are usual. */
const MAX_ITERATIONS = 60;

/** The eigen-decomposition of a symmetric matrix, given whole; null where the iteration does not converge. */
export function symmetricEigen(symmetric: Float64Array, n: number): Eigen | null {
  const a = zeros(n * n);
  for (let i = 0; i < n * n; i++) a[i] = symmetric[i];
  const diagonal = zeros(n);
  const beside = zeros(n);
  const reflections = tridiagonalize(a, n, diagonal, beside);
  // Eigenvector j in row j, so that rotating two eigenvectors walks along memory.
  const rows = accumulate(reflections, n);
  if (!iterate(diagonal, beside, rows, n)) return null;
  const order = orderOf(diagonal, n, false);
  const values = zeros(n);
  for (let i = 0; i < n; i++) values[i] = diagonal[order[i]];
  const vectors = zeros(n * n);
  order.forEach((from, to) => {
    for (let k = 0; k < n; k++) vectors[k * n + to] = rows[from * n + k];
  });
  return { values, vectors };
}

interface Reflection {
  readonly v: Float64Array;
  readonly scale: number;
}

/** Reduces `a` to tridiagonal form by reflections of rows and columns k + 1 … n − 1, for k = 0, 1, … */
function tridiagonalize(
  a: Float64Array,
  n: number,
  diagonal: Float64Array,
  beside: Float64Array,
): (Reflection | null)[] {
  const reflections: (Reflection | null)[] = [];
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k];
    if (k === n - 1) break;
    const size = n - k - 1;
    let below = 0;
    for (let i = k + 2; i < n; i++) below = lengthOf(below, a[i * n + k]);
    const first = a[(k + 1) * n + k];
    if (below === 0) {
      beside[k] = first;
      reflections.push(null);
      continue;
    }
    const beta = first >= 0 ? -lengthOf(first, below) : lengthOf(first, below);
    const v = zeros(size);
    v[0] = 1;
    for (let i = 1; i < size; i++) v[i] = a[(k + 1 + i) * n + k] / (first - beta);
    const scale = (beta - first) / beta;
    beside[k] = beta;
    reflectBothSides(a, n, k + 1, v, scale);
    reflections.push({ v, scale });
  }
  return reflections;
}

/** A ← H A H with H = I − scale v vᵀ, for the part of `a` from row and column `from` on: A − v wᵀ − w vᵀ. */
function reflectBothSides(a: Float64Array, n: number, from: number, v: Float64Array, scale: number): void {
  const size = v.length;
  const w = zeros(size);
  let inner = 0;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    const row = (from + i) * n + from;
    for (let j = 0; j < size; j++) sum += a[row + j] * v[j];
    w[i] = scale * sum;
    inner += w[i] * v[i];
  }
  for (let i = 0; i < size; i++) w[i] -= 0.5 * scale * inner * v[i];
  for (let i = 0; i < size; i++) {
    const row = (from + i) * n + from;
    for (let j = 0; j < size; j++) a[row + j] -= v[i] * w[j] + w[i] * v[j];
  }
}

/** The transpose of the product of the reflections. */
function accumulate(reflections: readonly (Reflection | null)[], n: number): Float64Array {
  const rows = zeros(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let k = reflections.length - 1; k >= 0; k--) {
    const reflection = reflections[k];
    if (reflection === null) continue;
    const { v, scale } = reflection;
    for (let j = k + 1; j < n; j++) {
      const row = j * n + k + 1;
      let sum = 0;
      for (let i = 0; i < v.length; i++) sum += rows[row + i] * v[i];
      sum *= scale;
      for (let i = 0; i < v.length; i++) rows[row + i] -= sum * v[i];
    }
  }
  return rows;
}

/** Makes the elements beside the diagonal zero by implicit QL steps with Wilkinson's shift. */
function iterate(d: Float64Array, e: Float64Array, rows: Float64Array, n: number): boolean {
  for (let l = 0; l < n; l++) {
    for (let iterations = 0; ; iterations++) {
      let end = l;
      while (end < n - 1 && Math.abs(e[end]) > Number.EPSILON * (Math.abs(d[end]) + Math.abs(d[end + 1]))) {
        end++;
      }
      if (end === l) break;
      if (iterations === MAX_ITERATIONS) return false;
      step(d, e, rows, n, l, end);
    }
  }
  return true;
}

function step(d: Float64Array, e: Float64Array, rows: Float64Array, n: number, l: number, end: number): void {
  const half = (d[l + 1] - d[l]) / (2 * e[l]);
  const root = lengthOf(half, 1);
  let g = d[end] - d[l] + e[l] / (half + (half >= 0 ? root : -root));
  let sine = 1;
  let cosine = 1;
  let shift = 0;
  for (let i = end - 1; i >= l; i--) {
    const f = sine * e[i];
    const b = cosine * e[i];
    const r = lengthOf(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The matrix has split here: begin anew.
      d[i + 1] -= shift;
      e[end] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    const h = d[i + 1] - shift;
    const t = (d[i] - h) * sine + 2 * cosine * b;
    shift = sine * t;
    d[i + 1] = h + shift;
    g = cosine * t - b;
    rotateRows(rows, n, i, sine, cosine);
  }
  d[l] -= shift;
  e[l] = g;
  e[end] = 0;
}

function rotateRows(rows: Float64Array, n: number, i: number, sine: number, cosine: number): void {
  const first = i * n;
  const second = first + n;
  for (let k = 0; k < n; k++) {
    const x = rows[first + k];
    const y = rows[second + k];
    rows[second + k] = sine * x + cosine * y;
    rows[first + k] = cosine * x - sine * y;
  }
}
