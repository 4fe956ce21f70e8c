/** The normal distribution function's logarithm and inverse, and the scaled complement of erf, also far out, in float64. */
import { erfc } from './special.js';

const FAR = 5;

/** e^(x²) erfc(x): from 5 on by its continued fraction (Abramowitz and Stegun, 7.1.14). */
export function scaledErfc(x: number): number {
  if (x < FAR) return Math.exp(x * x) * erfc(x);
  let fraction = x;
  for (let k = 60; k > 0; k--) fraction = x + k / 2 / fraction;
  return 1 / (fraction * Math.sqrt(Math.PI));
}

/** ln Φ(x). */
export function logNormalCdf(x: number): number {
  if (x < -1) return Math.log(scaledErfc(-x * Math.SQRT1_2) / 2) - (x * x) / 2;
  return Math.log1p(-erfc(x * Math.SQRT1_2) / 2);
}

/** The x with Φ(x) = p, by Newton's method on ln Φ, which is concave, from below. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  const wanted = Math.log(p);
  // Φ(−t) ≤ e^(−t²/2) / 2, so that this is below x.
  let x = -Math.sqrt(Math.max(0, -2 * Math.log(2 * p)));
  for (let i = 0; i < 50; i++) {
    const value = logNormalCdf(x);
    // φ(x) / Φ(x)
    const slope = Math.exp(-(x * x) / 2 - value) / Math.sqrt(2 * Math.PI);
    const step = (wanted - value) / slope;
    x += step;
    if (Math.abs(step) <= 1e-15 * Math.abs(x)) break;
  }
  return x;
}
