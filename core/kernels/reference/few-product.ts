/** Products of few elements of any strides in plain JavaScript; products and sums are rounded one by one. */
import { f32, f64 } from '../../memory.js';
import type { FloatElement } from '../api.js';

/** See `FewProduct` of `simd/few-product.ts`. */
export function multiplyElements(element: FloatElement): (...args: number[]) => void {
  const [array, bytes] = element === 'float32' ? [f32, 4] : [f64, 8];
  const round = element === 'float32' ? Math.fround : (value: number): number => value;
  return (out, m, k, n, x, xRow, xColumn, y, yRow, yColumn, added) => {
    let to = out / bytes;
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++, to++) {
        let total = 0;
        let from = (x + i * xRow) / bytes;
        let other = (y + j * yColumn) / bytes;
        for (let p = 0; p < k; p++, from += xColumn / bytes, other += yRow / bytes)
          total = round(total + round(array[from] * array[other]));
        array[to] = added === 0 ? total : total + array[added / bytes + j];
      }
  };
}
