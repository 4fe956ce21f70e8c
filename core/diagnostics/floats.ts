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

/** Of the largest number, what two rows may differ by: sums in another order round otherwise, and steps add that up. */
const SAME = 1e-3;

/** Whether a weight has the same numbers for all of its units, of which there are two at least. */
export function rowsAreAlike(values: Float32Array | Float64Array, shape: readonly number[]): boolean {
  const rows = shape.length > 1 ? shape[0] : 0;
  if (rows < 2 || values.length === 0) return false;
  const width = values.length / rows;
  let largest = 0;
  for (let i = 0; i < width; i++) largest = Math.max(largest, Math.abs(values[i]));
  for (let i = width; i < values.length; i++)
    if (!(Math.abs(values[i] - values[i % width]) <= SAME * largest)) return false;
  return true;
}
