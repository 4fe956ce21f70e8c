/** Layers that drop elements at random while training, and nothing in evaluation. */

import type { Tensor } from '../tensor.js';
import {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from './functional/dropout.js';
import { Module } from './module.js';

/** What dropout layers share: the probability. */
abstract class DropoutLayer extends Module {
  /**
   * @param p the probability with which an element (or a channel) is dropped
   * @throws RangeError unless it is in [0, 1]
   */
  constructor(readonly p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new RangeError(`${this.typeName}: p must be in [0, 1], got ${p}`);
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

/** Sets elements to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout extends DropoutLayer {
  forward(input: Tensor): Tensor {
    return dropout(input, this.p, { training: this.training });
  }
}

/** Drops whole channels of [N, C, L] or [C, L]. */
export class Dropout1d extends DropoutLayer {
  forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, { training: this.training });
  }
}

/** Drops whole channels of [N, C, H, W] or [C, H, W]. */
export class Dropout2d extends DropoutLayer {
  forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, { training: this.training });
  }
}

/** Drops whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends DropoutLayer {
  forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, { training: this.training });
  }
}

/** Dropout for SELU networks: keeps mean 0 and variance 1. */
export class AlphaDropout extends DropoutLayer {
  forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, { training: this.training });
  }
}

/** {@link AlphaDropout} of whole channels of [N, C, …]. */
export class FeatureAlphaDropout extends DropoutLayer {
  forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, { training: this.training });
  }
}
