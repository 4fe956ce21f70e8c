/**
 * The singular value decomposition of one matrix by one-sided Jacobi rotations (Hestenes 1958; Golub & Van Loan, Matrix
 * Computations, 8.6) of the R of a QR factorization, in float64. Small singular values come out with high relative accuracy.
 */
import { householderQR } from './qr.js';

export interface SVD {
  /** m × k with k = min(m, n), row by row. */
  readonly u: Float64Array;
  /** Descending. */
  readonly s: Float64Array;
  /** k × n. */
  readonly vh: Float64Array;
}

/** Sweeps over all pairs of columns. Six to ten are usual. */
const MAX_SWEEPS = 60;

/** A = U diag(S) Vh of the m × n matrix at `start`; null where the iteration does not converge. */
export function jacobiSVD(a: Float64Array, start: number, m: number, n: number): SVD | null {
  if (m < n) {
    const flipped = jacobiSVD(transposed(a, start, m, n), 0, n, m);
    if (flipped === null) return null;
    return { u: transposed(flipped.vh, 0, m, m), s: flipped.s, vh: transposed(flipped.u, 0, n, m) };
  }
  const { q, r } = householderQR(a, start, m, n, n);
  // Row j of `columns` is column j of Rᵀ, that is row j of R: Rᵀ = W S Zᵀ gives R = Z S Wᵀ and A = (Q Z) S Wᵀ.
  // Scaled by a power of two, so that squares neither overflow nor vanish.
  const scale = powerOfTwo(r);
  const columns = r.map((value) => value / scale);
  const rotations = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rotations[i * n + i] = 1;
  if (!orthogonalize(columns, rotations, n)) return null;
  const norms = new Float64Array(n);
  for (let j = 0; j < n; j++) norms[j] = normOf(columns, j * n, n);
  const order = Array.from({ length: n }, (_, j) => j).sort((i, j) => norms[j] - norms[i]);
  const s = Float64Array.from(order, (j) => norms[j] * scale);
  const vh = new Float64Array(n * n);
  const u = new Float64Array(m * n);
  order.forEach((from, to) => {
    if (norms[from] > 0) {
      for (let i = 0; i < n; i++) vh[to * n + i] = columns[from * n + i] / norms[from];
    }
    for (let i = 0; i < m; i++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += q[i * n + k] * rotations[from * n + k];
      u[i * n + to] = sum;
    }
  });
  completeRows(vh, n, order.filter((j) => norms[j] > 0).length);
  return { u, s, vh };
}

export function transposed(a: Float64Array, start: number, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[start + i * n + j];
  return out;
}

/** The power of two next below the largest element; 1 for zeros. */
function powerOfTwo(a: Float64Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(largest)));
}

function normOf(a: Float64Array, start: number, n: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(a[start + i]));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a[start + i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Rotates pairs of columns (each a row of `columns`) until all are orthogonal; `rotations` is rotated along. */
function orthogonalize(columns: Float64Array, rotations: Float64Array, n: number): boolean {
  // Beside the largest column, what is this small is rounding error.
  let whole = 0;
  for (let j = 0; j < n; j++) whole = Math.hypot(whole, normOf(columns, j * n, n));
  const negligible = (whole * Number.EPSILON * Number.EPSILON) ** 2;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false;
    for (let i = 0; i < n - 1; i++) {
      for (let j = i + 1; j < n; j++) {
        if (rotatePair(columns, rotations, n, i, j, negligible)) rotated = true;
      }
    }
    if (!rotated) return true;
  }
  return false;
}

function rotatePair(
  columns: Float64Array,
  rotations: Float64Array,
  n: number,
  i: number,
  j: number,
  negligible: number,
): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  for (let k = 0; k < n; k++) {
    const x = columns[i * n + k];
    const y = columns[j * n + k];
    a += x * x;
    b += y * y;
    c += x * y;
  }
  if (Math.abs(c) <= 2 * Number.EPSILON * Math.sqrt(a) * Math.sqrt(b) || Math.abs(c) <= negligible)
    return false;
  const zeta = (b - a) / (2 * c);
  const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const cosine = 1 / Math.hypot(1, t);
  rotate(columns, n, i, j, cosine, cosine * t);
  rotate(rotations, n, i, j, cosine, cosine * t);
  return true;
}

function rotate(a: Float64Array, n: number, i: number, j: number, cosine: number, sine: number): void {
  for (let k = 0; k < n; k++) {
    const x = a[i * n + k];
    const y = a[j * n + k];
    a[i * n + k] = cosine * x - sine * y;
    a[j * n + k] = sine * x + cosine * y;
  }
}

/** Rows from `known` on, which belong to singular values of 0, are made an orthonormal completion of those before. */
function completeRows(rows: Float64Array, n: number, known: number): void {
  if (known === n) return;
  const complete = completion(transposed(rows.subarray(0, known * n), 0, known, n), n, known);
  for (let r = known; r < n; r++) {
    for (let i = 0; i < n; i++) rows[r * n + i] = complete[i * (n - known) + (r - known)];
  }
}

/** m − k orthonormal columns orthogonal to the k orthonormal columns of `columns` (m × k): m × (m − k). */
export function completion(columns: Float64Array, m: number, k: number): Float64Array {
  const { q } = householderQR(columns, 0, m, k, m);
  const out = new Float64Array(m * (m - k));
  for (let i = 0; i < m; i++) for (let j = k; j < m; j++) out[i * (m - k) + j - k] = q[i * m + j];
  return out;
}
