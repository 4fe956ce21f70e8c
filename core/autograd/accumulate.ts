/** The end of the graph at a leaf: adds what arrives to the leaf's `grad`. */
import type { Tensor } from '../tensor.js';
import { type Gradients, Node } from './node.js';

/** Called after a leaf's `grad` was updated. */
export type PostAccumulateHook = (leaf: Tensor) => void;

export class AccumulateGrad extends Node {
  postHooks: PostAccumulateHook[] | null = null;

  constructor(readonly leaf: Tensor) {
    super([]);
  }

  readonly name = 'AccumulateGrad';

  /** The engine accumulates itself, because it knows whether it may keep the gradient without a copy. */
  backward(): Gradients {
    return [];
  }

  release(): void {
    // Nothing is saved.
  }
}
