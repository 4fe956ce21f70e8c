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

export interface StridedArray {
  readonly ptr: Ptr;
  readonly strides: number[];
  readonly array: TestArray;
}

/** A shape for tests: of rank 0 to 4, now and then empty, the innermost dimension sometimes long. */
export function randomShape(next: () => number): number[] {
  const rank = Math.floor(next() * 5);
  const shape = Array.from({ length: rank }, () => 1 + Math.floor(next() * 6));
  if (rank > 0 && next() < 0.4) shape[rank - 1] = 1 + Math.floor(next() * 150);
  if (rank > 0 && next() < 0.05) shape[Math.floor(next() * rank)] = 0;
  return shape;
}

/** An operand of this shape at an odd offset: contiguous, permuted, spread out, broadcast or reversed. */
export function randomOperand(
  element: Element,
  shape: readonly number[],
  next: () => number,
  value: () => number,
): StridedArray {
  const order = shape.map((_, dim) => dim);
  if (next() < 0.5) order.sort(() => next() - 0.5);
  const spread = next() < 0.3 ? 1 + Math.floor(next() * 3) : 1;
  const strides: number[] = [];
  let step = spread;
  for (const dim of order.toReversed()) {
    if (next() < 0.2) strides[dim] = 0;
    else {
      strides[dim] = step;
      step *= Math.max(shape[dim], 1) + (next() < 0.15 ? 1 : 0);
    }
  }
  const offset = Math.floor(next() * 4);
  const array = put(element, Array.from({ length: offset + step + 1 }, value));
  let start = offset;
  strides.forEach((stride, dim) => {
    if (next() < 0.1 && shape[dim] > 0) {
      start += stride * (shape[dim] - 1);
      strides[dim] = -stride;
    }
  });
  return { ptr: array.ptr + start * elementBytes[element], strides, array };
}

/** Distance in units of the last place of the expected float32. */
export function ulps(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  if (Number.isNaN(actual) || Number.isNaN(expected)) return Infinity;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(expected))), -126);
  return Math.abs(actual - expected) / 2 ** (exponent - 23);
}
