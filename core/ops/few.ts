/**
 * Loops over a few elements, for ops that would take a kernel or several: a call into WebAssembly takes as long as
 * computing some dozen elements in JavaScript.
 */
import { f32, f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { allocateLike } from './operand.js';

/**
 * The most elements that any op computes by a loop of its own instead of kernels, whatever it would choose itself. All
 * such loops ask `isFew`, so that who must see the kernels that an op calls sets this to 0 for that time.
 */
export const fewElements = { limit: 2 ** 31 };

/** Up to so many elements a loop takes less time than calls of kernels. */
const FEW = 128;

/** Whether an op on so many elements is to be a loop in JavaScript, which pays up to `most`. */
export function isFew(size: number, most = FEW): boolean {
  return size <= most && size <= fewElements.limit;
}

/** The array in which two tensors lie, where both are few floats in order. */
export function fewFloats(x: Tensor, other: Tensor): Float32Array | Float64Array | null {
  const { layout, dtype } = x;
  if (!isFew(layout.size) || !layout.contiguous || !other.layout.contiguous) return null;
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
