/** Activations along a dimension, as layers. */

import { type Arguments, byName } from '../arguments.js';
import { formatShape } from '../layout.js';
import { glu } from '../ops/activations.js';
import { logSoftmax, softmax, softmin } from '../ops/softmax.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

const DIM = ['dim'] as const;

/** What these layers share: the dimension. */
abstract class AlongDim extends Module {
  /** The dimension (-1, the last). */
  readonly dim: number;

  constructor(...args: Arguments<{ dim?: number }, typeof DIM>) {
    super();
    this.dim = byName<{ dim?: number }>(new.target.name, args, DIM, 0, []).dim ?? -1;
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** a σ(b), where a and b are the two halves of the dimension, whose size it halves. */
export class GLU extends AlongDim {
  forward(input: Tensor): Tensor {
    return glu(input, this.dim);
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
