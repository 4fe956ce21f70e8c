/** Tensors that belong to a module and are learned. */

import { Tensor } from '../tensor.js';

/**
 * A tensor that a module learns: assigned to a field of a {@link Module} it is found by `parameters()` and
 * `stateDict()`. It shares the memory of `data` and requires gradients unless told otherwise.
 * @throws TypeError if it shall require gradients and `data` is not a float tensor.
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(data.storage, data.layout, data.dtype);
    this.requiresGrad = requiresGrad;
  }
}
