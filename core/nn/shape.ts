/** Layers that only change the shape. */

import type { Shape } from '../layout.js';
import { reshapeTo } from '../ops/shape.js';
import type { Tensor } from '../tensor.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';

interface FlattenArguments {
  startDim?: number;
  endDim?: number;
}

interface UnflattenArguments {
  dim: number;
  unflattenedSize: Shape;
}

const FLATTEN = ['startDim', 'endDim'] as const;
const UNFLATTEN = ['dim', 'unflattenedSize'] as const;

/** Makes one dimension of those from `startDim` (1) to `endDim` (-1): [N, C, H, W] → [N, C·H·W]. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(...args: Arguments<FlattenArguments, typeof FLATTEN>) {
    super();
    const given = byName<FlattenArguments>('Flatten', args, FLATTEN, 0, []);
    this.startDim = given.startDim ?? 1;
    this.endDim = given.endDim ?? -1;
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
  readonly dim: number;
  readonly unflattenedSize: Shape;

  constructor(...args: Arguments<UnflattenArguments, typeof UNFLATTEN>) {
    super();
    const given = byName<UnflattenArguments>('Unflatten', args, UNFLATTEN, 2, []);
    this.dim = given.dim;
    this.unflattenedSize = given.unflattenedSize;
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
