/** The mathematics behind some initializations, in double precision. */

/** Distribution function of N(0, 1). */
export function normalCdf(x: number): number {
  return (1 + erf(x / Math.SQRT2)) / 2;
}

/** (2/√π) ∫₀ˣ e^(-t²) dt, by its Taylor series, or by the continued fraction of 1 - erf where that is small. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
      if (n > 100) break;
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  const tail = Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction));
  return Math.sign(x) * (1 - tail);
}

/** The x with erf(x) = y, -1 ≤ y ≤ 1: Winitzki's approximation made exact by Newton's method. */
export function erfinv(y: number): number {
  if (y <= -1) return -Infinity;
  if (y >= 1) return Infinity;
  const a = 0.147;
  const l = Math.log1p(-y * y);
  const b = 2 / (Math.PI * a) + l / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(b * b - l / a) - b);
  for (let i = 0; i < 3; i++) x -= (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  return x;
}

/**
 * The orthonormal factor of a matrix (row-major, `rows` by `columns`): of its QR decomposition where it has at least as
 * many rows as columns, else of its transpose's, transposed back; signs such that R has a positive diagonal.
 */
export function orthonormalRows(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const tall = rows >= columns;
  const count = tall ? columns : rows;
  const length = tall ? rows : columns;
  const element = tall ? 1 : columns;
  const vector = tall ? columns : 1;
  // Vectors v_k, elements v_k[i] at k * element + i * vector. Gram-Schmidt twice is orthogonal to rounding.
  const at = (k: number, i: number): number => k * element + i * vector;
  for (let k = 0; k < count; k++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < k; other++) {
        let dot = 0;
        for (let i = 0; i < length; i++) dot += matrix[at(k, i)] * matrix[at(other, i)];
        for (let i = 0; i < length; i++) matrix[at(k, i)] -= dot * matrix[at(other, i)];
      }
    }
    let square = 0;
    for (let i = 0; i < length; i++) square += matrix[at(k, i)] ** 2;
    const norm = Math.sqrt(square);
    for (let i = 0; i < length; i++) matrix[at(k, i)] /= norm;
  }
  return matrix;
}
