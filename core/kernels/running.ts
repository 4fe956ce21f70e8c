/** Running extremes and running logarithms of sums, over the middle of float32 or float64 [outer, size, inner]. */
import { f32, f64 } from '../memory.js';

type Shape = readonly [number, number, number];

/** Values so far, one for each of the inner elements. */
let kept = new Float64Array(64);
let places = new Float64Array(64);

function room(inner: number): void {
  if (kept.length >= inner) return;
  kept = new Float64Array(inner);
  places = new Float64Array(inner);
}

/** The largest (or smallest) element so far, and the last place where it is; NaN stays. Values of float32. */
export function runningExtreme32(
  isMax: boolean,
  [outer, size, inner]: Shape,
  x: number,
  values: number,
  at: number,
): void {
  const [from, to, position] = [x / 4, values / 4, at / 8];
  room(inner);
  const [best, place] = [kept, places];
  for (let o = 0; o < outer; o++) {
    let k = o * size * inner;
    if (inner === 1) {
      let top = f32[from + k];
      let where = 0;
      for (let i = 0; i < size; i++, k++) {
        const value = f32[from + k];
        if ((isMax ? value >= top : value <= top) || value !== value) {
          top = value;
          where = i;
        }
        f32[to + k] = top;
        f64[position + k] = where;
      }
      continue;
    }
    for (let c = 0; c < inner; c++) {
      best[c] = f32[from + k + c];
      place[c] = 0;
    }
    for (let i = 0; i < size; i++)
      for (let c = 0; c < inner; c++, k++) {
        const value = f32[from + k];
        if ((isMax ? value >= best[c] : value <= best[c]) || value !== value) {
          best[c] = value;
          place[c] = i;
        }
        f32[to + k] = best[c];
        f64[position + k] = place[c];
      }
  }
}

/** The same of float64, which int64 are too. */
export function runningExtreme64(
  isMax: boolean,
  [outer, size, inner]: Shape,
  x: number,
  values: number,
  at: number,
): void {
  const [from, to, position] = [x / 8, values / 8, at / 8];
  room(inner);
  const [best, place] = [kept, places];
  for (let o = 0; o < outer; o++) {
    let k = o * size * inner;
    for (let c = 0; c < inner; c++) {
      best[c] = f64[from + k + c];
      place[c] = 0;
    }
    for (let i = 0; i < size; i++)
      for (let c = 0; c < inner; c++, k++) {
        const value = f64[from + k];
        if ((isMax ? value >= best[c] : value <= best[c]) || value !== value) {
          best[c] = value;
          place[c] = i;
        }
        f64[to + k] = best[c];
        f64[position + k] = place[c];
      }
  }
}

/**
 * ln of running sums of eˣ: the sum is kept divided by e^top with the largest element so far, so that one exponential
 * and one logarithm an element do.
 */
export function runningLogSum(
  array: Float32Array | Float64Array,
  reverse: boolean,
  [outer, size, inner]: Shape,
  x: number,
  out: number,
): void {
  room(inner);
  const [tops, sums] = [kept, places];
  const step = reverse ? -2 * inner : 0;
  for (let o = 0; o < outer; o++) {
    tops.fill(-Infinity, 0, inner);
    sums.fill(0, 0, inner);
    let k = (o * size + (reverse ? size - 1 : 0)) * inner;
    for (let i = 0; i < size; i++, k += step)
      for (let c = 0; c < inner; c++, k++) {
        const value = array[x + k];
        const top = tops[c];
        if (value > top) {
          // Of nothing so far 0 times 0; NaN stays.
          sums[c] = 1 + sums[c] * Math.exp(top - value);
          tops[c] = value;
        } else if (value === top) sums[c] += value === -Infinity ? 0 : 1;
        else sums[c] += Math.exp(value - top);
        array[out + k] = tops[c] + Math.log(sums[c]);
      }
  }
}
