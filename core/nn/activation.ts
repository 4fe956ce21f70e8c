/** Activations as layers: each maps every element by itself, [...] to [...]. */

import type { FloatDType } from '../dtype.js';
import * as A from '../ops/activations.js';
import { formatShape } from '../layout.js';
import { full } from '../ops/creation.js';
import * as P from '../ops/pointwise.js';
import { logSoftmax, softmax, softmin } from '../ops/softmax.js';
import type { Tensor } from '../tensor.js';
import { rrelu } from './functional/random.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** max(0, x). */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return P.relu(input);
  }
}

/** min(max(0, x), 6). */
export class ReLU6 extends Module {
  forward(input: Tensor): Tensor {
    return A.relu6(input);
  }
}

/** (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ). */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return P.tanh(input);
  }
}

/** σ(x) = 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return P.sigmoid(input);
  }
}

/** ln σ(x). */
export class LogSigmoid extends Module {
  forward(input: Tensor): Tensor {
    return P.logsigmoid(input);
  }
}

/** x σ(x), also called swish. */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return A.silu(input);
  }
}

/** x tanh(ln(1 + eˣ)). */
export class Mish extends Module {
  forward(input: Tensor): Tensor {
    return A.mish(input);
  }
}

/** 1.0507 x if positive, else 1.758 (eˣ - 1) (Klambauer et al., 2017). */
export class SELU extends Module {
  forward(input: Tensor): Tensor {
    return A.selu(input);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  forward(input: Tensor): Tensor {
    return A.softsign(input);
  }
}

/** x - tanh(x). */
export class Tanhshrink extends Module {
  forward(input: Tensor): Tensor {
    return A.tanhshrink(input);
  }
}

/** min(max(0, x / 6 + 1/2), 1). */
export class Hardsigmoid extends Module {
  forward(input: Tensor): Tensor {
    return A.hardsigmoid(input);
  }
}

/** x hardsigmoid(x). */
export class Hardswish extends Module {
  forward(input: Tensor): Tensor {
    return A.hardswish(input);
  }
}

/** x if positive, else negativeSlope x (0.01). */
export class LeakyReLU extends Module {
  constructor(readonly negativeSlope = 0.01) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.leakyRelu(input, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

/** x if positive, else alpha (eˣ - 1) (1). */
export class ELU extends Module {
  constructor(readonly alpha = 1) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.elu(input, this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** x if positive, else alpha (exp(x / alpha) - 1) (1). */
export class CELU extends Module {
  constructor(readonly alpha = 1) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.celu(input, this.alpha);
  }

  override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** x where |x| > lambd (0.5), else 0. */
export class Hardshrink extends Module {
  constructor(readonly lambd = 0.5) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.hardshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return `lambd=${this.lambd}`;
  }
}

/** x moved towards 0 by lambd (0.5), or 0 where it is nearer. */
export class Softshrink extends Module {
  constructor(readonly lambd = 0.5) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.softshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return `lambd=${this.lambd}`;
  }
}

/** ln(1 + exp(beta x)) / beta (1); x itself where beta x is above the threshold (20). */
export class Softplus extends Module {
  constructor(
    readonly beta = 1,
    readonly threshold = 20,
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

/** x cut to [minVal, maxVal] ([-1, 1]). */
export class Hardtanh extends Module {
  constructor(
    readonly minVal = -1,
    readonly maxVal = 1,
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.hardtanh(input, this.minVal, this.maxVal);
  }

  override extraRepr(): string {
    return `minVal=${this.minVal}, maxVal=${this.maxVal}`;
  }
}

/** x if above `threshold`, else `value`. */
export class Threshold extends Module {
  constructor(
    readonly threshold: number,
    readonly value: number,
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.threshold(input, this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}`;
  }
}

/** x Φ(x) with the normal distribution function Φ, or its approximation by tanh. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor(options: { approximate?: 'none' | 'tanh' } = {}) {
    super();
    this.approximate = options.approximate ?? 'none';
  }

  forward(input: Tensor): Tensor {
    return A.gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** a σ(b), where a and b are the two halves of a dimension (the last): halves its size. */
export class GLU extends Module {
  constructor(readonly dim = -1) {
    super();
  }

  forward(input: Tensor): Tensor {
    return A.glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** x if positive, else a learned weight times x (He et al., 2015): one weight, or one for each channel. */
export class PReLU extends Module {
  readonly weight: Parameter;

  constructor(
    readonly numParameters = 1,
    options: { init?: number; dtype?: FloatDType } = {},
  ) {
    super();
    this.weight = new Parameter(full([numParameters], options.init ?? 0.25, { dtype: options.dtype }));
  }

  forward(input: Tensor): Tensor {
    return A.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `numParameters=${this.numParameters}`;
  }
}

/** x if positive, else r x with r drawn from U[lower, upper) in training and their mean in evaluation (Xu et al., 2015). */
export class RReLU extends Module {
  constructor(
    readonly lower = 1 / 8,
    readonly upper = 1 / 3,
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, { training: this.training });
  }

  override extraRepr(): string {
    return `lower=${this.lower}, upper=${this.upper}`;
  }
}

/** What the softmax layers share: the dimension. */
abstract class AlongDim extends Module {
  /** @param dim the dimension whose elements add up to 1 (-1, the last) */
  constructor(readonly dim = -1) {
    super();
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** e^xᵢ / Σⱼ e^xⱼ along a dimension. */
export class Softmax extends AlongDim {
  forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }
}

/** xᵢ - ln Σⱼ e^xⱼ along a dimension, the logarithm of {@link Softmax}. */
export class LogSoftmax extends AlongDim {
  forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim);
  }
}

/** {@link Softmax} of -x. */
export class Softmin extends AlongDim {
  forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
  }
}

/** {@link Softmax} over the channels at each place of [N, C, H, W], or without N. */
export class Softmax2d extends Module {
  /** @throws RangeError where the input has another number of dimensions */
  forward(input: Tensor): Tensor {
    if (input.ndim !== 3 && input.ndim !== 4) {
      throw new RangeError(
        `Softmax2d: takes an input of 3 or 4 dimensions, got shape ${formatShape(input.shape)}`,
      );
    }
    return softmax(input, -3);
  }
}
