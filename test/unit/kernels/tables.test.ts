import { expect, test } from 'vitest';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { get, put, room } from './memory-helpers.js';

test.each([1, 4, 7, 130])('rows of %i columns are taken and added as the reference does', (columns) => {
  const numbers = put('float64', [3, 0, 3, 2, 5, 0, 3]);
  const table = put(
    'float32',
    Array.from({ length: 6 * columns }, (_, i) => Math.sin(i)),
  );
  const values = put(
    'float32',
    Array.from({ length: 7 * columns }, (_, i) => Math.cos(i)),
  );
  for (const padding of [-1, 3]) {
    const g = { name: 'embedding', count: 7, rows: 6, columns, padding };
    const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
      const [taken, added] = [room('float32', 7 * columns), room('float32', 6 * columns)];
      kernels.tableRows(g, numbers.ptr, table.ptr, taken.ptr);
      kernels.tableRowsGrad(g, numbers.ptr, values.ptr, added.ptr);
      return [get(taken), get(added)];
    });
    expect(actual).toEqual(expected);
  }
});

test.each([-1, 6, 0.5, NaN, 2 ** 40])('the number %d, which is no row of six, is refused', (number) => {
  const numbers = put('float64', [1, number]);
  const [table, out] = [room('float32', 12), room('float32', 4)];
  const g = { name: 'embedding', count: 2, rows: 6, columns: 2, padding: -1 };
  for (const kernels of [simdKernels, referenceKernels]) {
    expect(() => {
      kernels.tableRows(g, numbers.ptr, table.ptr, out.ptr);
    }).toThrow(new RangeError(`embedding: no row ${number} among 6`));
  }
});
