/**
 * The bounds that core/README.md states, in units of the last place of the exact value. In float32 numbers of every size,
 * sign and special kind are compared with float64; in float64 the exact values are those of mpmath 1.4 with 400 bits
 * (`functions.json`: for each function x, then the value as the sum of two float64).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { FloatElement, UnaryOp } from '../../../core/kernels/api.js';
import { unaryFunctions } from '../../../core/kernels/reference/unary.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { get, put, room } from './memory-helpers.js';

const functions = JSON.parse(readFileSync(new URL('./functions.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly (readonly [number, number, number])[]>
>;

interface Bound {
  readonly float32: number;
  readonly float64: number;
  /** Below it the value is a small difference of larger ones, or subnormal: nothing is promised there. */
  readonly from?: Readonly<Record<FloatElement, number>>;
}

/** What is computed in float64 and rounded. */
const ROUNDED = 0.51;

const BOUNDS = {
  exp: { float32: 1, float64: 1.1 },
  log: { float32: 0.8, float64: 0.8 },
  tanh: { float32: 1.4, float64: 1.9 },
  erf: { float32: 1.2, float64: 1 },
  sin: { float32: ROUNDED, float64: 0.8 },
  cos: { float32: ROUNDED, float64: 0.9 },
  tan: { float32: ROUNDED, float64: 1.5 },
  exp2: { float32: ROUNDED, float64: 1 },
  expm1: { float32: 1.5, float64: 1.4 },
  log1p: { float32: 0.9, float64: 1 },
  log2: { float32: 1, float64: 1.5 },
  log10: { float32: 0.9, float64: 1.5 },
  asin: { float32: ROUNDED, float64: 1 },
  acos: { float32: ROUNDED, float64: 1 },
  atan: { float32: ROUNDED, float64: 1 },
  sinh: { float32: ROUNDED, float64: 1.8 },
  cosh: { float32: ROUNDED, float64: 1.5 },
  asinh: { float32: 1.7, float64: 1.5 },
  acosh: { float32: 2, float64: 1.8 },
  atanh: { float32: ROUNDED, float64: 1.8 },
  erfc: { float32: ROUNDED, float64: 2 },
  rsqrt: { float32: 1.5, float64: 1.5 },
  cube: { float32: 1.4, float64: 1.4 },
  sigmoid: { float32: 2.1, float64: 1.6 },
  softplus: { float32: 2, float64: 1.2 },
  logsigmoid: { float32: 2, float64: 1 },
  silu: { float32: 2.6, float64: 2, from: { float32: -87, float64: -708 } },
  gelu: { float32: 4, float64: 4, from: { float32: -1, float64: -1 } },
  geluTanh: { float32: 4, float64: 4, from: { float32: -1, float64: -1 } },
} satisfies Partial<Record<UnaryOp, Bound>>;

/** Every so many of the 2³² float32: a prime, so that all digits vary. */
const EVERY = 50_021;

const float32 = new Float32Array(
  Uint32Array.from({ length: Math.floor(2 ** 32 / EVERY) }, (_, i) => i * EVERY).buffer,
);
const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 1, -1, 1e-45, -1e-45, 3.4028234663852886e38, 1e19, 1e8];

/** How far a number is from a value that is given in two parts, in units of the value's last place. */
function error(actual: number, value: number, rest: number, element: FloatElement): number {
  if (Number.isNaN(value)) return Number.isNaN(actual) ? 0 : Infinity;
  const [digits, lowest, largest] = element === 'float32' ? [23, -126, 2 ** 128] : [52, -1022, Infinity];
  // What rounds to infinity.
  if (Math.abs(value) >= largest * (1 - 2 ** -25) || !Number.isFinite(actual))
    return Math.abs(actual) >= largest * (1 - 2 ** -24) && actual > 0 === value > 0 ? 0 : Infinity;
  if (value === 0) return actual === 0 ? 0 : Infinity;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), lowest);
  return Math.abs(actual - value - rest) / 2 ** (exponent - digits);
}

function worst(
  op: UnaryOp,
  element: FloatElement,
  rows: readonly (readonly [number, number, number])[],
): readonly [number, string] {
  const x = put(
    element,
    rows.map(([at]) => at),
  );
  const out = room(element, rows.length);
  simdKernels.unaryFlat(op, element, rows.length, x.ptr, out.ptr);
  let most: readonly [number, string] = [0, ''];
  get(out).forEach((value, i) => {
    const [at, exact, rest] = rows[i];
    const units = error(value, exact, rest, element);
    if (units > most[0]) most = [units, `${op}(${at}) is ${value}, not ${exact}`];
  });
  return most;
}

test.each([
  ['log2', 2, 127],
  ['log10', 10, 38],
] as const)('%s of float32 is exact for powers of %d', (op, base, most) => {
  const powers = Array.from({ length: most + 1 }, (_, n) => n);
  const x = put(
    'float32',
    powers.map((n) => base ** n),
  );
  const out = room('float32', powers.length);
  simdKernels.unaryFlat(op, 'float32', powers.length, x.ptr, out.ptr);
  expect(get(out)).toEqual(powers);
});

describe.each(Object.keys(BOUNDS) as (keyof typeof BOUNDS)[])('%s', (op) => {
  const bound: Bound = BOUNDS[op];
  const covered = (x: number, element: FloatElement): boolean =>
    bound.from === undefined || x >= bound.from[element];

  test('stays within its bound for float32 of all kinds', () => {
    const inputs = [...SPECIAL.map(Math.fround), ...float32].filter((x) => covered(x, 'float32'));
    const rows = inputs.map((x) => [x, unaryFunctions[op](x), 0] as const);
    const [units, where] = worst(op, 'float32', rows);
    expect(units, where).toBeLessThanOrEqual(bound.float32);
  });

  test('stays within its bound for float64', () => {
    const rows = functions[op];
    const [units, where] = worst(
      op,
      'float64',
      rows.filter(([x]) => covered(x, 'float64')),
    );
    expect(rows.length).toBeGreaterThan(40);
    expect(units, where).toBeLessThanOrEqual(bound.float64);
  });
});
