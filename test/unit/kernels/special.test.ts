import { expect, test } from 'vitest';
import { erf, erfc, pow, roundHalfEven } from '../../../core/kernels/special.js';

/** [x, erf(x), erfc(x)] by Python: mpmath.erf, mpmath.erfc with 40 digits, rounded to float64. */
const ERF_VALUES: readonly (readonly [number, number, number])[] = [
  [1e-10, 1.1283791670955126e-10, 0.999999999887162],
  [0.1, 0.1124629160182849, 0.887537083981715],
  [0.3, 0.3286267594591274, 0.6713732405408726],
  [0.7, 0.6778011938374184, 0.32219880616258156],
  [-0.8, -0.7421009647076605, 1.7421009647076604],
  [0.9, 0.7969082124228322, 0.20309178757716786],
  [1.2, 0.9103139782296353, 0.08968602177036464],
  [-1.1, -0.8802050695740817, 1.8802050695740817],
  [1.3, 0.9340079449406524, 0.06599205505934755],
  [2, 0.9953222650189527, 0.004677734981047266],
  [2.8, 0.9999249868053346, 7.501319466545911e-5],
  [-2.5, -0.999593047982555, 1.999593047982555],
  [3, 0.9999779095030014, 2.209049699858544e-5],
  [4.5, 0.9999999998033839, 1.9661604415428876e-10],
  [5.9, 0.9999999999999999, 7.190409783550478e-17],
  [-6.5, -1.0, 2.0],
  [8, 1.0, 1.1224297172982926e-29],
  [-9, -1.0, 2.0],
  [15, 1.0, 7.212994172451207e-100],
  [26, 1.0, 5.663192408856143e-296],
];

function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
}

test.each(ERF_VALUES)('erf and erfc of %f are within 1e-15 and 2e-15', (x, value, complement) => {
  expect(relativeError(erf(x), value)).toBeLessThan(1e-15);
  expect(relativeError(erfc(x), complement)).toBeLessThan(2e-15);
});

test('erf and erfc at the ends', () => {
  expect([erf(0), erf(-0), erf(Infinity), erf(-Infinity), erf(NaN)]).toEqual([0, -0, 1, -1, NaN]);
  expect([erfc(0), erfc(Infinity), erfc(-Infinity), erfc(NaN), erfc(30), erfc(-30)]).toEqual([
    1,
    0,
    2,
    NaN,
    0,
    2,
  ]);
});

test('halves are rounded to even, and zero keeps its sign', () => {
  const x = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, -0.2, 4503599627370497, -1e300, Infinity, NaN, -0];
  expect(x.map(roundHalfEven)).toEqual([
    0,
    2,
    2,
    -0,
    -2,
    -2,
    2,
    -0,
    4503599627370497,
    -1e300,
    Infinity,
    NaN,
    -0,
  ]);
});

test('pow is the pow of C where JavaScript differs', () => {
  expect(pow(1, NaN)).toBe(1);
  expect(pow(-1, Infinity)).toBe(1);
  expect(pow(1, -Infinity)).toBe(1);
  expect(pow(2, 10)).toBe(1024);
  expect(pow(NaN, 0)).toBe(1);
});
