/** Remainders and whole quotients of two float64 at once, exact as C's fmod. */
import {
  f64x2,
  i64x2,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type Local,
  type V128,
} from '../assembler/index.js';
import { eachLane } from './lanes.js';
import { copySign } from './math64.js';

const { add, sub, mul, div } = f64x2;
const constant = f64x2.const;

/** Whole quotients below this are themselves exact. */
const LARGEST_QUOTIENT = 2 ** 52;
/** Products of numbers between these can be split into two parts without overflow or loss. */
const LARGEST = 2 ** 900;
const SMALLEST = 2 ** -400;

/** The two halves of the digits (Veltkamp). */
function halves(f: FunctionBuilder, x: Local<'v128'>): [Local<'v128'>, Local<'v128'>] {
  const scaled = f.let(mul(x, constant(2 ** 27 + 1)));
  const high = f.let(sub(scaled, sub(scaled, x)));
  return [high, f.let(sub(x, high))];
}

/** a − n b, exactly, where that is a number: the product in two parts (Dekker). */
function rest(f: FunctionBuilder, a: V128, n: Local<'v128'>, b: Local<'v128'>): V128 {
  const product = f.let(mul(n, b));
  const [nHigh, nLow] = halves(f, n);
  const [bHigh, bLow] = halves(f, b);
  const cross = add(sub(mul(nHigh, bHigh), product), add(mul(nHigh, bLow), mul(nLow, bHigh)));
  return sub(sub(a, product), add(cross, mul(nLow, bLow)));
}

/** How many digits divisors have. */
type Digits = 53 | 24;

/** Whole quotients below this are multiplied exactly with either half of a divisor's digits. */
const SMALL_QUOTIENT = 2 ** 26;

/** The exact whole quotient and rest of two positive numbers whose quotient is below SMALL_QUOTIENT. */
interface Quotient {
  readonly whole: Local<'v128'>;
  readonly rest: Local<'v128'>;
}

/** Of sizes: a − n b with b in two parts, of 26 digits and of what is left, so that no product is rounded. */
function divideSmall(
  f: FunctionBuilder,
  quotient: V128,
  a: Local<'v128'>,
  b: Local<'v128'>,
  digits: Digits,
): Quotient {
  const whole = f.let(f64x2.floor(quotient));
  const left = f.local('v128');
  // Float32 has no more than 24 digits.
  if (digits === 24) f.set(left, sub(a, mul(whole, b)));
  else {
    const high = f.let(v128.and(b, i64x2.const(-0x8000000n)));
    f.set(left, sub(sub(a, mul(whole, high)), mul(whole, sub(b, high))));
  }
  // Below 0: the quotient was rounded up to a whole number.
  const wrong = f.let(f64x2.lt(left, constant(0)));
  f.set(whole, sub(whole, v128.and(constant(1), wrong)));
  f.set(left, add(left, v128.and(b, wrong)));
  return { whole, rest: left };
}

/** A function of two numbers, computed from what a division leaves; `host` computes it of one pair. */
type Remainder = (f: FunctionBuilder, first: V128, second: V128, host?: FunctionHandle) => V128;

/** What `small` gives of the exact quotient of |a| and |b| where that is small in both lanes, else what `other` does. */
function bySize(
  small: (f: FunctionBuilder, a: V128, b: V128, quotient: Quotient) => V128,
  other: Remainder,
): (digits: Digits) => Remainder {
  return (digits) => (f, first, second, host) => {
    const a = f.let(first);
    const b = f.let(second);
    const result = f.local('v128');
    const sizeA = f.let(f64x2.abs(a));
    const sizeB = f.let(f64x2.abs(b));
    const quotient = f.let(div(sizeA, sizeB));
    const isSmall = v128.and(
      f64x2.lt(quotient, constant(SMALL_QUOTIENT)),
      f64x2.lt(sizeB, constant(Infinity)),
    );
    f.if(
      v128.anyTrue(v128.not(isSmall)),
      () => f.set(result, other(f, a, b, host)),
      () => f.set(result, small(f, a, b, divideSmall(f, quotient, sizeA, sizeB, digits))),
    );
    return result;
  };
}

/** Where two numbers have different signs. */
function differ(f: FunctionBuilder, a: V128, b: V128): V128 {
  return i64x2.shrS(f.let(v128.xor(a, b)), 63);
}

const fmodBy = bySize((_f, a, _b, { rest: left }) => copySign(left, a), fmodOfAny);

/** The remainder with the sign of the divisor; zero is never negative. */
const remainderBy = bySize((f, a, b, { rest: left }) => {
  const apart = v128.and(f64x2.gt(left, constant(0)), differ(f, a, b));
  return add(add(copySign(left, a), v128.and(b, apart)), constant(0));
}, remainderOfAny);

/** The largest whole number not above a / b. */
const floorDivideBy = bySize((f, a, b, { whole, rest: left }) => {
  const signs = f.let(v128.xor(a, b));
  const more = v128.and(f64x2.gt(left, constant(0)), i64x2.shrS(signs, 63));
  return copySign(add(whole, v128.and(constant(1), more)), signs);
}, floorDivideOfAny);

export const fmod = fmodBy(53);
export const remainder = remainderBy(53);
export const floorDivide = floorDivideBy(53);

/** The same of numbers that were float32. */
export const fmodOfFloat32 = fmodBy(24);
export const remainderOfFloat32 = remainderBy(24);
export const floorDivideOfFloat32 = floorDivideBy(24);

function fmodOfAny(f: FunctionBuilder, first: V128, second: V128, host?: FunctionHandle): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const quotient = f.let(div(a, b));
  const size = f.let(f64x2.abs(b));
  const result = f.local('v128');
  const small = f64x2.lt(f64x2.abs(quotient), constant(LARGEST_QUOTIENT));
  const inRange = v128.and(f64x2.lt(size, constant(LARGEST)), f64x2.gt(size, constant(SMALLEST)));
  const simple = v128.and(v128.and(small, inRange), f64x2.lt(f64x2.abs(a), constant(LARGEST)));
  const vector = (): void => {
    const n = f.let(f64x2.trunc(quotient));
    const left = f.let(rest(f, a, n, b));
    // A rest of the other sign than a: the quotient was rounded up to a whole number.
    const wrong = f64x2.lt(mul(left, f.let(copySign(constant(1), a))), constant(0));
    f.set(left, add(left, v128.and(f.let(copySign(size, a)), wrong)));
    f.set(result, copySign(f64x2.abs(left), a));
  };
  if (host === undefined) vector();
  else f.if(v128.anyTrue(v128.not(simple)), () => f.set(result, eachLane(host, a, b)), vector);
  return result;
}

/** Where a remainder has another sign than the divisor. */
function isApart(rest: V128, b: V128): V128 {
  const zero = constant(0);
  return v128.and(f64x2.ne(rest, zero), v128.xor(f64x2.lt(rest, zero), f64x2.lt(b, zero)));
}

function remainderOfAny(f: FunctionBuilder, a: V128, second: V128, host?: FunctionHandle): V128 {
  const b = f.let(second);
  const left = f.let(fmodOfAny(f, a, b, host));
  return add(add(left, v128.and(b, isApart(left, b))), constant(0));
}

/** The largest whole number not above a / b, from the exact remainder. */
function floorDivideOfAny(f: FunctionBuilder, first: V128, second: V128, host?: FunctionHandle): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const left = f.let(fmodOfAny(f, a, b, host));
  const quotient = f.let(sub(div(sub(a, left), b), v128.and(constant(1), isApart(left, b))));
  const floor = f.let(f64x2.floor(quotient));
  const above = f64x2.gt(sub(quotient, floor), constant(0.5));
  const whole = f.let(add(floor, v128.and(constant(1), above)));
  const plain = f.let(div(a, b));
  const signed = v128.select(copySign(constant(0), plain), whole, f64x2.eq(quotient, constant(0)));
  return v128.select(plain, signed, f64x2.eq(b, constant(0)));
}
