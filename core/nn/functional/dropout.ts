/** Functions that drop elements at random while training. */

import { levels } from '../../autograd/levels/wrapped.js';
import { isFloat, isWideFloat } from '../../dtype.js';
import { drawsRandomNumbers } from '../../kernels/recording.js';
import { formatShape, type Shape } from '../../layout.js';
import { add, mul } from '../../ops/arithmetic.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { permuteDims } from '../../ops/shape.js';
import { fillBernoulli } from '../../random/distributions.js';
import { defaultGenerator, type Generator } from '../../random/generator.js';
import { draw, fillTensor } from '../../random/in-place.js';
import { drawMask, hasMaskKernel } from '../../random/mask.js';
import { allocateShape, type Tensor } from '../../tensor.js';

/** Options of the functions that drop elements. */
export interface DropoutOptions {
  /** Probability with which an element is dropped (0.5). */
  p?: number;
  /** Whether anything is dropped at all (yes). */
  training?: boolean;
  /** Where randomness comes from; the default generator. */
  generator?: Generator;
}

type Dropout = (input: Tensor, p?: number | DropoutOptions, options?: DropoutOptions) => Tensor;
type DropoutImplementation = (input: Tensor, p?: number, training?: boolean, generator?: Generator) => Tensor;

/** @throws RangeError unless p is in [0, 1] */
export function checkProbability(name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${name}: the probability p must be in [0, 1], got ${p}`);
}

function dropoutOp(
  name: string,
  torch: string,
  drop: (input: Tensor, p: number, generator: Generator) => Tensor,
  sample: Shape = [2, 3, 2],
): FunctionOp<Dropout> {
  const implementation: DropoutImplementation = (
    input,
    p = 0.5,
    training = true,
    generator = defaultGenerator,
  ) => {
    checkProbability(name, p);
    if (!isFloat(input.dtype)) throw new TypeError(`${name}: the input must be float, got ${input.dtype}`);
    if (!training || p === 0 || input.numel() === 0) return input;
    return drop(input, p, generator);
  };
  return functionOp<Dropout>(
    {
      name,
      torch: `nn.functional.${torch}`,
      params: ['input', 'p', 'training', 'generator'],
      options: true,
      random: 'seen',
      samples: (make) => [[make(sample)], [make(sample), { p: 0.25 }], [make(sample), 0.5, false]],
      errors: (make) => [{ args: [make(sample), 1.5], message: /must be in \[0, 1\]/ }],
    },
    implementation,
  );
}

/** A tensor that is `on` with probability 1 - p, else 0. */
function keepMask(input: Tensor, shape: Shape, p: number, on: number, generator: Generator): Tensor {
  const mask = allocateShape(shape, input.dtype, 'dropout');
  const { dtype } = input;
  if (hasMaskKernel && generator === defaultGenerator && levels.top === null && isWideFloat(dtype)) {
    drawMask(dtype, mask.ptr, mask.numel(), 1 - p, on);
    return mask;
  }
  drawsRandomNumbers();
  return draw(mask, (fresh) =>
    fillTensor('dropout', fresh, (out) => fillBernoulli(out, 1 - p, generator, on)),
  );
}

/** The factor that keeps the mean; nothing is left to scale if everything is dropped. */
export function scaleOf(p: number): number {
  return p === 1 ? 0 : 1 / (1 - p);
}

/**
 * Sets elements to 0 with probability p and scales the others by 1 / (1 - p) (Srivastava et al., 2014).
 * @throws RangeError unless p is in [0, 1], TypeError for an input that is not float
 */
export const dropout = dropoutOp('dropout', 'dropout', (input, p, generator) => {
  const order = orderInMemory(input);
  if (order === null) return mul(input, keepMask(input, input.shape, p, scaleOf(p), generator));
  const shape = order.map((dim) => input.shape[dim]);
  const mask = keepMask(input, shape, p, scaleOf(p), generator);
  return mul(
    input,
    permuteDims(
      mask,
      order.map((_, dim) => order.indexOf(dim)),
    ),
  );
});

/**
 * The order of dimensions in which a transposed tensor lies in memory, which is the order PyTorch draws its mask in: what
 * attention and recurrent networks with the batch first give lies with the sequence first. null for the usual order.
 */
function orderInMemory({ layout, shape, level }: Tensor): readonly number[] | null {
  if (layout.contiguous || level > 0) return null;
  const { strides } = layout;
  const dims = shape.map((_, dim) => dim);
  if (dims.some((dim) => strides[dim] === 0 && shape[dim] > 1)) return null;
  const long = dims.filter((dim) => shape[dim] > 1);
  const sorted = long.toSorted((a, b) => strides[b] - strides[a]);
  if (sorted.every((dim, i) => dim === long[i])) return null;
  return [...sorted, ...dims.filter((dim) => shape[dim] === 1)];
}

/** The shape of a mask that is the same for all of a channel: [N, C, 1, …]. */
function channelShape(name: string, input: Tensor): Shape {
  if (input.ndim < 2) {
    throw new RangeError(`${name}: expected an input of shape [N, C, …], got ${formatShape(input.shape)}`);
  }
  return input.shape.map((size, dim) => (dim < 2 ? size : 1));
}

/** An op that drops whole channels of inputs of `ndim` dimensions, or of one sample without the batch dimension. */
function channelDropoutOp(name: string, torch: string, ndim: number): FunctionOp<Dropout> {
  const drop = (input: Tensor, p: number, generator: Generator): Tensor => {
    const single = input.ndim === ndim - 1;
    if (!single && input.ndim !== ndim) {
      throw new RangeError(
        `${name}: expected ${ndim - 1} or ${ndim} dimensions, got ${formatShape(input.shape)}`,
      );
    }
    const batch = single ? input.unsqueeze(0) : input;
    const dropped = mul(batch, keepMask(batch, channelShape(name, batch), p, scaleOf(p), generator));
    return single ? dropped.squeeze(0) : dropped;
  };
  return dropoutOp(name, torch, drop, [2, 3, ...new Array<number>(ndim - 2).fill(2)]);
}

/** {@link dropout} of whole channels of [N, C, L] or [C, L]. */
export const dropout1d = channelDropoutOp('dropout1d', 'dropout1d', 3);
/** {@link dropout} of whole channels of [N, C, H, W] or [C, H, W]. */
export const dropout2d = channelDropoutOp('dropout2d', 'dropout2d', 4);
/** {@link dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export const dropout3d = channelDropoutOp('dropout3d', 'dropout3d', 5);

/** λ α of SELU, the value that its outputs tend to for large negative inputs, negated. */
const SELU_LIMIT = 1.7580993408473766;

/** Sets elements to SELU's lower limit where dropped, then scales and shifts so that mean 0 and variance 1 stay. */
function alphaDrop(input: Tensor, shape: Shape, p: number, generator: Generator): Tensor {
  if (p === 1) return mul(input, 0);
  const scale = 1 / Math.sqrt((SELU_LIMIT ** 2 * p + 1) * (1 - p));
  const keep = keepMask(input, shape, p, 1, generator);
  const shift = mul(add(keep, p - 1), SELU_LIMIT * scale);
  return add(mul(input, mul(keep, scale)), shift);
}

/** Dropout that keeps mean and variance of SELU networks (Klambauer et al., 2017). */
export const alphaDropout = dropoutOp('alphaDropout', 'alpha_dropout', (input, p, generator) =>
  alphaDrop(input, input.shape, p, generator),
);

/** {@link alphaDropout} of whole channels of [N, C, …]. */
export const featureAlphaDropout = dropoutOp(
  'featureAlphaDropout',
  'feature_alpha_dropout',
  (input, p, generator) => alphaDrop(input, channelShape('featureAlphaDropout', input), p, generator),
);
