/** Layers that rearrange, pad and resize images. */

import { fold, unfold } from '../ops/unfolding.js';
import * as I from '../ops/images.js';
import { pad, type PadMode } from '../ops/padding.js';
import { lpPool1d, lpPool2d } from '../ops/average-pooling.js';
import { maxUnpool2d } from '../ops/pooling.js';
import type { PerDim } from '../ops/windows.js';
import type { Tensor } from '../tensor.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';

/** [N, C r², H, W] → [N, C, H r, W r] (Shi et al., 2016). */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(...args: Arguments<{ upscaleFactor: number }, ['upscaleFactor']>) {
    super();
    this.upscaleFactor = byName<{ upscaleFactor: number }>(
      'PixelShuffle',
      args,
      ['upscaleFactor'],
      1,
      [],
    ).upscaleFactor;
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

  constructor(...args: Arguments<{ downscaleFactor: number }, ['downscaleFactor']>) {
    super();
    this.downscaleFactor = byName<{ downscaleFactor: number }>(
      'PixelUnshuffle',
      args,
      ['downscaleFactor'],
      1,
      [],
    ).downscaleFactor;
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

  constructor(...args: Arguments<{ groups: number }, ['groups']>) {
    super();
    this.groups = byName<{ groups: number }>('ChannelShuffle', args, ['groups'], 1, []).groups;
  }

  forward(input: Tensor): Tensor {
    return I.channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

const UPSAMPLE_ORDER = ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'] as const;

/** Resizes [N, C, …] to a size or by a factor; see {@link I.interpolate}. */
export class Upsample extends Module {
  readonly options: I.InterpolateOptions;

  constructor(...args: Arguments<I.InterpolateOptions, typeof UPSAMPLE_ORDER>) {
    super();
    this.options = byName<I.InterpolateOptions>(new.target.name, args, UPSAMPLE_ORDER, 0, []);
  }

  forward(input: Tensor): Tensor {
    return I.interpolate(input, { ...this.options });
  }
}

/** By which size or factor {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d} resize. */
export type UpsamplingOptions = Pick<I.InterpolateOptions, 'size' | 'scaleFactor'>;

/** Resizes [N, C, H, W] by repeating the nearest pixel. */
export class UpsamplingNearest2d extends Upsample {
  constructor(...args: Arguments<UpsamplingOptions, ['size', 'scaleFactor']>) {
    super({
      ...byName<UpsamplingOptions>('UpsamplingNearest2d', args, ['size', 'scaleFactor'], 0, []),
      mode: 'nearest',
    });
  }
}

/** Resizes [N, C, H, W] by bilinear interpolation between the pixels, of which those in the corners stay. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(...args: Arguments<UpsamplingOptions, ['size', 'scaleFactor']>) {
    super({
      ...byName<UpsamplingOptions>('UpsamplingBilinear2d', args, ['size', 'scaleFactor'], 0, []),
      mode: 'bilinear',
      alignCorners: true,
    });
  }
}

/** Divides by the neighbouring channels' activity (Krizhevsky et al., 2012); see {@link I.localResponseNorm}. */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly options: I.ResponseNormOptions;

  constructor(...args: Arguments<I.ResponseNormOptions & { size: number }, ['size', 'alpha', 'beta', 'k']>) {
    super();
    const { size, ...options } = byName<I.ResponseNormOptions & { size: number }>(
      'LocalResponseNorm',
      args,
      ['size', 'alpha', 'beta', 'k'],
      1,
      [],
    );
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

/** The windows of images [N, C, H, W] as columns [N, C kH kW, L]. */
export class Unfold extends Module {
  readonly kernelSize: PerDim;
  readonly options: UnfoldLayerOptions;

  constructor(
    ...args: Arguments<
      UnfoldLayerOptions & { kernelSize: PerDim },
      ['kernelSize', 'dilation', 'padding', 'stride']
    >
  ) {
    super();
    const { kernelSize, ...options } = byName<UnfoldLayerOptions & { kernelSize: PerDim }>(
      'Unfold',
      args,
      ['kernelSize', 'dilation', 'padding', 'stride'],
      1,
      [],
    );
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

  constructor(
    ...args: Arguments<
      UnfoldLayerOptions & { outputSize: PerDim; kernelSize: PerDim },
      ['outputSize', 'kernelSize', 'dilation', 'padding', 'stride']
    >
  ) {
    super();
    const { outputSize, kernelSize, ...options } = byName<
      UnfoldLayerOptions & { outputSize: PerDim; kernelSize: PerDim }
    >('Fold', args, ['outputSize', 'kernelSize', 'dilation', 'padding', 'stride'], 2, []);
    this.outputSize = outputSize;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, { ...this.options });
  }
}

/** Puts what a maximum pooling of 2 dimensions with indices gave back to where it was. */
export class MaxUnpool2d extends Module {
  readonly kernelSize: PerDim;
  readonly options: { stride?: PerDim; padding?: PerDim };

  constructor(
    ...args: Arguments<
      { stride?: PerDim; padding?: PerDim } & { kernelSize: PerDim },
      ['kernelSize', 'stride', 'padding']
    >
  ) {
    super();
    const { kernelSize, ...options } = byName<{ stride?: PerDim; padding?: PerDim } & { kernelSize: PerDim }>(
      'MaxUnpool2d',
      args,
      ['kernelSize', 'stride', 'padding'],
      1,
      [],
    );
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, L]. */
export class LPPool1d extends Module {
  readonly normType: number;
  readonly kernelSize: PerDim;
  readonly options: { stride?: PerDim; ceilMode?: boolean };

  constructor(
    ...args: Arguments<
      { stride?: PerDim; ceilMode?: boolean } & { normType: number; kernelSize: PerDim },
      ['normType', 'kernelSize', 'stride', 'ceilMode']
    >
  ) {
    super();
    const { normType, kernelSize, ...options } = byName<
      { stride?: PerDim; ceilMode?: boolean } & { normType: number; kernelSize: PerDim }
    >('LPPool1d', args, ['normType', 'kernelSize', 'stride', 'ceilMode'], 2, []);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, { ...this.options });
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, H, W]. */
export class LPPool2d extends Module {
  readonly normType: number;
  readonly kernelSize: PerDim;
  readonly options: { stride?: PerDim; ceilMode?: boolean };

  constructor(
    ...args: Arguments<
      { stride?: PerDim; ceilMode?: boolean } & { normType: number; kernelSize: PerDim },
      ['normType', 'kernelSize', 'stride', 'ceilMode']
    >
  ) {
    super();
    const { normType, kernelSize, ...options } = byName<
      { stride?: PerDim; ceilMode?: boolean } & { normType: number; kernelSize: PerDim }
    >('LPPool2d', args, ['normType', 'kernelSize', 'stride', 'ceilMode'], 2, []);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return lpPool2d(input, this.normType, this.kernelSize, { ...this.options });
  }
}

/** What padding layers share. */
abstract class Padding extends Module {
  readonly padding: readonly number[];
  protected abstract readonly mode: PadMode;

  /**
   * @param padding places on all sides, or [left, right, top, bottom, …]
   * @param value what a constant padding holds
   */
  constructor(
    dims: number,
    padding: number | readonly number[],
    readonly value = 0,
  ) {
    super();
    this.padding = typeof padding === 'number' ? new Array<number>(2 * dims).fill(padding) : padding;
    if (this.padding.length !== 2 * dims) {
      throw new RangeError(
        `${this.typeName}: padding is a number or a list of ${2 * dims}, got [${this.padding.join(', ')}]`,
      );
    }
  }

  forward(input: Tensor): Tensor {
    return pad(input, this.padding, { mode: this.mode, value: this.value });
  }

  override extraRepr(): string {
    return `[${this.padding.join(', ')}]`;
  }
}

/** Pads [N, C, L] with its mirror image. */
export class ReflectionPad1d extends Padding {
  protected readonly mode = 'reflect';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with its mirror image. */
export class ReflectionPad2d extends Padding {
  protected readonly mode = 'reflect';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with its mirror image. */
export class ReflectionPad3d extends Padding {
  protected readonly mode = 'reflect';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with its edge. */
export class ReplicationPad1d extends Padding {
  protected readonly mode = 'replicate';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with its edge. */
export class ReplicationPad2d extends Padding {
  protected readonly mode = 'replicate';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with its edge. */
export class ReplicationPad3d extends Padding {
  protected readonly mode = 'replicate';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with its other end, as if it went round. */
export class CircularPad1d extends Padding {
  protected readonly mode = 'circular';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with its other end, as if it went round. */
export class CircularPad2d extends Padding {
  protected readonly mode = 'circular';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with its other end, as if it went round. */
export class CircularPad3d extends Padding {
  protected readonly mode = 'circular';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with zeros. */
export class ZeroPad1d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[]) {
    super(1, padding);
  }
}

/** Pads [N, C, H, W] with zeros. */
export class ZeroPad2d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[]) {
    super(2, padding);
  }
}

/** Pads [N, C, D, H, W] with zeros. */
export class ZeroPad3d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[]) {
    super(3, padding);
  }
}

/** Pads [N, C, L] with a number. */
export class ConstantPad1d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[], value: number) {
    super(1, padding, value);
  }
}

/** Pads [N, C, H, W] with a number. */
export class ConstantPad2d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[], value: number) {
    super(2, padding, value);
  }
}

/** Pads [N, C, D, H, W] with a number. */
export class ConstantPad3d extends Padding {
  protected readonly mode = 'constant';

  constructor(padding: number | readonly number[], value: number) {
    super(3, padding, value);
  }
}
