/** Layers of weighted sums. */

import type { FloatDType } from '../dtype.js';
import { formatShape } from '../layout.js';
import { empty } from '../ops/creation.js';
import { linear } from '../ops/linear.js';
import type { Tensor } from '../tensor.js';
import type { FitsLast, KnownSize, LastReplaced, Unknown } from '../types/known.js';
import { bilinear } from '../ops/encoding.js';
import { checkSizes } from '../options.js';
import { kaimingUniform_, uniform_ } from './init.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** Options that most layers with weights take. */
export interface LayerOptions {
  /** Whether there is a bias (yes). */
  bias?: boolean;
  /** float32 or float64; the default dtype. */
  dtype?: FloatDType;
}

/** All that {@link Linear} is made with. */
export interface LinearArguments extends LayerOptions {
  inFeatures: number;
  outFeatures: number;
}

/** All that {@link Bilinear} is made with. */
export interface BilinearArguments extends LayerOptions {
  in1Features: number;
  in2Features: number;
  outFeatures: number;
}

const LINEAR_ORDER = ['inFeatures', 'outFeatures', 'bias'] as const;
const BILINEAR_ORDER = ['in1Features', 'in2Features', 'outFeatures', 'bias'] as const;

/** An uninitialized parameter. */
export function emptyParameter(shape: readonly number[], dtype?: FloatDType): Parameter {
  return new Parameter(empty(shape, { dtype }));
}

/** PyTorch's default for weights of linear layers and convolutions, U(-1/√fanIn, 1/√fanIn), and the same for the bias. */
export function initWeightAndBias(weight: Tensor, bias: Tensor | null, fanIn: number): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (bias) {
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    uniform_(bias, { a: -bound, b: bound });
  }
}

/** Gives its input back; a placeholder for any layer, whose arguments it takes and ignores. */
export class Identity extends Module {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- see above
  constructor(..._ignored: readonly unknown[]) {
    super();
  }

  forward(input: Tensor): Tensor {
    return input;
  }
}

/** `layer(x)`: what is known of the shape goes through. */
export interface Linear<In extends number, Out extends number> {
  // eslint-disable-next-line @typescript-eslint/prefer-function-type -- merged into the class
  <S, D>(
    input: Tensor<S, D> & FitsLast<'Linear', S, KnownSize<In>>,
  ): Tensor<LastReplaced<S, KnownSize<Out>>, D>;
}

/**
 * y = x Wᵀ + b. Input [..., inFeatures], output [..., outFeatures]; weight [outFeatures, inFeatures], bias
 * [outFeatures], both initialized uniform in ±1/√inFeatures.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the call signature of modules
export class Linear<In extends number = Unknown, Out extends number = Unknown> extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly inFeatures: In;
  readonly outFeatures: Out;

  constructor(inFeatures: In, outFeatures: Out, options?: LayerOptions);
  constructor(inFeatures: In, outFeatures: Out, bias: boolean, options?: { dtype?: FloatDType });
  constructor(options: LinearArguments & { inFeatures: In; outFeatures: Out });
  constructor(...args: readonly unknown[]) {
    super();
    const options = byName<LinearArguments & { inFeatures: In; outFeatures: Out }>(
      'Linear',
      args,
      LINEAR_ORDER,
      2,
    );
    const { inFeatures, outFeatures } = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    checkSizes('Linear', { inFeatures, outFeatures });
    this.weight = emptyParameter([outFeatures, inFeatures], options.dtype);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures], options.dtype) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    initWeightAndBias(this.weight, this.bias, this.inFeatures);
  }

  /** @throws RangeError if the last dimension is not inFeatures */
  forward<S, D>(
    input: Tensor<S, D> & FitsLast<'Linear', S, KnownSize<In>>,
  ): Tensor<LastReplaced<S, KnownSize<Out>>, D>;
  forward(input: Tensor): Tensor {
    this.requireTensor(input);
    const { shape } = input;
    if (shape[shape.length - 1] !== this.inFeatures) {
      throw new RangeError(
        `${String(this)}: expected an input of shape [..., ${this.inFeatures}], got ${formatShape(shape)}`,
      );
    }
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== null}`;
  }
}

/**
 * yₖ = x₁ᵀ Wₖ x₂ + bₖ. Inputs [..., in1Features] and [..., in2Features], output [..., outFeatures]; weight
 * [outFeatures, in1Features, in2Features], initialized with the bias uniform in ±1/√in1Features.
 */
export class Bilinear extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;

  constructor(...args: Arguments<BilinearArguments, typeof BILINEAR_ORDER>) {
    super();
    const options = byName<BilinearArguments>('Bilinear', args, BILINEAR_ORDER, 3);
    const { in1Features, in2Features, outFeatures } = options;
    checkSizes('Bilinear', { in1Features, in2Features, outFeatures });
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features], options.dtype);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures], options.dtype) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    for (const parameter of this.parameters()) uniform_(parameter, { a: -bound, b: bound });
  }

  /** @throws RangeError where the sizes do not fit */
  forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return `in1Features=${in1Features}, in2Features=${in2Features}, outFeatures=${outFeatures}, bias=${bias !== null}`;
  }
}
