/** Convolutions. */

import type { FloatDType } from '../dtype.js';
import { formatShape } from '../layout.js';
import { checkSizes } from '../options.js';
import * as C from '../ops/convolution.js';
import { pad, type PadMode } from '../ops/padding.js';
import { type PerDim, perDim } from '../ops/windows.js';
import type { Tensor } from '../tensor.js';
import { emptyParameter, initWeightAndBias } from './linear.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** Options of convolutions; a number for all dimensions or a list with one each. */
export interface ConvLayerOptions {
  /** Distance between windows (1). */
  stride?: PerDim;
  /** Places added on both sides (0); `same` keeps the size, `valid` is none. */
  padding?: PerDim | 'same' | 'valid';
  /** Distance between the elements of a kernel (1). */
  dilation?: PerDim;
  /** Groups of channels that do not see each other (1). */
  groups?: number;
  /** Whether there is a bias (yes). */
  bias?: boolean;
  /** What is in the added places (`zeros`). */
  paddingMode?: 'zeros' | 'reflect' | 'replicate' | 'circular';
  dtype?: FloatDType;
}

/** Options of transposed convolutions. */
export interface ConvTransposeLayerOptions extends Omit<ConvLayerOptions, 'padding' | 'paddingMode'> {
  padding?: PerDim;
  /** Added to the size at the end, where the convolution's size is ambiguous (0). */
  outputPadding?: PerDim;
}

/** Channels and the windows' size, which every convolution needs. */
interface ConvSizes {
  inChannels: number;
  outChannels: number;
  kernelSize: PerDim;
}

/** All that a convolution is made with. */
export type ConvArguments = ConvSizes & ConvLayerOptions;
export type ConvTransposeArguments = ConvSizes & ConvTransposeLayerOptions;

/** The order of what lazy convolutions are given, which have no channels of the input yet. */
export const LAZY_CONV_ORDER = [
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'dilation',
  'groups',
  'bias',
  'paddingMode',
] as const;
const CONV_ORDER = ['inChannels', ...LAZY_CONV_ORDER] as const;
type ConvOrder = typeof CONV_ORDER;

export const LAZY_TRANSPOSE_ORDER = [
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'outputPadding',
  'groups',
  'bias',
  'dilation',
] as const;
const TRANSPOSE_ORDER = ['inChannels', ...LAZY_TRANSPOSE_ORDER] as const;
type TransposeOrder = typeof TRANSPOSE_ORDER;

function checkGroups(name: string, inChannels: number, outChannels: number, groups: number): void {
  if (inChannels % groups === 0 && outChannels % groups === 0) return;
  throw new RangeError(
    `${name}: ${inChannels} and ${outChannels} channels do not divide into ${groups} groups`,
  );
}

/** What convolutions share; weight [outChannels, inChannels / groups, …kernel], uniform in ±1/√fanIn at first. */
abstract class ConvLayer extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  weight: Parameter;
  bias: Parameter | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular';

  constructor(
    protected readonly dims: number,
    args: Arguments<ConvArguments, ConvOrder>,
  ) {
    super();
    const name = this.typeName;
    const options = byName<ConvArguments>(name, args, CONV_ORDER, 3);
    const { inChannels, outChannels, kernelSize } = options;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    checkSizes(name, { inChannels, outChannels });
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, dtype } = options;
    checkGroups(name, inChannels, outChannels, groups);
    this.kernelSize = perDim(name, 'kernelSize', kernelSize, dims);
    this.stride = perDim(name, 'stride', stride, dims);
    this.padding = typeof padding === 'string' ? padding : perDim(name, 'padding', padding, dims);
    this.dilation = perDim(name, 'dilation', dilation, dims);
    this.groups = groups;
    this.paddingMode = options.paddingMode ?? 'zeros';
    if (padding === 'same' && this.stride.some((step) => step !== 1)) {
      throw new RangeError(`${name}: padding 'same' needs a stride of 1, got ${formatShape(this.stride)}`);
    }
    this.weight = emptyParameter([outChannels, inChannels / groups, ...this.kernelSize], dtype);
    this.bias = bias ? emptyParameter([outChannels], dtype) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    const fanIn = this.weight.numel() / this.outChannels;
    initWeightAndBias(this.weight, this.bias, fanIn);
  }

  protected abstract convolve(input: Tensor, options: C.ConvOptions): Tensor;

  /** @throws RangeError if the input has other channels or dimensions, or is smaller than the kernel */
  forward(input: Tensor): Tensor {
    this.requireTensor(input);
    const { dims, bias, stride, dilation, groups, paddingMode, padding } = this;
    const { shape } = input;
    if (
      (shape.length !== dims + 1 && shape.length !== dims + 2) ||
      shape[shape.length - dims - 1] !== this.inChannels
    ) {
      const sizes = ['D', 'H', 'W'].slice(3 - dims).join(', ');
      throw new RangeError(
        `${String(this)}: expected an input of shape [N, ${this.inChannels}, ${sizes}], got ${formatShape(shape)}`,
      );
    }
    if (paddingMode === 'zeros' || padding === 'valid') {
      return this.convolve(input, { bias, stride, padding, dilation, groups });
    }
    const padded = pad(input, this.padPairs(padding), paddingMode satisfies PadMode);
    return this.convolve(padded, { bias, stride, padding: 0, dilation, groups });
  }

  /** What {@link pad} takes: pairs before and behind, last dimension first. */
  private padPairs(padding: readonly number[] | 'same'): number[] {
    return this.kernelSize
      .map((size, d): [number, number] => {
        if (padding !== 'same') return [padding[d], padding[d]];
        const total = this.dilation[d] * (size - 1);
        return [Math.floor(total / 2), total - Math.floor(total / 2)];
      })
      .reverse()
      .flat();
  }

  override extraRepr(): string {
    const { padding, groups, paddingMode } = this;
    const more = [
      padding !== 'valid' && (padding === 'same' || padding.some((n) => n > 0)) && `padding=${show(padding)}`,
      this.dilation.some((n) => n !== 1) && `dilation=${show(this.dilation)}`,
      groups !== 1 && `groups=${groups}`,
      this.bias === null && 'bias=false',
      paddingMode !== 'zeros' && `paddingMode='${paddingMode}'`,
    ].filter((text) => text !== false);
    const start = `${this.inChannels}, ${this.outChannels}, kernelSize=${show(this.kernelSize)}, stride=${show(this.stride)}`;
    return [start, ...more].join(', ');
  }
}

function show(values: readonly number[] | 'same'): string {
  return typeof values === 'string' ? `'${values}'` : formatShape(values);
}

/** Convolution over [N, inChannels, L] or [inChannels, L]: as F.conv1d. */
export class Conv1d extends ConvLayer {
  constructor(inChannels: number, outChannels: number, kernelSize: PerDim, options?: ConvLayerOptions);
  constructor(...args: Arguments<ConvArguments, ConvOrder>);
  constructor(...args: Arguments<ConvArguments, ConvOrder>) {
    super(1, args);
  }

  protected convolve(input: Tensor, options: C.ConvOptions): Tensor {
    return C.conv1d(input, this.weight, options);
  }
}

/** Convolution over [N, inChannels, H, W] or [inChannels, H, W]: as F.conv2d. */
export class Conv2d extends ConvLayer {
  constructor(inChannels: number, outChannels: number, kernelSize: PerDim, options?: ConvLayerOptions);
  constructor(...args: Arguments<ConvArguments, ConvOrder>);
  constructor(...args: Arguments<ConvArguments, ConvOrder>) {
    super(2, args);
  }

  protected convolve(input: Tensor, options: C.ConvOptions): Tensor {
    return C.conv2d(input, this.weight, options);
  }
}

/** Convolution over [N, inChannels, D, H, W] or [inChannels, D, H, W]: as F.conv3d. */
export class Conv3d extends ConvLayer {
  constructor(inChannels: number, outChannels: number, kernelSize: PerDim, options?: ConvLayerOptions);
  constructor(...args: Arguments<ConvArguments, ConvOrder>);
  constructor(...args: Arguments<ConvArguments, ConvOrder>) {
    super(3, args);
  }

  protected convolve(input: Tensor, options: C.ConvOptions): Tensor {
    return C.conv3d(input, this.weight, options);
  }
}

/** What transposed convolutions share; weight [inChannels, outChannels / groups, …kernel]. */
abstract class ConvTransposeLayer extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  weight: Parameter;
  bias: Parameter | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;

  constructor(
    protected readonly dims: number,
    args: Arguments<ConvTransposeArguments, TransposeOrder>,
  ) {
    super();
    const name = this.typeName;
    const options = byName<ConvTransposeArguments>(name, args, TRANSPOSE_ORDER, 3);
    const { inChannels, outChannels, kernelSize } = options;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    checkSizes(name, { inChannels, outChannels });
    const {
      stride = 1,
      padding = 0,
      outputPadding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      dtype,
    } = options;
    checkGroups(name, inChannels, outChannels, groups);
    this.kernelSize = perDim(name, 'kernelSize', kernelSize, dims);
    this.stride = perDim(name, 'stride', stride, dims);
    this.padding = perDim(name, 'padding', padding, dims);
    this.outputPadding = perDim(name, 'outputPadding', outputPadding, dims);
    this.dilation = perDim(name, 'dilation', dilation, dims);
    this.groups = groups;
    this.weight = emptyParameter([inChannels, outChannels / groups, ...this.kernelSize], dtype);
    this.bias = bias ? emptyParameter([outChannels], dtype) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    // As PyTorch counts it: the second dimension of the weight, which here is that of the outputs.
    initWeightAndBias(this.weight, this.bias, this.weight.numel() / this.inChannels);
  }

  protected abstract convolve(input: Tensor, options: C.ConvTransposeOptions): Tensor;

  /** @throws RangeError if the input has other channels or dimensions */
  forward(input: Tensor): Tensor {
    const { dims, bias, stride, padding, outputPadding, dilation, groups } = this;
    this.requireTensor(input);
    const { shape } = input;
    if (
      (shape.length !== dims + 1 && shape.length !== dims + 2) ||
      shape[shape.length - dims - 1] !== this.inChannels
    ) {
      const sizes = ['D', 'H', 'W'].slice(3 - dims).join(', ');
      throw new RangeError(
        `${String(this)}: expected an input of shape [N, ${this.inChannels}, ${sizes}], got ${formatShape(shape)}`,
      );
    }
    return this.convolve(input, { bias, stride, padding, outputPadding, dilation, groups });
  }

  override extraRepr(): string {
    const { padding, outputPadding, dilation, groups } = this;
    const more = [
      padding.some((n) => n > 0) && `padding=${show(padding)}`,
      outputPadding.some((n) => n > 0) && `outputPadding=${show(outputPadding)}`,
      dilation.some((n) => n !== 1) && `dilation=${show(dilation)}`,
      groups !== 1 && `groups=${groups}`,
      this.bias === null && 'bias=false',
    ].filter((text) => text !== false);
    const start = `${this.inChannels}, ${this.outChannels}, kernelSize=${show(this.kernelSize)}, stride=${show(this.stride)}`;
    return [start, ...more].join(', ');
  }
}

/** The transpose of {@link Conv1d}: input [N, inChannels, L] or [inChannels, L]. */
export class ConvTranspose1d extends ConvTransposeLayer {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerDim,
    options?: ConvTransposeLayerOptions,
  );
  constructor(...args: Arguments<ConvTransposeArguments, TransposeOrder>);
  constructor(...args: Arguments<ConvTransposeArguments, TransposeOrder>) {
    super(1, args);
  }

  protected convolve(input: Tensor, options: C.ConvTransposeOptions): Tensor {
    return C.convTranspose1d(input, this.weight, options);
  }
}

/** The transpose of {@link Conv2d}: input [N, inChannels, H, W] or [inChannels, H, W]. */
export class ConvTranspose2d extends ConvTransposeLayer {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerDim,
    options?: ConvTransposeLayerOptions,
  );
  constructor(...args: Arguments<ConvTransposeArguments, TransposeOrder>);
  constructor(...args: Arguments<ConvTransposeArguments, TransposeOrder>) {
    super(2, args);
  }

  protected convolve(input: Tensor, options: C.ConvTransposeOptions): Tensor {
    return C.convTranspose2d(input, this.weight, options);
  }
}

/** The transpose of {@link Conv3d}: input [N, inChannels, D, H, W] or [inChannels, D, H, W]. */
export class ConvTranspose3d extends ConvTransposeLayer {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerDim,
    options?: ConvTransposeLayerOptions,
  );
  constructor(...args: Arguments<ConvTransposeArguments, TransposeOrder>);
  constructor(...args: Arguments<ConvTransposeArguments, TransposeOrder>) {
    super(3, args);
  }

  protected convolve(input: Tensor, options: C.ConvTransposeOptions): Tensor {
    return C.convTranspose3d(input, this.weight, options);
  }
}
