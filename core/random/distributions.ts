/**
 * Samples written into arrays, each in the order and precision in which PyTorch's CPU kernels draw them. Nothing here
 * knows tensors: a tensor's memory is handed in as an array of its dtype.
 */

import type { Generator } from './generator.js';

export type FloatArray = Float32Array | Float64Array;
/** Any array a tensor's memory may be seen as. */
export type NumberArray = FloatArray | Int32Array | Uint8Array;

/** Draws are made in blocks of this many words: large enough to hide the call, small enough for the first cache. */
const BLOCK = 2048;
const words = new Int32Array(BLOCK);

/** PyTorch switches to its vectorised normal sampler from this many elements. */
const NORMAL_VECTOR = 16;

/** out[i] ~ U[from, to): 24 random bits a float32 (one draw), 53 a float64 (two draws). */
export function fillUniform(out: FloatArray, from: number, to: number, generator: Generator): void {
  if (out instanceof Float32Array) fillUniform32(out, from, to, generator);
  else for (let i = 0; i < out.length; i++) out[i] = generator.uniform53() * (to - from) + from;
}

function fillUniform32(out: Float32Array, from: number, to: number, generator: Generator): void {
  const n = out.length;
  const range = Math.fround(to - from);
  for (let start = 0; start < n; start += BLOCK) {
    const count = Math.min(BLOCK, n - start);
    generator.randomWords(count === BLOCK ? words : words.subarray(0, count));
    for (let i = 0; i < count; i++) out[start + i] = (words[i] & 0xffffff) * 2 ** -24 * range + from;
  }
}

/**
 * out[i] ~ N(mean, std²), by the Box-Muller transform. Fewer than 16 elements are drawn in pairs with 53 bits (and the
 * second of a pair is kept in the generator); more are drawn 16 at a time at the precision of `out`, the last 16 drawn
 * anew where 16 does not divide the count. Both are PyTorch's ways, so the numbers are PyTorch's.
 */
export function fillNormal(out: FloatArray, mean: number, std: number, generator: Generator): void {
  const n = out.length;
  if (n < NORMAL_VECTOR) {
    for (let i = 0; i < n; i++) out[i] = generator.normal() * std + mean;
    return;
  }
  fillUniform(out, 0, 1, generator);
  for (let start = 0; start + NORMAL_VECTOR <= n; start += NORMAL_VECTOR) boxMuller(out, start, mean, std);
  if (n % NORMAL_VECTOR !== 0) {
    fillUniform(out.subarray(n - NORMAL_VECTOR), 0, 1, generator);
    boxMuller(out, n - NORMAL_VECTOR, mean, std);
  }
}

/** Turns 16 uniform numbers from `start` into normal ones: the first half gives the radii, the second the angles. */
function boxMuller(data: FloatArray, start: number, mean: number, std: number): void {
  const half = NORMAL_VECTOR / 2;
  for (let i = start; i < start + half; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - data[i])) * std;
    const theta = 2 * Math.PI * data[i + half];
    data[i] = radius * Math.cos(theta) + mean;
    data[i + half] = radius * Math.sin(theta) + mean;
  }
}

/** out[i] = e^z with z ~ N(mean, std²). */
export function fillLogNormal(out: FloatArray, mean: number, std: number, generator: Generator): void {
  for (let i = 0; i < out.length; i++) out[i] = Math.exp(generator.normal() * std + mean);
}

/** out[i] ~ Exp(rate): -ln(1 - u) / rate. */
export function fillExponential(out: FloatArray, rate: number, generator: Generator): void {
  for (let i = 0; i < out.length; i++) out[i] = (-1 / rate) * Math.log1p(-generator.uniform53());
}

/** out[i] ~ Cauchy(median, sigma): median + sigma tan(π (u - 1/2)). */
export function fillCauchy(out: FloatArray, median: number, sigma: number, generator: Generator): void {
  for (let i = 0; i < out.length; i++) {
    out[i] = median + sigma * Math.tan(Math.PI * (generator.uniform53() - 0.5));
  }
}

/** out[i]: number of trials up to the first success, each of probability p: ⌈ln u / ln(1 - p)⌉. */
export function fillGeometric(out: NumberArray, p: number, generator: Generator): void {
  for (let i = 0; i < out.length; i++) out[i] = Math.ceil(Math.log(generator.uniform53()) / Math.log1p(-p));
}

/** out[i] is `on` with probability p, else 0; one number p for all is compared with 53 random bits. */
export function fillBernoulli(out: NumberArray, p: number, generator: Generator, on = 1): void {
  // u < p exactly when the 53-bit integer is below ⌈p 2⁵³⌉, so the high word nearly always decides.
  const bound = Math.ceil(p * 2 ** 53);
  const boundHigh = Math.floor(bound / 2 ** 32);
  const boundLow = bound - boundHigh * 2 ** 32;
  const n = out.length;
  const half = BLOCK / 2;
  for (let start = 0; start < n; start += half) {
    const count = Math.min(half, n - start);
    generator.randomWords(count === half ? words : words.subarray(0, 2 * count));
    for (let i = 0; i < count; i++) {
      const high = words[2 * i] & 0x1fffff;
      const below = high < boundHigh || (high === boundHigh && words[2 * i + 1] >>> 0 < boundLow);
      out[start + i] = below ? on : 0;
    }
  }
}

/** out[i] is 1 with probability p[i], compared at the precision of `p`. */
export function fillBernoulliOf(out: NumberArray, p: FloatArray, generator: Generator): void {
  const single = p instanceof Float32Array;
  for (let i = 0; i < out.length; i++) {
    out[i] = (single ? generator.uniform24() : generator.uniform53()) < p[i] ? 1 : 0;
  }
}

/** out[i] uniform among the integers from `low` to `high - 1`; ranges of 2³² and more take two draws a number. */
export function fillRandomIntegers(out: NumberArray, low: number, high: number, generator: Generator): void {
  const range = high - low;
  for (let i = 0; i < out.length; i++) out[i] = randomInteger(range, generator) + low;
}

function randomInteger(range: number, generator: Generator): number {
  if (range < 2 ** 32) return generator.random() % range;
  return Number(generator.random64() % BigInt(range));
}

/** Fills `out` with a random permutation of 0, 1, …, n - 1 (Fisher and Yates, from the front). */
export function fillPermutation(out: NumberArray, generator: Generator): void {
  const n = out.length;
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = 0; i < n - 1; i++) {
    const other = i + (generator.random() % (n - i));
    const value = out[i];
    out[i] = out[other]!;
    out[other] = value;
  }
}

/**
 * Draws `out.length` indices in proportion to `weights` with replacement, by bisection of the cumulative weights
 * (added up at the precision of `weights`).
 */
export function sampleWithReplacement(out: NumberArray, weights: FloatArray, generator: Generator): void {
  const cumulative = weights.slice();
  for (let i = 1; i < cumulative.length; i++) cumulative[i] += cumulative[i - 1];
  const last = cumulative.length - 1;
  const sum = cumulative[last];
  if (sum > 1.00001 || sum < 0.99999) for (let i = 0; i <= last; i++) cumulative[i] /= sum;
  cumulative[last] = 1;
  for (let k = 0; k < out.length; k++) {
    const u = generator.uniform53();
    let left = 0;
    let right = cumulative.length;
    while (left < right) {
      const middle = (left + right) >>> 1;
      if (cumulative[middle] < u) left = middle + 1;
      else right = middle;
    }
    out[k] = left;
  }
}

/**
 * Draws `count` distinct indices from each row of `weights` (rows of `size`), row after row: the largest of
 * weight / Exp(1), in falling order (the Gumbel top-k trick).
 */
export function sampleWithoutReplacement(
  out: NumberArray,
  weights: FloatArray,
  size: number,
  count: number,
  generator: Generator,
): void {
  const scores = weights.slice();
  fillExponential(scores, 1, generator);
  for (let i = 0; i < scores.length; i++) scores[i] = weights[i] / scores[i];
  for (let row = 0; row * size < scores.length; row++) {
    const part = scores.subarray(row * size, (row + 1) * size);
    const order = Array.from(part.keys()).sort((a, b) => part[b] - part[a]);
    for (let k = 0; k < count; k++) out[row * count + k] = order[k]!;
  }
}
