/**
 * Prepares strided operands for kernels that work on rows. Dimensions are merged; an operand whose elements do not
 * lie side by side in a row is first copied to scratch memory, where a transposing copy is faster than gathering.
 */
import type { Element, Ptr, Strided } from '../api.js';
import { Storage } from '../../storage.js';
import { elementBytes } from '../views.js';

export type CopyStrided = (element: Element, shape: readonly number[], x: Strided, out: Ptr) => void;

/** A contiguous copy of a strided operand, and how to give it back. */
export interface Temporary {
  readonly operand: Strided;
  readonly storage: Storage;
}

export function contiguousCopy(
  copy: CopyStrided,
  element: Element,
  shape: readonly number[],
  x: Strided,
  operation: string,
): Temporary {
  const strides: number[] = [];
  let count = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = count;
    count *= shape[dim];
  }
  const storage = Storage.allocate(count * elementBytes[element], operation);
  copy(element, shape, x, storage.ptr);
  return { operand: { ptr: storage.ptr, strides }, storage };
}
