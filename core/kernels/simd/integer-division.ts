/**
 * Whole quotients and remainders of integers: SIMD has no such division, but quotients of float64 (of float32 for
 * bytes) are exact enough that the next whole number towards the wanted side is theirs.
 */
import type { BinaryOp, Element, Ptr } from '../api.js';
import {
  type WasmFunction,
  f32x4,
  f64x2,
  i16x8,
  i32x4,
  i8x16,
  v128,
  type FunctionBuilder,
  type V128,
} from '../assembler/index.js';
import { hasZero } from './zeros.js';
import type { VectorOps } from './lanes.js';

export type DivisionOp = 'fmod' | 'remainder' | 'floorDivide';

export function isDivision(op: BinaryOp): op is DivisionOp {
  return op === 'fmod' || op === 'remainder' || op === 'floorDivide';
}

/** Whether it is a division of whole numbers, of which none may be divided by 0. */
export function isWholeDivision(op: BinaryOp, element: Element): boolean {
  return (element === 'int32' || element === 'uint8') && isDivision(op);
}

/** Looks for zeros among the divisors. */
export function refuseZero(
  op: BinaryOp,
  element: Element,
  b: Ptr,
  rows: number,
  columns: number,
  bRow: number,
  bStep: number,
): void {
  for (let row = 0; row < (bRow === 0 ? 1 : rows); row++)
    if (hasZero(element, bStep === 0 ? 1 : columns, b + row * bRow))
      throw new RangeError(`${op}: integer division by zero`);
}

/** The kernel of a division, which does that first. */
export function refusingZero(run: WasmFunction, op: BinaryOp, element: Element): WasmFunction {
  return (...args) => {
    const [, b, , rows, columns, , bRow, , bStep] = args;
    refuseZero(op, element, b, rows, columns, bRow, bStep);
    run(...args);
  };
}

/** Of whole numbers as floats; the divisor is not 0 where the result counts. */
function divide(f: FunctionBuilder, ops: VectorOps, op: DivisionOp, first: V128, second: V128): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const quotient = ops.div(a, b);
  const whole = f.let(op === 'fmod' ? ops.trunc(quotient) : ops.floor(quotient));
  return op === 'floorDivide' ? whole : ops.sub(a, ops.mul(whole, b));
}

const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const LOWER_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

/** Of four int32: two float64 at a time. −2³¹ / −1 wraps to −2³¹. */
export function divideIntegers(f: FunctionBuilder, op: DivisionOp, first: V128, second: V128): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const half = (x: V128, y: V128): V128 => {
    const result = f.let(divide(f, f64x2, op, f64x2.convertI32(x), f64x2.convertI32(y)));
    if (op !== 'floorDivide') return f.let(i32x4.truncateF64(result));
    const tooLarge = f64x2.eq(result, f64x2.const(2 ** 31));
    return f.let(i32x4.truncateF64(v128.select(f64x2.const(-(2 ** 31)), result, tooLarge)));
  };
  const upper = (x: V128): V128 => i8x16.shuffle(x, x, UPPER_HALF);
  return i8x16.shuffle(half(a, b), half(upper(a), upper(b)), LOWER_HALVES);
}

/** Of sixteen bytes: four float32 at a time. */
export function divideBytes(f: FunctionBuilder, op: DivisionOp, first: V128, second: V128): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const eight = (x: V128, y: V128): V128 => {
    const wideX = f.let(x);
    const wideY = f.let(y);
    const four = (u: V128, v: V128): V128 =>
      f.let(i32x4.truncateF32(divide(f, f32x4, op, f32x4.convertI32(u), f32x4.convertI32(v))));
    const low = four(i32x4.extendLow16U(wideX), i32x4.extendLow16U(wideY));
    const high = four(i32x4.extendHigh16S(wideX), i32x4.extendHigh16S(wideY));
    return f.let(i16x8.narrow32(low, high));
  };
  const low = eight(i16x8.extendLow8U(a), i16x8.extendLow8U(b));
  const high = eight(i16x8.extendHigh8U(a), i16x8.extendHigh8U(b));
  return i8x16.narrow16U(low, high);
}
