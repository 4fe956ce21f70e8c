/**
 * Windows that slide over planes: their largest elements and sums, and the way back, in plain JavaScript over the tensor
 * memory. One dimension is a plane of one row.
 */
import { f32, f64 } from '../memory.js';

/** Sizes of input, kernel and result, and how windows lie: rows first. */
export interface Planes {
  readonly planes: number;
  readonly input: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly counts: readonly [number, number];
}

/** The first and the last place (plus 1) of a kernel, seen along one dimension, that lie in the input. */
function first(start: number, dilation: number): number {
  return start >= 0 ? 0 : Math.ceil(-start / dilation);
}

function last(start: number, dilation: number, kernel: number, size: number): number {
  return Math.min(kernel, Math.ceil((size - start) / dilation));
}

/** The largest element of each window (the first of equal ones; NaN wins), and where in x it is. Of float32. */
export function largest32(w: Planes, x: number, out: number, places: Int32Array): void {
  const [height, width] = w.input;
  const [dilationY, dilationX] = w.dilation;
  const [from, to] = [x / 4, out / 4];
  let k = 0;
  for (let n = 0; n < w.planes; n++)
    for (let i = 0; i < w.counts[0]; i++) {
      const top = i * w.stride[0] - w.padding[0];
      const p0 = first(top, dilationY);
      const p1 = last(top, dilationY, w.kernel[0], height);
      for (let j = 0; j < w.counts[1]; j++, k++) {
        const left = j * w.stride[1] - w.padding[1];
        const inside = left >= 0 && left + (w.kernel[1] - 1) * dilationX < width;
        const q0 = inside ? 0 : first(left, dilationX);
        const q1 = inside ? w.kernel[1] : last(left, dilationX, w.kernel[1], width);
        let place = (n * height + top + p0 * dilationY) * width + left + q0 * dilationX;
        // A window may lie in the padding as a whole, if its places are far apart.
        let best = p0 < p1 && q0 < q1 ? f32[from + place] : -Infinity;
        if (p0 >= p1 || q0 >= q1) place = -1;
        for (let p = p0; p < p1 && best === best; p++) {
          let at = (n * height + top + p * dilationY) * width + left + q0 * dilationX;
          for (let q = q0; q < q1; q++, at += dilationX) {
            const value = f32[from + at];
            if (value > best || value !== value) {
              best = value;
              place = at;
              if (value !== value) break;
            }
          }
        }
        f32[to + k] = best;
        places[k] = place;
      }
    }
}

/** The same of float64. */
export function largest64(w: Planes, x: number, out: number, places: Int32Array): void {
  const [height, width] = w.input;
  const [dilationY, dilationX] = w.dilation;
  const [from, to] = [x / 8, out / 8];
  let k = 0;
  for (let n = 0; n < w.planes; n++)
    for (let i = 0; i < w.counts[0]; i++) {
      const top = i * w.stride[0] - w.padding[0];
      const p0 = first(top, dilationY);
      const p1 = last(top, dilationY, w.kernel[0], height);
      for (let j = 0; j < w.counts[1]; j++, k++) {
        const left = j * w.stride[1] - w.padding[1];
        const q0 = first(left, dilationX);
        const q1 = last(left, dilationX, w.kernel[1], width);
        let place = (n * height + top + p0 * dilationY) * width + left + q0 * dilationX;
        // A window may lie in the padding as a whole, if its places are far apart.
        let best = p0 < p1 && q0 < q1 ? f64[from + place] : -Infinity;
        if (p0 >= p1 || q0 >= q1) place = -1;
        for (let p = p0; p < p1 && best === best; p++) {
          let at = (n * height + top + p * dilationY) * width + left + q0 * dilationX;
          for (let q = q0; q < q1; q++, at += dilationX) {
            const value = f64[from + at];
            if (value > best || value !== value) {
              best = value;
              place = at;
              if (value !== value) break;
            }
          }
        }
        f64[to + k] = best;
        places[k] = place;
      }
    }
}

/** The sum of each window divided by the divisor of its place. */
export function windowMeans(
  array: Float32Array | Float64Array,
  w: Planes,
  divisors: Float64Array,
  x: number,
  out: number,
): void {
  const [height, width] = w.input;
  const [rows, columns] = w.counts;
  const wide = w.kernel[1];
  const [strideX, paddingX] = [w.stride[1], w.padding[1]];
  let k = out;
  for (let n = 0; n < w.planes; n++)
    for (let i = 0, t = 0; i < rows; i++) {
      const top = i * w.stride[0] - w.padding[0];
      const p0 = first(top, 1);
      const p1 = last(top, 1, w.kernel[0], height);
      for (let j = 0; j < columns; j++, k++, t++) {
        const left = j * strideX - paddingX;
        const start = left < 0 ? 0 : left;
        const end = left + wide > width ? width : left + wide;
        let sum = 0;
        for (let p = p0; p < p1; p++) {
          const row = x + (n * height + top + p) * width;
          for (let at = row + start; at < row + end; at++) sum += array[at];
        }
        array[k] = sum / divisors[t];
      }
    }
}

/** The reverse: each element of a result, divided, is added to all elements of its window. */
export function spreadMeans(
  array: Float32Array | Float64Array,
  w: Planes,
  divisors: Float64Array,
  grad: number,
  out: number,
): void {
  const [height, width] = w.input;
  const [rows, columns] = w.counts;
  const wide = w.kernel[1];
  const [strideX, paddingX] = [w.stride[1], w.padding[1]];
  let k = grad;
  for (let n = 0; n < w.planes; n++)
    for (let i = 0, t = 0; i < rows; i++) {
      const top = i * w.stride[0] - w.padding[0];
      const p0 = first(top, 1);
      const p1 = last(top, 1, w.kernel[0], height);
      for (let j = 0; j < columns; j++, k++, t++) {
        const left = j * strideX - paddingX;
        const start = left < 0 ? 0 : left;
        const end = left + wide > width ? width : left + wide;
        const share = array[k] / divisors[t];
        for (let p = p0; p < p1; p++) {
          const row = out + (n * height + top + p) * width;
          for (let at = row + start; at < row + end; at++) array[at] += share;
        }
      }
    }
}
