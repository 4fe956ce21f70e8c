/**
 * The inverse of erf, in float64, by Wichura's rational approximations of the normal distribution's quantiles, to about
 * one part in 10¹⁶ (Algorithm AS 241, Applied Statistics 37, 1988).
 */

import { erfc } from './special.js';

const SQRT_PI = Math.sqrt(Math.PI);

/** For quantiles of 0.075 to 0.925. */
function central(r: number): number {
  const p =
    ((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) * r +
      13731.69376550946) *
      r +
      1971.5909503065513) *
      r +
      133.14166789178438) *
      r +
    3.3871328727963665;
  const q =
    ((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) * r +
      5394.196021424751) *
      r +
      687.1870074920579) *
      r +
      42.31333070160091) *
      r +
    1;
  return p / q;
}

/** For quantiles further out, down to e⁻²⁵; r is √(−ln quantile) − 1.6. */
function outer(r: number): number {
  const p =
    ((((((0.0007745450142783414 * r + 0.022723844989269184) * r + 0.2417807251774506) * r +
      1.2704582524523684) *
      r +
      3.6478483247632045) *
      r +
      5.769497221460691) *
      r +
      4.630337846156546) *
      r +
    1.4234371107496835;
  const q =
    ((((((1.0507500716444169e-9 * r + 0.0005475938084995345) * r + 0.015198666563616457) * r +
      0.14810397642748008) *
      r +
      0.6897673349851) *
      r +
      1.6763848301838038) *
      r +
      2.053191626637759) *
      r +
    1;
  return p / q;
}

/** For the quantiles beyond; r is √(−ln quantile) − 5. */
function farthest(r: number): number {
  const p =
    ((((((2.0103343992922881e-7 * r + 2.7115555687434876e-5) * r + 0.0012426609473880784) * r +
      0.026532189526576124) *
      r +
      0.29656057182850487) *
      r +
      1.7848265399172913) *
      r +
      5.463784911164114) *
      r +
    6.657904643501103;
  const q =
    ((((((2.0442631033899397e-15 * r + 1.421511758316446e-7) * r + 1.8463183175100548e-5) * r +
      0.0007868691311456133) *
      r +
      0.014875361290850615) *
      r +
      0.1369298809227358) *
      r +
      0.599832206555888) *
      r +
    1;
  return p / q;
}

/** The x with erf(x) = y, for |y| < 1. */
export function erfInverse(y: number): number {
  // Quantile (1 + y) / 2, divided by √2.
  const half = y * 0.5;
  if (half <= 0.425 && half >= -0.425) return half * Math.SQRT1_2 * central(0.180625 - half * half);
  const size = Math.abs(y);
  if (!(size < 1)) return size === 1 ? y * Infinity : Number.NaN;
  const r = Math.sqrt(-Math.log((1 - size) * 0.5));
  const x = Math.SQRT1_2 * (r <= 5 ? outer(r - 1.6) : farthest(r - 5));
  // The logarithm's rounding costs some units in the last place, which one step of Newton's method gives back; erfc keeps
  // the digits that erf loses.
  const polished = x - (1 - size - erfc(x)) * 0.5 * SQRT_PI * Math.exp(x * x);
  return y < 0 ? -polished : polished;
}
