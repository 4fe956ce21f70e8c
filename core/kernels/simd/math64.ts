/**
 * Elementary functions of two float64 at once, exponential and logarithmic. Polynomials and reductions are those of
 * FreeBSD's msun (e_exp.c, e_log.c, s_log1p.c, e_log10.c; Copyright 1993 Sun Microsystems, freely usable with this
 * notice), written without branches. Their tests state the errors in units of the last place.
 */
import { f64x2, i64x2, v128, type FunctionBuilder, type Local, type V128 } from '../assembler/index.js';

const { add, sub, mul, div, neg } = f64x2;
const constant = f64x2.const;

/** c[0] + c[1] x + c[2] x² + … */
export function polynomial(x: V128, coefficients: readonly number[]): V128 {
  return coefficients
    .slice(0, -1)
    .reduceRight((sum, c) => add(mul(sum, x), constant(c)), constant(coefficients.at(-1)!));
}

export function copySign(size: V128, sign: V128): V128 {
  return v128.or(size, v128.and(sign, constant(-0)));
}

export const LN2_HIGH = 6.9314718036912381649e-1;
export const LN2_LOW = 1.90821492927058770002e-10;

const EXP = [
  1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5, -1.6533902205465251539e-6,
  4.13813679705723846039e-8,
];

/** Adding it rounds to an integer, which then stands in the lowest bits. */
const ROUNDER = 1.5 * 2 ** 52;
const ROUNDER_BITS = 0x4338000000000000n;

function powerOfTwo(n: V128): V128 {
  return i64x2.shl(i64x2.add(n, i64x2.const(1023n)), 52);
}

/** n and r = high − low with x = n ln 2 + r, and exp(r) − 1. */
function reducedExp(f: FunctionBuilder, limited: Local<'v128'>): { n: Local<'v128'>; power: Local<'v128'> } {
  const rounded = f.let(add(mul(limited, constant(Math.LOG2E)), constant(ROUNDER)));
  const whole = f.let(sub(rounded, constant(ROUNDER)));
  const high = f.let(sub(limited, mul(whole, constant(LN2_HIGH))));
  const low = f.let(mul(whole, constant(LN2_LOW)));
  const r = f.let(sub(high, low));
  const t = f.let(mul(r, r));
  const c = f.let(sub(r, mul(t, polynomial(t, EXP))));
  const power = f.let(sub(high, sub(low, div(mul(r, c), sub(constant(2), c)))));
  return { n: f.let(i64x2.sub(rounded, i64x2.const(ROUNDER_BITS))), power };
}

function limit(f: FunctionBuilder, x: V128, low: number, high: number): Local<'v128'> {
  return f.let(f64x2.pmin(f64x2.pmax(x, constant(low)), constant(high)));
}

export function exp(f: FunctionBuilder, x: V128): V128 {
  const { n, power } = reducedExp(f, limit(f, x, -746, 710));
  const half = f.let(i64x2.shrS(n, 1));
  return mul(mul(add(power, constant(1)), powerOfTwo(half)), powerOfTwo(i64x2.sub(n, half)));
}

/** (exp(x) − 1) / 2, which overflows later than exp(x). */
export function halfExpm1(f: FunctionBuilder, x: V128): V128 {
  const { n, power } = reducedExp(f, limit(f, x, -60, 710.6));
  const scale = f.let(powerOfTwo(i64x2.sub(n, i64x2.const(2n))));
  const quarter = f.let(add(mul(scale, power), sub(scale, constant(0.25))));
  return add(quarter, quarter);
}

export function expm1(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const half = f.let(halfExpm1(f, x));
  // Keeps the sign of zero, and the smallest numbers.
  return v128.select(x, add(half, half), f64x2.lt(f64x2.abs(x), constant(2 ** -54)));
}

export function exp2(f: FunctionBuilder, x: V128): V128 {
  const limited = limit(f, x, -1076, 1025);
  const rounded = f.let(add(limited, constant(ROUNDER)));
  const rest = f.let(mul(sub(limited, sub(rounded, constant(ROUNDER))), constant(Math.LN2)));
  const { power } = reducedExp(f, rest);
  const n = f.let(i64x2.sub(rounded, i64x2.const(ROUNDER_BITS)));
  const half = f.let(i64x2.shrS(n, 1));
  return mul(mul(add(power, constant(1)), powerOfTwo(half)), powerOfTwo(i64x2.sub(n, half)));
}

const LOG = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
  1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
];
const SMALLEST_NORMAL = 2 ** -1022;
const SQRT_HALF_BITS = 0x3fe6a09e667f3bcdn;

/** x = 2ᵉ (1 + t), with 1 + t between `lowest` and twice that. */
function splitExponent(f: FunctionBuilder, x: Local<'v128'>, lowest: bigint) {
  const tiny = f.let(f64x2.lt(x, constant(SMALLEST_NORMAL)));
  const scaled = f.let(v128.select(mul(x, constant(2 ** 54)), x, tiny));
  const exponent = f.let(i64x2.shrS(i64x2.sub(scaled, i64x2.const(lowest)), 52));
  const mantissa = i64x2.sub(scaled, i64x2.shl(exponent, 52));
  const t = f.let(sub(mantissa, constant(1)));
  const float = sub(i64x2.add(exponent, i64x2.const(ROUNDER_BITS)), constant(ROUNDER));
  return { t, e: f.let(sub(float, v128.and(tiny, constant(54)))) };
}

/** log(1 + t) + correction + e ln 2. */
function logOfParts(f: FunctionBuilder, t: V128, e: V128, correction?: V128): V128 {
  const half = f.let(mul(mul(t, t), constant(0.5)));
  const s = f.let(div(t, add(t, constant(2))));
  const z = f.let(mul(s, s));
  const r = mul(z, polynomial(z, LOG));
  const low = mul(e, constant(LN2_LOW));
  const tail = add(mul(s, add(half, r)), correction ? add(low, correction) : low);
  return sub(mul(e, constant(LN2_HIGH)), sub(sub(half, tail), t));
}

/** The value for ordinary arguments; infinity and NaN are their own logarithms, 0 has −∞, less has NaN. */
function logEnds(f: FunctionBuilder, x: V128, ordinary: V128): V128 {
  const value = f.let(ordinary);
  f.set(value, v128.select(value, x, f64x2.lt(x, constant(Infinity))));
  f.set(value, v128.select(constant(NaN), value, f64x2.lt(x, constant(0))));
  return v128.select(constant(-Infinity), value, f64x2.eq(x, constant(0)));
}

export function log(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { t, e } = splitExponent(f, x, SQRT_HALF_BITS);
  return logEnds(f, x, logOfParts(f, t, e));
}

/** Exact for powers of two. */
export function log2(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { t, e } = splitExponent(f, x, SQRT_HALF_BITS);
  return logEnds(f, x, add(mul(logOfParts(f, t, constant(0)), constant(Math.LOG2E)), e));
}

/** Exact for powers of ten. */
export function log10(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { t, e } = splitExponent(f, x, 0x3ff0000000000000n);
  // Below 1 the mantissa is taken from [½, 1), so that both parts of the sum have one sign.
  const below = f.let(f64x2.lt(e, constant(0)));
  f.set(e, add(e, v128.and(below, constant(1))));
  const whole = f.let(add(t, constant(1)));
  f.set(whole, v128.select(mul(whole, constant(0.5)), whole, below));
  const parts = splitExponent(f, whole, SQRT_HALF_BITS);
  const rest = mul(logOfParts(f, parts.t, parts.e), constant(0.434294481903251816668));
  const low = add(mul(e, constant(3.69423907715893078616e-13)), rest);
  return logEnds(f, x, add(low, mul(e, constant(0.301029995663611771306))));
}

/** log(1 + x): what rounding 1 + x lost is put back. */
export function log1p(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const y = f.let(add(x, constant(1)));
  const large = f64x2.gt(y, constant(2));
  const lost = v128.select(sub(constant(1), sub(y, x)), sub(x, sub(y, constant(1))), large);
  const correction = f.let(div(lost, y));
  const { t, e } = splitExponent(f, y, SQRT_HALF_BITS);
  const value = f.let(logEnds(f, y, logOfParts(f, t, e, correction)));
  return v128.select(x, value, f64x2.lt(f64x2.abs(x), constant(2 ** -54)));
}

/** Where x is large, the inverse hyperbolic functions are log(2 x) = log1p(x − 1) + log 2. */
const LARGE = 2 ** 28;

export function asinh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const large = f.let(f64x2.gt(size, constant(LARGE)));
  const square = f.let(mul(size, size));
  const root = add(constant(1), f64x2.sqrt(add(constant(1), square)));
  const near = add(size, div(square, root));
  const value = f.let(log1p(f, v128.select(sub(size, constant(1)), near, large)));
  return copySign(add(value, v128.and(large, constant(Math.LN2))), x);
}

export function acosh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const large = f.let(f64x2.gt(x, constant(LARGE)));
  const t = f.let(sub(x, constant(1)));
  const near = add(t, f64x2.sqrt(add(add(t, t), mul(t, t))));
  const value = f.let(log1p(f, v128.select(sub(x, constant(1)), near, large)));
  const ordinary = add(value, v128.and(large, constant(Math.LN2)));
  return v128.select(constant(NaN), ordinary, f64x2.lt(x, constant(1)));
}

export function atanh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const value = log1p(f, f.let(div(add(size, size), sub(constant(1), size))));
  return v128.or(mul(value, constant(0.5)), v128.and(x, constant(-0)));
}

export function sinh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const half = f.let(halfExpm1(f, size));
  const value = add(half, div(half, add(add(half, half), constant(1))));
  // Of an infinite half the quotient is NaN.
  const finite = v128.select(value, half, f64x2.lt(half, constant(Infinity)));
  return v128.select(x, copySign(finite, x), f64x2.lt(size, constant(2 ** -28)));
}

export function cosh(f: FunctionBuilder, argument: V128): V128 {
  const half = f.let(add(halfExpm1(f, f64x2.abs(argument)), constant(0.5)));
  return add(half, div(constant(0.25), half));
}

export function tanh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.pmin(f64x2.abs(x), constant(22)));
  const half = f.let(halfExpm1(f, add(size, size)));
  const value = div(half, add(half, constant(1)));
  return v128.select(x, copySign(value, x), f64x2.lt(size, constant(2 ** -28)));
}

/** 1 / (1 + exp(−x)) as numerator and denominator, of which neither overflows: exp(−|x|) or 1, and 1 + exp(−|x|). */
function sigmoidParts(f: FunctionBuilder, x: V128) {
  const power = f.let(exp(f, f.let(neg(f64x2.abs(x)))));
  return {
    numerator: v128.select(power, constant(1), f64x2.lt(x, constant(0))),
    denominator: add(constant(1), power),
  };
}

export function sigmoid(f: FunctionBuilder, argument: V128): V128 {
  const { numerator, denominator } = sigmoidParts(f, f.let(argument));
  return div(numerator, denominator);
}

/** log(1 + exp(−|x|)) */
function smoothTail(f: FunctionBuilder, x: V128): V128 {
  return log1p(f, exp(f, f.let(neg(f64x2.abs(x)))));
}

/** log(1 + exp(x)), and x itself above 20. */
export function softplus(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const value = f.let(add(f64x2.pmax(x, constant(0)), smoothTail(f, x)));
  return v128.select(x, value, f64x2.gt(x, constant(20)));
}

export function logSigmoid(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  return sub(f64x2.pmin(x, constant(0)), smoothTail(f, x));
}

export function silu(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { numerator, denominator } = sigmoidParts(f, x);
  return div(mul(x, numerator), denominator);
}

export function siluGrad(f: FunctionBuilder, g: V128, argument: V128): V128 {
  const x = f.let(argument);
  const s = f.let(sigmoid(f, x));
  return mul(g, mul(s, add(constant(1), mul(x, sub(constant(1), s)))));
}

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

export function geluTanh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const cube = mul(mul(mul(x, x), x), constant(0.044715));
  // (1 + tanh u) / 2 is sigmoid(2 u), which loses no digits where the tangent is near −1.
  return mul(x, sigmoid(f, mul(add(x, cube), constant(2 * SQRT_2_OVER_PI))));
}

/** log(exp(a) + exp(b)) */
export function logaddexp(f: FunctionBuilder, first: V128, second: V128): V128 {
  const a = f.let(first);
  const b = f.let(second);
  // Two equal infinities have the difference 0 here.
  const apart = f.let(v128.andNot(sub(a, b), f64x2.eq(a, b)));
  const tail = smoothTail(f, apart);
  return add(v128.select(a, b, f64x2.gt(a, b)), tail);
}

/** x log(y), and 0 where x is 0 and y a number. */
export function xlogy(f: FunctionBuilder, first: V128, second: V128): V128 {
  const x = f.let(first);
  const y = f.let(second);
  const product = f.let(mul(x, log(f, y)));
  return v128.andNot(product, v128.and(f64x2.eq(x, constant(0)), f64x2.eq(y, y)));
}

/** xʸ of numbers that were float32: only then exp(y log |x|) is exact enough. */
export function powOfFloat32(f: FunctionBuilder, first: V128, second: V128): V128 {
  const x = f.let(first);
  const y = f.let(second);
  const one = constant(1);
  const power = f.let(exp(f, f.let(mul(y, log(f, f64x2.abs(x))))));
  const half = f.let(mul(y, constant(0.5)));
  const whole = f64x2.eq(f64x2.nearest(y), y);
  const odd = v128.andNot(whole, f64x2.eq(f64x2.nearest(half), half));
  f.set(power, v128.xor(power, v128.and(v128.and(odd, x), constant(-0))));
  const minusInfinity = constant(-Infinity);
  const negative = v128.and(f64x2.lt(x, constant(0)), f64x2.gt(x, minusInfinity));
  f.set(power, v128.select(constant(NaN), power, v128.andNot(negative, f64x2.eq(f64x2.nearest(y), y))));
  const certain = f.let(v128.or(f64x2.eq(x, one), f64x2.eq(y, constant(0))));
  const infinite = f64x2.eq(f64x2.abs(y), constant(Infinity));
  f.set(certain, v128.or(certain, v128.and(f64x2.eq(x, constant(-1)), infinite)));
  return v128.select(one, power, certain);
}
