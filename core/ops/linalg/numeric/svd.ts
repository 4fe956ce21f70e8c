/**
 * The singular value decomposition of one matrix by one-sided Jacobi rotations (Hestenes 1958; Golub & Van Loan, Matrix
 * Computations, 8.6) of the R of a QR factorization, in float64. Small singular values come out with high relative accuracy.
 * Columns are exchanged so that R falls towards its end, which saves sweeps (Drmač & Veselić 2008).
 */
import { householderQR } from './qr.js';
import {
  dotOf,
  lengthOf,
  makeReflection,
  normOf,
  reflectAll,
  type Reflected,
  transposed,
  turn,
} from './reflections.js';
import { orderOf, zeros } from './scratch.js';

export interface SVD {
  /** m × k with k = min(m, n), row by row. */
  readonly u: Float64Array;
  /** Descending. */
  readonly s: Float64Array;
  /** k × n. */
  readonly vh: Float64Array;
}

/** Sweeps over all pairs of columns. Four to eight are usual. */
const MAX_SWEEPS = 60;

/** A = U diag(S) Vh of the m × n matrix at `start`; null where the iteration does not converge. */
export function jacobiSVD(a: Float64Array, start: number, m: number, n: number): SVD | null {
  if (m < n) {
    const flipped = jacobiSVD(transposed(a, start, m, n), 0, n, m);
    if (flipped === null) return null;
    return { u: transposed(flipped.vh, 0, m, m), s: flipped.s, vh: transposed(flipped.u, 0, n, m) };
  }
  // With R = Z S Wᵀ, A P = Q R = (Q Z) S Wᵀ.
  const { factors, places } = pivoted(transposed(a, start, m, n), m, n);
  const rotations = zeros(n * n);
  for (let i = 0; i < n; i++) rotations[i * n + i] = 1;
  const rotated = rotatedRows(factors, rotations);
  if (rotated === null) return null;
  const { columns, norms, order, scale } = rotated;
  const s = zeros(n);
  const vh = zeros(n * n);
  // Column by column, as reflections want it.
  const left = zeros(n * m);
  let known = 0;
  for (let to = 0; to < n; to++) {
    const from = order[to];
    s[to] = norms[from] * scale;
    if (norms[from] > 0) {
      known++;
      for (let i = 0; i < n; i++) vh[to * n + places[i]] = columns[from * n + i] / norms[from];
    }
    for (let k = 0; k < n; k++) left[to * m + k] = rotations[from * n + k];
    turn(factors, left, to * m, n);
  }
  completeRows(vh, n, known);
  return { u: transposed(left, 0, n, m), s, vh };
}

/** The singular values alone, descending; null where the iteration does not converge. */
export function singularValues(a: Float64Array, start: number, m: number, n: number): Float64Array | null {
  const isWide = m < n;
  const columns = isWide ? a.slice(start, start + m * n) : transposed(a, start, m, n);
  const { factors } = isWide ? pivoted(columns, n, m) : pivoted(columns, m, n);
  const rotated = rotatedRows(factors, null);
  if (rotated === null) return null;
  const { norms, order, scale } = rotated;
  const values = zeros(order.length);
  for (let i = 0; i < order.length; i++) values[i] = norms[order[i]] * scale;
  return values;
}

interface Pivoted {
  readonly factors: Reflected;
  /** Column j of the factors is column places[j] of the matrix. */
  readonly places: Int32Array;
}

/** Where a column's norm has lost so much of its square by subtraction, it is computed again. */
const LOST = 1e-6;

/** A P = Q R of m × n columns, m ≥ n, in place: next is always the column of which most is left (Businger & Golub 1965). */
function pivoted(columns: Float64Array, m: number, n: number): Pivoted {
  const places = new Int32Array(n);
  const norms = zeros(n);
  const before = zeros(n);
  for (let j = 0; j < n; j++) {
    places[j] = j;
    norms[j] = before[j] = normOf(columns, j * m, m);
  }
  const scales = zeros(n);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let j = k + 1; j < n; j++) if (norms[j] > norms[best]) best = j;
    if (best !== k) {
      exchange(columns, k * m, best * m, m);
      [places[k], places[best]] = [places[best], places[k]];
      norms[best] = norms[k];
      before[best] = before[k];
    }
    scales[k] = makeReflection(columns, k * m + k, m - k);
    reflectAll(columns, k * m + k, m - k, scales[k], columns, (k + 1) * m + k, m, n - k - 1);
    for (let j = k + 1; j < n; j++) {
      const share = norms[j] === 0 ? 0 : columns[j * m + k] / norms[j];
      const rest = 1 - share * share;
      const kept = norms[j] / before[j];
      if (rest * kept * kept > LOST) norms[j] *= Math.sqrt(rest);
      else norms[j] = before[j] = normOf(columns, j * m + k + 1, m - k - 1);
    }
  }
  return { factors: { m, n, columns, scales }, places };
}

function exchange(a: Float64Array, from: number, to: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const value = a[from + i];
    a[from + i] = a[to + i];
    a[to + i] = value;
  }
}

interface Rotated {
  /** The rows of R, orthogonal: n columns of Rᵀ, divided by `scale`. */
  readonly columns: Float64Array;
  readonly norms: Float64Array;
  /** Where they are in descending order. */
  readonly order: readonly number[];
  readonly scale: number;
}

/** Rotates the rows of R until they are orthogonal. Scaled by a power of two, so that squares neither overflow nor vanish. */
function rotatedRows({ m, n, columns: work }: Reflected, rotations: Float64Array | null): Rotated | null {
  const columns = zeros(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) columns[i * n + j] = work[j * m + i];
  const scale = powerOfTwo(columns);
  for (let i = 0; i < columns.length; i++) columns[i] /= scale;
  if (!orthogonalize(columns, rotations, n)) return null;
  const norms = zeros(n);
  for (let j = 0; j < n; j++) norms[j] = normOf(columns, j * n, n);
  const order = orderOf(norms, n, true);
  return { columns, norms, order, scale };
}

/** The power of two next below the largest element; 1 for zeros. */
function powerOfTwo(a: Float64Array): number {
  let largest = 0;
  for (const value of a) largest = Math.max(largest, Math.abs(value));
  return largest === 0 ? 1 : 2 ** Math.max(-1022, Math.floor(Math.log2(largest)));
}

/** Rotates pairs of columns (each a row of `columns`) until all are orthogonal; `rotations` is rotated along. */
function orthogonalize(columns: Float64Array, rotations: Float64Array | null, n: number): boolean {
  const squares = zeros(n);
  // Beside the largest column, what is this small is rounding error.
  let whole = 0;
  for (let j = 0; j < n; j++) whole = lengthOf(whole, normOf(columns, j * n, n));
  const negligible = (whole * Number.EPSILON * Number.EPSILON) ** 2;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    for (let j = 0; j < n; j++) squares[j] = dotOf(columns, j * n, columns, j * n, n);
    let rotated = false;
    for (let i = 0; i < n - 1; i++) {
      for (let j = i + 1; j < n; j++) {
        if (rotatePair(columns, rotations, squares, n, i, j, negligible)) rotated = true;
      }
    }
    if (!rotated) return true;
  }
  return false;
}

/** Of which so little is left by subtraction, a square is computed again. */
const SHRUNK = 1e-2;

function rotatePair(
  columns: Float64Array,
  rotations: Float64Array | null,
  squares: Float64Array,
  n: number,
  i: number,
  j: number,
  negligible: number,
): boolean {
  const a = squares[i];
  const b = squares[j];
  const c = dotOf(columns, i * n, columns, j * n, n);
  if (Math.abs(c) <= 2 * Number.EPSILON * Math.sqrt(a) * Math.sqrt(b) || Math.abs(c) <= negligible)
    return false;
  const zeta = (b - a) / (2 * c);
  // Where ζ² overflows, the rotation is by 0.
  const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + t * t);
  rotate(columns, n, i, j, cosine, cosine * t);
  if (rotations !== null) rotate(rotations, n, i, j, cosine, cosine * t);
  const first = a - t * c;
  const second = b + t * c;
  squares[i] = first > SHRUNK * a ? first : dotOf(columns, i * n, columns, i * n, n);
  squares[j] = second > SHRUNK * b ? second : dotOf(columns, j * n, columns, j * n, n);
  return true;
}

function rotate(a: Float64Array, n: number, i: number, j: number, cosine: number, sine: number): void {
  const first = i * n;
  const second = j * n;
  for (let k = 0; k < n; k++) {
    const x = a[first + k];
    const y = a[second + k];
    a[first + k] = cosine * x - sine * y;
    a[second + k] = sine * x + cosine * y;
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
  const out = zeros(m * (m - k));
  for (let i = 0; i < m; i++) for (let j = k; j < m; j++) out[i * (m - k) + j - k] = q[i * m + j];
  return out;
}
