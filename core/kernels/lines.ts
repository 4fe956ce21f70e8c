/**
 * Elements of float32 taken from, and put along, one dimension by int64 indices, in plain JavaScript and one pass: where
 * an index is not a whole number from 0 up to the size of the dimension, the loop stops and says so. A tensor is seen as
 * [outer, size, inner]; addresses are in bytes. What is taken by position has no instruction in WebAssembly.
 */
import { f32, f64 } from '../memory.js';

type Shape = readonly [number, number, number];

/** out[o][c][i] = x[o][index[o][c][i]][i] for c below `count`; false where an index does not do. */
export function gatherAlong32(x: number, index: number, out: number, shape: Shape, count: number): boolean {
  const [outer, size, inner] = shape;
  let [k, to, from] = [index / 8, out / 4, x / 4];
  if (inner === 1) {
    for (let o = 0; o < outer; o++, from += size)
      for (const end = k + count; k < end; k++, to++) {
        const given = f64[k];
        const at = given | 0;
        if (at !== given || at < 0 || at >= size) return false;
        f32[to] = f32[from + at];
      }
    return true;
  }
  for (let o = 0; o < outer; o++, from += size * inner)
    for (let c = 0; c < count; c++)
      for (let i = 0; i < inner; i++, k++, to++) {
        const given = f64[k];
        const at = given | 0;
        if (at !== given || at < 0 || at >= size) return false;
        f32[to] = f32[from + at * inner + i];
      }
  return true;
}

/** out[o][index[o][c][i]][i] = source[o][c][i], or increased by that; false where an index does not do. */
export function scatterAlong32(
  adds: boolean,
  source: number,
  index: number,
  out: number,
  shape: Shape,
  count: number,
): boolean {
  const [outer, size, inner] = shape;
  let [k, to, from] = [index / 8, out / 4, source / 4];
  for (let o = 0; o < outer; o++, to += size * inner)
    for (let c = 0; c < count; c++)
      for (let i = 0; i < inner; i++, k++, from++) {
        const given = f64[k];
        const at = given | 0;
        if (at !== given || at < 0 || at >= size) return false;
        const place = to + at * inner + i;
        f32[place] = adds ? f32[place] + f32[from] : f32[from];
      }
  return true;
}

/** The same of rows of one element each, which most are. */
export function scatterRows32(
  adds: boolean,
  source: number,
  index: number,
  out: number,
  [outer, size]: Shape,
  count: number,
): boolean {
  let [k, to, from] = [index / 8, out / 4, source / 4];
  for (let o = 0; o < outer; o++, to += size)
    for (const end = k + count; k < end; k++, from++) {
      const given = f64[k];
      const at = given | 0;
      if (at !== given || at < 0 || at >= size) return false;
      if (adds) f32[to + at] += f32[from];
      else f32[to + at] = f32[from];
    }
  return true;
}
