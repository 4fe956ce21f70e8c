import { describe, expect, test } from 'vitest';
import type { FloatElement } from '../../../core/kernels/api.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { matmul } from '../../../core/kernels/simd/gemm.js';
import { elementBytes } from '../../../core/kernels/views.js';
import { generator, get, put, type TestArray } from './memory-helpers.js';

type Layout = 'rows' | 'columns' | 'spread';

/** Strides of a [rows, columns] matrix in one of the layouts, and the elements it takes. */
function strides(layout: Layout, rows: number, columns: number) {
  if (layout === 'rows') return { row: columns, col: 1, elements: rows * columns };
  if (layout === 'columns') return { row: 1, col: rows, elements: rows * columns };
  return { row: 2 * columns + 3, col: 2, elements: rows * (2 * columns + 3) };
}

function random(element: FloatElement, length: number, next: () => number): TestArray {
  return put(
    element,
    Array.from({ length }, () => next() * 2 - 1),
  );
}

/** Runs both and returns the largest difference in units of k + 1 roundings. */
function worstError(
  element: FloatElement,
  size: { batch: number; m: number; n: number; k: number },
  layouts: readonly [Layout, Layout],
  beta: 0 | 1,
  shared: { a?: boolean; b?: boolean },
  next: () => number,
): number {
  const { batch, m, n, k } = size;
  const sa = strides(layouts[0], m, k);
  const sb = strides(layouts[1], k, n);
  const offset = 3;
  const a = random(element, offset + sa.elements * (shared.a ? 1 : batch), next);
  const b = random(element, offset + sb.elements * (shared.b ? 1 : batch), next);
  const start = Array.from({ length: batch * m * n + 8 }, () => next());
  const actual = put(element, start);
  const expected = put(element, start);
  const operandA = {
    ptr: a.ptr + offset * elementBytes[element],
    row: sa.row,
    col: sa.col,
    batch: shared.a ? 0 : sa.elements,
  };
  const operandB = {
    ptr: b.ptr + offset * elementBytes[element],
    row: sb.row,
    col: sb.col,
    batch: shared.b ? 0 : sb.elements,
  };
  matmul(element, size, operandA, operandB, actual.ptr, beta);
  referenceKernels.matmul(element, size, operandA, operandB, expected.ptr, beta);
  const x = get(actual);
  const y = get(expected);
  // Nothing past the end of C may be written.
  expect(x.slice(batch * m * n)).toEqual(y.slice(batch * m * n));
  let worst = 0;
  for (let i = 0; i < x.length; i++) worst = Math.max(worst, Math.abs(x[i] - y[i]));
  return worst / ((element === 'float32' ? 2 ** -24 : 2 ** -53) * (k + 1));
}

const LAYOUTS: readonly Layout[] = ['rows', 'columns', 'spread'];

describe.each(['float32', 'float64'] as const)('%s products', (element) => {
  for (const layoutA of LAYOUTS)
    for (const layoutB of LAYOUTS)
      test(`agree with the reference, a by ${layoutA}, b by ${layoutB}`, () => {
        const next = generator(7);
        for (let round = 0; round < 60; round++) {
          const pick = (most: number): number => 1 + Math.floor(next() * next() * most);
          const size = { batch: round % 5 === 0 ? 3 : 1, m: pick(70), n: pick(70), k: pick(90) };
          if (round % 7 === 1) size.m = 1;
          if (round % 7 === 2) size.n = 1;
          if (round % 7 === 3) size.k = 1;
          const shared = { a: round % 10 === 0, b: round % 15 === 0 };
          const error = worstError(element, size, [layoutA, layoutB], round % 2 === 0 ? 0 : 1, shared, next);
          expect(error, JSON.stringify(size)).toBeLessThan(3);
        }
      });

  test('agree beyond one block in each direction', () => {
    const next = generator(8);
    for (const size of [
      { batch: 1, m: 131, n: 9, k: 517 },
      { batch: 1, m: 5, n: 1037, k: 258 },
      { batch: 1, m: 1, n: 1100, k: 300 },
      { batch: 1, m: 300, n: 1, k: 300 },
      { batch: 1, m: 20, n: 1033, k: 3 },
    ])
      for (const layouts of [
        ['rows', 'rows'],
        ['columns', 'columns'],
      ] as const)
        for (const beta of [0, 1] as const)
          expect(worstError(element, size, layouts, beta, {}, next), JSON.stringify(size)).toBeLessThan(3);
  });

  test('with no rows, columns or batch write nothing, with no depth give zeros', () => {
    const c = put(element, [1, 2, 3, 4]);
    const operand = { ptr: c.ptr, row: 1, col: 1, batch: 0 };
    matmul(element, { batch: 1, m: 0, n: 2, k: 2 }, operand, operand, c.ptr, 0);
    matmul(element, { batch: 0, m: 2, n: 2, k: 2 }, operand, operand, c.ptr, 0);
    matmul(element, { batch: 1, m: 2, n: 2, k: 0 }, operand, operand, c.ptr, 1);
    expect(get(c)).toEqual([1, 2, 3, 4]);
    matmul(element, { batch: 1, m: 2, n: 2, k: 0 }, operand, operand, c.ptr, 0);
    expect(get(c)).toEqual([0, 0, 0, 0]);
  });

  test('NaN and infinities reach exactly the elements they belong to', () => {
    const a = put(element, [1, NaN, 2, 3]);
    const b = put(element, [1, 0, Infinity, 1]);
    const c = put(element, [0, 0, 0, 0]);
    const operand = (ptr: number) => ({ ptr, row: 2, col: 1, batch: 0 });
    matmul(element, { batch: 1, m: 2, n: 2, k: 2 }, operand(a.ptr), operand(b.ptr), c.ptr, 0);
    expect(get(c)).toEqual([NaN, NaN, Infinity, 3]);
  });
});
