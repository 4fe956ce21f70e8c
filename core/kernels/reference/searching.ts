/** Places in sorted numbers, and counts of small whole numbers. */
import type { Ptr } from '../api.js';
import { search32 } from '../counting.js';
import { f64, i32 } from '../../memory.js';
import { computesInJavaScript } from '../recording.js';

export function searchSorted(sorted: Ptr, size: number, right: boolean, x: Ptr, n: number, out: Ptr): void {
  computesInJavaScript();
  search32(sorted, size, right, x, n, out);
}

export function countWhole(x: Ptr, pairs: number, counts: Ptr, size: number, wrong: Ptr): void {
  computesInJavaScript();
  i32[wrong / 4] = 0;
  for (let i = 0; i < 2 * pairs; i++) {
    const label = f64[x / 8 + i];
    if (Number.isInteger(label) && label >= 0 && label < size) i32[counts / 4 + (i % 2) * size + label]++;
    else i32[wrong / 4] = 1;
  }
}
