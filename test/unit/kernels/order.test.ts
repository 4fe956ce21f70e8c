import { describe, expect, test } from 'vitest';
import { Finder, Sorter } from '../../../core/kernels/order.js';
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

test.each([
  [1, 1],
  [3, 5],
  [8, 300],
  [16, 16],
])('the first %i of %i numbers are those of a stable order, NaN last', (count, size) => {
  const next = generator(count + size);
  for (let round = 0; round < 5; round++) {
    const line = mixed(2 * size + 1, next);
    const positions = Array.from({ length: size }, (_, i) => i);
    const at = (i: number): number => line[1 + 2 * i];
    const expected = [
      positions.toSorted((a, b) => ascending(at(b), at(a))),
      positions.toSorted((a, b) => ascending(at(a), at(b))),
    ];
    for (const [i, largest] of [true, false].entries())
      expect([...new Finder(count, largest).find(line, 1, 2, size).places]).toEqual(
        expected[i].slice(0, count),
      );
  }
});

describe.each([true, false])('places in sorted numbers and counts (behind equal ones: %s)', (right) => {
  test.each([0, 1, 2, 7, 100])('%i sorted numbers, as the reference has them', (size) => {
    const next = generator(size + 3);
    const line = put('float32', [...mixed(size, next)].map(Math.fround).toSorted(ascending));
    const x = put('float32', mixed(103, next));
    const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
      const out = room('float64', 103);
      kernels.searchSorted(line.ptr, size, right, x.ptr, 103, out.ptr);
      return get(out);
    });
    expect(actual).toEqual(expected);
  });
});

test.each([false, true])(
  'rows of float32 are put in order as the reference does (falling: %s)',
  (descending) => {
    const next = generator(5);
    const x = put('float32', mixed(3 * 700, next));
    const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
      const out = room('float64', 3 * 700);
      kernels.sortRows(3, 700, descending, x.ptr, out.ptr);
      return get(out);
    });
    expect(actual).toEqual(expected);
  },
);

test.each([
  ['whole numbers', [0, 3, 3, 7, 1, 3], 0],
  ['a negative one', [0, -1, 3, 3], 1],
  ['one that is too large', [0, 1, 8, 2], 1],
  ['a fraction', [0.5, 1], 1],
  ['NaN', [1, NaN], 1],
])('pairs of %s are counted as the reference does', (_, labels, wrong) => {
  const x = put('float64', labels);
  const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
    const counts = put('int32', new Array<number>(17).fill(0));
    kernels.countWhole(x.ptr, labels.length / 2, counts.ptr, 8, counts.ptr + 64);
    return get(counts);
  });
  expect(actual[16]).toBe(wrong);
  expect(expected[16]).toBe(wrong);
  if (wrong === 0) expect(actual).toEqual(expected);
});

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
