/** Layers that only change the shape. */

import type { Shape } from '../layout.js';
import { reshapeTo } from '../ops/shape.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Makes one dimension of those from `startDim` (1) to `endDim` (-1): [N, C, H, W] → [N, C·H·W]. */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super();
  }

  forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}

/** Makes dimensions of sizes `unflattenedSize` of one, the reverse of {@link Flatten}. */
export class Unflatten extends Module {
  constructor(
    readonly dim: number,
    readonly unflattenedSize: Shape,
  ) {
    super();
  }

  /** @throws RangeError if the sizes do not multiply to the dimension's */
  forward(input: Tensor): Tensor {
    const dim = this.dim < 0 ? this.dim + input.ndim : this.dim;
    const { shape } = input;
    return reshapeTo(input, [...shape.slice(0, dim), ...this.unflattenedSize, ...shape.slice(dim + 1)]);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattenedSize=[${this.unflattenedSize.join(', ')}]`;
  }
}
