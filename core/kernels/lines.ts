/**
 * Elements of float32 taken from, and put along, one dimension by int64 indices, in plain JavaScript and one pass: where
 * an index is not a whole number from 0 up to the size of the dimension, the loop stops and says so. A tensor is seen as
 * [outer, size, inner]; addresses are in bytes. What is taken by position has no instruction in WebAssembly.
 */
import { f32, f64 } from '../memory.js';

type Shape = readonly [number, number, number];

/** Longer runs are copied as blocks. */
const BLOCK = 64;

/** out[o][c][i] = x[o][index[o][c][i]][i] for c below `count`; false where an index does not do. */
export function gatherAlong32(x: number, index: number, out: number, shape: Shape, count: number): boolean {
  const [outer, size, inner] = shape;
  let [k, to, from] = [index >>> 3, out >>> 2, x >>> 2];
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
  let [k, to, from] = [index >>> 3, out >>> 2, source >>> 2];
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

/** out[o][k][i] = x[o][size − 1 − k][i] */
export function reverse32(x: number, out: number, [outer, size, inner]: Shape): void {
  let to = out >>> 2;
  for (let o = 0, start = x >>> 2; o < outer; o++, start += size * inner) {
    let from = start + (size - 1) * inner;
    if (inner === 1) for (let k = 0; k < size; k++) f32[to++] = f32[from--];
    else if (inner < BLOCK)
      for (let k = 0; k < size; k++, from -= 2 * inner)
        for (let i = 0; i < inner; i++) f32[to++] = f32[from++];
    else for (let k = 0; k < size; k++, from -= inner, to += inner) f32.copyWithin(to, from, from + inner);
  }
}

/** The cross products of x and y along the middle, of 3 elements. */
export function cross32(x: number, y: number, out: number, [outer, , inner]: Shape): void {
  const twice = 2 * inner;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = 3 * inner * o + i;
      const a = (x >>> 2) + at;
      const b = (y >>> 2) + at;
      const to = (out >>> 2) + at;
      const a0 = f32[a];
      const a1 = f32[a + inner];
      const a2 = f32[a + twice];
      const b0 = f32[b];
      const b1 = f32[b + inner];
      const b2 = f32[b + twice];
      // Products are rounded before they are subtracted, as the op's own kernels do.
      f32[to] = Math.fround(a1 * b2) - Math.fround(a2 * b1);
      f32[to + inner] = Math.fround(a2 * b0) - Math.fround(a0 * b2);
      f32[to + twice] = Math.fround(a0 * b1) - Math.fround(a1 * b0);
    }
}

/** All pairs xᵢ, xⱼ with i < j of n float32, one behind another. */
export function writePairs32(x: number, n: number, out: number): void {
  const from = x >>> 2;
  let to = out >>> 2;
  for (let i = 0; i < n; i++) {
    const first = f32[from + i];
    for (let j = i + 1; j < n; j++, to += 2) {
      f32[to] = first;
      f32[to + 1] = f32[from + j];
    }
  }
}

/** |xᵢ − xⱼ| of all pairs i < j of n rows of float32. */
export function pairDistances32(x: number, out: number, n: number, width: number): void {
  let to = out >>> 2;
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++, to++) {
      const a = (x >>> 2) + i * width;
      const b = (x >>> 2) + j * width;
      let sum = 0;
      for (let k = 0; k < width; k++) {
        const d = f32[a + k] - f32[b + k];
        sum += d * d;
      }
      f32[to] = Math.sqrt(sum);
    }
}

/** The same of float64. */
export function pairDistances64(x: number, out: number, n: number, width: number): void {
  let to = out >>> 3;
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++, to++) {
      const a = (x >>> 3) + i * width;
      const b = (x >>> 3) + j * width;
      let sum = 0;
      for (let k = 0; k < width; k++) {
        const d = f64[a + k] - f64[b + k];
        sum += d * d;
      }
      f64[to] = Math.sqrt(sum);
    }
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
  let [k, to, from] = [index >>> 3, out >>> 2, source >>> 2];
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
