/** Layers that make one number of each window. */

import { formatShape } from '../layout.js';
import * as P from '../ops/functional.js';
import type { ValuesIndices } from '../ops/extremes.js';
import type { PerDim } from '../ops/windows.js';
import type { Tensor } from '../tensor.js';
import { type Arguments, byName } from '../arguments.js';
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
  /** Give [output, indices], as unpooling needs (no). */
  returnIndices?: boolean;
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

type WithKernel<O> = O & { kernelSize: PerDim };
type MaxPoolArguments = WithKernel<MaxPoolLayerOptions>;
type AvgPoolArguments = WithKernel<AvgPoolLayerOptions>;

const MAX_ORDER = ['kernelSize', 'stride', 'padding', 'dilation', 'returnIndices', 'ceilMode'] as const;
const AVG_ORDER = [
  'kernelSize',
  'stride',
  'padding',
  'ceilMode',
  'countIncludePad',
  'divisorOverride',
] as const;
type MaxOrder = typeof MAX_ORDER;
type AvgOrder = typeof AVG_ORDER;

/** What maximum pooling gives: the largest elements, with their places where those are asked for. */
type Largest<Indices> = Indices extends true ? ValuesIndices : Tensor;

/** What layers with windows share. */
abstract class Pool<O extends PoolLayerOptions> extends Module {
  readonly kernelSize: PerDim;
  readonly options: Omit<WithKernel<O>, 'kernelSize'>;

  constructor(args: readonly unknown[], order: readonly (keyof WithKernel<O> & string)[]) {
    super();
    const { kernelSize, ...options } = byName<WithKernel<O>>(this.typeName, args, order, 1, []);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override extraRepr(): string {
    const { stride = this.kernelSize, padding = 0, ceilMode = false } = this.options;
    return `kernelSize=${show(this.kernelSize)}, stride=${show(stride)}, padding=${show(padding)}, ceilMode=${ceilMode}`;
  }
}

/** The largest element of each window of [N, C, L], or without N. */
export class MaxPool1d<Indices extends boolean = false> extends Pool<MaxPoolLayerOptions> {
  constructor(kernelSize: PerDim, options?: MaxPoolLayerOptions & { returnIndices?: Indices });
  constructor(...args: Arguments<MaxPoolArguments, MaxOrder>);
  constructor(...args: Arguments<MaxPoolArguments, MaxOrder>) {
    super(args, MAX_ORDER);
  }

  forward(input: Tensor): Largest<Indices>;
  forward(input: Tensor): Tensor | ValuesIndices {
    return P.maxPool1d(input, this.kernelSize, { ...this.options });
  }
}

/** The largest element of each window of [N, C, H, W], or without N. */
export class MaxPool2d<Indices extends boolean = false> extends Pool<MaxPoolLayerOptions> {
  constructor(kernelSize: PerDim, options?: MaxPoolLayerOptions & { returnIndices?: Indices });
  constructor(...args: Arguments<MaxPoolArguments, MaxOrder>);
  constructor(...args: Arguments<MaxPoolArguments, MaxOrder>) {
    super(args, MAX_ORDER);
  }

  forward(input: Tensor): Largest<Indices>;
  forward(input: Tensor): Tensor | ValuesIndices {
    return P.maxPool2d(input, this.kernelSize, { ...this.options });
  }
}

/** The largest element of each window of [N, C, D, H, W], or without N. */
export class MaxPool3d<Indices extends boolean = false> extends Pool<MaxPoolLayerOptions> {
  constructor(kernelSize: PerDim, options?: MaxPoolLayerOptions & { returnIndices?: Indices });
  constructor(...args: Arguments<MaxPoolArguments, MaxOrder>);
  constructor(...args: Arguments<MaxPoolArguments, MaxOrder>) {
    super(args, MAX_ORDER);
  }

  forward(input: Tensor): Largest<Indices>;
  forward(input: Tensor): Tensor | ValuesIndices {
    return P.maxPool3d(input, this.kernelSize, { ...this.options });
  }
}

/** The mean of each window of [N, C, L], or without N. */
export class AvgPool1d extends Pool<AvgPoolLayerOptions> {
  constructor(kernelSize: PerDim, options?: AvgPoolLayerOptions);
  constructor(...args: Arguments<AvgPoolArguments, AvgOrder>);
  constructor(...args: Arguments<AvgPoolArguments, AvgOrder>) {
    super(args, AVG_ORDER);
  }

  forward(input: Tensor): Tensor {
    return P.avgPool1d(input, this.kernelSize, { ...this.options });
  }
}

/** The mean of each window of [N, C, H, W], or without N. */
export class AvgPool2d extends Pool<AvgPoolLayerOptions> {
  constructor(kernelSize: PerDim, options?: AvgPoolLayerOptions);
  constructor(...args: Arguments<AvgPoolArguments, AvgOrder>);
  constructor(...args: Arguments<AvgPoolArguments, AvgOrder>) {
    super(args, AVG_ORDER);
  }

  forward(input: Tensor): Tensor {
    return P.avgPool2d(input, this.kernelSize, { ...this.options });
  }
}

/** The mean of each window of [N, C, D, H, W], or without N. */
export class AvgPool3d extends Pool<AvgPoolLayerOptions> {
  constructor(kernelSize: PerDim, options?: AvgPoolLayerOptions);
  constructor(...args: Arguments<AvgPoolArguments, AvgOrder>);
  constructor(...args: Arguments<AvgPoolArguments, AvgOrder>) {
    super(args, AVG_ORDER);
  }

  forward(input: Tensor): Tensor {
    return P.avgPool3d(input, this.kernelSize, { ...this.options });
  }
}

/** Windows that cover the input evenly, as many as asked: a number or one a dimension, null keeps the size. */
export type OutputSize = number | readonly (number | null)[];

abstract class AdaptivePool extends Module {
  readonly outputSize: OutputSize;

  constructor(...args: Arguments<{ outputSize: OutputSize }, ['outputSize']>) {
    super();
    this.outputSize = byName<{ outputSize: OutputSize }>(
      new.target.name,
      args,
      ['outputSize'],
      1,
      [],
    ).outputSize;
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
