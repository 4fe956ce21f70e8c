/**
 * Of large tensors some numbers are looked at instead of all: what is drawn and judged (a histogram, a mean, a deviation, shares) is
 * within a percent or so of the whole with 16,384 of them, and a look costs the same however large the model is.
 */

import type { Tensor } from '../tensor.js';
import { describe, type Distribution } from './distribution.js';

/** At most so many numbers of one tensor are looked at. */
export const EXAMINED = 16_384;

type Floats = Float32Array | Float64Array;

const single = new Float32Array(EXAMINED);
const double = new Float64Array(EXAMINED);

/**
 * All numbers, or at most `EXAMINED` evenly spread over them, in their order. These lie where the next ones will: use them at once.
 *
 * The step from one to the next has no common factor with the number of all, lest it meet the same columns of every row.
 */
export function spread(values: Floats): Floats {
  if (values.length <= EXAMINED) return values;
  const stride = strideOver(values.length, EXAMINED);
  return gather(values, 1, stride);
}

/** A norm beyond which the largest number matters, so that all are looked at. */
const LARGE = 100;

/**
 * Describes a tensor by some of its numbers, where that is enough: NaN, infinities and gradients that explode are rare and large, and what
 * is 0 for the most part may be 0 wherever one looks. The norm, which takes a tenth of the time, tells.
 *
 * @param values what the tensor holds
 */
export function examine(tensor: Tensor, values: Floats): Distribution {
  if (values.length <= EXAMINED) return describe(values);
  const norm = tensor.detach().norm().item();
  if (!(norm <= LARGE)) return describe(values);
  const found = describe(spread(values));
  return norm > 0 && found.zero === found.count ? describe(values) : found;
}

/** Of each of so many examples the same places, as many as there is room for. */
export function spreadExamples(values: Floats, examples: number): Floats {
  const size = values.length / examples;
  if (values.length <= EXAMINED) return values;
  const stride = strideOver(size, Math.max(1, Math.floor(EXAMINED / examples)));
  return gather(values, examples, stride);
}

/** The smallest step by which no more than `most` of `length` places are met, that has no common factor with `length`. */
export function strideOver(length: number, most: number): number {
  let stride = Math.ceil(length / most);
  while (commonFactor(stride, length) > 1) stride += 1;
  return stride;
}

function commonFactor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

function gather(values: Floats, rows: number, stride: number): Floats {
  const into = values instanceof Float32Array ? single : double;
  const width = values.length / rows;
  let at = 0;
  for (let begin = 0; begin < values.length; begin += width)
    for (let i = begin, end = begin + width; i < end; i += stride) into[at++] = values[i];
  return into.subarray(0, at);
}
