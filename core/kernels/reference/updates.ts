/** Updates of parameters, in place, and sums along them. */
import { computesInJavaScript } from '../recording.js';
import type { FloatElement, Ptr } from '../api.js';
import { SMALLEST_NORMAL, type Update, type UpdateArrays } from '../updates.js';
import { elementBytes, views } from '../views.js';
import { numbers as algebra } from './formula.js';

export function axpy(element: FloatElement, n: number, alpha: number, x: Ptr, y: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const fromX = x / elementBytes[element];
  const fromY = y / elementBytes[element];
  for (let i = 0; i < n; i++) array[fromY + i] += alpha * array[fromX + i];
}

export function update(
  { rule, numbers: count }: Update,
  element: FloatElement,
  tensors: readonly UpdateArrays[],
  numbers: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  const round = element === 'float32' ? Math.fround : (x: number): number => x;
  const given = Array.from({ length: count }, (_, i) => round(views.float64[numbers / 8 + i]));
  for (const [n, ...arrays] of tensors) {
    const starts = arrays.map((ptr) => ptr / elementBytes[element]);
    for (let i = 0; i < n; i++) {
      const values = starts.map((start) => array[start + i]);
      const [parameter, ...kept] = rule(algebra, values, given, SMALLEST_NORMAL[element]);
      array[starts[0] + i] = parameter;
      kept.forEach((value, k) => (array[starts[2 + k] + i] = value));
    }
  }
}

export function sumSquares(
  element: FloatElement,
  tensors: readonly (readonly [n: number, x: Ptr])[],
  out: Ptr,
): void {
  computesInJavaScript();
  const array = views[element];
  for (const [n, x] of tensors) {
    const start = x / elementBytes[element];
    let total = 0;
    for (let i = start; i < start + n; i++) total += array[i] ** 2;
    views.float64[out / 8] += total;
  }
}

export function clipFactor(most: number, out: Ptr): void {
  computesInJavaScript();
  const sum = views.float64[out / 8];
  views.float64[out / 8 + 1] = sum;
  views.float64[out / 8] = Math.min(1, most / (Math.sqrt(sum) + 1e-6));
}
