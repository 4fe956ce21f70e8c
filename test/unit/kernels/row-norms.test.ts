/** Normalization row by row. */
import { describe, expect, test } from 'vitest';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import type { RowNormRows } from '../../../core/kernels/row-norms.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, room, type TestArray } from './memory-helpers.js';

function expectClose(actual: TestArray, expected: TestArray, tolerance = 3e-6): void {
  const y = get(expected);
  get(actual).forEach((value, i) => {
    if (Object.is(value, y[i])) return;
    expect(Math.abs(value - y[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(y[i])));
  });
}

const next = generator(4);
const random = (n: number): TestArray =>
  put(
    'float32',
    Array.from({ length: n }, () => next() * 4 - 2),
  );

describe.each([true, false])('normalization of rows, centered: %s,', (centered) => {
  test.each([
    [1, 1],
    [5, 7],
    [3, 128],
    [700, 65],
  ])('of %i rows of %i is as the reference, and so are its gradients', (rows, columns) => {
    const [x, grad] = [random(rows * columns), random(rows * columns)];
    const [weight, bias] = [random(columns), random(columns)];
    for (const factors of [0, 1, 2]) {
      const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
        const kept = room('float32', 2 * rows);
        const r: RowNormRows = {
          ...{
            rows,
            columns,
            x: x.ptr,
            weight: factors > 0 ? weight.ptr : 0,
            bias: factors > 1 ? bias.ptr : 0,
          },
          ...{ eps: 1e-2, centered, kept: kept.ptr },
        };
        const [y, byX] = [room('float32', x.length), room('float32', x.length)];
        const sums = [factors > 0, factors > 1].map((has) => (has ? room('float32', columns) : null));
        kernels.rowNorm(r, y.ptr);
        const [byWeight, byBias] = sums.map((array) => array?.ptr ?? 0);
        kernels.rowNormGrad(r, grad.ptr, { x: byX.ptr, weight: byWeight, bias: byBias });
        return [y, byX, ...sums.filter((array) => array !== null)];
      });
      actual.forEach((array, i) => {
        expectClose(array, expected[i], 1e-4);
      });
    }
  });
});
