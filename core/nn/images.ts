/** Layers that rearrange and resize images. */

import { fold, unfold } from '../ops/unfolding.js';
import * as I from '../ops/images.js';
import { lpPool1d, lpPool2d, lpPool3d } from '../ops/average-pooling.js';
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../ops/pooling.js';
import type { PerDim } from '../ops/windows.js';
import type { Tensor } from '../tensor.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';

const UPSCALE = ['upscaleFactor'] as const;
const DOWNSCALE = ['downscaleFactor'] as const;
const GROUPS = ['groups'] as const;
const UPSAMPLE = ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'] as const;
const UPSAMPLING = ['size', 'scaleFactor'] as const;
const RESPONSE_NORM = ['size', 'alpha', 'beta', 'k'] as const;
const UNFOLD = ['kernelSize', 'dilation', 'padding', 'stride'] as const;
const FOLD = ['outputSize', ...UNFOLD] as const;
const UNPOOL = ['kernelSize', 'stride', 'padding'] as const;
const LP_POOL = ['normType', 'kernelSize', 'stride', 'ceilMode'] as const;

/** [N, C r², H, W] → [N, C, H r, W r] (Shi et al., 2016). */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(...args: Arguments<{ upscaleFactor: number }, typeof UPSCALE>) {
    super();
    const given = byName<{ upscaleFactor: number }>('PixelShuffle', args, UPSCALE, 1, []);
    this.upscaleFactor = given.upscaleFactor;
  }

  forward(input: Tensor): Tensor {
    return I.pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscaleFactor=${this.upscaleFactor}`;
  }
}

/** [N, C, H r, W r] → [N, C r², H, W]. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(...args: Arguments<{ downscaleFactor: number }, typeof DOWNSCALE>) {
    super();
    const given = byName<{ downscaleFactor: number }>('PixelUnshuffle', args, DOWNSCALE, 1, []);
    this.downscaleFactor = given.downscaleFactor;
  }

  forward(input: Tensor): Tensor {
    return I.pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscaleFactor=${this.downscaleFactor}`;
  }
}

/** Mixes the channels of groups. */
export class ChannelShuffle extends Module {
  readonly groups: number;

  constructor(...args: Arguments<{ groups: number }, typeof GROUPS>) {
    super();
    this.groups = byName<{ groups: number }>('ChannelShuffle', args, GROUPS, 1, []).groups;
  }

  forward(input: Tensor): Tensor {
    return I.channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

/** Resizes [N, C, …] to a size or by a factor; as F.interpolate. */
export class Upsample extends Module {
  readonly options: I.InterpolateOptions;

  constructor(...args: Arguments<I.InterpolateOptions, typeof UPSAMPLE>) {
    super();
    this.options = byName<I.InterpolateOptions>(new.target.name, args, UPSAMPLE, 0, []);
  }

  forward(input: Tensor): Tensor {
    return I.interpolate(input, { ...this.options });
  }
}

/** By which size or factor {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d} resize. */
export type UpsamplingOptions = Pick<I.InterpolateOptions, 'size' | 'scaleFactor'>;

/** Resizes [N, C, H, W] by repeating the nearest pixel. */
export class UpsamplingNearest2d extends Upsample {
  constructor(...args: Arguments<UpsamplingOptions, typeof UPSAMPLING>) {
    super({
      ...byName<UpsamplingOptions>('UpsamplingNearest2d', args, UPSAMPLING, 0, []),
      mode: 'nearest',
    });
  }
}

/** Resizes [N, C, H, W] by bilinear interpolation between the pixels, of which those in the corners stay. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...args: Arguments<UpsamplingOptions, typeof UPSAMPLING>) {
    super({
      ...byName<UpsamplingOptions>('UpsamplingBilinear2d', args, UPSAMPLING, 0, []),
      mode: 'bilinear',
      alignCorners: true,
    });
  }
}

type ResponseNormArguments = I.ResponseNormOptions & { size: number };

/**
 * Divides by the neighbouring channels' activity, x / (k + alpha · mean of x² over `size` channels)^beta, of [N, C, …] (Krizhevsky et
 * al., 2012). As F.localResponseNorm.
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly options: I.ResponseNormOptions;

  constructor(...args: Arguments<ResponseNormArguments, typeof RESPONSE_NORM>) {
    super();
    const given = byName<ResponseNormArguments>('LocalResponseNorm', args, RESPONSE_NORM, 1, []);
    const { size, ...options } = given;
    this.size = size;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return I.localResponseNorm(input, this.size, { ...this.options });
  }

  override extraRepr(): string {
    return String(this.size);
  }
}

/** Options of {@link Unfold} and {@link Fold}. */
export interface UnfoldLayerOptions {
  dilation?: PerDim;
  padding?: PerDim;
  stride?: PerDim;
}

type UnfoldArguments = UnfoldLayerOptions & { kernelSize: PerDim };
type FoldArguments = UnfoldArguments & { outputSize: PerDim };

/** The windows of images [N, C, H, W] as columns [N, C kH kW, L]. */
export class Unfold extends Module {
  readonly kernelSize: PerDim;
  readonly options: UnfoldLayerOptions;

  constructor(...args: Arguments<UnfoldArguments, typeof UNFOLD>) {
    super();
    const { kernelSize, ...options } = byName<UnfoldArguments>('Unfold', args, UNFOLD, 1, []);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, { ...this.options });
  }
}

/** Adds columns [N, C kH kW, L] up to images of a size, the transpose of {@link Unfold}. */
export class Fold extends Module {
  readonly outputSize: PerDim;
  readonly kernelSize: PerDim;
  readonly options: UnfoldLayerOptions;

  constructor(...args: Arguments<FoldArguments, typeof FOLD>) {
    super();
    const { outputSize, kernelSize, ...options } = byName<FoldArguments>('Fold', args, FOLD, 2, []);
    this.outputSize = outputSize;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, { ...this.options });
  }
}

interface UnpoolArguments {
  kernelSize: PerDim;
  stride?: PerDim;
  padding?: PerDim;
}

/** What layers share that undo a maximum pooling. */
abstract class MaxUnpool extends Module {
  readonly kernelSize: PerDim;
  readonly options: Omit<UnpoolArguments, 'kernelSize'>;

  constructor(...args: Arguments<UnpoolArguments, typeof UNPOOL>) {
    super();
    const { kernelSize, ...options } = byName<UnpoolArguments>(this.typeName, args, UNPOOL, 1, []);
    this.kernelSize = kernelSize;
    this.options = options;
  }
}

/** Puts what a maximum pooling of 1 dimension with indices gave back to where it was. */
export class MaxUnpool1d extends MaxUnpool {
  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool1d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/** Puts what a maximum pooling of 2 dimensions with indices gave back to where it was. */
export class MaxUnpool2d extends MaxUnpool {
  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/** Puts what a maximum pooling of 3 dimensions with indices gave back to where it was. */
export class MaxUnpool3d extends MaxUnpool {
  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool3d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

interface LPPoolArguments {
  normType: number;
  kernelSize: PerDim;
  stride?: PerDim;
  ceilMode?: boolean;
}

/** What pooling by a norm shares. */
abstract class LPPool extends Module {
  readonly normType: number;
  readonly kernelSize: PerDim;
  readonly options: Omit<LPPoolArguments, 'normType' | 'kernelSize'>;

  constructor(...args: Arguments<LPPoolArguments, typeof LP_POOL>) {
    super();
    const { normType, kernelSize, ...options } = byName<LPPoolArguments>(this.typeName, args, LP_POOL, 2, []);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.options = options;
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, L]. */
export class LPPool1d extends LPPool {
  forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, { ...this.options });
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, H, W]. */
export class LPPool2d extends LPPool {
  forward(input: Tensor): Tensor {
    return lpPool2d(input, this.normType, this.kernelSize, { ...this.options });
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, D, H, W]. */
export class LPPool3d extends LPPool {
  forward(input: Tensor): Tensor {
    return lpPool3d(input, this.normType, this.kernelSize, { ...this.options });
  }
}
