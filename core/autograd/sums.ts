/** Sums of gradients: of those that arrive at one node, and of those that a leaf gets one after the other. */
import { kernels } from '../kernels/index.js';
import { sameShape } from '../layout.js';
import { f32, f64 } from '../memory.js';
import { add } from '../ops/arithmetic.js';
import { isFew } from '../ops/few.js';
import type { Tensor } from '../tensor.js';
import { levels } from './levels/wrapped.js';
import { gradMode } from './mode.js';
import { tracing } from './tracing.js';

/** Adds two gradients; into the first where that is the engine's own. */
export function accumulate(a: Tensor, b: Tensor, intoA: boolean): Tensor {
  if (intoA && !gradMode.enabled && a.dtype === b.dtype && addElements(a, b)) return a;
  return add(a, b);
}

/** The same for who keeps the summands. */
export const sum = (a: Tensor, b: Tensor): Tensor => add(a, b);

/** a += b for the elements alone, where both lie in order and neither is of a level; false where something is unusual. */
function addElements(a: Tensor, b: Tensor): boolean {
  const { layout, dtype } = a;
  if (dtype !== 'float32' && dtype !== 'float64') return false;
  if (!layout.contiguous || !b.layout.contiguous || layout.size === 0 || a.level > 0 || b.level > 0)
    return false;
  // What lies elsewhere is computed first: it may read what is changed here.
  const from = b.ptr;
  a.changing();
  if (isFew(layout.size)) addFew(dtype === 'float32' ? f32 : f64, layout.size, from, a.ptr);
  else kernels.axpy(dtype, layout.size, 1, from, a.ptr);
  return true;
}

function addFew(array: Float32Array | Float64Array, size: number, from: number, to: number): void {
  const x = from / array.BYTES_PER_ELEMENT;
  const y = to / array.BYTES_PER_ELEMENT;
  for (let i = 0; i < size; i++) array[y + i] += array[x + i];
}

/** Adds a gradient to the one that a leaf has already, in place. */
export function addTo(before: Tensor, grad: Tensor): void {
  if (isPlainSum(before, grad) && addElements(before, grad)) before.changed();
  else before.add_(grad);
}

/** Whether a gradient is added to another without anything that an op looks after. */
function isPlainSum(before: Tensor, grad: Tensor): boolean {
  return (
    gradMode.watch === null &&
    levels.top === null &&
    tracing.current === null &&
    before.dtype === grad.dtype &&
    before.viewOf === null &&
    !before.requiresGrad &&
    before.storage !== grad.storage &&
    sameShape(before.layout.shape, grad.layout.shape)
  );
}
