import { describe, expect, test } from 'vitest';
import type { BinaryOp, Element, FloatElement, UnaryOp } from '../../../core/kernels/api.js';
import { binaryFunctions } from '../../../core/kernels/reference/binary.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { unaryFunctions } from '../../../core/kernels/reference/unary.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { isDivision } from '../../../core/kernels/simd/integer-division.js';
import { binaryCode, unaryCode } from '../../../core/kernels/simd/ops.js';
import { generator, get, put, randomOperand, randomShape, room, ulps } from './memory-helpers.js';

const SPECIAL = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  0.5,
  -0.5,
  1,
  -1,
  1.5,
  2.5,
  1e-40,
  -1e-40,
  3e38,
  -3e38,
  88.9,
];

function isUnary(op: string): op is UnaryOp {
  return op in unaryFunctions;
}
function isBinary(op: string): op is BinaryOp {
  return op in binaryFunctions;
}
const unaryOps = Object.keys(unaryFunctions).filter(isUnary);
const binaryOps = Object.keys(binaryFunctions).filter(isBinary);

/** Stated bounds of the float32 polynomials, in units of the last place of the exact result over the range. */
const BOUNDS: Partial<Record<UnaryOp, { ulps: number; from: number; to: number }>> = {
  exp: { ulps: 1.5, from: -103, to: 88.7 },
  log: { ulps: 1.5, from: 1e-38, to: 1e4 },
  tanh: { ulps: 2, from: -10, to: 10 },
  sigmoid: { ulps: 2.5, from: -87, to: 87 },
  softplus: { ulps: 2.5, from: -80, to: 80 },
  logsigmoid: { ulps: 2.5, from: -80, to: 80 },
  silu: { ulps: 3, from: -80, to: 80 },
  erf: { ulps: 2.5, from: -5, to: 5 },
};

/** Where a result is a difference of larger numbers, what counts is the error beside these. */
function nearlyEqual(actual: number, expected: number, scale: number): boolean {
  return (
    Object.is(actual, expected) ||
    actual === expected ||
    Math.abs(actual - expected) <= 4e-7 * Math.max(scale, 1e-37)
  );
}

function expectClose(actual: number[], expected: number[], scale: (i: number) => number, what: string): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++)
    if (!nearlyEqual(actual[i], expected[i], Math.max(Math.abs(expected[i]), scale(i))))
      throw new Error(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
}

describe.each(['float32', 'float64'] as const)('unary %s', (element: FloatElement) => {
  test.each(unaryOps.filter((op) => unaryCode(op, element)))(
    '%s agrees with the reference on any layout',
    (op) => {
      const next = generator(3);
      for (let round = 0; round < 40; round++) {
        const shape = randomShape(next);
        const count = shape.reduce((product, size) => product * size, 1);
        const x = randomOperand(element, shape, next, () =>
          next() < 0.1 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : next() * 8 - 4,
        );
        const actual = put(element, new Array<number>(count + 3).fill(7));
        const expected = put(element, new Array<number>(count + 3).fill(7));
        simdKernels.unary(op, element, shape, x, actual.ptr);
        referenceKernels.unary(op, element, shape, x, expected.ptr);
        const input = room(element, count);
        referenceKernels.copy(element, element, shape, x, input.ptr);
        const inputs = get(input);
        expectClose(
          get(actual),
          get(expected),
          (i) => Math.abs(inputs[i] ?? 0),
          `${op} of [${shape.join()}]`,
        );
      }
    },
  );
});

test.each(Object.entries(BOUNDS))('float32 %s stays within its bound', (name, { ulps: bound, from, to }) => {
  if (!isUnary(name)) throw new Error(name);
  const count = 40_000;
  const next = generator(5);
  const x = put(
    'float32',
    Array.from({ length: count }, (_, i) =>
      name === 'log'
        ? 10 ** (next() * 42 - 38)
        : i % 4 === 0
          ? (next() - 0.5) * 2
          : from + (to - from) * next(),
    ),
  );
  const out = room('float32', count);
  simdKernels.unary(name, 'float32', [count], { ptr: x.ptr, strides: [1] }, out.ptr);
  const inputs = get(x);
  let worst = 0;
  get(out).forEach((value, i) => {
    worst = Math.max(worst, ulps(value, unaryFunctions[name](inputs[i])));
  });
  expect(worst).toBeLessThanOrEqual(bound);
});

describe.each(['float32', 'float64', 'int32', 'uint8'] as const)('binary %s', (element: Element) => {
  test.each(binaryOps.filter((op) => binaryCode(op, element)))(
    '%s agrees with the reference on any layout',
    (op) => {
      const next = generator(4);
      const value = (): number =>
        element === 'uint8'
          ? Math.floor(next() * 256)
          : element === 'int32'
            ? Math.floor((next() - 0.5) * 2 ** (next() * 32))
            : next() < 0.1
              ? SPECIAL[Math.floor(next() * SPECIAL.length)]
              : next() * 8 - 4;
      for (let round = 0; round < 60; round++) {
        const shape = randomShape(next);
        const count = shape.reduce((product, size) => product * size, 1);
        const a = randomOperand(element, shape, next, value);
        // tanhGrad and sigmoidGrad take a result of tanh or sigmoid.
        const bounded = op === 'tanhGrad' || op === 'sigmoidGrad';
        // Integers are not divided by 0.
        const whole = element === 'int32' || element === 'uint8';
        const divisor = (): number => (whole && isDivision(op) ? value() || 3 : value());
        const b = randomOperand(element, shape, next, bounded ? () => next() * 2 - 1 : divisor);
        const actual = put(element, new Array<number>(count + 3).fill(7));
        const expected = put(element, new Array<number>(count + 3).fill(7));
        simdKernels.binary(op, element, shape, a, b, actual.ptr);
        referenceKernels.binary(op, element, shape, a, b, expected.ptr);
        const input = room(element, count);
        referenceKernels.copy(element, element, shape, a, input.ptr);
        const inputs = get(input);
        const what = `${op} of [${shape.join()}], strides [${a.strides.join()}] and [${b.strides.join()}]`;
        expectClose(get(actual), get(expected), (i) => Math.abs(inputs[i] ?? 0), what);
      }
    },
  );
});

test('the output may be an operand', () => {
  const x = put(
    'float32',
    Array.from({ length: 37 }, (_, i) => i),
  );
  const operand = { ptr: x.ptr, strides: [1] };
  simdKernels.binary('add', 'float32', [37], operand, operand, x.ptr);
  simdKernels.unary('neg', 'float32', [37], operand, x.ptr);
  expect(get(x)).toEqual(Array.from({ length: 37 }, (_, i) => (i === 0 ? -0 : -2 * i)));
});

function matrixShape(next: () => number): number[] {
  return [1 + Math.floor(next() * 3), 1 + Math.floor(next() * 70), 1 + Math.floor(next() * 70)];
}

describe('copies', () => {
  test.each(['float32', 'float64', 'int32', 'uint8'] as const)(
    'of %s agree with the reference on any layout',
    (element) => {
      const next = generator(6);
      for (let round = 0; round < 150; round++) {
        const shape = round % 5 === 0 ? matrixShape(next) : randomShape(next);
        const count = shape.reduce((product, size) => product * size, 1);
        const x = randomOperand(element, shape, next, () => Math.floor(next() * 256));
        const actual = put(element, new Array<number>(count + 3).fill(7));
        const expected = put(element, new Array<number>(count + 3).fill(7));
        simdKernels.copy(element, element, shape, x, actual.ptr);
        referenceKernels.copy(element, element, shape, x, expected.ptr);
        expect(get(actual), `[${shape.join()}] strides [${x.strides.join()}]`).toEqual(get(expected));
      }
    },
  );

  test.each(['float32', 'float64', 'int32', 'uint8'] as const)(
    'of %s into views agree with the reference',
    (element) => {
      const next = generator(9);
      for (let round = 0; round < 150; round++) {
        const shape = randomShape(next);
        const x = randomOperand(element, shape, next, () => Math.floor(next() * 256));
        const seed = Math.floor(next() * 1e9);
        const target = (): ReturnType<typeof randomOperand> =>
          randomOperand(element, shape, generator(seed), () => 7);
        const actual = target();
        const expected = target();
        if (actual.strides.includes(0)) continue;
        simdKernels.copyInto(element, shape, x, actual);
        referenceKernels.copyInto(element, shape, x, expected);
        expect(get(actual.array), `[${shape.join()}] strides [${x.strides.join()}]`).toEqual(
          get(expected.array),
        );
      }
    },
  );
});

describe('conversions', () => {
  const elements = ['float32', 'float64', 'int32', 'uint8'] as const;
  const pairs = elements.flatMap((from) =>
    elements.filter((to) => to !== from).map((to) => [from, to] as const),
  );

  test.each([
    ...pairs.map((pair) => [...pair, false] as const),
    ...elements.map((from) => [from, 'uint8', true] as const),
  ])('from %s to %s (as truth: %s) agree with the reference on any layout', (from, to, toBool) => {
    const next = generator(11);
    for (let round = 0; round < 60; round++) {
      const shape = randomShape(next);
      const count = shape.reduce((product, size) => product * size, 1);
      const far = round % 4 === 0 ? 1e11 : 300;
      const x = randomOperand(from, shape, next, () =>
        next() < 0.1 ? SPECIAL[Math.floor(next() * SPECIAL.length)] : (next() - 0.5) * far,
      );
      const actual = put(to, new Array<number>(count + 3).fill(7));
      const expected = put(to, new Array<number>(count + 3).fill(7));
      simdKernels.copy(from, to, shape, x, actual.ptr, toBool);
      referenceKernels.copy(from, to, shape, x, expected.ptr, toBool);
      expect(get(actual), `[${shape.join()}]`).toEqual(get(expected));
    }
  });
});

test.each(['int32', 'uint8'] as const)(
  'whole quotients and remainders of %s are those of the reference',
  (element) => {
    const ends =
      element === 'int32' ? [-(2 ** 31), 2 ** 31 - 1, -7, -3, -1, 0, 1, 2, 5, 1000] : [0, 1, 2, 7, 128, 255];
    const pairs = ends.flatMap((a) => ends.filter((b) => b !== 0).map((b) => [a, b]));
    const a = put(
      element,
      pairs.map(([first]) => first),
    );
    const b = put(
      element,
      pairs.map(([, second]) => second),
    );
    const operands = [a, b].map(({ ptr }) => ({ ptr, strides: [1] }));
    for (const op of ['fmod', 'remainder', 'floorDivide'] as const) {
      const actual = room(element, pairs.length);
      const expected = room(element, pairs.length);
      simdKernels.binary(op, element, [pairs.length], operands[0], operands[1], actual.ptr);
      referenceKernels.binary(op, element, [pairs.length], operands[0], operands[1], expected.ptr);
      expect(get(actual), op).toEqual(get(expected));
      const zero = put(element, [0]);
      expect(() =>
        simdKernels.binary(op, element, [3], operands[0], { ptr: zero.ptr, strides: [0] }, actual.ptr),
      ).toThrow(`${op}: integer division by zero`);
    }
  },
);

test.each(['exp', 'sigmoid'] as const)(
  '%s of vectors that are computed side by side is that of each alone, to the bit',
  (op) => {
    const next = generator(41);
    const values = Array.from(
      { length: 61 },
      (_, i) => SPECIAL[i % 17] ?? (next() - 0.5) * 2 ** (8 * next()),
    );
    const x = put('float32', values);
    const together = room('float32', values.length);
    const alone = room('float32', values.length);
    simdKernels.unaryFlat(op, 'float32', values.length, x.ptr, together.ptr);
    values.forEach((_, i) => simdKernels.unaryFlat(op, 'float32', 1, x.ptr + 4 * i, alone.ptr + 4 * i));
    expect(get(together)).toEqual(get(alone));
  },
);
