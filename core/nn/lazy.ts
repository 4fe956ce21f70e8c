/**
 * Layers that take the size of their input from the first one they see. Their parameters are there from the start, so
 * that optimizers may be made of them, and get their sizes and first values at that moment; from then on the layer is
 * an ordinary one, also by its class.
 */
import { type Arguments, byName } from '../arguments.js';
import { formatShape, type Shape } from '../layout.js';
import { empty } from '../ops/creation.js';
import type { PerDim } from '../ops/windows.js';
import { isTensor } from '../ops/operand.js';
import type { Tensor } from '../tensor.js';
import {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvArguments,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeArguments,
  LAZY_CONV_ORDER,
  LAZY_TRANSPOSE_ORDER,
} from './conv.js';
import { Linear, type LinearArguments } from './linear.js';
import type { Module } from './module.js';

const LINEAR = ['outFeatures', 'bias'] as const;

type LazyLinearArguments = Omit<LinearArguments, 'inFeatures'>;
type LazyConvArguments = Omit<ConvArguments, 'inChannels'>;
type LazyTransposeArguments = Omit<ConvTransposeArguments, 'inChannels'>;
type LazyConvOptions = Omit<LazyConvArguments, 'outChannels' | 'kernelSize'>;
type LazyTransposeOptions = Omit<LazyTransposeArguments, 'outChannels' | 'kernelSize'>;

/** Gives a tensor, which somebody may hold already, a size and elements. */
export function fit(tensor: Tensor | null, fresh: (shape: Shape) => Tensor, shape: Shape): void {
  if (tensor === null) return;
  tensor.changing();
  tensor.moveTo(fresh(shape));
  tensor.changed();
}

/** How the layers of a lazy class find the size that is missing, and take it. */
export interface Laziness<L> {
  /** @throws RangeError for an input that does not tell it */
  readonly inInput: (layer: L, input: Tensor) => number;
  /** By a state, whose tensors `own` gives by name; 0 where they do not tell it. */
  readonly inState: (layer: L, own: (name: string) => Tensor | null) => number;
  readonly settle: (layer: L, size: number) => void;
}

type Layer = Module & { forward(input: Tensor): Tensor; resetParameters?(): void };

/** Makes a class one of lazy layers, which become ordinary ones at their first input, or when a state is loaded. */
export function makeLazy<L extends Layer>(
  lazy: { readonly prototype: L },
  ordinary: { readonly prototype: L },
  { inInput, inState, settle }: Laziness<L>,
): void {
  const settled = (layer: L, size: number): void => {
    settle(layer, size);
    Reflect.setPrototypeOf(layer, ordinary.prototype);
    layer.resetParameters?.();
  };
  const methods = {
    forward(this: L, input: Tensor): Tensor {
      if (isTensor(input)) settled(this, inInput(this, input));
      return ordinary.prototype.forward.call(this, input);
    },
    resetParameters(): void {
      // Values are drawn when the sizes are known.
    },
    beforeLoading(this: L, state: Readonly<Record<string, unknown>>, prefix: string): void {
      const size = inState(this, (name) => {
        const value = state[`${prefix}${name}`];
        return isTensor(value) ? value : null;
      });
      if (size > 0) settled(this, size);
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(lazy.prototype, name, { value, configurable: true, writable: true });
  }
}

/** Fits a parameter that is drawn once its size is known. */
function fitDrawn(weight: Tensor, shape: Shape): void {
  fit(weight, (sizes) => empty([...sizes], { dtype: weight.dtype }), shape);
}

const linearSize: Laziness<Linear> = {
  inInput: (layer, { ndim, shape }) => {
    if (ndim === 0) throw new RangeError(`${layer.typeName}: an input has at least one dimension, got []`);
    return shape[ndim - 1];
  },
  inState: (_, own) => {
    const weight = own('weight');
    return weight?.ndim === 2 ? weight.shape[1] : 0;
  },
  settle: (layer, inFeatures) => {
    fitDrawn(layer.weight, [layer.outFeatures, inFeatures]);
    Reflect.set(layer, 'inFeatures', inFeatures);
  },
};

/** {@link Linear} whose `inFeatures` is the size of the last dimension of its first input. */
export class LazyLinear extends Linear {
  static {
    makeLazy(this, Linear, linearSize);
  }

  constructor(outFeatures: number, options?: Omit<LazyLinearArguments, 'outFeatures'>);
  constructor(...args: Arguments<LazyLinearArguments, typeof LINEAR>);
  constructor(...args: Arguments<LazyLinearArguments, typeof LINEAR>) {
    super({ ...byName<LazyLinearArguments>('LazyLinear', args, LINEAR, 1), inFeatures: 0 });
  }
}

/** A convolution, whether transposed or not. */
interface Convolution extends Layer {
  readonly outChannels: number;
  readonly groups: number;
  readonly kernelSize: readonly number[];
  readonly weight: Tensor;
}

/** How convolutions find their channels, with the shape of a weight of so many. */
function channelsOf<L extends Convolution>(
  weightChannels: (layer: L, inChannels: number) => readonly [number, number],
  inWeight: (layer: L, shape: Shape) => number,
): Laziness<L> {
  return {
    inInput: (layer, { shape }) => {
      const dims = layer.kernelSize.length;
      if (shape.length === dims + 1 || shape.length === dims + 2) return shape[shape.length - dims - 1];
      const sizes = ['D', 'H', 'W'].slice(3 - dims).join(', ');
      throw new RangeError(
        `${layer.typeName}: expected an input of shape [N, C, ${sizes}], got ${formatShape(shape)}`,
      );
    },
    inState: (layer, own) => {
      const weight = own('weight');
      return weight?.ndim === layer.kernelSize.length + 2 ? inWeight(layer, weight.shape) : 0;
    },
    settle: (layer, inChannels) => {
      const { groups, kernelSize, typeName, weight } = layer;
      if (inChannels % groups !== 0) {
        throw new RangeError(`${typeName}: ${inChannels} channels do not divide into ${groups} groups`);
      }
      fitDrawn(weight, [...weightChannels(layer, inChannels), ...kernelSize]);
      Reflect.set(layer, 'inChannels', inChannels);
    },
  };
}

const convolutionSize = channelsOf<Conv1d | Conv2d | Conv3d>(
  ({ outChannels, groups }, inChannels) => [outChannels, inChannels / groups],
  ({ groups }, shape) => shape[1] * groups,
);

const transposedSize = channelsOf<ConvTranspose1d | ConvTranspose2d | ConvTranspose3d>(
  ({ outChannels, groups }, inChannels) => [inChannels, outChannels / groups],
  (_, shape) => shape[0],
);

/** {@link Conv1d} whose `inChannels` are those of its first input. */
export class LazyConv1d extends Conv1d {
  static {
    makeLazy(this, Conv1d, convolutionSize);
  }

  constructor(outChannels: number, kernelSize: PerDim, options?: LazyConvOptions);
  constructor(...args: Arguments<LazyConvArguments, typeof LAZY_CONV_ORDER>);
  constructor(...args: Arguments<LazyConvArguments, typeof LAZY_CONV_ORDER>) {
    super({ ...byName<LazyConvArguments>('LazyConv1d', args, LAZY_CONV_ORDER, 2), inChannels: 0 });
  }
}

/** {@link Conv2d} whose `inChannels` are those of its first input. */
export class LazyConv2d extends Conv2d {
  static {
    makeLazy(this, Conv2d, convolutionSize);
  }

  constructor(outChannels: number, kernelSize: PerDim, options?: LazyConvOptions);
  constructor(...args: Arguments<LazyConvArguments, typeof LAZY_CONV_ORDER>);
  constructor(...args: Arguments<LazyConvArguments, typeof LAZY_CONV_ORDER>) {
    super({ ...byName<LazyConvArguments>('LazyConv2d', args, LAZY_CONV_ORDER, 2), inChannels: 0 });
  }
}

/** {@link Conv3d} whose `inChannels` are those of its first input. */
export class LazyConv3d extends Conv3d {
  static {
    makeLazy(this, Conv3d, convolutionSize);
  }

  constructor(outChannels: number, kernelSize: PerDim, options?: LazyConvOptions);
  constructor(...args: Arguments<LazyConvArguments, typeof LAZY_CONV_ORDER>);
  constructor(...args: Arguments<LazyConvArguments, typeof LAZY_CONV_ORDER>) {
    super({ ...byName<LazyConvArguments>('LazyConv3d', args, LAZY_CONV_ORDER, 2), inChannels: 0 });
  }
}

/** {@link ConvTranspose1d} whose `inChannels` are those of its first input. */
export class LazyConvTranspose1d extends ConvTranspose1d {
  static {
    makeLazy(this, ConvTranspose1d, transposedSize);
  }

  constructor(outChannels: number, kernelSize: PerDim, options?: LazyTransposeOptions);
  constructor(...args: Arguments<LazyTransposeArguments, typeof LAZY_TRANSPOSE_ORDER>);
  constructor(...args: Arguments<LazyTransposeArguments, typeof LAZY_TRANSPOSE_ORDER>) {
    super({
      ...byName<LazyTransposeArguments>('LazyConvTranspose1d', args, LAZY_TRANSPOSE_ORDER, 2),
      inChannels: 0,
    });
  }
}

/** {@link ConvTranspose2d} whose `inChannels` are those of its first input. */
export class LazyConvTranspose2d extends ConvTranspose2d {
  static {
    makeLazy(this, ConvTranspose2d, transposedSize);
  }

  constructor(outChannels: number, kernelSize: PerDim, options?: LazyTransposeOptions);
  constructor(...args: Arguments<LazyTransposeArguments, typeof LAZY_TRANSPOSE_ORDER>);
  constructor(...args: Arguments<LazyTransposeArguments, typeof LAZY_TRANSPOSE_ORDER>) {
    super({
      ...byName<LazyTransposeArguments>('LazyConvTranspose2d', args, LAZY_TRANSPOSE_ORDER, 2),
      inChannels: 0,
    });
  }
}

/** {@link ConvTranspose3d} whose `inChannels` are those of its first input. */
export class LazyConvTranspose3d extends ConvTranspose3d {
  static {
    makeLazy(this, ConvTranspose3d, transposedSize);
  }

  constructor(outChannels: number, kernelSize: PerDim, options?: LazyTransposeOptions);
  constructor(...args: Arguments<LazyTransposeArguments, typeof LAZY_TRANSPOSE_ORDER>);
  constructor(...args: Arguments<LazyTransposeArguments, typeof LAZY_TRANSPOSE_ORDER>) {
    super({
      ...byName<LazyTransposeArguments>('LazyConvTranspose3d', args, LAZY_TRANSPOSE_ORDER, 2),
      inChannels: 0,
    });
  }
}
