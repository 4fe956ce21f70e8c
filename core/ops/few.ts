/** Loops over a few elements, for ops that would take several kernels. */
import { f32, f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { allocateLike } from './operand.js';

/** Up to so many elements a loop takes less time than calls of kernels. */
const FEW = 128;

/** The array in which two tensors lie, where both are few floats in order. */
export function fewElements(x: Tensor, other: Tensor): Float32Array | Float64Array | null {
  const { layout, dtype } = x;
  if (layout.size > FEW || !layout.contiguous || !other.layout.contiguous) return null;
  return dtype === 'float32' ? f32 : dtype === 'float64' ? f64 : null;
}

/** Elements within limits, min ≤ max. */
export function clampFew(array: Float32Array | Float64Array, x: Tensor, min: number, max: number): Tensor {
  const out = allocateLike(x, x.dtype, 'clamp');
  const from = x.ptr / array.BYTES_PER_ELEMENT;
  const to = out.ptr / array.BYTES_PER_ELEMENT;
  for (let i = 0; i < x.layout.size; i++) {
    const value = array[from + i];
    array[to + i] = value < min ? min : value > max ? max : value;
  }
  return out;
}

/** The gradient where the element lies within the limits, both included. */
export function clampGradFew(
  array: Float32Array | Float64Array,
  grad: Tensor,
  x: Tensor,
  min: number,
  max: number,
): Tensor {
  const out = allocateLike(grad, x.dtype, 'clamp');
  const low = array === f32 ? Math.fround(min) : min;
  const high = array === f32 ? Math.fround(max) : max;
  const from = x.ptr / array.BYTES_PER_ELEMENT;
  const given = grad.ptr / array.BYTES_PER_ELEMENT;
  const to = out.ptr / array.BYTES_PER_ELEMENT;
  for (let i = 0; i < x.layout.size; i++) {
    const value = array[from + i];
    array[to + i] = value < low || value > high ? 0 : array[given + i];
  }
  return out;
}
