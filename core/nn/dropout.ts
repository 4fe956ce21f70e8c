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
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';

/** What dropout layers are made with. */
export interface DropoutArguments {
  /** The probability with which an element (or a channel) is dropped (0.5). */
  p?: number;
  /** Write into the input (no). */
  inplace?: boolean;
}

const DROPOUT = ['p', 'inplace'] as const;

/** What dropout layers share: the probability. */
abstract class DropoutLayer extends Module {
  readonly p: number;
  readonly inplace: boolean;

  /** @throws RangeError unless p is in [0, 1] */
  constructor(...args: Arguments<DropoutArguments, typeof DROPOUT>) {
    super();
    const { p = 0.5, inplace = false } = byName<DropoutArguments>(new.target.name, args, DROPOUT, 0, []);
    if (!(p >= 0 && p <= 1)) throw new RangeError(`${this.typeName}: p must be in [0, 1], got ${p}`);
    this.p = p;
    this.inplace = inplace;
  }

  protected abstract drop(input: Tensor): Tensor;

  forward(input: Tensor): Tensor {
    const output = this.drop(input);
    return this.inplace && output !== input ? input.copy_(output) : output;
  }

  override extraRepr(): string {
    return `p=${this.p}${this.inplace ? ', inplace=true' : ''}`;
  }
}

/** Sets elements to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout extends DropoutLayer {
  protected drop(input: Tensor): Tensor {
    return dropout(input, this.p, { training: this.training });
  }
}

/** Drops whole channels of [N, C, L] or [C, L]. */
export class Dropout1d extends DropoutLayer {
  protected drop(input: Tensor): Tensor {
    return dropout1d(input, this.p, { training: this.training });
  }
}

/** Drops whole channels of [N, C, H, W] or [C, H, W]. */
export class Dropout2d extends DropoutLayer {
  protected drop(input: Tensor): Tensor {
    return dropout2d(input, this.p, { training: this.training });
  }
}

/** Drops whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends DropoutLayer {
  protected drop(input: Tensor): Tensor {
    return dropout3d(input, this.p, { training: this.training });
  }
}

/** Dropout for SELU networks: keeps mean 0 and variance 1. */
export class AlphaDropout extends DropoutLayer {
  protected drop(input: Tensor): Tensor {
    return alphaDropout(input, this.p, { training: this.training });
  }
}

/** {@link AlphaDropout} of whole channels of [N, C, …]. */
export class FeatureAlphaDropout extends DropoutLayer {
  protected drop(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, { training: this.training });
  }
}
