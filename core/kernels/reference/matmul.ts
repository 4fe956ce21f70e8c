/** Matrix products, each element summed in float64. */
import { computesInJavaScript } from '../recording.js';
import type { FloatElement, MatrixOperand, Ptr } from '../api.js';
import { elementBytes, views } from '../views.js';

export function matmul(
  element: FloatElement,
  size: { batch: number; m: number; n: number; k: number },
  a: MatrixOperand,
  b: MatrixOperand,
  c: Ptr,
  beta: 0 | 1,
): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  const { batch, m, n, k } = size;
  const row = new Float64Array(n);
  for (let matrix = 0; matrix < batch; matrix++)
    for (let i = 0; i < m; i++) {
      const to = c / bytes + (matrix * m + i) * n;
      for (let j = 0; j < n; j++) row[j] = beta === 1 ? array[to + j] : 0;
      for (let p = 0; p < k; p++) {
        const factor = array[a.ptr / bytes + matrix * a.batch + i * a.row + p * a.col];
        let from = b.ptr / bytes + matrix * b.batch + p * b.row;
        for (let j = 0; j < n; j++, from += b.col) row[j] += factor * array[from];
      }
      for (let j = 0; j < n; j++) array[to + j] = row[j];
    }
}
