/** Elements by indices along lines of float32, running sums and products, cross products, and shifts of int32. */
import type { Ptr } from '../api.js';
import { shiftLeft, shiftRight } from '../integers.js';
import { cross32, gatherAlong32, scatterAlong32 } from '../lines.js';
import { computesInJavaScript } from '../recording.js';
import { accumulate32 } from '../rows.js';

type Shape = readonly [outer: number, size: number, inner: number];

export function takeAlong(shape: Shape, count: number, x: Ptr, index: Ptr, out: Ptr): boolean {
  computesInJavaScript();
  return gatherAlong32(x, index, out, shape, count);
}

export function putAlong(
  adds: boolean,
  shape: Shape,
  count: number,
  source: Ptr,
  index: Ptr,
  out: Ptr,
): boolean {
  computesInJavaScript();
  return scatterAlong32(adds, source, index, out, shape, count);
}

export function scanRows(
  product: boolean,
  reverse: boolean,
  groups: number,
  columns: number,
  x: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  accumulate32(product, reverse, [4 * groups, columns, 1], x, out);
}

export function crossRows(count: number, x: Ptr, y: Ptr, out: Ptr): void {
  computesInJavaScript();
  cross32(x, y, out, [count, 3, 1]);
}

export function shift(left: boolean, n: number, a: Ptr, b: Ptr, out: Ptr, step: 0 | 1): void {
  computesInJavaScript();
  (left ? shiftLeft : shiftRight)(a, b, out, n, step);
}
