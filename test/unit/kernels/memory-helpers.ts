/** Test arrays in the tensor memory. */
import type { Element, Ptr } from '../../../core/kernels/api.js';
import { elementBytes, views } from '../../../core/kernels/views.js';
import { Storage } from '../../../core/storage.js';

export interface TestArray {
  readonly element: Element;
  readonly ptr: Ptr;
  readonly length: number;
  /** Kept so that the memory is not given back. */
  readonly storage: Storage;
}

export function put(element: Element, values: ArrayLike<number>): TestArray {
  const array = room(element, values.length);
  views[element].set(values, array.ptr / elementBytes[element]);
  return array;
}

export function room(element: Element, length: number): TestArray {
  const storage = Storage.allocate(Math.max(length, 1) * elementBytes[element], 'test');
  return { element, ptr: storage.ptr, length, storage };
}

export function get({ element, ptr, length }: TestArray): number[] {
  const start = ptr / elementBytes[element];
  return [...views[element].subarray(start, start + length)];
}

export function contiguous(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = step;
    step *= shape[dim];
  }
  return strides;
}

/** A small deterministic generator (mulberry32): tests must repeat. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
