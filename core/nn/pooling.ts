/** Layers that make one number of each window. */

import { formatShape } from '../layout.js';
import { checkOptions } from '../options.js';
import * as P from '../ops/functional.js';
import type { PerDim } from '../ops/windows.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Options of pooling layers. */
export interface PoolLayerOptions {
  /** Distance between windows (the kernel's size). */
  stride?: PerDim;
  /** Places added on both sides (0). */
  padding?: PerDim;
  /** Whether windows that reach beyond the end count (no). */
  ceilMode?: boolean;
}

/** Options of maximum pooling. */
export interface MaxPoolLayerOptions extends PoolLayerOptions {
  /** Distance between the elements of a window (1). */
  dilation?: PerDim;
}

/** Options of average pooling. */
export interface AvgPoolLayerOptions extends PoolLayerOptions {
  /** Whether added places count as elements (yes). */
  countIncludePad?: boolean;
  /** What to divide by instead of the number of elements. */
  divisorOverride?: number;
}

function show(value: PerDim): string {
  return typeof value === 'number' ? String(value) : formatShape(value);
}

/** What layers with windows share. */
abstract class Pool<O extends PoolLayerOptions> extends Module {
  constructor(
    readonly kernelSize: PerDim,
    readonly options: O,
    more: readonly string[],
  ) {
    super();
    checkOptions(this.typeName, options, ['stride', 'padding', 'ceilMode', ...more]);
  }

  override extraRepr(): string {
    const { stride = this.kernelSize, padding = 0, ceilMode = false } = this.options;
    return `kernelSize=${show(this.kernelSize)}, stride=${show(stride)}, padding=${show(padding)}, ceilMode=${ceilMode}`;
  }
}

/** The largest element of each window of [N, C, L], or without N. */
export class MaxPool1d extends Pool<MaxPoolLayerOptions> {
  constructor(kernelSize: PerDim, options: MaxPoolLayerOptions = {}) {
    super(kernelSize, options, ['dilation']);
  }

  forward(input: Tensor): Tensor {
    return P.maxPool1d(input, this.kernelSize, { ...this.options });
  }
}

/** The largest element of each window of [N, C, H, W], or without N. */
export class MaxPool2d extends Pool<MaxPoolLayerOptions> {
  constructor(kernelSize: PerDim, options: MaxPoolLayerOptions = {}) {
    super(kernelSize, options, ['dilation']);
  }

  forward(input: Tensor): Tensor {
    return P.maxPool2d(input, this.kernelSize, { ...this.options });
  }
}

/** The largest element of each window of [N, C, D, H, W], or without N. */
export class MaxPool3d extends Pool<MaxPoolLayerOptions> {
  constructor(kernelSize: PerDim, options: MaxPoolLayerOptions = {}) {
    super(kernelSize, options, ['dilation']);
  }

  forward(input: Tensor): Tensor {
    return P.maxPool3d(input, this.kernelSize, { ...this.options });
  }
}

/** The mean of each window of [N, C, L], or without N. */
export class AvgPool1d extends Pool<AvgPoolLayerOptions> {
  constructor(kernelSize: PerDim, options: AvgPoolLayerOptions = {}) {
    super(kernelSize, options, ['countIncludePad', 'divisorOverride']);
  }

  forward(input: Tensor): Tensor {
    return P.avgPool1d(input, this.kernelSize, { ...this.options });
  }
}

/** The mean of each window of [N, C, H, W], or without N. */
export class AvgPool2d extends Pool<AvgPoolLayerOptions> {
  constructor(kernelSize: PerDim, options: AvgPoolLayerOptions = {}) {
    super(kernelSize, options, ['countIncludePad', 'divisorOverride']);
  }

  forward(input: Tensor): Tensor {
    return P.avgPool2d(input, this.kernelSize, { ...this.options });
  }
}

/** The mean of each window of [N, C, D, H, W], or without N. */
export class AvgPool3d extends Pool<AvgPoolLayerOptions> {
  constructor(kernelSize: PerDim, options: AvgPoolLayerOptions = {}) {
    super(kernelSize, options, ['countIncludePad', 'divisorOverride']);
  }

  forward(input: Tensor): Tensor {
    return P.avgPool3d(input, this.kernelSize, { ...this.options });
  }
}

/** Windows that cover the input evenly, as many as asked: a number or one a dimension, null keeps the size. */
export type OutputSize = number | readonly (number | null)[];

abstract class AdaptivePool extends Module {
  constructor(readonly outputSize: OutputSize) {
    super();
  }

  override extraRepr(): string {
    const { outputSize } = this;
    return `outputSize=${typeof outputSize === 'number' ? outputSize : `[${outputSize.map(String).join(', ')}]`}`;
  }
}

/** The mean of `outputSize` windows that cover [N, C, L], or without N, evenly. */
export class AdaptiveAvgPool1d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveAvgPool1d(input, this.outputSize);
  }
}

/** The mean of `outputSize` windows that cover [N, C, H, W], or without N, evenly. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** The mean of `outputSize` windows that cover [N, C, D, H, W], or without N, evenly. */
export class AdaptiveAvgPool3d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveAvgPool3d(input, this.outputSize);
  }
}

/** The largest element of `outputSize` windows that cover [N, C, L], or without N, evenly. */
export class AdaptiveMaxPool1d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveMaxPool1d(input, this.outputSize);
  }
}

/** The largest element of `outputSize` windows that cover [N, C, H, W], or without N, evenly. */
export class AdaptiveMaxPool2d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveMaxPool2d(input, this.outputSize);
  }
}

/** The largest element of `outputSize` windows that cover [N, C, D, H, W], or without N, evenly. */
export class AdaptiveMaxPool3d extends AdaptivePool {
  forward(input: Tensor): Tensor {
    return P.adaptiveMaxPool3d(input, this.outputSize);
  }
}
