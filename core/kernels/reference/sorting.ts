/** The order of rows of float32. */
import type { Ptr } from '../api.js';
import { f32, f64 } from '../../memory.js';
import { Sorter } from '../order.js';
import { computesInJavaScript } from '../recording.js';

export function sortRows(rows: number, columns: number, descending: boolean, x: Ptr, out: Ptr): void {
  computesInJavaScript();
  const sorter = new Sorter(columns, true);
  for (let row = 0; row < rows; row++) {
    const start = x / 4 + row * columns;
    const line = Float64Array.from(f32.subarray(start, start + columns));
    f64.set(sorter.sort(line, descending).order, out / 8 + row * columns);
  }
}
