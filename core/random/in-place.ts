/** Filling tensors with numbers, whatever their layout. */

import { late } from '../autograd/levels/late.js';
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { type DType, isFloat, isHalf } from '../dtype.js';
import { cutOff } from '../ops/inplace.js';
import { isTensor } from '../ops/operand.js';
import { castCopy, elements, move } from '../ops/raw.js';
import { notATensor } from '../ops/record.js';
import { allocate, type Tensor } from '../tensor.js';
import type { FloatArray, NumberArray } from './distributions.js';

/**
 * Lets `fill` write all elements of a float tensor in row-major order; not recorded for gradients.
 * @throws TypeError if the tensor is not float.
 */
export function fillTensor(op: string, tensor: Tensor, fill: (out: FloatArray) => void): Tensor {
  if (!isTensor(tensor)) throw notATensor(op, tensor);
  return writeElements(tensor, (out) => {
    if (!isFloatArray(out, tensor.dtype)) {
      throw new TypeError(
        `${op}: only float tensors can be filled with these numbers, this one is ${tensor.dtype}`,
      );
    }
    fill(out);
  });
}

/** Lets `fill` write all elements of a tensor of any dtype in row-major order; not recorded for gradients. */
export function writeElements(tensor: Tensor, fill: (out: NumberArray) => void): Tensor {
  tensor.changing();
  if (isHalf(tensor.dtype)) {
    // Drawn in float32, then rounded.
    const wide = allocate(tensor.layout.compact(), 'float32', 'fill');
    fill(elements(wide));
    move(tensor.dtype, tensor.shape, castCopy(wide, tensor.dtype, 'fill'), tensor);
  } else if (tensor.isContiguous()) {
    fill(elements(tensor));
  } else {
    const contiguous = allocate(tensor.layout.compact(), tensor.dtype, 'fill');
    fill(elements(contiguous));
    move(tensor.dtype, tensor.shape, contiguous, tensor);
  }
  tensor.changed();
  return tensor;
}

/**
 * A tensor with random elements: `fresh`, which was allocated for them, filled. Inside of `vmap` another may be given
 * back, in which each sample has its own.
 */
export function draw(fresh: Tensor, fill: (tensor: Tensor) => Tensor): Tensor {
  return levels.top === null ? fill(fresh) : late.draw(fresh, fill);
}

/** Replaces the elements of a tensor by random ones, in place. */
export function redraw(tensor: Tensor, fill: (tensor: Tensor) => Tensor): Tensor {
  if (levels.top !== null) return late.redraw(tensor, fill);
  fill(tensor);
  if (gradMode.enabled && tensor.requiresGrad) cutOff('random_', tensor, tensor.detach());
  return tensor;
}

function isFloatArray(array: NumberArray, dtype: DType): array is FloatArray {
  return isFloat(dtype) && (array instanceof Float32Array || array instanceof Float64Array);
}
