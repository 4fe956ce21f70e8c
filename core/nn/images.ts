/** Layers that rearrange, pad and resize images. */

import { fold, unfold } from '../ops/unfolding.js';
import * as I from '../ops/images.js';
import { pad, type PadMode } from '../ops/padding.js';
import { lpPool1d, lpPool2d } from '../ops/average-pooling.js';
import { maxUnpool2d } from '../ops/pooling.js';
import type { PerDim } from '../ops/windows.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** [N, C r², H, W] → [N, C, H r, W r] (Shi et al., 2016). */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) {
    super();
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
  constructor(readonly downscaleFactor: number) {
    super();
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
  constructor(readonly groups: number) {
    super();
  }

  forward(input: Tensor): Tensor {
    return I.channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

/** Resizes [N, C, …] to a size or by a factor; see {@link I.interpolate}. */
export class Upsample extends Module {
  constructor(readonly options: I.InterpolateOptions) {
    super();
  }

  forward(input: Tensor): Tensor {
    return I.interpolate(input, { ...this.options });
  }
}

/** By which size or factor {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d} resize. */
export type UpsamplingOptions = Pick<I.InterpolateOptions, 'size' | 'scaleFactor'>;

/** Resizes [N, C, H, W] by repeating the nearest pixel. */
export class UpsamplingNearest2d extends Upsample {
  constructor(options: UpsamplingOptions) {
    super({ ...options, mode: 'nearest' });
  }
}

/** Resizes [N, C, H, W] by bilinear interpolation between the pixels, of which those in the corners stay. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options: UpsamplingOptions) {
    super({ ...options, mode: 'bilinear', alignCorners: true });
  }
}

/** Divides by the neighbouring channels' activity (Krizhevsky et al., 2012); see {@link I.localResponseNorm}. */
export class LocalResponseNorm extends Module {
  constructor(
    readonly size: number,
    readonly options: I.ResponseNormOptions = {},
  ) {
    super();
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
  constructor(
    readonly kernelSize: PerDim,
    readonly options: UnfoldLayerOptions = {},
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, { ...this.options });
  }
}

/** Adds columns [N, C kH kW, L] up to images of a size, the transpose of {@link Unfold}. */
export class Fold extends Module {
  constructor(
    readonly outputSize: PerDim,
    readonly kernelSize: PerDim,
    readonly options: UnfoldLayerOptions = {},
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, { ...this.options });
  }
}

/** Puts what a maximum pooling of 2 dimensions with indices gave back to where it was. */
export class MaxUnpool2d extends Module {
  constructor(
    readonly kernelSize: PerDim,
    readonly options: { stride?: PerDim; padding?: PerDim } = {},
  ) {
    super();
  }

  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, { ...this.options, outputSize });
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, L]. */
export class LPPool1d extends Module {
  constructor(
    readonly normType: number,
    readonly kernelSize: PerDim,
    readonly options: { stride?: PerDim; ceilMode?: boolean } = {},
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, { ...this.options });
  }
}

/** (Σ xᵖ)^(1/p) of windows of [N, C, H, W]. */
export class LPPool2d extends Module {
  constructor(
    readonly normType: number,
    readonly kernelSize: PerDim,
    readonly options: { stride?: PerDim; ceilMode?: boolean } = {},
  ) {
    super();
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
