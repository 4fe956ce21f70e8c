/** Functions that draw random numbers. */

import { isFloat } from '../../dtype.js';
import { add, div, mul, sub } from '../../ops/arithmetic.js';
import { leakyRelu } from '../../ops/activations.js';
import { contiguousData, elements } from '../../ops/raw.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { softmax } from '../../ops/softmax.js';
import { fillExponential } from '../../random/distributions.js';
import { defaultGenerator, type Generator } from '../../random/generator.js';
import { draw, fillTensor } from '../../random/in-place.js';
import { allocateShape, type Tensor } from '../../tensor.js';

/** Options of {@link rrelu}. */
export interface RReluOptions {
  /** Least and largest slope (1/8, 1/3). */
  lower?: number;
  upper?: number;
  /** Whether slopes are drawn rather than their mean taken (no). */
  training?: boolean;
  generator?: Generator;
}

type RRelu = (input: Tensor, lower?: number | RReluOptions, upper?: number, options?: RReluOptions) => Tensor;

/**
 * x if positive, else r x, with r drawn from U[lower, upper) for each element in training, else their mean.
 * @throws RangeError if lower is above upper
 */
export const rrelu: FunctionOp<RRelu> = functionOp<RRelu>(
  {
    name: 'rrelu',
    random: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), 0.1, 0.4, true]],
    torch: 'nn.functional.rrelu',
    params: ['input', 'lower', 'upper', 'training', 'generator'],
    options: true,
  },
  (input: Tensor, lower = 1 / 8, upper = 1 / 3, training = false, generator = defaultGenerator) => {
    if (!(lower <= upper)) throw new RangeError(`rrelu: expected lower ≤ upper, got ${lower} and ${upper}`);
    if (!training || !isFloat(input.dtype)) return leakyRelu(input, (lower + upper) / 2);
    const x = elements(contiguousData(input, 'rrelu'));
    const slopes = draw(allocateShape(input.shape, input.dtype, 'rrelu'), (fresh) =>
      fillTensor('rrelu', fresh, (out) => {
        // A number is drawn only where it is used, as in PyTorch.
        for (let i = 0; i < out.length; i++) {
          out[i] = x[i] > 0 ? 1 : generator.uniform53() * (upper - lower) + lower;
        }
      }),
    );
    return mul(input, slopes);
  },
);

/** Options of {@link gumbelSoftmax}. */
export interface GumbelOptions {
  /** Temperature: the lower, the nearer to one-hot (1). */
  tau?: number;
  /** Give one-hot vectors, with the gradients of the soft ones (no). */
  hard?: boolean;
  /** The dimension whose elements add up to 1 (-1). */
  dim?: number;
  generator?: Generator;
}

type GumbelSoftmax = (logits: Tensor, options?: GumbelOptions) => Tensor;

/** softmax((x + g) / tau) with Gumbel noise g (Jang et al., 2016; Maddison et al., 2016). */
export const gumbelSoftmax: FunctionOp<GumbelSoftmax> = functionOp<GumbelSoftmax>(
  {
    name: 'gumbelSoftmax',
    random: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), { tau: 0.5, dim: 0 }]],
    torch: 'nn.functional.gumbel_softmax',
    params: ['logits', 'tau', 'hard', 'dim', 'generator'],
    options: true,
  },
  (logits: Tensor, tau = 1, hard = false, dim = -1, generator = defaultGenerator) => {
    const noise = draw(allocateShape(logits.shape, logits.dtype, 'gumbelSoftmax'), (fresh) =>
      fillTensor('gumbelSoftmax', fresh, (out) => {
        fillExponential(out, 1, generator);
        for (let i = 0; i < out.length; i++) out[i] = -Math.log(out[i]);
      }),
    );
    const soft = softmax(div(add(logits, noise), tau), dim);
    if (!hard) return soft;
    const fixed = soft.detach();
    const oneHot = fixed.eq(fixed.amax(dim, true)).to(soft.dtype);
    return add(sub(soft, fixed), oneHot);
  },
);
