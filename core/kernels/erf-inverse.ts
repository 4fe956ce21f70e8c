/**
 * The inverse of erf, in float64, by Wichura's rational approximations of the normal distribution's quantiles, to about
 * one part in 10¹⁶ (Algorithm AS 241, Applied Statistics 37, 1988).
 */

import { erfc } from './special.js';

const SQRT_PI = Math.sqrt(Math.PI);

/** For quantiles of 0.075 to 0.925. */
function central(r: number): number {
  const p =
    ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r +
      45921.953931549871457) *
      r +
      13731.693765509461125) *
      r +
      1971.5909503065514427) *
      r +
      133.14166789178437745) *
      r +
    3.387132872796366608;
  const q =
    ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r +
      21213.794301586595867) *
      r +
      5394.1960214247511077) *
      r +
      687.1870074920579083) *
      r +
      42.313330701600911252) *
      r +
    1;
  return p / q;
}

/** For quantiles further out, down to e⁻²⁵; r is √(−ln quantile) − 1.6. */
function outer(r: number): number {
  const p =
    ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r +
      1.27045825245236838258) *
      r +
      3.64784832476320460504) *
      r +
      5.7694972214606914055) *
      r +
      4.6303378461565452959) *
      r +
    1.42343711074968357734;
  const q =
    ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r +
      0.14810397642748007459) *
      r +
      0.68976733498510000455) *
      r +
      1.6763848301838038494) *
      r +
      2.05319162663775882187) *
      r +
    1;
  return p / q;
}

/** For the quantiles beyond; r is √(−ln quantile) − 5. */
function farthest(r: number): number {
  const p =
    ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r +
      0.026532189526576123093) *
      r +
      0.29656057182850489123) *
      r +
      1.7848265399172913358) *
      r +
      5.4637849111641143699) *
      r +
    6.6579046435011037772;
  const q =
    ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r +
      7.868691311456132591e-4) *
      r +
      0.0148753612908506148525) *
      r +
      0.13692988092273580531) *
      r +
      0.59983220655588793769) *
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
