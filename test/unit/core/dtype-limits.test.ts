import { describe, expect, test } from 'vitest';
import { finfo, iinfo } from '../../../core/index.js';

describe('finfo', () => {
  // bits, eps, max, smallest normal and resolution, as torch.finfo of PyTorch 2.15 prints them
  test.each([
    ['float16', 16, 0.0009765625, 65504, 6.103515625e-5, 0.001],
    ['bfloat16', 16, 0.0078125, 3.3895313892515355e38, 1.1754943508222875e-38, 0.01],
    ['float32', 32, 1.1920928955078125e-7, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-6],
    ['float64', 64, 2.220446049250313e-16, 1.7976931348623157e308, 2.2250738585072014e-308, 1e-15],
  ] as const)("has PyTorch's limits of %s", (dtype, bits, eps, max, smallestNormal, resolution) => {
    expect(finfo(dtype)).toEqual({
      dtype,
      bits,
      eps,
      max,
      min: -max,
      smallestNormal,
      tiny: smallestNormal,
      resolution,
    });
  });

  test('says which dtypes have limits', () => {
    expect(() => finfo('int32' as never)).toThrow(/takes float dtypes \(float16, .*got the string "int32"/);
    expect(() => iinfo('float32' as never)).toThrow(
      /takes integer dtypes \(uint8, int32, int64\), got the string "float32"/,
    );
  });
});

test('iinfo has the limits of integers, and of int64 those that are exact', () => {
  expect([iinfo('uint8').min, iinfo('uint8').max]).toEqual([0, 255]);
  expect([iinfo('int32').min, iinfo('int32').max]).toEqual([-2147483648, 2147483647]);
  expect([iinfo('int64').bits, iinfo('int64').max]).toEqual([64, 2 ** 53 - 1]);
});
