/** Reductions over the middle of [outer, size, inner], and softmax over rows. */
import { computesInJavaScript } from '../recording.js';
import type { Element, FloatElement, Ptr, ReduceOp } from '../api.js';
import { elementBytes, views } from '../views.js';

interface Reduction {
  readonly start: number;
  readonly step: (accumulated: number, x: number) => number;
}

/** How reductions start, and take one number more. */
export const reductions: Readonly<Record<ReduceOp, Reduction>> = {
  sum: { start: 0, step: (sum, x) => sum + x },
  prod: { start: 1, step: (product, x) => product * x },
  max: { start: -Infinity, step: (max, x) => (x > max || Number.isNaN(x) ? x : max) },
  min: { start: Infinity, step: (min, x) => (x < min || Number.isNaN(x) ? x : min) },
};

/** Integers wrap at each step, or a long product would be rounded. */
const integerProduct: Reduction = { start: 1, step: Math.imul };

export function reduce(
  op: ReduceOp,
  element: Element,
  outer: number,
  size: number,
  inner: number,
  x: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const integer = element === 'int32' || element === 'uint8';
  const { start, step } = integer && op === 'prod' ? integerProduct : reductions[op];
  const from = x / elementBytes[element];
  let to = out / elementBytes[element];
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let accumulated = start;
      for (let s = 0; s < size; s++)
        accumulated = step(accumulated, array[from + (o * size + s) * inner + i]);
      array[to++] = accumulated;
    }
}

export function argReduce(
  op: 'max' | 'min',
  element: Element,
  outer: number,
  size: number,
  inner: number,
  x: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const from = x / elementBytes[element];
  let to = out / elementBytes.float64;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const first = from + o * size * inner + i;
      let best = array[first];
      let index = 0;
      for (let s = 1; s < size && !Number.isNaN(best); s++) {
        const value = array[first + s * inner];
        if (Number.isNaN(value) || (op === 'max' ? value > best : value < best)) {
          best = value;
          index = s;
        }
      }
      views.float64[to++] = index;
    }
}

export function softmax(
  log: boolean,
  element: FloatElement,
  rows: number,
  columns: number,
  x: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  for (let row = 0; row < rows; row++) {
    const from = x / elementBytes[element] + row * columns;
    const to = out / elementBytes[element] + row * columns;
    let max = -Infinity;
    for (let i = 0; i < columns; i++) max = Math.max(max, array[from + i]);
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += Math.exp(array[from + i] - max);
    const logSum = Math.log(sum);
    for (let i = 0; i < columns; i++) {
      const shifted = array[from + i] - max;
      array[to + i] = log ? shifted - logSum : Math.exp(shifted) / sum;
    }
  }
}

export function softmaxGrad(
  log: boolean,
  element: FloatElement,
  rows: number,
  columns: number,
  y: Ptr,
  g: Ptr,
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  for (let row = 0; row < rows; row++) {
    const fromY = y / elementBytes[element] + row * columns;
    const fromG = g / elementBytes[element] + row * columns;
    const to = out / elementBytes[element] + row * columns;
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += log ? array[fromG + i] : array[fromG + i] * array[fromY + i];
    for (let i = 0; i < columns; i++) {
      const gi = array[fromG + i];
      const yi = array[fromY + i];
      array[to + i] = log ? gi - Math.exp(yi) * sum : yi * (gi - sum);
    }
  }
}
