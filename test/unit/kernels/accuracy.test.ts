/** How far the float64 kernels, and the float32 ones that are computed in float64, are from JavaScript's own functions. */
import { describe, expect, test } from 'vitest';
import type { FloatElement, UnaryOp } from '../../../core/kernels/api.js';
import { binaryFunctions } from '../../../core/kernels/reference/binary.js';
import { unaryFunctions } from '../../../core/kernels/reference/unary.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, room } from './memory-helpers.js';

/** Units in the last place of the expected number, of a float type. */
function ulps(actual: number, expected: number, element: FloatElement): number {
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  if (actual === 0 && expected === 0) return Infinity;
  const [digits, lowest] = element === 'float32' ? [23, -126] : [52, -1022];
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(expected))), lowest);
  return Math.abs(actual - expected) / 2 ** (exponent - digits);
}

interface Bound {
  readonly ulps: number;
  readonly ranges: readonly (readonly [number, number])[];
}

/** In float64. JavaScript's own functions are within one unit themselves, which the bounds include. */
const BOUNDS: Partial<Record<UnaryOp, Bound>> = {
  exp: {
    ulps: 1,
    ranges: [
      [-745, 709.7],
      [-1, 1],
    ],
  },
  exp2: {
    ulps: 2,
    ranges: [
      [-1074, 1023],
      [-1, 1],
    ],
  },
  expm1: {
    ulps: 2,
    ranges: [
      [-40, 709],
      [-1, 1],
      [-1e-8, 1e-8],
    ],
  },
  log: {
    ulps: 1,
    ranges: [
      [1e-310, 1e-300],
      [0.5, 2],
      [0.999, 1.001],
      [1, 1e308],
    ],
  },
  log1p: {
    ulps: 2,
    ranges: [
      [-0.999, 1],
      [-1e-6, 1e-6],
      [1, 1e300],
    ],
  },
  log2: {
    ulps: 2,
    ranges: [
      [0.1, 10],
      [0.999, 1.001],
      [1, 1e308],
    ],
  },
  log10: {
    ulps: 2,
    ranges: [
      [0.1, 10],
      [0.999, 1.001],
      [1, 1e308],
    ],
  },
  sin: {
    ulps: 1,
    ranges: [
      [-4, 4],
      [-1e5, 1e5],
      [-1e12, 1e12],
    ],
  },
  cos: {
    ulps: 1,
    ranges: [
      [-4, 4],
      [-1e5, 1e5],
      [-1e12, 1e12],
    ],
  },
  tan: {
    ulps: 2.5,
    ranges: [
      [-1.57, 1.57],
      [-1e5, 1e5],
      [-1e12, 1e12],
    ],
  },
  asin: {
    ulps: 1.5,
    ranges: [
      [-1, 1],
      [-1e-5, 1e-5],
      [0.99, 1],
    ],
  },
  acos: {
    ulps: 1.5,
    ranges: [
      [-1, 1],
      [0.99, 1],
      [-1, -0.99],
    ],
  },
  atan: {
    ulps: 1.5,
    ranges: [
      [-5, 5],
      [-1e-5, 1e-5],
      [-1e20, 1e20],
    ],
  },
  sinh: {
    ulps: 2.5,
    ranges: [
      [-22, 22],
      [-1e-3, 1e-3],
      [-710.4, 710.4],
    ],
  },
  cosh: {
    ulps: 2,
    ranges: [
      [-22, 22],
      [-1e-3, 1e-3],
      [-710.4, 710.4],
    ],
  },
  tanh: {
    ulps: 3,
    ranges: [
      [-25, 25],
      [-1, 1],
      [-1e-5, 1e-5],
    ],
  },
  asinh: {
    ulps: 3,
    ranges: [
      [-10, 10],
      [-1e-5, 1e-5],
      [-1e200, 1e200],
    ],
  },
  acosh: {
    ulps: 2.5,
    ranges: [
      [1, 10],
      [1, 1.001],
      [1, 1e200],
    ],
  },
  atanh: {
    ulps: 3,
    ranges: [
      [-1, 1],
      [-1e-5, 1e-5],
    ],
  },
  erf: {
    ulps: 1.5,
    ranges: [
      [-6, 6],
      [-1, 1],
      [-1e-5, 1e-5],
    ],
  },
  erfc: {
    ulps: 4,
    ranges: [
      [-6, 26],
      [-1, 1],
    ],
  },
  sigmoid: {
    ulps: 2.5,
    ranges: [
      [-87, 40],
      [-1, 1],
    ],
  },
  // JavaScript's sin(πx) near whole numbers is what the rounded πx gives, as here.
  sinc: { ulps: 3, ranges: [[-3, 3]] },
};

const ENDS = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  1,
  -1,
  5e-324,
  -5e-324,
  1e-310,
  1.7e308,
  -1.7e308,
  0.5,
  2,
  710.5,
  -745.2,
];

function isUnary(op: string): op is UnaryOp {
  return op in unaryFunctions;
}

function inputsOf(op: string, { ranges }: Bound): number[] {
  const next = generator(7);
  const random = ranges.flatMap(([low, high]) =>
    Array.from({ length: 20_001 }, () => low + (high - low) * next()),
  );
  return [...ENDS.filter((x) => Number.isFinite(x) || op !== 'sinc'), ...random];
}

describe.each(Object.entries(BOUNDS))('%s', (op, bound) => {
  if (!isUnary(op)) throw new Error(op);
  test.each(['float64', 'float32'] as const)('in %s stays within its bound', (element) => {
    const x = put(element, inputsOf(op, bound));
    const out = room(element, x.length);
    simdKernels.unary(op, element, [x.length], { ptr: x.ptr, strides: [1] }, out.ptr);
    const inputs = get(x);
    // The older float32 polynomials have bounds of their own in elementwise.test.ts.
    const limit = element === 'float64' ? bound.ulps : 2.5;
    const round = element === 'float32' ? Math.fround : (value: number): number => value;
    get(out).forEach((value, i) => {
      const exact = unaryFunctions[op](inputs[i]);
      const error = ulps(value, element === 'float32' && round(exact) === value ? value : exact, element);
      if (error > limit)
        throw new Error(
          `${op}(${inputs[i]}) is ${value}, expected ${exact}: off by ${error.toFixed(2)} units`,
        );
    });
  });
});

describe('exact values', () => {
  const of = (op: UnaryOp, values: number[]): number[] => {
    const x = put('float64', values);
    const out = room('float64', values.length);
    simdKernels.unary(op, 'float64', [values.length], { ptr: x.ptr, strides: [1] }, out.ptr);
    return get(out);
  };

  test('powers of two and ten have whole logarithms', () => {
    const powers = Array.from({ length: 300 }, (_, i) => i);
    expect(
      of(
        'log2',
        powers.map((n) => 2 ** (n - 150)),
      ),
    ).toEqual(powers.map((n) => n - 150));
    const tens = powers.slice(0, 23);
    expect(
      of(
        'log10',
        tens.map((n) => Number(`1e${n}`)),
      ),
    ).toEqual(tens);
    expect(
      of(
        'exp2',
        powers.map((n) => n - 150),
      ),
    ).toEqual(powers.map((n) => 2 ** (n - 150)));
  });
});

describe.each(['fmod', 'remainder', 'floorDivide', 'pow', 'atan2', 'hypot'] as const)('%s', (op) => {
  test.each(['float64', 'float32'] as const)('in %s is the reference within 2 units', (element) => {
    const next = generator(9);
    const ends = [...ENDS, 3, -3, 0.1, 1e16, -7.5];
    const pairs = ends.flatMap((a) => ends.map((b) => [a, b]));
    for (let i = 0; i < 20_000; i++) {
      const scale = 10 ** (next() * 40 - 20);
      pairs.push([(next() - 0.5) * scale, (next() - 0.5) * (i % 2 === 0 ? scale : 10 ** (next() * 20 - 10))]);
      if (i % 3 === 0) pairs.push([Math.floor(next() * 1000), 1 + Math.floor(next() * 12)]);
    }
    const a = put(
      element,
      pairs.map(([first]) => first),
    );
    const b = put(
      element,
      pairs.map(([, second]) => second),
    );
    const out = room(element, pairs.length);
    const operand = (array: typeof a) => ({ ptr: array.ptr, strides: [1] });
    simdKernels.binary(op, element, [pairs.length], operand(a), operand(b), out.ptr);
    const [as, bs] = [get(a), get(b)];
    const exact = op === 'fmod' || op === 'remainder' || op === 'floorDivide';
    get(out).forEach((value, i) => {
      const expected = binaryFunctions[op](as[i], bs[i]);
      const rounded = element === 'float32' ? Math.fround(expected) : expected;
      const error = ulps(value, rounded, element);
      if (error > (exact ? 0 : 2))
        throw new Error(`${op}(${as[i]}, ${bs[i]}) is ${value}, expected ${rounded}: off by ${error} units`);
    });
  });
});
