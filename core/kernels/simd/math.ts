/**
 * Elementary functions of four float32 at once. Polynomials and reductions are those of S. L. Moshier's Cephes
 * library (single precision: expf, logf, tanhf, erff, erfcf), written without branches. How exact they are stands in
 * core/README.md.
 */
import {
  f32x4,
  f64x2,
  i32x4,
  v128,
  type FunctionBuilder,
  type Local,
  type V128,
} from '../assembler/index.js';

const { add, sub, mul, div } = f32x4;
const constant = f32x4.const;

/** c[0] xⁿ + … + c[n] */
function polynomial(x: V128, coefficients: readonly number[]): V128 {
  return coefficients.slice(1).reduce((sum, c) => add(mul(sum, x), constant(c)), constant(coefficients[0]));
}

/** ln 2 in two parts, the first with few digits, so that n times it is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.121944400546906e-4;

const EXP = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
];

/** Adding it rounds to an integer, which then stands in the lowest bits: fewer instructions than a conversion. */
const ROUNDER = 1.5 * 2 ** 23;
const ROUNDER_BITS = 0x4b400000;

/** A step of several vectors. */
function each<T extends V128>(
  f: FunctionBuilder,
  of: readonly T[],
  compute: (x: T, i: number) => V128,
): Local<'v128'>[] {
  return of.map((x, i) => f.let(compute(x, i)));
}

/** exp(r) of x = n ln 2 + r, |r| <= ln 2 / 2, and n in the lowest bits of what adding `ROUNDER` gave. */
function expParts(f: FunctionBuilder, limited: readonly Local<'v128'>[]) {
  const rounded = each(f, limited, (x) => add(mul(x, constant(Math.LOG2E)), constant(ROUNDER)));
  const n = each(f, rounded, (x) => sub(x, constant(ROUNDER)));
  const high = each(f, n, (x, i) => sub(limited[i], mul(x, constant(LN2_HIGH))));
  const r = each(f, high, (x, i) => sub(x, mul(n[i], constant(LN2_LOW))));
  const [first, ...coefficients] = EXP;
  let sums: V128[] = r.map(() => constant(first));
  for (const c of coefficients) sums = each(f, r, (x, i) => add(mul(sums[i], x), constant(c)));
  return { rounded, values: each(f, r, (x, i) => add(add(mul(mul(x, x), sums[i]), x), constant(1))) };
}

/** exp(x) = 2ⁿ exp(r) of several vectors, step by step of all of them: see `expOfNegatives`. */
export function exps(f: FunctionBuilder, xs: readonly V128[]): V128[] {
  // Beyond these the result is infinite or zero; NaN passes.
  const limited = each(f, xs, (x) => f32x4.pmin(f32x4.pmax(x, constant(-104)), constant(89)));
  const { rounded, values } = expParts(f, limited);
  // 2ⁿ in two factors: one alone would overflow before the result does, or lose the subnormal ones.
  const whole = each(f, rounded, (x) => i32x4.sub(x, i32x4.const(ROUNDER_BITS)));
  const half = each(f, whole, (x) => i32x4.shrS(x, 1));
  return values.map((x, i) => mul(mul(x, powerOfTwo(half[i])), powerOfTwo(i32x4.sub(whole[i], half[i]))));
}

export function exp(f: FunctionBuilder, x: V128): V128 {
  return exps(f, [x])[0];
}

/**
 * exp(x) of x <= 0, with fewer instructions and the same result to the bit: 2ⁿ⁺²⁴ is an ordinary number for all n that
 * come, so that only the last factor rounds. Of several vectors, step by step of all of them: each is a long chain, of
 * which a processor sees so much ahead that one or two are in flight where they come one after the other.
 */
export function expOfNegatives(f: FunctionBuilder, xs: readonly V128[]): V128[] {
  const { rounded, values } = expParts(
    f,
    each(f, xs, (x) => f32x4.pmax(x, constant(-104))),
  );
  return values.map((x, i) => {
    const power = i32x4.shl(i32x4.add(rounded[i], i32x4.const(127 + 24 - ROUNDER_BITS)), 23);
    return mul(mul(x, power), constant(2 ** -24));
  });
}

export function expOfNegative(f: FunctionBuilder, x: V128): V128 {
  return expOfNegatives(f, [x])[0];
}

function powerOfTwo(n: V128): V128 {
  return i32x4.shl(i32x4.add(n, i32x4.const(127)), 23);
}

/** exp(x) − 1 = 2 (2ⁿ⁻¹ (exp(r) − 1) + (2ⁿ⁻¹ − ½)), of which the last is exact as long as it matters. */
export function expm1(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  // Beyond these the result is infinite or −1; NaN passes.
  const limited = f.let(f32x4.pmin(f32x4.pmax(x, constant(-18)), constant(89)));
  const rounded = f.let(add(mul(limited, constant(Math.LOG2E)), constant(ROUNDER)));
  const n = f.let(sub(rounded, constant(ROUNDER)));
  const r = f.let(sub(sub(limited, mul(n, constant(LN2_HIGH))), mul(n, constant(LN2_LOW))));
  const near = add(mul(mul(r, r), polynomial(r, EXP)), r);
  const power = f.let(i32x4.shl(i32x4.add(rounded, i32x4.const(126 - ROUNDER_BITS)), 23));
  const half = f.let(add(mul(near, power), sub(power, constant(0.5))));
  // 0 keeps its sign, and what is subnormal all of its digits.
  return v128.select(x, add(half, half), f32x4.lt(f32x4.abs(x), constant(2 ** -26)));
}

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const SMALLEST_NORMAL = 2 ** -126;
const SQRT_HALF_BITS = 0x3f3504f3;

/** x = 2ᵉ (1 + t), sqrt(1/2) <= 1 + t < sqrt(2). */
function splitExponent(f: FunctionBuilder, x: Local<'v128'>): { t: Local<'v128'>; e: Local<'v128'> } {
  const tiny = f.let(f32x4.lt(x, constant(SMALLEST_NORMAL)));
  const scaled = f.let(v128.select(mul(x, constant(2 ** 23)), x, tiny));
  const exponent = f.let(i32x4.shrS(i32x4.sub(scaled, i32x4.const(SQRT_HALF_BITS)), 23));
  const t = f.let(sub(i32x4.sub(scaled, i32x4.shl(exponent, 23)), constant(1)));
  return { t, e: f.let(sub(f32x4.convertI32(exponent), v128.and(tiny, constant(23)))) };
}

/** log(1 + t) + t² / 2 − t */
function logRest(z: V128, t: V128): V128 {
  return mul(mul(t, z), polynomial(t, LOG));
}

/** The value for ordinary arguments; infinity and NaN are their own logarithms, 0 has −∞, less has NaN. */
function logEnds(f: FunctionBuilder, x: V128, ordinary: V128): V128 {
  const value = f.let(ordinary);
  f.set(value, v128.select(value, x, f32x4.lt(x, constant(Infinity))));
  f.set(value, v128.select(constant(NaN), value, f32x4.lt(x, constant(0))));
  return v128.select(constant(-Infinity), value, f32x4.eq(x, constant(0)));
}

/** log(x) = e ln 2 + log(1 + t). */
export function log(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { t, e } = splitExponent(f, x);
  const z = f.let(mul(t, t));
  const rest = sub(add(logRest(z, t), mul(e, constant(LN2_LOW))), mul(z, constant(0.5)));
  return logEnds(f, x, add(add(t, rest), mul(e, constant(LN2_HIGH))));
}

/** log(1 + x): what rounding 1 + x lost is put back. */
export function log1p(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const y = f.let(add(x, constant(1)));
  const large = f32x4.gt(y, constant(2));
  const lost = v128.select(sub(constant(1), sub(y, x)), sub(x, sub(y, constant(1))), large);
  const correction = f.let(div(lost, y));
  const { t, e } = splitExponent(f, y);
  const z = f.let(mul(t, t));
  const low = add(mul(e, constant(LN2_LOW)), correction);
  const rest = sub(add(logRest(z, t), low), mul(z, constant(0.5)));
  const value = f.let(logEnds(f, y, add(add(t, rest), mul(e, constant(LN2_HIGH)))));
  return v128.select(x, value, f32x4.lt(f32x4.abs(x), constant(2 ** -25)));
}

/** The first 12 digits of a number, with which products of others of 12 are exact, and the rest. */
function twoParts(value: number): [number, number] {
  const scale = 2 ** (11 - Math.floor(Math.log2(value)));
  const high = Math.floor(value * scale) / scale;
  return [high, value - high];
}

/** e c + log(1 + t) / ln b: the logarithm to a base b, of which c is that of 2. */
function logOfBase(f: FunctionBuilder, argument: V128, ofTwo: number, ofE: number): V128 {
  const x = f.let(argument);
  const { t, e } = splitExponent(f, x);
  const z = f.let(mul(t, t));
  // t − (z / 2 − rest), of which t is cut so that its product with the first part of 1 / ln b is exact.
  const cut = f.let(v128.and(t, i32x4.const(-4096)));
  const less = f.let(add(sub(t, cut), sub(logRest(z, t), mul(z, constant(0.5)))));
  const [high, low] = twoParts(ofE);
  const [twoHigh, twoLow] = twoParts(ofTwo);
  const small = add(mul(less, constant(ofE)), mul(cut, constant(low)));
  const rest = add(small, mul(e, constant(twoLow)));
  return logEnds(f, x, add(mul(e, constant(twoHigh)), add(mul(cut, constant(high)), rest)));
}

/** Exact for powers of two. */
export function log2(f: FunctionBuilder, x: V128): V128 {
  return logOfBase(f, x, 1, Math.LOG2E);
}

/** Exact for powers of ten. */
export function log10(f: FunctionBuilder, x: V128): V128 {
  return logOfBase(f, x, Math.log10(2), Math.LOG10E);
}

/** log(1 + u) for 0 <= u <= 1: what rounding 1 + u lost is put back. */
function log1pOfSmall(f: FunctionBuilder, argument: V128): V128 {
  const u = f.let(argument);
  const y = f.let(add(u, constant(1)));
  const lost = f.let(div(sub(sub(y, constant(1)), u), y));
  return sub(log(f, y), lost);
}

const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];

export function tanh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f32x4.abs(x));
  const z = f.let(mul(x, x));
  const nearZero = f.let(add(mul(mul(polynomial(z, TANH), z), x), x));
  const power = f.let(exp(f, add(size, size)));
  const far = sub(constant(1), div(constant(2), add(power, constant(1))));
  return v128.select(nearZero, copySign(far, x), f32x4.lt(size, constant(0.625)));
}

function copySign(size: V128, sign: V128): V128 {
  return v128.or(size, v128.and(sign, constant(-0)));
}

/** −|x|: two instructions less than both. */
function minusSize(x: V128): V128 {
  return v128.or(x, constant(-0));
}

/** 1 / (1 + exp(−x)) as numerator and denominator, of which neither overflows: exp(−|x|) or 1, and 1 + exp(−|x|). */
function sigmoidParts(f: FunctionBuilder, xs: readonly Local<'v128'>[]) {
  const powers = expOfNegatives(f, xs.map(minusSize)).map((power) => f.let(power));
  return powers.map((power, i) => ({
    // The power is at most 1, and at least 0.
    numerator: f32x4.pmax(power, v128.and(f32x4.ge(xs[i], constant(0)), constant(1))),
    denominator: add(constant(1), power),
  }));
}

export function sigmoids(f: FunctionBuilder, values: readonly V128[]): V128[] {
  const xs = values.map((x) => f.let(x));
  return sigmoidParts(f, xs).map(({ numerator, denominator }) => div(numerator, denominator));
}

export function sigmoid(f: FunctionBuilder, x: V128): V128 {
  return sigmoids(f, [x])[0];
}

/** log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)) */
export function softplus(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const tail = f.let(log1pOfSmall(f, expOfNegative(f, minusSize(x))));
  return add(f32x4.pmax(x, constant(0)), tail);
}

export function logSigmoid(f: FunctionBuilder, x: V128): V128 {
  return f32x4.neg(softplus(f, f32x4.neg(x)));
}

export function silu(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const [{ numerator, denominator }] = sigmoidParts(f, [x]);
  return div(mul(x, numerator), denominator);
}

export function siluGrad(f: FunctionBuilder, g: V128, argument: V128): V128 {
  const x = f.let(argument);
  const s = f.let(sigmoid(f, x));
  return mul(g, mul(s, add(constant(1), mul(x, sub(constant(1), s)))));
}

/** (erf(x) − x) / x of x². */
const ERF = [
  7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2,
  1.128358514861418e-1, -3.7612625824233e-1, 1.2837916672671e-1,
];
const ERFC = [
  2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
  6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
  5.638259427386472e-1,
];

/** erf near zero, and erfc and exp(-x²) of |x| beyond 1. */
function erfParts(f: FunctionBuilder, x: V128) {
  const size = f.let(f32x4.abs(x));
  const z = f.let(mul(x, x));
  const near = f.let(add(x, mul(x, polynomial(z, ERF))));
  const gauss = f.let(expOfNegative(f, f32x4.neg(z)));
  const inverse = f.let(div(constant(1), f32x4.pmax(size, constant(1))));
  const inverseSquare = f.let(mul(inverse, inverse));
  const tail = f.let(mul(mul(gauss, inverse), polynomial(inverseSquare, ERFC)));
  return { near, tail, gauss, isNear: f.let(f32x4.lt(size, constant(1))) };
}

export function erf(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { near, tail, isNear } = erfParts(f, x);
  return v128.select(near, copySign(sub(constant(1), tail), x), isNear);
}

/** erfc(-x / sqrt 2) = 2 Φ(x), and exp(-x²/2) on the way. */
function twicePhi(f: FunctionBuilder, x: V128): { value: V128; gauss: V128 } {
  const y = f.let(mul(x, constant(-Math.SQRT1_2)));
  const { near, tail, gauss, isNear } = erfParts(f, y);
  const far = v128.select(sub(constant(2), tail), tail, f32x4.lt(y, constant(0)));
  return { value: f.let(v128.select(sub(constant(1), near), far, isNear)), gauss };
}

export function gelu(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  return mul(mul(x, constant(0.5)), twicePhi(f, x).value);
}

export function geluGrad(f: FunctionBuilder, g: V128, argument: V128): V128 {
  const x = f.let(argument);
  const { value, gauss } = twicePhi(f, x);
  const density = mul(mul(x, gauss), constant(1 / Math.sqrt(2 * Math.PI)));
  return mul(g, add(mul(value, constant(0.5)), density));
}

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

export function geluTanh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const cube = mul(mul(mul(x, x), x), constant(0.044715));
  // (1 + tanh u) / 2 is sigmoid(2 u), which loses no digits where the tangent is near −1.
  return mul(x, sigmoid(f, mul(add(x, cube), constant(2 * SQRT_2_OVER_PI))));
}

const LARGE = 2 ** 28;

/** log(2 x) where x is large, else log(1 + s). */
function logOfSum(f: FunctionBuilder, x: Local<'v128'>, s: V128): V128 {
  const large = f.let(f32x4.gt(x, constant(LARGE)));
  const value = log1p(f, v128.select(x, s, large));
  return add(value, v128.and(constant(Math.LN2), large));
}

/** sign(x) log(1 + |x| + x² / (1 + √(1 + x²))) */
export function asinh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f32x4.abs(x));
  const square = f.let(mul(size, size));
  const root = f32x4.sqrt(add(square, constant(1)));
  const value = logOfSum(f, size, add(size, div(square, add(root, constant(1)))));
  return v128.select(x, value, constant(-0));
}

/** log(1 + t + √(2 t + t²)) with t = x − 1 */
export function acosh(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const t = f.let(sub(x, constant(1)));
  const value = logOfSum(f, x, add(t, f32x4.sqrt(mul(t, add(t, constant(2))))));
  return v128.select(constant(NaN), value, f32x4.lt(x, constant(1)));
}

/** √(x² + y²) where the squares are ordinary numbers in all lanes, else what `wide` gives. */
export function hypot(f: FunctionBuilder, first: V128, second: V128, wide: () => V128): V128 {
  const [x, y] = [f.let(first), f.let(second)];
  const larger = f.let(f32x4.pmax(f32x4.abs(x), f32x4.abs(y)));
  const ordinary = v128.and(f32x4.ge(larger, constant(2 ** -50)), f32x4.le(larger, constant(2 ** 60)));
  const other = f.let(v128.not(v128.or(ordinary, f32x4.eq(larger, constant(0)))));
  const result = f.local('v128');
  f.if(
    v128.anyTrue(other),
    () => f.set(result, wide()),
    () => f.set(result, f32x4.sqrt(add(mul(x, x), mul(y, y)))),
  );
  return result;
}

/** √(x² + y²) of two float32 as float64, whose squares are ordinary numbers. */
export function hypotOfWide(f: FunctionBuilder, first: V128, second: V128): V128 {
  const a = f.let(first);
  const b = f.let(second);
  const value = f64x2.sqrt(f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
  const [x, y] = [f64x2.abs(a), f64x2.abs(b)];
  const infinity = f64x2.const(Infinity);
  return v128.select(infinity, value, v128.or(f64x2.eq(x, infinity), f64x2.eq(y, infinity)));
}
