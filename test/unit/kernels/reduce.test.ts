import { describe, expect, test } from 'vitest';
import type { CompareOp, Element } from '../../../core/kernels/api.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, randomOperand, randomShape } from './memory-helpers.js';

const FLOATS = ['float32', 'float64'] as const;
const SIGNED = ['float32', 'float64', 'int32'] as const;

/** Both arrays with the same values, NaN equal to NaN, and otherwise within a relative error. */
function expectNear(actual: number[], expected: number[], tolerance: number, what: string): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    const same = Object.is(value, expected[i]) || value === expected[i];
    if (!same && !(Math.abs(value - expected[i]) <= tolerance * Math.max(1, Math.abs(expected[i]))))
      throw new Error(`${what}: element ${i} is ${value}, expected ${expected[i]}`);
  });
}

describe.each(SIGNED)('reductions of %s', (element: Element) => {
  test.each(['sum', 'max', 'min'] as const)('%s agrees with the reference for every extent', (op) => {
    const next = generator(1);
    for (let round = 0; round < 120; round++) {
      const pick = (most: number): number => Math.floor(next() * most);
      const outer = 1 + pick(5);
      const size = op === 'sum' ? pick(round % 4 === 0 ? 1500 : 40) : 1 + pick(round % 4 === 0 ? 1500 : 40);
      const inner = round % 2 === 0 ? 1 : 1 + pick(40);
      const x = put(
        element,
        Array.from({ length: outer * size * inner }, () =>
          element === 'int32' ? Math.floor((next() - 0.5) * 2 ** 33) : next() < 0.002 ? NaN : next() * 2 - 1,
        ),
      );
      const actual = put(element, new Array<number>(outer * inner + 2).fill(7));
      const expected = put(element, new Array<number>(outer * inner + 2).fill(7));
      simdKernels.reduce(op, element, outer, size, inner, x.ptr, actual.ptr);
      referenceKernels.reduce(op, element, outer, size, inner, x.ptr, expected.ptr);
      const tolerance = element === 'float32' && op === 'sum' ? 2e-5 : 1e-12;
      expectNear(get(actual), get(expected), tolerance, `${op} of [${outer}, ${size}, ${inner}]`);
    }
  });
});

describe.each([...SIGNED, 'uint8'] as const)('products and bytes, %s', (element: Element) => {
  test.each(['prod', 'sum', 'max', 'min'] as const)('%s agrees with the reference', (op) => {
    const next = generator(6);
    for (const [outer, size, inner] of [
      [1, 1, 1],
      [3, 200, 1],
      [2, 50, 9],
      [1, 7, 300],
    ]) {
      const whole = element === 'int32' || element === 'uint8';
      const value = (): number => (whole ? 1 + Math.floor(next() * 200) : 0.9 + next() * 0.2);
      const x = put(element, Array.from({ length: outer * size * inner }, value));
      const actual = put(element, new Array<number>(outer * inner + 2).fill(7));
      const expected = put(element, new Array<number>(outer * inner + 2).fill(7));
      simdKernels.reduce(op, element, outer, size, inner, x.ptr, actual.ptr);
      referenceKernels.reduce(op, element, outer, size, inner, x.ptr, expected.ptr);
      const tolerance = element === 'float32' ? 5e-5 : 1e-12;
      expectNear(get(actual), get(expected), tolerance, `${op} of [${outer}, ${size}, ${inner}]`);
    }
  });
});

test('a long float32 sum loses nearly nothing', () => {
  const count = 1_000_003;
  const x = put('float32', new Float32Array(count).fill(0.1));
  const out = put('float32', [0]);
  simdKernels.reduce('sum', 'float32', 1, count, 1, x.ptr, out.ptr);
  const exact = count * Math.fround(0.1);
  expect(Math.abs(get(out)[0] - exact) / exact).toBeLessThan(1e-6);
  const columns = put('float32', [0, 0]);
  simdKernels.reduce('sum', 'float32', 1, (count - 1) / 2, 2, x.ptr, columns.ptr);
  expect(Math.abs(get(columns)[1] - exact / 2) / exact).toBeLessThan(5e-5);
});

describe.each(FLOATS)('softmax of %s', (element) => {
  test.each([false, true])('and its gradient agree with the reference, log %s', (log) => {
    const next = generator(2);
    for (let round = 0; round < 60; round++) {
      const rows = Math.floor(next() * 5);
      const columns = 1 + Math.floor(next() * (round % 3 === 0 ? 200 : 12));
      const count = rows * columns;
      const scale = round % 4 === 0 ? 100 : 3;
      const special = round % 6 === 0 ? [-Infinity, -Infinity, NaN, 80] : [];
      const values = Array.from({ length: count }, () =>
        special.length > 0 && next() < 0.1 ? special[Math.floor(next() * 4)] : (next() * 2 - 1) * scale,
      );
      const x = put(element, values);
      const g = put(
        element,
        Array.from({ length: count }, () => next() * 2 - 1),
      );
      const actual = put(element, new Array<number>(count + 3).fill(7));
      const expected = put(element, new Array<number>(count + 3).fill(7));
      const what = `[${rows}, ${columns}]`;
      const tolerance = element === 'float32' ? 2e-6 : 1e-13;
      simdKernels.softmax(log, element, rows, columns, x.ptr, actual.ptr);
      referenceKernels.softmax(log, element, rows, columns, x.ptr, expected.ptr);
      expectNear(get(actual), get(expected), tolerance, what);
      const gradient = put(element, new Array<number>(count + 3).fill(7));
      const expectedGradient = put(element, new Array<number>(count + 3).fill(7));
      simdKernels.softmaxGrad(log, element, rows, columns, expected.ptr, g.ptr, gradient.ptr);
      referenceKernels.softmaxGrad(log, element, rows, columns, expected.ptr, g.ptr, expectedGradient.ptr);
      expectNear(get(gradient), get(expectedGradient), tolerance * 10, `gradient of ${what}`);
    }
  });
});

describe.each([...SIGNED, 'uint8'] as const)('choices of %s', (element: Element) => {
  const value = (next: () => number) => (): number => {
    const small = Math.floor(next() * 5);
    return element === 'uint8' || element === 'int32' || next() < 0.95 ? small : NaN;
  };

  test.each(['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const)(
    '%s agrees with the reference on any layout',
    (op: CompareOp) => {
      const next = generator(3);
      for (let round = 0; round < 50; round++) {
        const shape = randomShape(next);
        const count = shape.reduce((product, size) => product * size, 1);
        const a = randomOperand(element, shape, next, value(next));
        const b = randomOperand(element, shape, next, value(next));
        const actual = put('uint8', new Array<number>(count + 3).fill(7));
        const expected = put('uint8', new Array<number>(count + 3).fill(7));
        simdKernels.compare(op, element, shape, a, b, actual.ptr);
        referenceKernels.compare(op, element, shape, a, b, expected.ptr);
        expect(get(actual), `[${shape.join()}]`).toEqual(get(expected));
      }
    },
  );

  test('where agrees with the reference on any layout', () => {
    const next = generator(4);
    for (let round = 0; round < 80; round++) {
      const shape = randomShape(next);
      const count = shape.reduce((product, size) => product * size, 1);
      const condition = randomOperand('uint8', shape, next, () => (next() < 0.5 ? 0 : 1));
      const a = randomOperand(element, shape, next, value(next));
      const b = randomOperand(element, shape, next, value(next));
      const actual = put(element, new Array<number>(count + 3).fill(7));
      const expected = put(element, new Array<number>(count + 3).fill(7));
      simdKernels.where(element, shape, condition, a, b, actual.ptr);
      referenceKernels.where(element, shape, condition, a, b, expected.ptr);
      expect(get(actual), `[${shape.join()}]`).toEqual(get(expected));
    }
  });
});
