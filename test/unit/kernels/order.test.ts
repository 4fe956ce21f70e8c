import { describe, expect, test } from 'vitest';
import { Sorter } from '../../../core/kernels/order.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { ascending } from '../../../core/ops/lines.js';
import { generator, get, put, room } from './memory-helpers.js';

const ENDS = [NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 3e38, 1, -1];

/** Numbers of which many are equal, with the ends among them. */
function mixed(count: number, next: () => number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) =>
    next() < 0.2
      ? ENDS[i % ENDS.length]
      : next() < 0.5
        ? Math.floor(next() * 20) - 10
        : (next() - 0.5) * 10 ** (next() * 30),
  );
}

describe.each([true, false])('the order of numbers (float32: %s)', (single) => {
  test.each([0, 1, 2, 30, 48, 49, 1000, 5000])(
    '%i of them is that of a stable comparison, NaN last',
    (count) => {
      const next = generator(count + 1);
      const sorter = new Sorter(count, single);
      for (let round = 0; round < 5; round++) {
        const line = mixed(count, next).map((x) => (single ? Math.fround(x) : x));
        const positions = Array.from({ length: count }, (_, i) => i);
        expect([...sorter.sort(line).order]).toEqual(
          positions.toSorted((a, b) => ascending(line[a], line[b])),
        );
        expect([...sorter.sort(line, true).order]).toEqual(
          positions.toSorted((a, b) => ascending(line[b], line[a])),
        );
      }
    },
  );
});

describe.each(['float32', 'float64', 'int32', 'uint8'] as const)(
  'the place of an extreme of %s',
  (element) => {
    test.each([
      [1, 5, 1],
      [3, 700, 1],
      [90, 7, 1],
      [2, 33, 13],
      [1, 1000, 3],
      [1, 300, 1],
    ])('of [%i, %i, %i] is the first one, and NaN wins', (outer, size, inner) => {
      const next = generator(4);
      for (const op of ['max', 'min'] as const)
        for (let round = 0; round < 6; round++) {
          const values = Array.from({ length: outer * size * inner }, () =>
            round % 2 === 1 && next() < 0.01
              ? NaN
              : Math.floor(next() * 200) - (element === 'uint8' ? 0 : 100),
          );
          const x = put(element, values);
          const actual = room('float64', outer * inner);
          const expected = room('float64', outer * inner);
          simdKernels.argReduce(op, element, outer, size, inner, x.ptr, actual.ptr);
          referenceKernels.argReduce(op, element, outer, size, inner, x.ptr, expected.ptr);
          expect(get(actual)).toEqual(get(expected));
        }
    });
  },
);
