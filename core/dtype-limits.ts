/** What numbers the element types hold: PyTorch's `torch.finfo` and `torch.iinfo`. */

import { type DType, type FloatDType, integerRange, itemSize } from './dtype.js';
import { describeValue } from './layout.js';

/** The limits of a float dtype. */
export interface FloatLimits {
  readonly dtype: FloatDType;
  /** Bits of an element. */
  readonly bits: number;
  /** The distance from 1 to the next larger number. */
  readonly eps: number;
  /** The largest and the least number. */
  readonly max: number;
  readonly min: number;
  /** The smallest positive number with all digits. */
  readonly smallestNormal: number;
  readonly tiny: number;
  /** 10 to the minus the count of decimal digits that are always kept. */
  readonly resolution: number;
}

/** Digits after the leading binary one, the largest exponent, and the decimal digits that are kept. */
const FORMATS: Readonly<Record<FloatDType, readonly [digits: number, exponent: number, decimals: number]>> = {
  float16: [10, 15, 3],
  bfloat16: [7, 127, 2],
  float32: [23, 127, 6],
  float64: [52, 1023, 15],
};

/**
 * The limits of a float dtype: `finfo('float32').eps` is 2⁻²³.
 * @throws TypeError for what is no float dtype
 */
export function finfo(dtype: FloatDType = 'float32'): FloatLimits {
  if (!Object.hasOwn(FORMATS, dtype)) {
    throw new TypeError(
      `finfo: takes float dtypes (${Object.keys(FORMATS).join(', ')}), got ${describeValue(dtype)}`,
    );
  }
  const [digits, exponent, decimals] = FORMATS[dtype];
  const eps = 2 ** -digits;
  const max = (2 - eps) * 2 ** exponent;
  const smallestNormal = 2 ** (1 - exponent);
  return {
    dtype,
    bits: 8 * itemSize(dtype),
    eps,
    max,
    min: -max,
    smallestNormal,
    tiny: smallestNormal,
    resolution: Number(`1e-${decimals}`),
  };
}

/** The limits of an integer dtype. */
export interface IntegerLimits {
  readonly dtype: Exclude<DType, FloatDType | 'bool'>;
  /** Bits of an element as PyTorch has it. */
  readonly bits: number;
  readonly max: number;
  readonly min: number;
}

/**
 * The limits of an integer dtype: `iinfo('uint8').max` is 255. Those of int64 are ±(2⁵³ - 1), the integers that Nabla holds exactly.
 * @throws TypeError for what is no integer dtype
 */
export function iinfo(dtype: IntegerLimits['dtype']): IntegerLimits {
  const range = integerRange(dtype);
  if (range === null) {
    throw new TypeError(`iinfo: takes integer dtypes (uint8, int32, int64), got ${describeValue(dtype)}`);
  }
  const [min, max] = range;
  return { dtype, bits: 8 * itemSize(dtype), max, min };
}
