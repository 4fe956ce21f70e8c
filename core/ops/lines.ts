/** Walking the lines of a tensor along one dimension. */
import { sizeOf, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { contiguousData, elements, type ElementArray } from './raw.js';

export interface Lines {
  /** A copy of the elements. */
  readonly data: ElementArray;
  /** Elements in a line (1 for a 0-d tensor), and how far they are apart. */
  readonly size: number;
  readonly step: number;
  /** Where each line starts. */
  readonly starts: Int32Array;
}

/** The lines of `x` along a dimension, in row-major order of the other dimensions. */
export function linesOf(x: Tensor, dim: number, op: string): Lines {
  const at = wrapDim(op, dim, x.ndim);
  const data = elements(contiguousData(x, op)).slice();
  const size = x.ndim === 0 ? 1 : x.shape[at];
  const step = x.ndim === 0 ? 1 : sizeOf(x.shape.slice(at + 1));
  const count = size === 0 ? sizeOf(x.shape.with(at, 1)) : data.length / size;
  const starts = new Int32Array(count);
  for (let i = 0; i < count; i++) starts[i] = Math.floor(i / step) * step * size + (i % step);
  return { data, size, step, starts };
}

/** Ascending order with NaN last; equal elements keep their order where the sort is stable. */
export function ascending(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  return a - b || (a === b ? 0 : a < b ? -1 : 1);
}
