/** Kernels of whole numbers: zeros among divisors, quotients of int64, and rows with a 1 at the place of a label. */
import type { Element, Ptr } from '../api.js';
import { f64, i32 } from '../../memory.js';
import { wholeQuotients as quotients } from '../integers.js';
import { computesInJavaScript } from '../recording.js';
import { views } from '../views.js';

export function hasZero(element: Element, n: number, x: Ptr): boolean {
  const array = views[element];
  const from = x / array.BYTES_PER_ELEMENT;
  for (let i = from; i < from + n; i++) if (array[i] === 0) return true;
  return false;
}

export function wholeQuotients(n: number, a: Ptr, b: Ptr, out: Ptr, aStep: 0 | 1, bStep: 0 | 1): void {
  computesInJavaScript();
  quotients(a, b, out, n, aStep, bStep);
}

export function markRows(n: number, classes: number, labels: Ptr, out: Ptr, wrong: Ptr): void {
  computesInJavaScript();
  i32[wrong / 4] = 0;
  f64.fill(0, out / 8, out / 8 + n * classes);
  for (let i = 0; i < n; i++) {
    const label = f64[labels / 8 + i];
    if (Number.isInteger(label) && label >= 0 && label < classes) f64[out / 8 + i * classes + label] = 1;
    else i32[wrong / 4] = 1;
  }
}
