/**
 * Single elements taken from, put at or added to positions, in plain JavaScript: a gather is bound by memory, and
 * WebAssembly has no instruction for it. There is a function for each size of elements, so that each stays compiled for
 * one kind of array. Addresses are in bytes; a row below 0 takes zero and puts nothing.
 */
import { f32, f64, i32, u8 } from '../memory.js';

type Rows = Int32Array;

function take1(rows: Rows, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    u8[to + i] = row < 0 ? 0 : u8[from + row];
  }
}

function take4(rows: Rows, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    i32[to + i] = row < 0 ? 0 : i32[from + row];
  }
}

function take8(rows: Rows, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    f64[to + i] = row < 0 ? 0 : f64[from + row];
  }
}

/** to[i] = from[rows[i]] */
export function takeSingle(bytes: 1 | 4 | 8, rows: Rows, from: number, to: number): void {
  if (bytes === 4) take4(rows, from / 4, to / 4);
  else if (bytes === 8) take8(rows, from / 8, to / 8);
  else take1(rows, from, to);
}

function put1(rows: Rows, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) u8[to + rows[i]] = u8[from + i];
}

function put4(rows: Rows, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) i32[to + rows[i]] = i32[from + i];
}

function put8(rows: Rows, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) f64[to + rows[i]] = f64[from + i];
}

/** to[rows[i]] = from[i] */
export function putSingle(bytes: 1 | 4 | 8, rows: Rows, from: number, to: number): void {
  if (bytes === 4) put4(rows, from / 4, to / 4);
  else if (bytes === 8) put8(rows, from / 8, to / 8);
  else put1(rows, from, to);
}

/** to[rows[i]] += from[i], of float32. */
export function addSingle32(rows: Rows, from: number, to: number): void {
  const [source, target] = [from / 4, to / 4];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row >= 0) f32[target + row] += f32[source + i];
  }
}

/** to[rows[i]] += from[i], of float64. */
export function addSingle64(rows: Rows, from: number, to: number): void {
  const [source, target] = [from / 8, to / 8];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row >= 0) f64[target + row] += f64[source + i];
  }
}

/** to[rows[i]] = the larger (or smaller) of it and from[i], of float32; NaN wins. */
export function putExtremes32(largest: boolean, rows: Rows, from: number, to: number): void {
  const source = from >>> 2;
  const target = to >>> 2;
  for (let i = 0; i < rows.length; i++) {
    const at = target + rows[i];
    const value = f32[source + i];
    const other = f32[at];
    if ((largest ? value > other : value < other) || value !== value) f32[at] = value;
  }
}

/** Rows of `inner` float32 added at rows. */
export function addRows32(rows: Rows, inner: number, from: number, to: number): void {
  let source = from / 4;
  for (let i = 0; i < rows.length; i++, source += inner) {
    if (rows[i] < 0) continue;
    const target = to / 4 + rows[i] * inner;
    for (let k = 0; k < inner; k++) f32[target + k] += f32[source + k];
  }
}

/** Row bags[i] of `to` += row rows[i] of `from`, of float32. */
export function addRowsOf32(rows: Rows, bags: Rows, width: number, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) {
    const source = (from >>> 2) + rows[i] * width;
    const target = (to >>> 2) + bags[i] * width;
    for (let k = 0; k < width; k++) f32[target + k] += f32[source + k];
  }
}

/** The same of float64. */
export function addRowsOf64(rows: Rows, bags: Rows, width: number, from: number, to: number): void {
  for (let i = 0; i < rows.length; i++) {
    const source = from / 8 + rows[i] * width;
    const target = to / 8 + bags[i] * width;
    for (let k = 0; k < width; k++) f64[target + k] += f64[source + k];
  }
}

/** Running sums or products of float32 [outer, size, inner] over size, accumulated in float64. */
export function accumulate32(
  product: boolean,
  reverse: boolean,
  shape: readonly [number, number, number],
  x: number,
  out: number,
): void {
  const [outer, size, inner] = shape;
  const [from, to] = [x / 4, out / 4];
  const step = reverse ? -inner : inner;
  const totals = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    totals.fill(product ? 1 : 0);
    let at = (o * size + (reverse ? size - 1 : 0)) * inner;
    if (inner === 1) {
      let total = totals[0];
      for (let k = 0; k < size; k++, at += step) {
        const value = f32[from + at];
        total = product ? total * value : total + value;
        f32[to + at] = total;
      }
    } else
      for (let k = 0; k < size; k++, at += step)
        for (let i = 0; i < inner; i++) {
          const value = f32[from + at + i];
          const total = product ? totals[i] * value : totals[i] + value;
          totals[i] = total;
          f32[to + at + i] = total;
        }
  }
}

/** The same of float64. */
export function accumulate64(
  product: boolean,
  reverse: boolean,
  shape: readonly [number, number, number],
  x: number,
  out: number,
): void {
  const [outer, size, inner] = shape;
  const [from, to] = [x / 8, out / 8];
  const step = reverse ? -inner : inner;
  const totals = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    totals.fill(product ? 1 : 0);
    let at = (o * size + (reverse ? size - 1 : 0)) * inner;
    if (inner === 1) {
      let total = totals[0];
      for (let k = 0; k < size; k++, at += step) {
        const value = f64[from + at];
        total = product ? total * value : total + value;
        f64[to + at] = total;
      }
    } else
      for (let k = 0; k < size; k++, at += step)
        for (let i = 0; i < inner; i++) {
          const value = f64[from + at + i];
          const total = product ? totals[i] * value : totals[i] + value;
          totals[i] = total;
          f64[to + at + i] = total;
        }
  }
}
