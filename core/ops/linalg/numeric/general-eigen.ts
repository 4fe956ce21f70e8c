/** Eigenvalues and eigenvectors of one real matrix by its Schur form, as pairs of real and imaginary parts, in float64. */
import { realSchur, type Schur } from './schur.js';

export interface GeneralEigen {
  /** n pairs. */
  readonly values: Float64Array;
  /** n × n pairs, row by row; eigenvectors are the columns, of length 1. */
  readonly vectors: Float64Array;
}

/** Elements of a vector above this are scaled down while it is found. */
const LARGE = 1e100;

/** null where the iteration does not converge. */
export function generalEigen(a: Float64Array, start: number, n: number): GeneralEigen | null {
  const schur = realSchur(a, start, n);
  if (schur === null) return null;
  const values = valuesOf(schur);
  const vectors = new Float64Array(2 * n * n);
  const smallest = Math.max(schur.t.reduce((s, x) => Math.max(s, Math.abs(x)), 0) * Number.EPSILON, 1e-300);
  for (let k = 0; k < n; k++) {
    const im = values[2 * k + 1];
    // The second of a pair is the first's conjugate.
    if (im < 0) {
      for (let i = 0; i < n; i++) {
        vectors[2 * (i * n + k)] = vectors[2 * (i * n + k - 1)];
        vectors[2 * (i * n + k) + 1] = -vectors[2 * (i * n + k - 1) + 1];
      }
      continue;
    }
    const x = normalized(turned(schur, triangularVector(schur, k, values[2 * k], im, smallest)));
    for (let i = 0; i < n; i++) {
      vectors[2 * (i * n + k)] = x[2 * i];
      vectors[2 * (i * n + k) + 1] = x[2 * i + 1];
    }
  }
  return { values, vectors };
}

/** Of pairs, the one with the positive imaginary part first. */
function valuesOf({ n, t }: Schur): Float64Array {
  const values = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    const below = k + 1 < n ? t[(k + 1) * n + k] : 0;
    if (below === 0) {
      values[2 * k] = t[k * n + k];
      continue;
    }
    const half = (t[k * n + k] - t[(k + 1) * n + k + 1]) / 2;
    const im = Math.sqrt(Math.max(0, -(half * half + t[k * n + k + 1] * below)));
    values[2 * k] = values[2 * k + 2] = (t[k * n + k] + t[(k + 1) * n + k + 1]) / 2;
    values[2 * k + 1] = im;
    values[2 * k + 3] = -im;
    k++;
  }
  return values;
}

/** The x with (T − λ) x = 0 by substitution from below; what would be divided by 0 is divided by `smallest`. */
function triangularVector(
  { n, t }: Schur,
  k: number,
  re: number,
  im: number,
  smallest: number,
): Float64Array {
  const x = new Float64Array(2 * n);
  if (im === 0) x[2 * k] = 1;
  else {
    // Rows of the pair's own block: (b, λ − a).
    x[2 * k] = t[k * n + k + 1];
    x[2 * k + 2] = re - t[k * n + k];
    x[2 * k + 3] = im;
  }
  const known = im === 0 ? k : k + 1;
  for (let j = k - 1; j >= 0; j--) {
    const pair = j > 0 && t[j * n + j - 1] !== 0;
    const [p, q] = rightSide(t, n, x, j, known);
    if (!pair) {
      const [a, b] = quotient(p, q, t[j * n + j] - re, -im, smallest);
      x[2 * j] = a;
      x[2 * j + 1] = b;
    } else {
      const [r, s] = rightSide(t, n, x, j - 1, known);
      solvePair(t, n, x, j - 1, [r, s, p, q], re, im, smallest);
      j--;
    }
    scaleDown(x);
  }
  return x;
}

/** −Σ T[j, m] x_m over the m from behind j's block to `known`; what is not known yet is 0. */
function rightSide(
  t: Float64Array,
  n: number,
  x: Float64Array,
  j: number,
  known: number,
): readonly [number, number] {
  let re = 0;
  let im = 0;
  for (let m = j + 1; m <= known; m++) {
    re -= t[j * n + m] * x[2 * m];
    im -= t[j * n + m] * x[2 * m + 1];
  }
  return [re, im];
}

function quotient(a: number, b: number, c: number, d: number, smallest: number): readonly [number, number] {
  const re = Math.abs(c) + Math.abs(d) < smallest ? smallest : c;
  const size = re * re + d * d;
  return [(a * re + b * d) / size, (b * re - a * d) / size];
}

/** Cramer's rule for the 2 × 2 block of T − λ at k. */
function solvePair(
  t: Float64Array,
  n: number,
  x: Float64Array,
  k: number,
  [r, s, p, q]: readonly [number, number, number, number],
  re: number,
  im: number,
  smallest: number,
): void {
  const [a, b, c, d] = [t[k * n + k] - re, t[k * n + k + 1], t[(k + 1) * n + k], t[(k + 1) * n + k + 1] - re];
  const det: readonly [number, number] = [a * d - im * im - b * c, -im * (a + d)];
  const floor = smallest * smallest;
  const first = quotient(r * d + s * im - b * p, s * d - r * im - b * q, det[0], det[1], floor);
  const second = quotient(p * a + q * im - c * r, q * a - p * im - c * s, det[0], det[1], floor);
  [x[2 * k], x[2 * k + 1]] = first;
  [x[2 * k + 2], x[2 * k + 3]] = second;
}

function scaleDown(x: Float64Array): void {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  if (largest > LARGE) for (let i = 0; i < x.length; i++) x[i] /= largest;
}

/** Z x. */
function turned({ n, z }: Schur, x: Float64Array): Float64Array {
  const out = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      out[2 * i] += z[i * n + j] * x[2 * j];
      out[2 * i + 1] += z[i * n + j] * x[2 * j + 1];
    }
  }
  return out;
}

/** Of length 1, with the largest element real, as in LAPACK, and positive, so that small changes turn no vector round. */
function normalized(x: Float64Array): Float64Array {
  const length = Math.hypot(...x);
  const sizes = Array.from({ length: x.length / 2 }, (_, i) => Math.hypot(x[2 * i], x[2 * i + 1]));
  const at = sizes.reduce((best, size, i) => (size > sizes[best] ? i : best), 0);
  const [c, s] = [x[2 * at] / sizes[at], x[2 * at + 1] / sizes[at]];
  const out = new Float64Array(x.length);
  for (let i = 0; i < sizes.length; i++) {
    out[2 * i] = (x[2 * i] * c + x[2 * i + 1] * s) / length;
    out[2 * i + 1] = (x[2 * i + 1] * c - x[2 * i] * s) / length;
  }
  out[2 * at + 1] = 0;
  return out;
}
