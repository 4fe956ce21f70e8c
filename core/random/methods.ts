/** Filling a tensor with random numbers in place: the functions behind `x.uniform_()`, `x.normal_()` and the like. */

import { isWideFloat } from '../dtype.js';
import { checkWritable } from '../ops/inplace.js';
import { expandTo } from '../ops/shape.js';
import { contiguousData, elements, inDType } from '../ops/raw.js';
import type { Tensor } from '../tensor.js';
import {
  fillBernoulli,
  fillBernoulliOf,
  fillCauchy,
  fillExponential,
  fillGeometric,
  fillLogNormal,
  fillNormal,
  fillRandomIntegers,
  fillUniform,
} from './distributions.js';
import { defaultGenerator } from './generator.js';
import { fillTensor, redraw, writeElements } from './in-place.js';
import { checkRange, type DrawOptions } from './tensors.js';

/** Fills with numbers uniform in [from, to). */
export function uniform_(input: Tensor, from = 0, to = 1, options: DrawOptions = {}): Tensor {
  checkWritable('uniform_', input);
  if (!(from <= to)) throw new RangeError(`uniform_: expected from ≤ to, got ${from} and ${to}`);
  return redraw(input, (x) =>
    fillTensor('uniform_', x, (out) => fillUniform(out, from, to, options.generator ?? defaultGenerator)),
  );
}

/** Fills with numbers of N(mean, std²). */
export function normal_(input: Tensor, mean = 0, std = 1, options: DrawOptions = {}): Tensor {
  checkWritable('normal_', input);
  if (!(std >= 0)) throw new RangeError(`normal_: std must not be negative, got ${std}`);
  return redraw(input, (x) =>
    fillTensor('normal_', x, (out) => fillNormal(out, mean, std, options.generator ?? defaultGenerator)),
  );
}

/** Fills with e^z, z of N(mean, std²). */
export function logNormal_(input: Tensor, mean = 1, std = 2, options: DrawOptions = {}): Tensor {
  checkWritable('logNormal_', input);
  if (!(std > 0)) throw new RangeError(`logNormal_: std must be positive, got ${std}`);
  return redraw(input, (x) =>
    fillTensor('logNormal_', x, (out) =>
      fillLogNormal(out, mean, std, options.generator ?? defaultGenerator),
    ),
  );
}

/** Fills with numbers of the exponential distribution of the given rate. */
export function exponential_(input: Tensor, rate = 1, options: DrawOptions = {}): Tensor {
  checkWritable('exponential_', input);
  if (!(rate > 0)) throw new RangeError(`exponential_: the rate must be positive, got ${rate}`);
  return redraw(input, (x) =>
    fillTensor('exponential_', x, (out) => fillExponential(out, rate, options.generator ?? defaultGenerator)),
  );
}

/** Fills with numbers of the Cauchy distribution. */
export function cauchy_(input: Tensor, median = 0, sigma = 1, options: DrawOptions = {}): Tensor {
  checkWritable('cauchy_', input);
  if (!(sigma > 0)) throw new RangeError(`cauchy_: sigma must be positive, got ${sigma}`);
  return redraw(input, (x) =>
    fillTensor('cauchy_', x, (out) => fillCauchy(out, median, sigma, options.generator ?? defaultGenerator)),
  );
}

/** Fills with numbers of trials up to the first success of probability p. */
export function geometric_(input: Tensor, p: number, options: DrawOptions = {}): Tensor {
  checkWritable('geometric_', input);
  if (!(p > 0 && p < 1)) throw new RangeError(`geometric_: p must be in (0, 1), got ${p}`);
  return redraw(input, (x) =>
    writeElements(x, (out) => fillGeometric(out, p, options.generator ?? defaultGenerator)),
  );
}

/** Fills with 1 with probability p, else 0; p is a number for all or a tensor with one an element. */
export function bernoulli_(input: Tensor, p: Tensor | number = 0.5, options: DrawOptions = {}): Tensor {
  checkWritable('bernoulli_', input);
  const generator = options.generator ?? defaultGenerator;
  if (typeof p === 'number') {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`bernoulli_: p must be in [0, 1], got ${p}`);
    return redraw(input, (x) => writeElements(x, (out) => fillBernoulli(out, p, generator)));
  }
  const probabilities = elements(
    contiguousData(
      inDType(expandTo(p, input.shape), isWideFloat(p.dtype) ? p.dtype : 'float32', 'bernoulli_'),
      'bernoulli_',
    ),
  );
  return writeElements(input, (out) => {
    if (probabilities instanceof Float32Array || probabilities instanceof Float64Array) {
      fillBernoulliOf(out, probabilities, generator);
    }
  });
}

/** Largest integer up to which every one is exact, of the dtypes that `random_` without bounds fills. */
const FULL_RANGE = {
  float32: 2 ** 24 + 1,
  float64: 2 ** 53,
  float16: 2 ** 11 + 1,
  bfloat16: 2 ** 8 + 1,
  int64: 2 ** 53,
  int32: 2 ** 31,
  uint8: 256,
  bool: 2,
};

/** Fills with integers uniform in [from, to); without bounds over all that the dtype holds exactly, from 0. */
export function random_(
  input: Tensor,
  from = 0,
  to = FULL_RANGE[input.dtype],
  options: DrawOptions = {},
): Tensor {
  checkWritable('random_', input);
  if (to - 1 <= Number.MAX_SAFE_INTEGER) checkRange('random_', from, Math.min(to, Number.MAX_SAFE_INTEGER));
  return redraw(input, (x) =>
    writeElements(x, (out) => fillRandomIntegers(out, from, to, options.generator ?? defaultGenerator)),
  );
}
