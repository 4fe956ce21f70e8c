/** Functions that give activations mean 0 and variance 1, over different dimensions. */

import { formatShape, sameShape, type Shape } from '../../layout.js';
import { add, mul, sub } from '../../ops/arithmetic.js';
import { rsqrt, square } from '../../ops/pointwise.js';
import { contiguousData, elements } from '../../ops/raw.js';
import { type FunctionOp, functionOp } from '../../ops/record.js';
import { mean } from '../../ops/reduction.js';
import { reshapeTo } from '../../ops/shape.js';
import { fillTensor } from '../../random/in-place.js';
import type { Tensor } from '../../tensor.js';
import { normalizeRows } from './row-norms.js';

type Optional = Tensor | null;

interface Moments {
  /** (x - mean) / √(var + eps) */
  readonly normal: Tensor;
  /** Mean and variance with the reduced dimensions kept. */
  readonly average: Tensor;
  readonly variance: Tensor;
}

/** Normalizes over `dims` by the mean and the variance there, both divided by the number of elements. */
function standardize(x: Tensor, dims: readonly number[], eps: number): Moments {
  const average = mean(x, dims, true);
  const centered = sub(x, average);
  const variance = mean(square(centered), dims, true);
  return { normal: mul(centered, rsqrt(add(variance, eps))), average, variance };
}

/** y = x weight + bias, where either may be missing. */
function affine(x: Tensor, weight: Optional, bias: Optional, shape: Shape): Tensor {
  const scaled = weight ? mul(x, reshapeTo(weight, shape)) : x;
  return bias ? add(scaled, reshapeTo(bias, shape)) : scaled;
}

/** [1, C, 1, …]: how a value a channel lies beside [N, C, …]. */
function channelShape(ndim: number, channels: number): Shape {
  return Array.from({ length: Math.max(2, ndim) }, (_, dim) => (dim === 1 ? channels : 1)).slice(
    0,
    Math.max(2, ndim),
  );
}

/** running ← (1 - momentum) running + momentum value, channel by channel. */
function updateRunning(running: Tensor, values: Tensor, momentum: number, factor: number): void {
  if (momentum === 0) return;
  const before = elements(contiguousData(running.detach(), 'batchNorm'));
  const now = elements(contiguousData(values.detach(), 'batchNorm'));
  fillTensor('batchNorm', running, (out) => {
    for (let c = 0; c < out.length; c++) out[c] = (1 - momentum) * before[c] + momentum * now[c] * factor;
  });
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** A factor and a summand for each channel, [C]. */
  weight?: Optional;
  bias?: Optional;
  /** Normalize by the batch and update the running statistics, rather than use these (off). */
  training?: boolean;
  /** Share of the batch in the running statistics (0.1). */
  momentum?: number;
  /** Added to the variance (1e-5). */
  eps?: number;
}

type BatchNorm = (
  input: Tensor,
  runningMean: Optional,
  runningVar: Optional,
  weight?: Optional | BatchNormOptions,
  bias?: Optional | BatchNormOptions,
  training?: boolean | BatchNormOptions,
  momentum?: number,
  eps?: number,
) => Tensor;

function batchNormalize(
  input: Tensor,
  runningMean: Optional,
  runningVar: Optional,
  weight: Optional = null,
  bias: Optional = null,
  training = false,
  momentum = 0.1,
  eps = 1e-5,
): Tensor {
  const { shape, ndim } = input;
  const channels = ndim < 2 ? shape[0] : shape[1];
  for (const [name, value] of Object.entries({ runningMean, runningVar, weight, bias })) {
    if (value && !sameShape(value.shape, [channels])) {
      throw new RangeError(
        `batchNorm: an input of shape ${formatShape(shape)} has ${channels} channels, but ${name} has shape ${formatShape(value.shape)}`,
      );
    }
  }
  if (input.numel() === 0) return input.clone();
  const perChannel = channelShape(ndim, channels);
  if (!training) {
    if (!runningMean || !runningVar)
      throw new TypeError('batchNorm: evaluation needs runningMean and runningVar');
    const scale = rsqrt(add(reshapeTo(runningVar, perChannel), eps));
    return affine(mul(sub(input, reshapeTo(runningMean, perChannel)), scale), weight, bias, perChannel);
  }
  const count = input.numel() / channels;
  if (count === 1) {
    throw new RangeError(
      `batchNorm: training needs more than one value for each channel, got an input of shape ${formatShape(shape)}`,
    );
  }
  const dims = shape.map((_, dim) => dim).filter((dim) => dim !== 1);
  const { normal, average, variance } = standardize(input, dims, eps);
  if (runningMean) updateRunning(runningMean, average, momentum, 1);
  if (runningVar) updateRunning(runningVar, variance, momentum, count / (count - 1));
  return affine(normal, weight, bias, perChannel);
}

/**
 * Batch normalization (Ioffe and Szegedy, 2015) of [N, C] or [N, C, …]: over all dimensions but C,
 * (x - mean) / √(var + eps) weight + bias.
 * @throws RangeError where sizes do not fit, or a batch has one value a channel
 */
export const batchNorm: FunctionOp<BatchNorm> = functionOp<BatchNorm>(
  {
    name: 'batchNorm',
    samples: (make) => [
      [make([3, 2]), null, null, make([2]), make([2]), true],
      [
        make([2, 2, 3]),
        make([2], { requiresGrad: false }),
        make([2], { low: 0.5, high: 2, requiresGrad: false }),
      ],
    ],
    torch: 'nn.functional.batch_norm',
    params: ['input', 'runningMean', 'runningVar', 'weight', 'bias', 'training', 'momentum', 'eps'],
    options: true,
  },
  batchNormalize,
);

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions {
  runningMean?: Optional;
  runningVar?: Optional;
  weight?: Optional;
  bias?: Optional;
  /** Normalize by each sample, rather than by the running statistics (on). */
  useInputStats?: boolean;
  momentum?: number;
  eps?: number;
}

type InstanceNorm = (input: Tensor, options?: InstanceNormOptions) => Tensor;

function instanceNormalize(
  input: Tensor,
  runningMean: Optional = null,
  runningVar: Optional = null,
  weight: Optional = null,
  bias: Optional = null,
  useInputStats = true,
  momentum = 0.1,
  eps = 1e-5,
): Tensor {
  const { shape, ndim } = input;
  if (ndim < 3) {
    throw new RangeError(`instanceNorm: expected an input of shape [N, C, …], got ${formatShape(shape)}`);
  }
  const perChannel = channelShape(ndim, shape[1]);
  if (!useInputStats) {
    return batchNormalize(input, runningMean, runningVar, weight, bias, false, momentum, eps);
  }
  const dims = shape.map((_, dim) => dim).slice(2);
  const { normal, average, variance } = standardize(input, dims, eps);
  const count = input.numel() / (shape[0] * shape[1]);
  if (runningMean) updateRunning(runningMean, mean(average, 0), momentum, 1);
  if (runningVar) updateRunning(runningVar, mean(variance, 0), momentum, count / (count - 1));
  return affine(normal, weight, bias, perChannel);
}

/** Normalization of each channel of each sample of [N, C, …] by itself (Ulyanov et al., 2016). */
export const instanceNorm: FunctionOp<InstanceNorm> = functionOp<InstanceNorm>(
  {
    name: 'instanceNorm',
    samples: (make) => [[make([2, 2, 3])], [make([1, 2, 4]), null, null, make([2]), make([2])]],
    torch: 'nn.functional.instance_norm',
    params: ['input', 'runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps'],
    options: true,
  },
  instanceNormalize,
);

/** Options of {@link layerNorm} and {@link groupNorm}. */
export interface NormOptions {
  weight?: Optional;
  bias?: Optional;
  /** Added to the variance (1e-5). */
  eps?: number;
}

/** The last dimensions, which must have these sizes. */
function lastDims(op: string, { shape, ndim }: Tensor, normalizedShape: Shape): number[] {
  const first = ndim - normalizedShape.length;
  if (first < 0 || normalizedShape.length === 0 || !sameShape(shape.slice(first), normalizedShape)) {
    throw new RangeError(
      `${op}: expected an input of shape [..., ${normalizedShape.join(', ')}], got ${formatShape(shape)}`,
    );
  }
  return normalizedShape.map((_, i) => first + i);
}

/** Factors and summands have the shape of what is normalized. */
function checkFactors(op: string, shape: Shape, factors: Readonly<Record<string, Optional>>): void {
  for (const name in factors) {
    const factor = factors[name];
    if (factor !== null && !sameShape(factor.shape, shape)) {
      throw new RangeError(
        `${op}: ${name} has the normalized shape ${formatShape(shape)}, got ${formatShape(factor.shape)}`,
      );
    }
  }
}

type LayerNorm = (
  input: Tensor,
  normalizedShape: Shape,
  weight?: Optional | NormOptions,
  bias?: Optional | NormOptions,
  eps?: number,
) => Tensor;

/**
 * Layer normalization (Ba et al., 2016): over the last dimensions, which have the sizes `normalizedShape`, as `weight`
 * and `bias` have.
 * @throws RangeError where they have not
 */
export const layerNorm: FunctionOp<LayerNorm> = functionOp<LayerNorm>(
  {
    name: 'layerNorm',
    samples: (make) => [
      [make([2, 3]), [3]],
      [make([2, 2, 3]), [2, 3], make([2, 3]), make([2, 3])],
    ],
    torch: 'nn.functional.layer_norm',
    params: ['input', 'normalizedShape', 'weight', 'bias', 'eps'],
    options: true,
  },
  (input: Tensor, normalizedShape: Shape, weight: Optional = null, bias: Optional = null, eps = 1e-5) => {
    const dims = lastDims('layerNorm', input, normalizedShape);
    checkFactors('layerNorm', normalizedShape, { weight, bias });
    return (
      normalizeRows(input, dims, weight, bias, eps, true) ??
      affine(standardize(input, dims, eps).normal, weight, bias, normalizedShape)
    );
  },
);

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions {
  weight?: Optional;
  /** Added to the mean square; by default the distance from 1 to the next number of the dtype. */
  eps?: number | null;
}

type RmsNorm = (
  input: Tensor,
  normalizedShape: Shape,
  weight?: Optional | RmsNormOptions,
  eps?: number | null,
) => Tensor;

/**
 * Root mean square normalization (Zhang and Sennrich, 2019): x / √(mean(x²) + eps) weight over the last dimensions,
 * which have the sizes `normalizedShape`, as `weight` has.
 * @throws RangeError where they have not
 */
export const rmsNorm: FunctionOp<RmsNorm> = functionOp<RmsNorm>(
  {
    name: 'rmsNorm',
    samples: (make) => [
      [make([2, 3]), [3]],
      [make([2, 2, 3]), [2, 3], make([2, 3]), 1e-5],
    ],
    errors: (make) => [{ args: [make([2, 3]), [2]], message: /expected an input of shape \[..., 2\]/ }],
    torch: 'nn.functional.rms_norm',
    params: ['input', 'normalizedShape', 'weight', 'eps'],
    options: true,
  },
  (input: Tensor, normalizedShape: Shape, weight: Optional = null, eps: number | null = null) => {
    const dims = lastDims('rmsNorm', input, normalizedShape);
    const tiny = eps ?? (input.dtype === 'float64' ? 2 ** -52 : 2 ** -23);
    checkFactors('rmsNorm', normalizedShape, { weight });
    const whole = normalizeRows(input, dims, weight, null, tiny, false);
    if (whole !== null) return whole;
    const scale = rsqrt(add(mean(square(input), dims, true), tiny));
    return affine(mul(input, scale), weight, null, normalizedShape);
  },
);

type GroupNorm = (
  input: Tensor,
  numGroups: number,
  weight?: Optional | NormOptions,
  bias?: Optional | NormOptions,
  eps?: number,
) => Tensor;

/**
 * Group normalization (Wu and He, 2018) of [N, C, …]: over C / numGroups neighbouring channels of each sample.
 * @throws RangeError unless the channels divide into groups
 */
export const groupNorm: FunctionOp<GroupNorm> = functionOp<GroupNorm>(
  {
    name: 'groupNorm',
    samples: (make) => [
      [make([2, 4]), 2],
      [make([1, 4, 2]), 2, make([4]), make([4])],
    ],
    torch: 'nn.functional.group_norm',
    params: ['input', 'numGroups', 'weight', 'bias', 'eps'],
    options: true,
  },
  (input: Tensor, numGroups: number, weight: Optional = null, bias: Optional = null, eps = 1e-5) => {
    const { shape, ndim } = input;
    if (ndim < 2 || shape[1] % numGroups !== 0) {
      throw new RangeError(
        `groupNorm: expected an input of shape [N, C, …] with C divisible by ${numGroups}, got ${formatShape(shape)}`,
      );
    }
    const [samples, channels, ...rest] = shape;
    const grouped = reshapeTo(input, [samples, numGroups, channels / numGroups, ...rest]);
    const dims = grouped.shape.map((_, dim) => dim).slice(2);
    const normal = reshapeTo(standardize(grouped, dims, eps).normal, shape);
    return affine(normal, weight, bias, channelShape(ndim, channels));
  },
);
