/** Windows as columns that are added up where they lie in images. */
import type { FloatElement, Ptr } from '../api.js';
import { type ImageWindows, insideOf } from '../image-columns.js';
import { elementBytes, views } from '../views.js';

export function addWindows(element: FloatElement, windows: ImageWindows, x: Ptr, out: Ptr): void {
  const { planes, input, kernel, counts, stride } = windows;
  const array = views[element];
  let column = x / elementBytes[element];
  for (let plane = 0; plane < planes; plane++)
    for (let p = 0; p < kernel[0]; p++)
      for (let q = 0; q < kernel[1]; q++, column += counts[0] * counts[1]) {
        const rows = insideOf(windows, 0, p);
        const columns = insideOf(windows, 1, q);
        for (let i = 0; i < rows.count; i++) {
          const from = column + (rows.first + i) * counts[1] + columns.first;
          const row = plane * input[0] + rows.at + i * stride[0];
          const to = out / elementBytes[element] + row * input[1] + columns.at;
          for (let j = 0; j < columns.count; j++) array[to + j * stride[1]] += array[from + j];
        }
      }
}
