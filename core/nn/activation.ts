/** Activations as layers. */

import * as F from '../ops/functional.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** max(0, x), element by element. */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return F.relu(input);
  }
}

/** (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ), element by element. */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return F.tanh(input);
  }
}

/** 1 / (1 + e⁻ˣ), element by element. */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return F.sigmoid(input);
  }
}

/** ln(1 / (1 + e⁻ˣ)), element by element. */
export class LogSigmoid extends Module {
  forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
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
    return F.softmax(input, this.dim);
  }
}

/** xᵢ - ln Σⱼ e^xⱼ along a dimension, the logarithm of {@link Softmax}. */
export class LogSoftmax extends AlongDim {
  forward(input: Tensor): Tensor {
    return F.logSoftmax(input, this.dim);
  }
}

/** {@link Softmax} of -x. */
export class Softmin extends AlongDim {
  forward(input: Tensor): Tensor {
    return F.softmin(input, this.dim);
  }
}
