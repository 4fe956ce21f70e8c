/** Activations as layers: each maps every element by itself, [...] to [...]. */

import type { FloatDType } from '../dtype.js';
import * as A from '../ops/activations.js';
import { gelu } from '../ops/gelu.js';
import { full } from '../ops/creation.js';
import { runInPlace } from '../ops/inplace.js';
import * as P from '../ops/pointwise.js';
import type { FunctionOp } from '../ops/record.js';
import type { Tensor } from '../tensor.js';
import { rrelu } from './functional/random.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** What activations share that may write into their input. */
abstract class InPlace extends Module {
  abstract readonly inplace: boolean;

  /** Applies an op, in place if asked for. */
  protected run<A extends unknown[]>(
    op: FunctionOp<(input: Tensor, ...args: A) => Tensor>,
    input: Tensor,
    ...args: A
  ): Tensor {
    this.requireTensor(input);
    return this.inplace ? runInPlace(op.record, input, args) : op(input, ...args);
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=true' : '';
  }
}

const INPLACE = ['inplace'] as const;
const SLOPE = ['negativeSlope', 'inplace'] as const;
const ALPHA = ['alpha', 'inplace'] as const;
const LAMBD = ['lambd'] as const;
const SOFTPLUS = ['beta', 'threshold'] as const;
const HARDTANH = ['minVal', 'maxVal', 'inplace'] as const;
const THRESHOLD = ['threshold', 'value', 'inplace'] as const;
const GELU_ORDER = ['approximate'] as const;
const PRELU = ['numParameters', 'init'] as const;
const RRELU = ['lower', 'upper'] as const;

interface InPlaceArguments {
  inplace?: boolean;
}
interface SlopeArguments extends InPlaceArguments {
  negativeSlope?: number;
}
interface AlphaArguments extends InPlaceArguments {
  alpha?: number;
}
interface LambdArguments {
  lambd?: number;
}
interface SoftplusArguments {
  beta?: number;
  threshold?: number;
}
interface HardtanhArguments extends InPlaceArguments {
  minVal?: number;
  maxVal?: number;
}
interface ThresholdArguments extends InPlaceArguments {
  threshold: number;
  value: number;
}
interface GELUArguments {
  approximate?: 'none' | 'tanh';
}
interface RReLUArguments {
  lower?: number;
  upper?: number;
}

/** What activations without other arguments share. */
abstract class Simple extends InPlace {
  readonly inplace: boolean;

  constructor(...args: Arguments<InPlaceArguments, typeof INPLACE>) {
    super();
    this.inplace = byName<InPlaceArguments>(new.target.name, args, INPLACE, 0, []).inplace ?? false;
  }
}

/** max(0, x). Of each element: [...] gives [...]. */
export class ReLU extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(P.relu, input);
  }
}

/** min(max(0, x), 6). Of each element: [...] gives [...]. */
export class ReLU6 extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(A.relu6, input);
  }
}

/** (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ). Of each element: [...] gives [...]. */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return P.tanh(input);
  }
}

/** σ(x) = 1 / (1 + e⁻ˣ). Of each element: [...] gives [...]. */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return P.sigmoid(input);
  }
}

/** ln σ(x). Of each element: [...] gives [...]. */
export class LogSigmoid extends Module {
  forward(input: Tensor): Tensor {
    return P.logsigmoid(input);
  }
}

/** x σ(x), also called swish. Of each element: [...] gives [...]. */
export class SiLU extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(A.silu, input);
  }
}

/** x tanh(ln(1 + eˣ)). Of each element: [...] gives [...]. */
export class Mish extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(A.mish, input);
  }
}

/** 1.0507 x if positive, else 1.758 (eˣ - 1) (Klambauer et al., 2017). Of each element: [...] gives [...]. */
export class SELU extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(A.selu, input);
  }
}

/** x / (1 + |x|). Of each element: [...] gives [...]. */
export class Softsign extends Module {
  forward(input: Tensor): Tensor {
    return A.softsign(input);
  }
}

/** x - tanh(x). Of each element: [...] gives [...]. */
export class Tanhshrink extends Module {
  forward(input: Tensor): Tensor {
    return A.tanhshrink(input);
  }
}

/** min(max(0, x / 6 + 1/2), 1). Of each element: [...] gives [...]. */
export class Hardsigmoid extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(A.hardsigmoid, input);
  }
}

/** x hardsigmoid(x). Of each element: [...] gives [...]. */
export class Hardswish extends Simple {
  forward(input: Tensor): Tensor {
    return this.run(A.hardswish, input);
  }
}

/** x if positive, else negativeSlope x (0.01). Of each element: [...] gives [...]. */
export class LeakyReLU extends InPlace {
  readonly negativeSlope: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<SlopeArguments, typeof SLOPE>) {
    super();
    const given = byName<SlopeArguments>('LeakyReLU', args, SLOPE, 0, []);
    this.negativeSlope = given.negativeSlope ?? 0.01;
    this.inplace = given.inplace ?? false;
  }

  forward(input: Tensor): Tensor {
    return this.run(A.leakyRelu, input, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}${this.inplace ? ', inplace=true' : ''}`;
  }
}

/** x if positive, else alpha (eˣ - 1) (1). Of each element: [...] gives [...]. */
export class ELU extends InPlace {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<AlphaArguments, typeof ALPHA>) {
    super();
    const given = byName<AlphaArguments>('ELU', args, ALPHA, 0, []);
    this.alpha = given.alpha ?? 1;
    this.inplace = given.inplace ?? false;
  }

  forward(input: Tensor): Tensor {
    return this.run(A.elu, input, this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}${this.inplace ? ', inplace=true' : ''}`;
  }
}

/** x if positive, else alpha (exp(x / alpha) - 1) (1). Of each element: [...] gives [...]. */
export class CELU extends InPlace {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<AlphaArguments, typeof ALPHA>) {
    super();
    const given = byName<AlphaArguments>('CELU', args, ALPHA, 0, []);
    this.alpha = given.alpha ?? 1;
    this.inplace = given.inplace ?? false;
  }

  forward(input: Tensor): Tensor {
    return this.run(A.celu, input, this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}${this.inplace ? ', inplace=true' : ''}`;
  }
}

/** x where |x| > lambd (0.5), else 0. Of each element: [...] gives [...]. */
export class Hardshrink extends Module {
  readonly lambd: number;

  constructor(...args: Arguments<LambdArguments, typeof LAMBD>) {
    super();
    this.lambd = byName<LambdArguments>('Hardshrink', args, LAMBD, 0, []).lambd ?? 0.5;
  }

  forward(input: Tensor): Tensor {
    return A.hardshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return `lambd=${this.lambd}`;
  }
}

/** x moved towards 0 by lambd (0.5), or 0 where it is nearer. Of each element: [...] gives [...]. */
export class Softshrink extends Module {
  readonly lambd: number;

  constructor(...args: Arguments<LambdArguments, typeof LAMBD>) {
    super();
    this.lambd = byName<LambdArguments>('Softshrink', args, LAMBD, 0, []).lambd ?? 0.5;
  }

  forward(input: Tensor): Tensor {
    return A.softshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return `lambd=${this.lambd}`;
  }
}

/** ln(1 + exp(beta x)) / beta (1); x itself where beta x is above the threshold (20). Of each element: [...] gives [...]. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(...args: Arguments<SoftplusArguments, typeof SOFTPLUS>) {
    super();
    const given = byName<SoftplusArguments>('Softplus', args, SOFTPLUS, 0, []);
    this.beta = given.beta ?? 1;
    this.threshold = given.threshold ?? 20;
  }

  forward(input: Tensor): Tensor {
    return A.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

/** x cut to [minVal, maxVal] ([-1, 1]). Of each element: [...] gives [...]. */
export class Hardtanh extends InPlace {
  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<HardtanhArguments, typeof HARDTANH>) {
    super();
    const given = byName<HardtanhArguments>('Hardtanh', args, HARDTANH, 0, []);
    this.minVal = given.minVal ?? -1;
    this.maxVal = given.maxVal ?? 1;
    this.inplace = given.inplace ?? false;
  }

  forward(input: Tensor): Tensor {
    return this.run(A.hardtanh, input, this.minVal, this.maxVal);
  }

  override extraRepr(): string {
    return `minVal=${this.minVal}, maxVal=${this.maxVal}${this.inplace ? ', inplace=true' : ''}`;
  }
}

/** x if above `threshold`, else `value`. Of each element: [...] gives [...]. */
export class Threshold extends InPlace {
  readonly threshold: number;
  readonly value: number;
  readonly inplace: boolean;

  constructor(...args: Arguments<ThresholdArguments, typeof THRESHOLD>) {
    super();
    const given = byName<ThresholdArguments>('Threshold', args, THRESHOLD, 2, []);
    this.threshold = given.threshold;
    this.value = given.value;
    this.inplace = given.inplace ?? false;
  }

  forward(input: Tensor): Tensor {
    return this.run(A.threshold, input, this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}${this.inplace ? ', inplace=true' : ''}`;
  }
}

/** x Φ(x) with the normal distribution function Φ, or its approximation by tanh. Of each element: [...] gives [...]. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(...args: Arguments<GELUArguments, typeof GELU_ORDER>) {
    super();
    this.approximate = byName<GELUArguments>('GELU', args, GELU_ORDER, 0, []).approximate ?? 'none';
  }

  forward(input: Tensor): Tensor {
    return gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** What {@link PReLU} is made with: the number of weights (1) and their first value (0.25). */
export interface PReLUArguments {
  numParameters?: number;
  init?: number;
  dtype?: FloatDType;
}

/** x if positive, else a learned weight times x (He et al., 2015): one weight, or one for each channel. Of each element: [...] gives [...]. */
export class PReLU extends Module {
  weight: Parameter;
  readonly numParameters: number;

  constructor(...args: Arguments<PReLUArguments, typeof PRELU>) {
    super();
    const { numParameters = 1, init = 0.25, dtype } = byName<PReLUArguments>('PReLU', args, PRELU);
    this.numParameters = numParameters;
    this.weight = new Parameter(full([numParameters], init, { dtype }));
  }

  forward(input: Tensor): Tensor {
    return A.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `numParameters=${this.numParameters}`;
  }
}

/** x if positive, else r x with r drawn from U[lower, upper) in training and their mean in evaluation (Xu et al., 2015). Of each element: [...] gives [...]. */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;

  constructor(...args: Arguments<RReLUArguments, typeof RRELU>) {
    super();
    const given = byName<RReLUArguments>('RReLU', args, RRELU, 0, []);
    this.lower = given.lower ?? 1 / 8;
    this.upper = given.upper ?? 1 / 3;
  }

  forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, { training: this.training });
  }

  override extraRepr(): string {
    return `lower=${this.lower}, upper=${this.upper}`;
  }
}
