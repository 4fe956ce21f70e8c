/** Layers that give activations mean 0 and variance 1. */

import { noGrad } from '../autograd/mode.js';
import { formatShape, type Shape } from '../layout.js';
import type { FloatDType } from '../dtype.js';
import { checkSizes } from '../options.js';
import { ones, tensor, zeros } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';
import { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from './functional/normalization.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** Options of batch and instance normalization. */
export interface BatchNormLayerOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** Share of the newest batch in the running statistics (0.1); null: the average of all batches. */
  momentum?: number | null;
  /** Whether a weight and a bias for each channel are learned (batch: yes, instance: no). */
  affine?: boolean;
  /** Whether running statistics are kept, for evaluation (batch: yes, instance: no). */
  trackRunningStats?: boolean;
  dtype?: FloatDType;
}

/** All that batch and instance normalization are made with. */
export type BatchNormArguments = BatchNormLayerOptions & { numFeatures: number };
const RUNNING_ORDER = ['numFeatures', 'eps', 'momentum', 'affine', 'trackRunningStats'] as const;
type RunningArguments = Arguments<BatchNormArguments, typeof RUNNING_ORDER>;

/** What normalizations with running statistics share. */
abstract class RunningNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  readonly runningMean: Tensor | null = null;
  readonly runningVar: Tensor | null = null;
  readonly numBatchesTracked: Tensor | null = null;

  constructor(args: RunningArguments, defaults: { affine: boolean; trackRunningStats: boolean }) {
    super();
    const options = byName<BatchNormArguments>(this.typeName, args, RUNNING_ORDER, 1);
    const { numFeatures, dtype } = options;
    checkSizes(this.typeName, { numFeatures });
    this.numFeatures = numFeatures;
    this.eps = options.eps ?? 1e-5;
    this.momentum = options.momentum === undefined ? 0.1 : options.momentum;
    this.affine = options.affine ?? defaults.affine;
    this.trackRunningStats = options.trackRunningStats ?? defaults.trackRunningStats;
    this.weight = this.affine ? new Parameter(ones([numFeatures], { dtype })) : null;
    this.bias = this.affine ? new Parameter(zeros([numFeatures], { dtype })) : null;
    const track = this.trackRunningStats;
    this.registerBuffer('runningMean', track ? zeros([numFeatures], { dtype }) : null);
    this.registerBuffer('runningVar', track ? ones([numFeatures], { dtype }) : null);
    this.registerBuffer('numBatchesTracked', track ? tensor(0, { dtype: 'int64' }) : null);
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** Numbers of dimensions that the input may have. */
  protected abstract readonly dimensions: readonly number[];

  protected checkInput(input: Tensor, channelDim: number): void {
    this.requireTensor(input);
    const { shape } = input;
    if (this.dimensions.includes(shape.length) && shape[channelDim] === this.numFeatures) return;
    throw new RangeError(
      `${String(this)}: expected an input of ${this.dimensions.join(' or ')} dimensions with ${this.numFeatures} channels, ` +
        `got ${formatShape(shape)}`,
    );
  }

  /** Counts a batch and gives its share in the running statistics. */
  protected nextMomentum(): number {
    if (!this.training || !this.numBatchesTracked) return this.momentum ?? 0;
    this.numBatchesTracked.add_(1);
    return this.momentum ?? 1 / this.numBatchesTracked.item();
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this;
    return `${numFeatures}, eps=${eps}, momentum=${momentum}, affine=${affine}, trackRunningStats=${trackRunningStats}`;
  }
}

/** What batch normalization layers share; see {@link BatchNorm1d}. */
abstract class BatchNorm extends RunningNorm {
  constructor(numFeatures: number, options?: BatchNormLayerOptions);
  constructor(...args: RunningArguments);
  constructor(...args: RunningArguments) {
    super(args, { affine: true, trackRunningStats: true });
  }

  forward(input: Tensor): Tensor {
    this.checkInput(input, 1);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const momentum = this.nextMomentum();
    const training = this.training || !runningMean;
    return batchNorm(input, runningMean, runningVar, { weight, bias, training, momentum, eps });
  }
}

/**
 * Batch normalization (Ioffe and Szegedy, 2015): (x - mean) / √(var + eps) weight + bias for each channel of [N, C] or
 * [N, C, L]; by the batch while training, by running statistics in evaluation.
 */
export class BatchNorm1d extends BatchNorm {
  protected readonly dimensions = [2, 3];
}

/** {@link BatchNorm1d} for [N, C, H, W]. */
export class BatchNorm2d extends BatchNorm {
  protected readonly dimensions = [4];
}

/** {@link BatchNorm1d} for [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNorm {
  protected readonly dimensions = [5];
}

/** What instance normalization layers share; see {@link InstanceNorm1d}. */
abstract class InstanceNorm extends RunningNorm {
  constructor(numFeatures: number, options?: BatchNormLayerOptions);
  constructor(...args: RunningArguments);
  constructor(...args: RunningArguments) {
    super(args, { affine: false, trackRunningStats: false });
  }

  forward(input: Tensor): Tensor {
    const single = input.ndim === this.dimensions[0];
    this.checkInput(input, single ? 0 : 1);
    const { runningMean, runningVar, weight, bias, eps } = this;
    const normal = instanceNorm(single ? input.unsqueeze(0) : input, {
      runningMean,
      runningVar,
      weight,
      bias,
      useInputStats: this.training || !this.trackRunningStats,
      momentum: this.nextMomentum(),
      eps,
    });
    return single ? normal.squeeze(0) : normal;
  }
}

/** Normalizes each channel of each sample of [N, C, L] or [C, L] by itself (Ulyanov et al., 2016). */
export class InstanceNorm1d extends InstanceNorm {
  protected readonly dimensions = [2, 3];
}

/** {@link InstanceNorm1d} for [N, C, H, W] or [C, H, W]. */
export class InstanceNorm2d extends InstanceNorm {
  protected readonly dimensions = [3, 4];
}

/** {@link InstanceNorm1d} for [N, C, D, H, W] or [C, D, H, W]. */
export class InstanceNorm3d extends InstanceNorm {
  protected readonly dimensions = [4, 5];
}

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** Whether a weight and a bias for each element are learned (yes). */
  elementwiseAffine?: boolean;
  /** Whether the bias is learned, where the weight is (yes). */
  bias?: boolean;
  dtype?: FloatDType;
}

/** All that {@link LayerNorm} is made with. */
export type LayerNormArguments = LayerNormOptions & { normalizedShape: number | Shape };
const LAYER_NORM_ORDER = ['normalizedShape', 'eps', 'elementwiseAffine', 'bias'] as const;

/**
 * Layer normalization (Ba et al., 2016): (x - mean) / √(var + eps) weight + bias over the last dimensions, which have
 * the sizes `normalizedShape` (a number: the last one).
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: number | Shape, options?: LayerNormOptions);
  constructor(...args: Arguments<LayerNormArguments, typeof LAYER_NORM_ORDER>);
  constructor(...args: Arguments<LayerNormArguments, typeof LAYER_NORM_ORDER>) {
    super();
    const options = byName<LayerNormArguments>(this.typeName, args, LAYER_NORM_ORDER, 1);
    const { normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true, dtype } = options;
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones([...this.normalizedShape], { dtype })) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros([...this.normalizedShape], { dtype })) : null;
  }

  /** @throws RangeError if the last dimensions have other sizes */
  forward(input: Tensor): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    return layerNorm(input, normalizedShape, { weight, bias, eps });
  }

  override extraRepr(): string {
    const affine = this.weight !== null;
    const bias = affine && this.bias === null ? ', bias=false' : '';
    return `[${this.normalizedShape.join(', ')}], eps=${this.eps}, elementwiseAffine=${affine}${bias}`;
  }
}

/** All that {@link RMSNorm} is made with. */
export type RMSNormArguments = RMSNormOptions & { normalizedShape: number | Shape };
const RMS_NORM_ORDER = ['normalizedShape', 'eps', 'elementwiseAffine'] as const;

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions {
  /** Added to the mean square (the distance from 1 to the next number of the dtype). */
  eps?: number | null;
  /** Whether a weight for each element is learned (yes). */
  elementwiseAffine?: boolean;
  dtype?: FloatDType;
}

/**
 * Root mean square normalization (Zhang and Sennrich, 2019): x / √(mean(x²) + eps) weight over the last dimensions,
 * which have the sizes `normalizedShape` (a number: the last one).
 */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number | null;
  weight: Parameter | null;

  constructor(normalizedShape: number | Shape, options?: RMSNormOptions);
  constructor(...args: Arguments<RMSNormArguments, typeof RMS_NORM_ORDER>);
  constructor(...args: Arguments<RMSNormArguments, typeof RMS_NORM_ORDER>) {
    super();
    const options = byName<RMSNormArguments>(this.typeName, args, RMS_NORM_ORDER, 1);
    const { normalizedShape, eps = null, elementwiseAffine = true, dtype } = options;
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones([...this.normalizedShape], { dtype })) : null;
  }

  /** @throws RangeError if the last dimensions have other sizes */
  forward(input: Tensor): Tensor {
    const { normalizedShape, weight, eps } = this;
    return rmsNorm(input, normalizedShape, { weight, eps });
  }

  override extraRepr(): string {
    const affine = this.weight !== null;
    return `[${this.normalizedShape.join(', ')}], eps=${this.eps}, elementwiseAffine=${affine}`;
  }
}

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** Whether a weight and a bias for each channel are learned (yes). */
  affine?: boolean;
  dtype?: FloatDType;
}

/** All that {@link GroupNorm} is made with. */
export type GroupNormArguments = GroupNormOptions & { numGroups: number; numChannels: number };
const GROUP_NORM_ORDER = ['numGroups', 'numChannels', 'eps', 'affine'] as const;

/** Group normalization (Wu and He, 2018) of [N, C, …]: over C / numGroups neighbouring channels of each sample. */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  /** @throws RangeError unless the channels divide into groups */
  constructor(numGroups: number, numChannels: number, options?: GroupNormOptions);
  constructor(...args: Arguments<GroupNormArguments, typeof GROUP_NORM_ORDER>);
  constructor(...args: Arguments<GroupNormArguments, typeof GROUP_NORM_ORDER>) {
    super();
    const options = byName<GroupNormArguments>(this.typeName, args, GROUP_NORM_ORDER, 2);
    const { numGroups, numChannels } = options;
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    checkSizes(this.typeName, { numGroups, numChannels });
    if (numChannels % numGroups !== 0) {
      throw new RangeError(`GroupNorm: ${numChannels} channels do not divide into ${numGroups} groups`);
    }
    const { eps = 1e-5, affine = true, dtype } = options;
    this.eps = eps;
    this.weight = affine ? new Parameter(ones([numChannels], { dtype })) : null;
    this.bias = affine ? new Parameter(zeros([numChannels], { dtype })) : null;
  }

  forward(input: Tensor): Tensor {
    const { numGroups, weight, bias, eps } = this;
    return groupNorm(input, numGroups, { weight, bias, eps });
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${this.eps}, affine=${this.weight !== null}`;
  }
}
