/**
 * Numbers that are drawn until one is accepted: gamma, Poisson and binomial ones, in the order in which PyTorch's CPU
 * kernels draw them. Nothing here knows tensors.
 */
import { lgamma } from '../kernels/gamma.js';
import type { Generator } from './generator.js';

/** Gamma(alpha, 1), by the method of Marsaglia and Tsang (2000); below 1 from Gamma(alpha + 1), times u^(1 / alpha). */
export function drawGamma(alpha: number, generator: Generator): number {
  if (alpha === 0) return 0;
  let scale = 1;
  let shape = alpha;
  if (alpha < 1) {
    scale = (1 - generator.uniform53()) ** (1 / alpha);
    shape = alpha + 1;
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = generator.normal();
    const y = 1 + c * x;
    if (!(y > 0)) {
      if (Number.isNaN(y)) return Number.NaN;
      continue;
    }
    const v = y * y * y;
    const u = 1 - generator.uniform53();
    const square = x * x;
    if (u < 1 - 0.0331 * square * square) return scale * d * v;
    if (Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return scale * d * v;
  }
}

/** From this mean on by rejection (Hörmann 1993), below by products of uniform numbers (Knuth). */
const POISSON_REJECTION = 10;

/** Poisson's distribution of mean `rate`. */
export function drawPoisson(rate: number, generator: Generator): number {
  if (rate === 0) return 0;
  if (!(rate < Infinity)) return rate;
  if (rate < POISSON_REJECTION) {
    const least = Math.exp(-rate);
    let k = 0;
    for (let product = generator.uniform53(); product > least; k++) product *= generator.uniform53();
    return k;
  }
  const log = Math.log(rate);
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverse = 1.1239 + 1.1328 / (b - 3.4);
  const bound = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = generator.uniform53() - 0.5;
    const v = generator.uniform53();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= bound) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const density = k * log - rate - lgamma(k + 1);
    if (Math.log(v) + Math.log(inverse) - Math.log(a / (us * us) + b) <= density) return k;
  }
}

/** From so many expected successes on by rejection, below by the gaps between them. */
const BINOMIAL_REJECTION = 10;

/** How many of `trials` succeed with probability p each. */
export function drawBinomial(trials: number, p: number, generator: Generator): number {
  if (trials <= 0 || p <= 0) return 0;
  if (p >= 1) return trials;
  if (!(p > 0)) return Number.NaN;
  const rare = Math.min(p, 1 - p);
  const k =
    trials * rare >= BINOMIAL_REJECTION
      ? byRejection(trials, rare, generator)
      : byGaps(trials, rare, generator);
  return p <= 0.5 ? k : trials - k;
}

/** Adds up geometric numbers, the distances between successes. */
function byGaps(trials: number, p: number, generator: Generator): number {
  const log = Math.log1p(-p);
  let k = 0;
  for (let at = 0; ; k++) {
    at += Math.ceil(Math.log(generator.uniform53()) / log);
    if (at > trials) return k;
  }
}

/** The transformed rejection with squeeze of Hörmann (1993), BTRS. */
function byRejection(trials: number, p: number, generator: Generator): number {
  const stddev = Math.sqrt(trials * p * (1 - p));
  const b = 1.15 + 2.53 * stddev;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const center = trials * p + 0.5;
  const bound = 0.92 - 4.2 / b;
  const odds = p / (1 - p);
  const alpha = (2.83 + 5.1 / b) * stddev;
  const mode = Math.floor((trials + 1) * p);
  for (;;) {
    const u = generator.uniform53() - 0.5;
    const v = generator.uniform53();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + center);
    if (us >= 0.07 && v <= bound) return k;
    if (k < 0 || k > trials) continue;
    const most =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (trials - mode + 1))) +
      (trials + 1) * Math.log((trials - mode + 1) / (trials - k + 1)) +
      (k + 0.5) * Math.log((odds * (trials - k + 1)) / (k + 1)) +
      stirling(mode) +
      stirling(trials - mode) -
      stirling(k) -
      stirling(trials - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= most) return k;
  }
}

/** ln k! − (k + ½) ln (k + 1) + (k + 1) − ½ ln 2π: what Stirling's formula lacks. */
function stirling(k: number): number {
  if (k < 10) return lgamma(k + 1) - (k + 0.5) * Math.log(k + 1) + (k + 1) - 0.5 * Math.log(2 * Math.PI);
  const square = (k + 1) ** 2;
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}
