/** Several results of one primitive, kept one behind the other in a flat tensor, and views of them. */
import { type Shape, sizeOf } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { reshapeTo } from '../shape.js';
import { sliceDim } from '../slicing.js';

/** The parts of a flat tensor, of the given shapes, in order. */
export function partsOf(flat: Tensor, shapes: readonly Shape[]): Tensor[] {
  let start = 0;
  return shapes.map((shape) => {
    const size = sizeOf(shape);
    const part = reshapeTo(sliceDim(flat, 0, start, size), shape);
    start += size;
    return part;
  });
}

/** Where each part starts, and the size of all. */
export function offsetsOf(shapes: readonly Shape[]): {
  readonly offsets: readonly number[];
  readonly size: number;
} {
  let size = 0;
  const offsets = shapes.map((shape) => {
    const offset = size;
    size += sizeOf(shape);
    return offset;
  });
  return { offsets, size };
}
