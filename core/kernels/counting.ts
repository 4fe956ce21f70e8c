/**
 * Loops that count, search and place, in plain JavaScript over the tensor memory: what they do next depends on the
 * element, so that vectors do not help. There is a function for each type of elements that matters, so that each stays
 * compiled for one kind of array. Addresses are in bytes.
 */
import { f32, f64, i32, u8 } from '../memory.js';

/** Adds to float32 counts how many of n float32 lie in each of `bins` equal parts from low to high. */
export function histogram32(
  x: number,
  n: number,
  low: number,
  high: number,
  bins: number,
  out: number,
): void {
  const [from, to] = [x / 4, out / 4];
  const span = high - low;
  const last = bins - 1;
  for (let i = from; i < from + n; i++) {
    const value = f32[i];
    if (!(value >= low && value <= high)) continue;
    const bin = (((value - low) / span) * bins) | 0;
    f32[to + (bin > last ? last : bin)]++;
  }
}

/** The same of float64. */
export function histogram64(
  x: number,
  n: number,
  low: number,
  high: number,
  bins: number,
  out: number,
): void {
  const [from, to] = [x / 8, out / 8];
  const span = high - low;
  const last = bins - 1;
  for (let i = from; i < from + n; i++) {
    const value = f64[i];
    if (!(value >= low && value <= high)) continue;
    const bin = (((value - low) / span) * bins) | 0;
    f64[to + (bin > last ? last : bin)]++;
  }
}

/** The largest of n int64 plus 1, 0 of none; −1 where one is negative or no whole number that could be counted. */
export function labelCount(x: number, n: number): number {
  const from = x / 8;
  let size = 0;
  for (let i = from; i < from + n; i++) {
    const label = f64[i];
    if (!(label >= 0)) return -1;
    if (label >= size) size = label + 1;
  }
  return Number.isInteger(size) ? size : -1;
}

/** How often each of n int64 appears, added to int64 counts. */
export function countLabels(x: number, n: number, out: number): void {
  const [from, to] = [x / 8, out / 8];
  for (let i = from; i < from + n; i++) f64[to + f64[i]]++;
}

/** For each of n float32, before how many of `size` sorted numbers it belongs: behind equal ones where `right`. */
export function search32(
  sorted: number,
  size: number,
  right: boolean,
  x: number,
  n: number,
  out: number,
): void {
  const [line, from, to] = [sorted / 4, x / 4, out / 8];
  for (let i = 0; i < n; i++) {
    const value = f32[from + i];
    let start = line;
    let left = size;
    // NaN counts as the largest.
    while (left > 0) {
      const half = left >> 1;
      const other = f32[start + half];
      const before = right
        ? !(other > value || (other !== other && value === value))
        : other < value || (value !== value && other === other);
      start = before ? start + half + 1 : start;
      left = before ? left - half - 1 : half;
    }
    f64[to + i] = start - line;
  }
}

/** Rows of a triangle of matrices: the elements on one side of a diagonal, the others 0. */
export function triangle(
  bytes: 1 | 4 | 8,
  upper: boolean,
  diagonal: number,
  [matrices, rows, columns]: readonly [number, number, number],
  x: number,
  out: number,
): void {
  for (let m = 0; m < matrices; m++)
    for (let r = 0; r < rows; r++) {
      const start = (m * rows + r) * columns;
      const edge = Math.max(0, Math.min(columns, upper ? r + diagonal : r + diagonal + 1));
      const [from, to] = upper ? [edge, columns] : [0, edge];
      if (bytes === 4) rowPart4(x / 4 + start, out / 4 + start, columns, from, to);
      else if (bytes === 8) rowPart8(x / 8 + start, out / 8 + start, columns, from, to);
      else rowPart1(x + start, out + start, columns, from, to);
    }
}

/** From so many elements on, copying a block is faster than copying one by one. */
const BLOCK = 48;

function rowPart4(x: number, out: number, columns: number, from: number, to: number): void {
  if (columns >= BLOCK) {
    i32.fill(0, out, out + from);
    i32.copyWithin(out + from, x + from, x + to);
    i32.fill(0, out + to, out + columns);
    return;
  }
  for (let c = 0; c < columns; c++) i32[out + c] = c >= from && c < to ? i32[x + c] : 0;
}

function rowPart8(x: number, out: number, columns: number, from: number, to: number): void {
  if (columns >= BLOCK) {
    f64.fill(0, out, out + from);
    f64.copyWithin(out + from, x + from, x + to);
    f64.fill(0, out + to, out + columns);
    return;
  }
  for (let c = 0; c < columns; c++) f64[out + c] = c >= from && c < to ? f64[x + c] : 0;
}

function rowPart1(x: number, out: number, columns: number, from: number, to: number): void {
  u8.fill(0, out, out + from);
  u8.copyWithin(out + from, x + from, x + to);
  u8.fill(0, out + to, out + columns);
}

/**
 * Elements that one call looks at: a loop that is entered often is compiled as a whole, while one that runs long in its
 * first call is replaced in its midst, which leaves sums as objects.
 */
const PART = 4096;

function part32(from: number, end: number, totals: Float64Array): void {
  let sum = 0;
  let count = 0;
  for (let i = from; i < end; i++) {
    const value = f32[i];
    if (value !== value) continue;
    sum += value;
    count++;
  }
  totals[0] += sum;
  totals[1] += count;
}

function part64(from: number, end: number, totals: Float64Array): void {
  let sum = 0;
  let count = 0;
  for (let i = from; i < end; i++) {
    const value = f64[i];
    if (value !== value) continue;
    sum += value;
    count++;
  }
  totals[0] += sum;
  totals[1] += count;
}

/** The mean of the numbers in each row of float32; NaN for a row without any. */
export function meansOfNumbers32(x: number, rows: number, columns: number, out: number): void {
  const totals = new Float64Array(2);
  let from = x >>> 2;
  for (let row = 0; row < rows; row++, from += columns) {
    totals.fill(0);
    for (let i = 0; i < columns; i += PART) part32(from + i, from + Math.min(columns, i + PART), totals);
    f32[(out >>> 2) + row] = totals[0] / totals[1];
  }
}

/** The same of float64. */
export function meansOfNumbers64(x: number, rows: number, columns: number, out: number): void {
  const totals = new Float64Array(2);
  let from = x / 8;
  for (let row = 0; row < rows; row++, from += columns) {
    totals.fill(0);
    for (let i = 0; i < columns; i += PART) part64(from + i, from + Math.min(columns, i + PART), totals);
    f64[out / 8 + row] = totals[0] / totals[1];
  }
}
