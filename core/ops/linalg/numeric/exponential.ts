/** The exponential of one matrix by a Padé approximant of degree 13 with scaling and squaring (Higham 2005), in float64. */
import { factorize, solveFactorized } from './lu.js';

/** The numerator's coefficients, b₀ … b₁₃. */
const PADE = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];
/** Up to this 1-norm the approximant is as exact as float64. */
const LARGEST_NORM = 5.371920351148152;

function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k];
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j] += factor * b[k * n + j];
    }
  }
  return out;
}

function oneNorm(a: Float64Array, n: number): number {
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j]);
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** e^A of a finite n × n matrix. */
export function exponential(matrix: Float64Array, n: number): Float64Array {
  const norm = oneNorm(matrix, n);
  const squarings = norm > LARGEST_NORM ? Math.ceil(Math.log2(norm / LARGEST_NORM)) : 0;
  const a = matrix.map((value) => value / 2 ** squarings);
  const a2 = multiply(a, a, n);
  const a4 = multiply(a2, a2, n);
  const a6 = multiply(a4, a2, n);
  const combine = (c6: number, c4: number, c2: number, c0: number): Float64Array =>
    a6.map((value, i) => c6 * value + c4 * a4[i] + c2 * a2[i] + (i % (n + 1) === 0 ? c0 : 0));
  const sum = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, i) => value + y[i]);
  const odd = multiply(
    a,
    sum(
      multiply(a6, combine(PADE[13], PADE[11], PADE[9], 0), n),
      combine(PADE[7], PADE[5], PADE[3], PADE[1]),
    ),
    n,
  );
  const even = sum(
    multiply(a6, combine(PADE[12], PADE[10], PADE[8], 0), n),
    combine(PADE[6], PADE[4], PADE[2], PADE[0]),
  );
  const denominator = even.map((value, i) => value - odd[i]);
  let result: Float64Array = new Float64Array(n * n);
  solveFactorized(factorize(denominator, 0, n), sum(even, odd), result, 0, n);
  for (let i = 0; i < squarings; i++) result = multiply(result, result, n);
  return result;
}
