/** Tensors that belong to a module and are learned. */

import { Tensor } from '../tensor.js';
import type { Unknown } from '../types/known.js';

/**
 * A tensor that a module learns: assigned to a field of a {@link Module} it is found by `parameters()` and
 * `stateDict()`. It shares the memory of `data` and requires gradients unless told otherwise.
 * @throws TypeError if it shall require gradients and `data` is not a float tensor.
 */
export type Parameter<S = Unknown, D = Unknown> = Tensor<S, D> & {
  /** Has no value; tells parameters from other tensors for the compiler. */
  readonly parameter?: never;
};

/** A tensor that a module learns, made of `data`: `this.scale = new nn.Parameter(ones(3))`. */
export const Parameter: new (data: Tensor, requiresGrad?: boolean) => Parameter =
  class Parameter extends Tensor {
    constructor(data: Tensor, requiresGrad = true) {
      super(data.storage, data.layout, data.dtype);
      this.requiresGrad = requiresGrad;
    }
  };
