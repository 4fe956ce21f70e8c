/**
 * Modified Bessel functions of the first kind, scaled by e^−|x|, in float64: their power series, whose terms are all
 * positive, and from 30 on the asymptotic one (Abramowitz and Stegun, 9.6.10 and 9.7.1).
 */

const FAR = 30;

/** e^−x I_order(x) for x ≥ 0 and order 0 or 1. */
function scaled(order: 0 | 1, x: number): number {
  if (x > FAR) return asymptotic(order, x);
  const quarter = (x * x) / 4;
  let term = order === 0 ? 1 : x / 2;
  let sum = term;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * (k + order));
    sum += term;
  }
  return sum * Math.exp(-x);
}

function asymptotic(order: 0 | 1, x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 30; k++) {
    const next = (-term * (4 * order * order - (2 * k - 1) ** 2)) / (8 * k * x);
    if (Math.abs(next) >= Math.abs(term) || Math.abs(next) < 1e-18) break;
    term = next;
    sum += term;
  }
  return sum / Math.sqrt(2 * Math.PI * x);
}

/** e^−|x| I₀(x). */
export function besselI0e(x: number): number {
  return Number.isNaN(x) ? x : Math.abs(x) === Infinity ? 0 : scaled(0, Math.abs(x));
}

/** e^−|x| I₁(x). */
export function besselI1e(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) === Infinity) return 0;
  return x < 0 ? -scaled(1, -x) : scaled(1, x);
}
