/**
 * Layers that take the size of their input from the first one they see. Their parameters are there from the start, so
 * that optimizers may be made of them, and get their sizes and first values at that moment; from then on the layer is
 * an ordinary one, also by its class.
 */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import { formatShape, type Shape } from '../layout.js';
import { empty, ones, zeros } from '../ops/creation.js';
import type { PerDim } from '../ops/windows.js';
import { Tensor } from '../tensor.js';
import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvArguments,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeArguments,
} from './conv.js';
import { Linear, type LinearArguments } from './linear.js';
import type { Module } from './module.js';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormArguments } from './normalization.js';

const LINEAR = ['outFeatures', 'bias'] as const;
const CONV = [
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'dilation',
  'groups',
  'bias',
  'paddingMode',
] as const;
const TRANSPOSE = [
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'outputPadding',
  'groups',
  'bias',
  'dilation',
] as const;
const BATCH_NORM = ['eps', 'momentum', 'affine', 'trackRunningStats'] as const;

type LazyLinearArguments = Omit<LinearArguments, 'inFeatures'>;
type LazyConvArguments = Omit<ConvArguments, 'inChannels'>;
type LazyTransposeArguments = Omit<ConvTransposeArguments, 'inChannels'>;
type LazyBatchNormArguments = Omit<BatchNormArguments, 'numFeatures'>;

/** Gives a tensor, which somebody may hold already, a size and elements. */
function fit(tensor: Tensor | null, fresh: (shape: Shape) => Tensor, shape: Shape): void {
  if (tensor === null) return;
  tensor.changing();
  tensor.moveTo(fresh(shape));
  tensor.changed();
}

/** Makes a layer one of another class, whose methods and name it has from now on. */
function become(layer: Module, ordinary: { readonly prototype: object }): void {
  Reflect.setPrototypeOf(layer, ordinary.prototype);
}

function uninitialized(like: Tensor): (shape: Shape) => Tensor {
  return (shape) => empty([...shape], { dtype: like.dtype });
}

/** A layer's own tensors in a state. */
function stateOf(state: Readonly<Record<string, Tensor>>, prefix: string, name: string): Tensor | null {
  const value: unknown = state[`${prefix}${name}`];
  return value instanceof Tensor ? value : null;
}

/** Sizes of the input's channels. @throws RangeError for an input that has none */
function channelsOf(owner: string, input: Tensor, dims: number): number {
  const { shape } = input;
  if (shape.length !== dims + 1 && shape.length !== dims + 2) {
    const sizes = ['D', 'H', 'W'].slice(3 - dims).join(', ');
    throw new RangeError(`${owner}: expected an input of shape [N, C, ${sizes}], got ${formatShape(shape)}`);
  }
  return shape[shape.length - dims - 1];
}

/** {@link Linear} whose `inFeatures` is the size of the last dimension of its first input. */
export class LazyLinear extends Linear {
  constructor(outFeatures: number, options?: Omit<LazyLinearArguments, 'outFeatures'>);
  constructor(...args: Arguments<LazyLinearArguments, typeof LINEAR>);
  constructor(...args: Arguments<LazyLinearArguments, typeof LINEAR>) {
    super({ ...byName<LazyLinearArguments>('LazyLinear', args, LINEAR, 1), inFeatures: 0 });
  }

  override resetParameters(): void {
    if (this.inFeatures > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    if (input.ndim === 0) throw new RangeError('LazyLinear: an input has at least one dimension, got []');
    settleLinear(this, input.shape[input.ndim - 1]);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    const weight = stateOf(state, prefix, 'weight');
    if (weight?.ndim === 2 && weight.shape[1] > 0) settleLinear(this, weight.shape[1]);
  }
}

function settleLinear(layer: Linear, inFeatures: number): void {
  fit(layer.weight, uninitialized(layer.weight), [layer.outFeatures, inFeatures]);
  Reflect.set(layer, 'inFeatures', inFeatures);
  become(layer, Linear);
  layer.resetParameters();
}

/** A convolution, whether transposed or not. */
interface Convolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly kernelSize: readonly number[];
  readonly weight: Tensor;
  resetParameters(): void;
}

function settleConvolution(
  layer: Convolution,
  ordinary: { readonly prototype: object },
  inChannels: number,
  transposed: boolean,
): void {
  const { outChannels, groups, kernelSize } = layer;
  if (inChannels % groups !== 0) {
    throw new RangeError(`${layer.typeName}: ${inChannels} channels do not divide into ${groups} groups`);
  }
  const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
  fit(layer.weight, uninitialized(layer.weight), [...channels, ...kernelSize]);
  Reflect.set(layer, 'inChannels', inChannels);
  become(layer, ordinary);
  layer.resetParameters();
}

/** Takes the channels from a weight in a state. */
function loadConvolution(
  layer: Convolution,
  ordinary: { readonly prototype: object },
  weight: Tensor | null,
  transposed: boolean,
): void {
  if (weight?.ndim !== layer.kernelSize.length + 2) return;
  const channels = transposed ? weight.shape[0] : weight.shape[1] * layer.groups;
  if (channels > 0) settleConvolution(layer, ordinary, channels, transposed);
}

function settleBatchNorm(
  layer: BatchNorm1d | BatchNorm2d | BatchNorm3d,
  ordinary: { readonly prototype: object },
  size: number,
): void {
  const { weight, bias, runningMean, runningVar } = layer;
  const like = (make: typeof ones | typeof zeros, x: Tensor | null) => (shape: Shape) =>
    make([...shape], { dtype: x?.dtype });
  noGrad(() => {
    fit(weight, like(ones, weight), [size]);
    fit(bias, like(zeros, bias), [size]);
    fit(runningMean, like(zeros, runningMean), [size]);
    fit(runningVar, like(ones, runningVar), [size]);
  });
  Reflect.set(layer, 'numFeatures', size);
  become(layer, ordinary);
}

/** {@link Conv1d} whose `inChannels` are those of its first input. */
export class LazyConv1d extends Conv1d {
  constructor(
    outChannels: number,
    kernelSize: PerDim,
    options?: Omit<LazyConvArguments, 'outChannels' | 'kernelSize'>,
  );
  constructor(...args: Arguments<LazyConvArguments, typeof CONV>);
  constructor(...args: Arguments<LazyConvArguments, typeof CONV>) {
    super({ ...byName<LazyConvArguments>('LazyConv1d', args, CONV, 2), inChannels: 0 });
  }

  override resetParameters(): void {
    if (this.inChannels > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    settleConvolution(this, Conv1d, channelsOf('LazyConv1d', input, 1), false);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    loadConvolution(this, Conv1d, stateOf(state, prefix, 'weight'), false);
  }
}

/** {@link Conv2d} whose `inChannels` are those of its first input. */
export class LazyConv2d extends Conv2d {
  constructor(
    outChannels: number,
    kernelSize: PerDim,
    options?: Omit<LazyConvArguments, 'outChannels' | 'kernelSize'>,
  );
  constructor(...args: Arguments<LazyConvArguments, typeof CONV>);
  constructor(...args: Arguments<LazyConvArguments, typeof CONV>) {
    super({ ...byName<LazyConvArguments>('LazyConv2d', args, CONV, 2), inChannels: 0 });
  }

  override resetParameters(): void {
    if (this.inChannels > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    settleConvolution(this, Conv2d, channelsOf('LazyConv2d', input, 2), false);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    loadConvolution(this, Conv2d, stateOf(state, prefix, 'weight'), false);
  }
}

/** {@link Conv3d} whose `inChannels` are those of its first input. */
export class LazyConv3d extends Conv3d {
  constructor(
    outChannels: number,
    kernelSize: PerDim,
    options?: Omit<LazyConvArguments, 'outChannels' | 'kernelSize'>,
  );
  constructor(...args: Arguments<LazyConvArguments, typeof CONV>);
  constructor(...args: Arguments<LazyConvArguments, typeof CONV>) {
    super({ ...byName<LazyConvArguments>('LazyConv3d', args, CONV, 2), inChannels: 0 });
  }

  override resetParameters(): void {
    if (this.inChannels > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    settleConvolution(this, Conv3d, channelsOf('LazyConv3d', input, 3), false);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    loadConvolution(this, Conv3d, stateOf(state, prefix, 'weight'), false);
  }
}

/** {@link ConvTranspose1d} whose `inChannels` are those of its first input. */
export class LazyConvTranspose1d extends ConvTranspose1d {
  constructor(
    outChannels: number,
    kernelSize: PerDim,
    options?: Omit<LazyTransposeArguments, 'outChannels' | 'kernelSize'>,
  );
  constructor(...args: Arguments<LazyTransposeArguments, typeof TRANSPOSE>);
  constructor(...args: Arguments<LazyTransposeArguments, typeof TRANSPOSE>) {
    super({ ...byName<LazyTransposeArguments>('LazyConvTranspose1d', args, TRANSPOSE, 2), inChannels: 0 });
  }

  override resetParameters(): void {
    if (this.inChannels > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    settleConvolution(this, ConvTranspose1d, channelsOf('LazyConvTranspose1d', input, 1), true);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    loadConvolution(this, ConvTranspose1d, stateOf(state, prefix, 'weight'), true);
  }
}

/** {@link ConvTranspose2d} whose `inChannels` are those of its first input. */
export class LazyConvTranspose2d extends ConvTranspose2d {
  constructor(
    outChannels: number,
    kernelSize: PerDim,
    options?: Omit<LazyTransposeArguments, 'outChannels' | 'kernelSize'>,
  );
  constructor(...args: Arguments<LazyTransposeArguments, typeof TRANSPOSE>);
  constructor(...args: Arguments<LazyTransposeArguments, typeof TRANSPOSE>) {
    super({ ...byName<LazyTransposeArguments>('LazyConvTranspose2d', args, TRANSPOSE, 2), inChannels: 0 });
  }

  override resetParameters(): void {
    if (this.inChannels > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    settleConvolution(this, ConvTranspose2d, channelsOf('LazyConvTranspose2d', input, 2), true);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    loadConvolution(this, ConvTranspose2d, stateOf(state, prefix, 'weight'), true);
  }
}

/** {@link ConvTranspose3d} whose `inChannels` are those of its first input. */
export class LazyConvTranspose3d extends ConvTranspose3d {
  constructor(
    outChannels: number,
    kernelSize: PerDim,
    options?: Omit<LazyTransposeArguments, 'outChannels' | 'kernelSize'>,
  );
  constructor(...args: Arguments<LazyTransposeArguments, typeof TRANSPOSE>);
  constructor(...args: Arguments<LazyTransposeArguments, typeof TRANSPOSE>) {
    super({ ...byName<LazyTransposeArguments>('LazyConvTranspose3d', args, TRANSPOSE, 2), inChannels: 0 });
  }

  override resetParameters(): void {
    if (this.inChannels > 0) super.resetParameters();
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    settleConvolution(this, ConvTranspose3d, channelsOf('LazyConvTranspose3d', input, 3), true);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    loadConvolution(this, ConvTranspose3d, stateOf(state, prefix, 'weight'), true);
  }
}

/** {@link BatchNorm1d} whose `numFeatures` are the channels of its first input. */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(options?: LazyBatchNormArguments);
  constructor(...args: Arguments<LazyBatchNormArguments, typeof BATCH_NORM>);
  constructor(...args: Arguments<LazyBatchNormArguments, typeof BATCH_NORM>) {
    super({ ...byName<LazyBatchNormArguments>('LazyBatchNorm1d', args, BATCH_NORM), numFeatures: 0 });
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    if (!this.dimensions.includes(input.ndim)) {
      throw new RangeError(
        `LazyBatchNorm1d: expected an input of ${this.dimensions.join(' or ')} dimensions, got ${formatShape(input.shape)}`,
      );
    }
    settleBatchNorm(this, BatchNorm1d, input.shape[1]);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    const own = stateOf(state, prefix, 'weight') ?? stateOf(state, prefix, 'running_mean');
    if (own?.ndim === 1 && own.numel() > 0) settleBatchNorm(this, BatchNorm1d, own.numel());
  }
}

/** {@link BatchNorm2d} whose `numFeatures` are the channels of its first input. */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(options?: LazyBatchNormArguments);
  constructor(...args: Arguments<LazyBatchNormArguments, typeof BATCH_NORM>);
  constructor(...args: Arguments<LazyBatchNormArguments, typeof BATCH_NORM>) {
    super({ ...byName<LazyBatchNormArguments>('LazyBatchNorm2d', args, BATCH_NORM), numFeatures: 0 });
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    if (!this.dimensions.includes(input.ndim)) {
      throw new RangeError(
        `LazyBatchNorm2d: expected an input of ${this.dimensions.join(' or ')} dimensions, got ${formatShape(input.shape)}`,
      );
    }
    settleBatchNorm(this, BatchNorm2d, input.shape[1]);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    const own = stateOf(state, prefix, 'weight') ?? stateOf(state, prefix, 'running_mean');
    if (own?.ndim === 1 && own.numel() > 0) settleBatchNorm(this, BatchNorm2d, own.numel());
  }
}

/** {@link BatchNorm3d} whose `numFeatures` are the channels of its first input. */
export class LazyBatchNorm3d extends BatchNorm3d {
  constructor(options?: LazyBatchNormArguments);
  constructor(...args: Arguments<LazyBatchNormArguments, typeof BATCH_NORM>);
  constructor(...args: Arguments<LazyBatchNormArguments, typeof BATCH_NORM>) {
    super({ ...byName<LazyBatchNormArguments>('LazyBatchNorm3d', args, BATCH_NORM), numFeatures: 0 });
  }

  override forward(input: Tensor): Tensor {
    this.requireTensor(input);
    if (!this.dimensions.includes(input.ndim)) {
      throw new RangeError(
        `LazyBatchNorm3d: expected an input of ${this.dimensions.join(' or ')} dimensions, got ${formatShape(input.shape)}`,
      );
    }
    settleBatchNorm(this, BatchNorm3d, input.shape[1]);
    return this.forward(input);
  }

  override beforeLoading(state: Readonly<Record<string, Tensor>>, prefix: string): void {
    const own = stateOf(state, prefix, 'weight') ?? stateOf(state, prefix, 'running_mean');
    if (own?.ndim === 1 && own.numel() > 0) settleBatchNorm(this, BatchNorm3d, own.numel());
  }
}
