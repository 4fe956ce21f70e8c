/** Random functions as methods of tensors: `x.uniform_()`, `p.bernoulli()`, … */

import { type MethodOp, methodOp } from '../ops/record.js';
import * as inPlace from './methods.js';
import * as draws from './tensors.js';

/** Fills with numbers uniform in [from, to). */
export const uniform_: MethodOp<typeof inPlace.uniform_> = methodOp<typeof inPlace.uniform_>(
  {
    name: 'uniform_',
    random: true,
    samples: (make) => [
      [make([2, 3], { requiresGrad: false })],
      [make([2, 3], { requiresGrad: false }), -1, 4],
    ],
    torch: 'Tensor.uniform_',
    params: ['input', 'from', 'to', 'options'],
  },
  inPlace.uniform_,
);

/** Fills with numbers of N(mean, std²). */
export const normal_: MethodOp<typeof inPlace.normal_> = methodOp<typeof inPlace.normal_>(
  {
    name: 'normal_',
    random: true,
    samples: (make) => [[make([2, 3], { requiresGrad: false }), 1, 0.5]],
    torch: 'Tensor.normal_',
    params: ['input', 'mean', 'std', 'options'],
  },
  inPlace.normal_,
);

/** Fills with e^z, z of N(mean, std²). */
export const logNormal_: MethodOp<typeof inPlace.logNormal_> = methodOp<typeof inPlace.logNormal_>(
  {
    name: 'logNormal_',
    random: true,
    samples: (make) => [[make([2, 3], { requiresGrad: false })]],
    torch: 'Tensor.log_normal_',
    params: ['input', 'mean', 'std', 'options'],
  },
  inPlace.logNormal_,
);

/** Fills with numbers of the exponential distribution of the given rate, density rate · e^(−rate x). */
export const exponential_: MethodOp<typeof inPlace.exponential_> = methodOp<typeof inPlace.exponential_>(
  {
    name: 'exponential_',
    random: true,
    samples: (make) => [[make([2, 3], { requiresGrad: false }), 2]],
    torch: 'Tensor.exponential_',
    params: ['input', 'rate', 'options'],
  },
  inPlace.exponential_,
);

/** Fills with numbers of the Cauchy distribution, density σ / (π ((x − median)² + σ²)). */
export const cauchy_: MethodOp<typeof inPlace.cauchy_> = methodOp<typeof inPlace.cauchy_>(
  {
    name: 'cauchy_',
    random: true,
    samples: (make) => [[make([2, 3], { requiresGrad: false })]],
    torch: 'Tensor.cauchy_',
    params: ['input', 'median', 'sigma', 'options'],
  },
  inPlace.cauchy_,
);

/** Fills with numbers of trials up to the first success of probability p. */
export const geometric_: MethodOp<typeof inPlace.geometric_> = methodOp<typeof inPlace.geometric_>(
  {
    name: 'geometric_',
    random: true,
    samples: (make) => [[make([2, 3], { requiresGrad: false }), 0.4]],
    torch: 'Tensor.geometric_',
    params: ['input', 'p', 'options'],
  },
  inPlace.geometric_,
);

/** Fills with 1 with probability p, else 0; p is a number for all or a tensor with one an element. */
export const bernoulli_: MethodOp<typeof inPlace.bernoulli_> = methodOp<typeof inPlace.bernoulli_>(
  {
    name: 'bernoulli_',
    random: true,
    samples: (make) => [[make([2, 3], { requiresGrad: false }), 0.3]],
    torch: 'Tensor.bernoulli_',
    params: ['input', 'p', 'options'],
  },
  inPlace.bernoulli_,
);

/** Fills with integers uniform in [from, to); without bounds over all that the dtype holds exactly, from 0. */
export const random_: MethodOp<typeof inPlace.random_> = methodOp<typeof inPlace.random_>(
  {
    name: 'random_',
    random: true,
    samples: (make) => [[make([2, 3], { dtype: 'int64' }), 2, 9]],
    torch: 'Tensor.random_',
    params: ['input', 'from', 'to', 'options'],
  },
  inPlace.random_,
);

/**
 * 1 with the probabilities in `input` (in [0, 1]), else 0; of its shape and dtype.
 * @throws TypeError if it is not float.
 */
export const bernoulli: MethodOp<typeof draws.bernoulli> = methodOp<typeof draws.bernoulli>(
  {
    name: 'bernoulli',
    random: true,
    samples: (make) => [[make([2, 3], { low: 0, high: 1 })]],
    params: ['input', 'options'],
  },
  draws.bernoulli,
);

/**
 * Draws indices of the last dimension in proportion to the weights in `input`, [n] or [rows, n]: `numSamples` for each
 * row, distinct ones unless `replacement` is set. The result is int64, [numSamples] or [rows, numSamples].
 * @throws RangeError for other shapes, weights that are negative or not finite or all 0, or more distinct indices than n.
 */
export const multinomial: MethodOp<typeof draws.multinomial> = methodOp<typeof draws.multinomial>(
  {
    name: 'multinomial',
    random: true,
    samples: (make) => [[make([2, 3], { low: 0.1, high: 1 }), 2]],
    params: ['input', 'numSamples', 'options'],
  },
  draws.multinomial,
);

/**
 * Counts of Poisson's distribution, P(k) = λᵏ e^(−λ) / k!, with the means λ in `input`, of its shape and dtype.
 * @throws TypeError if it is not float, RangeError for a negative mean.
 */
export const poisson: MethodOp<typeof draws.poisson> = methodOp<typeof draws.poisson>(
  {
    name: 'poisson',
    random: true,
    samples: (make) => [[make([2, 3], { low: 0, high: 30, requiresGrad: false })]],
    errors: (make) => [{ args: [make([2], { low: -2, high: -1 })], message: /mean is 0 or more/ }],
    params: ['input', 'options'],
  },
  draws.poisson,
);

/**
 * How many of `count` trials succeed with probability `prob` each, P(k) = (n over k) pᵏ (1 − p)ⁿ⁻ᵏ; both broadcast, so the shape
 * of the result is that of `count + prob`.
 * @throws TypeError if they are not float, RangeError for a probability outside of [0, 1].
 */
export const binomial: MethodOp<typeof draws.binomial> = methodOp<typeof draws.binomial>(
  {
    name: 'binomial',
    random: true,
    samples: (make) => [
      [
        make([2, 3], { low: 2, high: 60, requiresGrad: false }),
        make([3], { low: 0, high: 1, requiresGrad: false }),
      ],
    ],
    errors: (make) => [
      { args: [make([2], { low: 1, high: 2 }), make([2], { low: 2, high: 3 })], message: /probability/ },
    ],
    params: ['input', 'input2', 'options'],
  },
  draws.binomial,
);
