/** Elements by indices along lines of float32, running sums and products, cross products, and shifts of int32. */
import type { Ptr } from '../api.js';
import { shiftLeft, shiftRight } from '../integers.js';
import { cross32, gatherAlong32, reverse32, scatterAlong32 } from '../lines.js';
import { f32, f64, i32 } from '../../memory.js';
import { computesInJavaScript } from '../recording.js';
import { accumulate32 } from '../rows.js';
import { runningLogSum } from '../running.js';

type Shape = readonly [outer: number, size: number, inner: number];

export function takeAlong(shape: Shape, count: number, x: Ptr, index: Ptr, out: Ptr): boolean {
  computesInJavaScript();
  return gatherAlong32(x, index, out, shape, count);
}

export function scanColumns(
  product: boolean,
  reverse: boolean,
  size: number,
  columns: number,
  x: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  accumulate32(product, reverse, [1, size, columns], x, out);
}

export function takeSame(outer: number, size: number, count: number, x: Ptr, index: Ptr, out: Ptr): void {
  computesInJavaScript();
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < count; i++) i32[out / 4 + o * count + i] = i32[x / 4 + o * size + f64[index / 8 + i]];
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

export function logSums(reverse: boolean, shape: Shape, x: Ptr, out: Ptr): void {
  computesInJavaScript();
  runningLogSum(f32, reverse, shape, x / 4, out / 4);
}

export function padRows(
  rows: number,
  [before, columns, behind]: readonly [number, number, number],
  x: Ptr,
  out: Ptr,
  value: Ptr,
): void {
  computesInJavaScript();
  let to = out / 4;
  for (let row = 0; row < rows; row++, to += before + columns + behind) {
    const inner = to + before;
    i32.fill(i32[value / 4], to, inner);
    i32.copyWithin(inner, x / 4 + row * columns, x / 4 + (row + 1) * columns);
    i32.fill(i32[value / 4], inner + columns, inner + columns + behind);
  }
}

export function crossRows(count: number, x: Ptr, y: Ptr, out: Ptr): void {
  computesInJavaScript();
  cross32(x, y, out, [count, 3, 1]);
}

export function reverseRows(rows: number, columns: number, x: Ptr, out: Ptr): void {
  computesInJavaScript();
  reverse32(x, out, [rows, columns, 1]);
}

export function shift(left: boolean, n: number, a: Ptr, b: Ptr, out: Ptr, step: 0 | 1): void {
  computesInJavaScript();
  (left ? shiftLeft : shiftRight)(a, b, out, n, step);
}
