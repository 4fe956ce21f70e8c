/** The regularized incomplete gamma functions and Hurwitz's zeta function, in float64. */
import { lgamma } from './gamma.js';

/** Terms below this part of the sum are left out. */
const LEAST = 1e-17;
/** From here on xᵃ e⁻ˣ / Γ(a) is computed with Stirling's series: its factors would be too large. */
const LARGE = 20;

/** xᵃ e⁻ˣ / Γ(a). */
function density(a: number, x: number): number {
  if (a < LARGE) return Math.exp(a * Math.log(x) - x - lgamma(a));
  // √(a / 2π) e^(−a (d − ln(1 + d))) over Stirling's correction, with d = (x − a) / a.
  const d = (x - a) / a;
  const distance = Math.abs(d) < 0.1 ? besideLog(d) : d - Math.log1p(d);
  const z = 1 / (a * a);
  const correction = (1 / a) * (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z / 1680)));
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(-a * distance - correction);
}

/** d − ln(1 + d) for small d, by its series: the difference would lose digits. */
function besideLog(d: number): number {
  let power = d * d;
  let sum = 0;
  for (let k = 2; k < 40; k++) {
    const term = power / k;
    sum += k % 2 === 0 ? term : -term;
    if (Math.abs(term) < LEAST * Math.abs(sum)) break;
    power *= d;
  }
  return sum;
}

/** P(a, x) = xᵃ e⁻ˣ / Γ(a) Σ xᵏ / (a (a + 1) … (a + k)), which converges fast for x below a. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; term > LEAST * sum; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return density(a, x) * sum;
}

/** Q(a, x) = xᵃ e⁻ˣ / Γ(a) · 1 / (x + 1 − a − 1 (1 − a) / (x + 3 − a − …)), Lentz's way, for x above a. */
function upperFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const step = -i * (i - a);
    b += 2;
    d = step * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + step / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const change = d * c;
    h *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return density(a, x) * h;
}

/** Q(a, x) for small x, from P's series without its first factor: 1 − P would lose digits where a is small, too. */
function upperSeries(a: number, x: number): number {
  // 1 − xᵃ / Γ(a + 1) = −expm1(a ln x − lnΓ(a + 1)); the rest of P's series is −xᵃ / Γ(a) Σ (−x)ᵏ / (k! (a + k)).
  let term = 1;
  let sum = 0;
  for (let k = 1; k < 200; k++) {
    term *= -x / k;
    const part = term / (a + k);
    sum += part;
    if (Math.abs(part) < LEAST * Math.abs(sum)) break;
  }
  const power = a * Math.log(x) - lgamma(a + 1);
  return -Math.expm1(power) - a * Math.exp(power) * sum;
}

/** P(a, x) at the ends of what is defined, and NaN beyond; undefined between. */
function atEnds(a: number, x: number): number | undefined {
  if (!(x >= 0 && a >= 0) || (a === 0 && x === 0)) return Number.NaN;
  if (a === 0) return 1;
  if (x === 0) return 0;
  if (a === Infinity) return x === Infinity ? Number.NaN : 0;
  return x === Infinity ? 1 : undefined;
}

/** The share of the gamma distribution of shape a below x: P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a); NaN below 0. */
export function igamma(a: number, x: number): number {
  return atEnds(a, x) ?? (x <= 1 || x <= a ? lowerSeries(a, x) : 1 - upperFraction(a, x));
}

/** The share above x: Q(a, x) = 1 − P(a, x), also where it is too small to be a difference from 1. */
export function igammac(a: number, x: number): number {
  const end = atEnds(a, x);
  if (end !== undefined) return 1 - end;
  if (x <= 1.1 && a <= 1.1) return upperSeries(a, x);
  return x <= a ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** (2k)! / B₂ₖ, k from 1 to 12. */
const BERNOULLI = [
  12,
  -720,
  30240,
  -1209600,
  47900160,
  -1307674368000 / 691,
  74724249600,
  -10670622842880000 / 3617,
  5109094217170944000 / 43867,
  -8.028576626982912e20 / 174611,
  1.4101100039391806e22 / 77683,
  -7.166165256175667e18,
];

/** Σ 1 / (k + q)ˣ, k from 0 on, by Euler's and Maclaurin's formula after the first ten; ∞ for x = 1, NaN below. */
export function zeta(x: number, q: number): number {
  if (x === 1) return Infinity;
  if (!(x > 1)) return Number.NaN;
  if (q <= 0) {
    if (Number.isInteger(q)) return Infinity;
    if (!Number.isInteger(x)) return Number.NaN;
  }
  let sum = q ** -x;
  let a = q;
  let power = 0;
  for (let i = 0; i < 9 || a <= 9; i++) {
    a += 1;
    power = a ** -x;
    sum += power;
    if (power < 1e-17 * Math.abs(sum)) return sum;
  }
  sum += (power * a) / (x - 1) - 0.5 * power;
  let factor = 1;
  for (let k = 0; k < BERNOULLI.length; k++) {
    factor *= x + 2 * k;
    power /= a;
    const term = (factor * power) / BERNOULLI[k];
    sum += term;
    if (Math.abs(term / sum) < 1e-17) break;
    factor *= x + 2 * k + 1;
    power /= a;
  }
  return sum;
}
