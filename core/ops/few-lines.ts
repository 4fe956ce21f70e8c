/** What the loops over a few elements that are written by hand ask of their operands. */
import { gradMode } from '../autograd/mode.js';
import { f32, f64 } from '../memory.js';
import { Tensor } from '../tensor.js';
import { isFew } from './few.js';

export type Floats = Float32Array | Float64Array;

/** What one result is, of `size` elements that lie `step` apart. */
export type Line = (array: Floats, from: number, size: number, step: number) => number;

/** Up to so many elements a loop takes less time than kernels. */
const FEW = 96;

/** Whether a value is a tensor of few floats in order, outside of the graph. */
export function isFewFloats(x: unknown, most = FEW): x is Tensor {
  if (!(x instanceof Tensor)) return false;
  const { layout, dtype } = x;
  return (
    isFew(layout.size, most) &&
    layout.size > 0 &&
    layout.contiguous &&
    (dtype === 'float32' || dtype === 'float64') &&
    !(gradMode.enabled && x.requiresGrad)
  );
}

/** The array that a float tensor lies in. */
export function floatsOf(x: Tensor): Floats {
  return x.dtype === 'float32' ? f32 : f64;
}

/** Where a float tensor begins in its array. */
export function startOf(x: Tensor): number {
  return x.dtype === 'float32' ? x.ptr >>> 2 : x.ptr >>> 3;
}

/** The same tensor of few floats in order, with 0 everywhere. */
export function cleared(out: Tensor): Tensor {
  const array = floatsOf(out);
  const start = startOf(out);
  for (let i = 0; i < out.layout.size; i++) array[start + i] = 0;
  return out;
}

/** Σ (x − mean)² / (size − 1), in two passes. */
export const varianceOfLine: Line = (array, from, size, step) => {
  let total = 0;
  for (let k = 0, at = from; k < size; k++, at += step) total += array[at];
  const mean = total / size;
  let squares = 0;
  for (let k = 0, at = from; k < size; k++, at += step) squares += (array[at] - mean) ** 2;
  return squares / (size - 1);
};
