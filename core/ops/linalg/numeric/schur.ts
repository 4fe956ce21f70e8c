/**
 * The real Schur form A = Z T Zᵀ of one matrix, in float64: Hessenberg form by reflections, then Francis's steps with
 * two shifts at once (Golub & Van Loan, Matrix Computations, 7.4 and 7.5). T is upper triangular but for 2 × 2 blocks
 * with complex eigenvalues.
 */
import { makeReflection, reflect, transposed } from './reflections.js';

export interface Schur {
  readonly n: number;
  /** T and Z, row by row. */
  readonly t: Float64Array;
  readonly z: Float64Array;
}

/** Steps for one eigenvalue, at which LAPACK gives up, too. */
const MOST_STEPS = 60;
/** After so many, shifts are taken that are no eigenvalues of the corner, which leads out of cycles. */
const UNUSUAL = 10;

/** null where the iteration does not converge. */
export function realSchur(a: Float64Array, start: number, n: number): Schur | null {
  const schur = hessenberg(a, start, n);
  const { t } = schur;
  let size = 0;
  for (const value of t) size = Math.max(size, Math.abs(value));
  let last = n - 1;
  for (let steps = 0; last >= 0;) {
    const first = blockStart(t, n, last, size);
    if (first >= last - 1) {
      if (first < last) splitPair(schur, first);
      last = first - 1;
      steps = 0;
      continue;
    }
    if (steps++ === MOST_STEPS) return null;
    francisStep(schur, first, last, steps % UNUSUAL === 0);
  }
  return schur;
}

/** Aᵀ's columns are A's rows, so that reflections walk along memory: H = Qᵀ A Q. */
function hessenberg(a: Float64Array, start: number, n: number): Schur {
  const t = a.slice(start, start + n * n);
  const z = new Float64Array(n * n);
  for (let i = 0; i < n; i++) z[i * n + i] = 1;
  const v = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    const size = n - k - 1;
    for (let i = 0; i < size; i++) v[i] = t[(k + 1 + i) * n + k];
    const scale = makeReflection(v, 0, size);
    if (scale === 0) continue;
    reflectRows(t, n, v, size, scale, k + 1);
    for (let i = 0; i < n; i++) {
      reflect(v, 0, size, scale, t, i * n + k + 1);
      reflect(v, 0, size, scale, z, i * n + k + 1);
    }
    for (let i = k + 2; i < n; i++) t[i * n + k] = 0;
  }
  return { n, t, z };
}

/** The rows from `row` on, reflected: as columns of the transposed rows. */
function reflectRows(
  t: Float64Array,
  n: number,
  v: Float64Array,
  size: number,
  scale: number,
  row: number,
): void {
  const columns = transposed(t, row * n, size, n);
  for (let j = 0; j < n; j++) reflect(v, 0, size, scale, columns, j * size);
  t.set(transposed(columns, 0, n, size), row * n);
}

/** Where the block that ends at `last` begins: behind the last element below the diagonal that counts as 0. */
function blockStart(t: Float64Array, n: number, last: number, size: number): number {
  for (let k = last; k > 0; k--) {
    const beside = Math.abs(t[(k - 1) * n + k - 1]) + Math.abs(t[k * n + k]);
    if (Math.abs(t[k * n + k - 1]) <= Number.EPSILON * (beside === 0 ? size : beside)) {
      t[k * n + k - 1] = 0;
      return k;
    }
  }
  return 0;
}

/** One step with both eigenvalues of the lower corner as shifts, on rows and columns first … last. */
function francisStep(schur: Schur, first: number, last: number, unusual: boolean): void {
  const { n, t } = schur;
  const at = (i: number, j: number): number => t[i * n + j];
  let sum = at(last - 1, last - 1) + at(last, last);
  let product = at(last - 1, last - 1) * at(last, last) - at(last - 1, last) * at(last, last - 1);
  if (unusual) {
    const shift = Math.abs(at(last, last - 1)) + Math.abs(at(last - 1, last - 2));
    sum = 1.5 * shift;
    product = shift * shift;
  }
  const v = new Float64Array(3);
  const corner = at(first, first);
  v[0] = corner * (corner - sum) + at(first, first + 1) * at(first + 1, first) + product;
  v[1] = at(first + 1, first) * (corner + at(first + 1, first + 1) - sum);
  v[2] = at(first + 1, first) * at(first + 2, first + 1);
  for (let k = first; k < last; k++) {
    const size = Math.min(3, last - k + 1);
    if (k > first) for (let i = 0; i < size; i++) v[i] = at(k + i, k - 1);
    const scale = makeReflection(v, 0, size);
    if (k > first) {
      t[k * n + k - 1] = v[0];
      for (let i = 1; i < size; i++) t[(k + i) * n + k - 1] = 0;
    }
    if (scale !== 0) turn(schur, v, size, scale, k, Math.min(k + 3, last));
  }
}

/** Reflects rows k … and columns k … of T (these down to row `bottom`) and columns of Z. */
function turn(
  { n, t, z }: Schur,
  v: Float64Array,
  size: number,
  scale: number,
  k: number,
  bottom: number,
): void {
  for (let j = k; j < n; j++) {
    let sum = t[k * n + j];
    for (let i = 1; i < size; i++) sum += v[i] * t[(k + i) * n + j];
    sum *= scale;
    t[k * n + j] -= sum;
    for (let i = 1; i < size; i++) t[(k + i) * n + j] -= sum * v[i];
  }
  for (let i = 0; i <= bottom; i++) reflect(v, 0, size, scale, t, i * n + k);
  for (let i = 0; i < n; i++) reflect(v, 0, size, scale, z, i * n + k);
}

/** Makes the 2 × 2 block at k triangular where its eigenvalues are real. */
function splitPair({ n, t, z }: Schur, k: number): void {
  const [a, b, c, d] = [t[k * n + k], t[k * n + k + 1], t[(k + 1) * n + k], t[(k + 1) * n + k + 1]];
  const half = (a - d) / 2;
  const discriminant = half * half + b * c;
  if (discriminant < 0) return;
  // (root, c) is the block's eigenvector to d + root.
  const root = half + (half < 0 ? -1 : 1) * Math.sqrt(discriminant);
  const length = Math.hypot(root, c);
  const [x, y] = [root / length, c / length];
  for (let j = k; j < n; j++) {
    const [p, q] = [t[k * n + j], t[(k + 1) * n + j]];
    t[k * n + j] = x * p + y * q;
    t[(k + 1) * n + j] = x * q - y * p;
  }
  for (const [matrix, rows] of [
    [t, k + 2],
    [z, n],
  ] as const) {
    for (let i = 0; i < rows; i++) {
      const [p, q] = [matrix[i * n + k], matrix[i * n + k + 1]];
      matrix[i * n + k] = x * p + y * q;
      matrix[i * n + k + 1] = x * q - y * p;
    }
  }
  t[(k + 1) * n + k] = 0;
}
