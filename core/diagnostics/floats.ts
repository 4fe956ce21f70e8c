/** Reads a tensor's floating-point numbers, where it can without a copy. */
import { levels } from '../autograd/levels/wrapped.js';
import { contiguousData, elements } from '../ops/raw.js';
import type { Tensor } from '../tensor.js';

/**
 * The elements in row-major order; null where there are none to read: integers, and tensors inside `vmap` or `jvp`.
 * What is returned may be a view of the tensor's memory: read it at once, keep a `slice()`.
 */
export function readFloats(x: Tensor): Float32Array | Float64Array | null {
  if (levels.top !== null) return null;
  const values =
    x.dtype === 'float32' || x.dtype === 'float64'
      ? elements(contiguousData(x, 'watch'))
      : x.dtype === 'float16' || x.dtype === 'bfloat16'
        ? x.detach().toTypedArray()
        : null;
  return values instanceof Float32Array || values instanceof Float64Array ? values : null;
}
