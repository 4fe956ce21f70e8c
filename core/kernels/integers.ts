/** Bits and divisors of int32, in plain JavaScript: a loop for each, so that each stays compiled for one kind of array. */
import { f64, i32 } from '../memory.js';

/** out[i] = f(a[i], b[i]) of n int32 at addresses in bytes; `step` is 0 where b is one number for all. */
export type IntegerLoop = (a: number, b: number, out: number, n: number, step: 0 | 1) => void;

/** a · 2ᵇ, of which the lower 32 bits stay. */
export const shiftLeft: IntegerLoop = (a, b, out, n, step) => {
  const [from, by, to] = [a >>> 2, b >>> 2, out >>> 2];
  for (let i = 0, k = by; i < n; i++, k += step) {
    const shift = i32[k];
    // Beyond 63 PyTorch's int64 has no bits left; from 32 on none are left here.
    i32[to + i] = shift < 0 || shift > 31 ? 0 : i32[from + i] << shift;
  }
};

/** a / 2ᵇ, rounded down. */
export const shiftRight: IntegerLoop = (a, b, out, n, step) => {
  const [from, by, to] = [a >>> 2, b >>> 2, out >>> 2];
  for (let i = 0, k = by; i < n; i++, k += step) {
    const shift = i32[k];
    i32[to + i] = i32[from + i] >> (shift < 0 || shift > 31 ? 31 : shift);
  }
};

/**
 * out[i] = ⌊a[i] / b[i]⌋ of int64, which are float64: below 2⁵³ a quotient is never rounded up to a whole number, because
 * the next one is further away than its last digit. No −0, of which there is no integer.
 */
export function wholeQuotients(
  a: number,
  b: number,
  out: number,
  n: number,
  aStep: number,
  bStep: number,
): void {
  const to = out / 8;
  if (aStep === 1 && bStep === 1) {
    const from = a / 8;
    const by = b / 8;
    for (let i = 0; i < n; i++) f64[to + i] = Math.floor(f64[from + i] / f64[by + i]) + 0;
    return;
  }
  for (let i = 0, j = a / 8, k = b / 8; i < n; i++, j += aStep, k += bStep)
    f64[to + i] = Math.floor(f64[j] / f64[k]) + 0;
}

/** Not negative; −2³¹ has no absolute value, and is its own. */
export const greatestDivisor: IntegerLoop = (a, b, out, n, step) => {
  const [from, by, to] = [a >>> 2, b >>> 2, out >>> 2];
  for (let i = 0, k = by; i < n; i++, k += step) {
    let x = i32[from + i] | 0;
    let y = i32[k] | 0;
    while (y !== 0) {
      const rest = (x % y) | 0;
      x = y;
      y = rest;
    }
    i32[to + i] = x < 0 ? -x : x;
  }
};

export const leastMultiple: IntegerLoop = (a, b, out, n, step) => {
  const [from, by, to] = [a >>> 2, b >>> 2, out >>> 2];
  for (let i = 0, k = by; i < n; i++, k += step) {
    const first = i32[from + i] | 0;
    const second = i32[k] | 0;
    let x = first;
    let y = second;
    while (y !== 0) {
      const rest = (x % y) | 0;
      x = y;
      y = rest;
    }
    i32[to + i] = first === 0 || second === 0 ? 0 : Math.abs((first / x) * second);
  }
};
