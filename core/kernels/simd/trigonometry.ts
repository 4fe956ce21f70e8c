/**
 * Trigonometric functions, their inverses and the error function of two float64 at once. Polynomials and reductions are
 * those of FreeBSD's msun (e_rem_pio2.c, k_sin.c, k_cos.c, e_asin.c, e_acos.c, s_atan.c, s_erf.c; Copyright 1993 Sun
 * Microsystems, freely usable with this notice), written without branches.
 */
import { f64x2, i64x2, i8x16, v128, type FunctionBuilder, type V128 } from '../assembler/index.js';
import * as erfCoefficients from '../special.js';
import { copySign, exp, polynomial } from './math64.js';

const { add, sub, mul, div, neg } = f64x2;
const constant = f64x2.const;

const SIN = [
  8.33333333332248946124e-3, -1.98412698298579493134e-4, 2.75573137070700676789e-6,
  -2.50507602534068634195e-8, 1.58969099521155010221e-10,
];
const SIN_FIRST = -1.66666666666666324348e-1;
const COS = [
  4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5,
  -2.75573143513906633035e-7, 2.0875723212981748279e-9, -1.13596475577881948265e-11,
];

/** Beyond it, a reduction by π/2 in three parts loses digits, and sines are taken from the host. */
export const TRIGONOMETRIC_LIMIT = 2 ** 17;

const ROUNDER = 1.5 * 2 ** 52;

/** sin and cos of the rest r of x = n π/2 + r, |r| ≤ π/4, and n in the lowest bits. */
function sinCosOfRest(f: FunctionBuilder, x: V128) {
  const rounded = f.let(add(mul(x, constant(2 / Math.PI)), constant(ROUNDER)));
  const n = f.let(sub(rounded, constant(ROUNDER)));
  // π/2 in parts of 33 bits: the first two products are exact.
  const t = f.let(sub(x, mul(n, constant(1.57079632673412561417))));
  const w = f.let(mul(n, constant(6.0771005063039659766e-11)));
  const r = f.let(sub(t, w));
  const tail = f.let(sub(mul(n, constant(2.02226624879595063154e-21)), sub(sub(t, r), w)));
  const y = f.let(sub(r, tail));
  const rest = f.let(sub(sub(r, y), tail));
  const z = f.let(mul(y, y));
  const v = f.let(mul(z, y));
  const inner = sub(mul(z, sub(mul(rest, constant(0.5)), mul(v, polynomial(z, SIN)))), rest);
  const sin = f.let(sub(y, sub(inner, mul(v, constant(SIN_FIRST)))));
  const half = f.let(mul(z, constant(0.5)));
  const start = f.let(sub(constant(1), half));
  const left = sub(sub(constant(1), start), half);
  const cos = f.let(add(start, add(left, sub(mul(mul(z, z), polynomial(z, COS)), mul(y, rest)))));
  return { sin, cos, rounded };
}

/** All bits set where n is odd. */
function isOdd(rounded: V128): V128 {
  return i64x2.shrS(i64x2.shl(rounded, 63), 63);
}

/** The sign bit where n (mod 4) is 2 or 3. */
function signOf(rounded: V128): V128 {
  return v128.and(i64x2.shl(rounded, 62), constant(-0));
}

export function sin(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const parts = sinCosOfRest(f, x);
  const value = v128.xor(v128.select(parts.cos, parts.sin, isOdd(parts.rounded)), signOf(parts.rounded));
  return v128.select(x, value, f64x2.lt(f64x2.abs(x), constant(2 ** -27)));
}

export function cos(f: FunctionBuilder, x: V128): V128 {
  const parts = sinCosOfRest(f, x);
  const next = i64x2.add(parts.rounded, i64x2.const(1n));
  return v128.xor(v128.select(parts.sin, parts.cos, isOdd(parts.rounded)), signOf(next));
}

export function tan(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const parts = sinCosOfRest(f, x);
  const odd = f.let(isOdd(parts.rounded));
  const quotient = div(v128.select(parts.cos, parts.sin, odd), v128.select(neg(parts.sin), parts.cos, odd));
  return v128.select(x, quotient, f64x2.lt(f64x2.abs(x), constant(2 ** -27)));
}

/** sin(πx) / (πx), and 1 at 0. */
export function sinc(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const angle = f.let(mul(x, constant(Math.PI)));
  return v128.select(constant(1), div(sin(f, angle), angle), f64x2.eq(x, constant(0)));
}

const ASIN_UPPER = [
  1.66666666666666657415e-1, -3.25565818622400915405e-1, 2.01212532134862925881e-1,
  -4.00555345006794114027e-2, 7.91534994289814532176e-4, 3.4793310759602116757e-5,
];
const ASIN_LOWER = [
  1, -2.40339491173441421878, 2.02094576023350569471, -6.8828397160545329303e-1, 7.70381505559019352791e-2,
];
const HALF_PI = 1.570796326794896558;
const HALF_PI_LOW = 6.12323399573676603587e-17;
const LOWER_HALF = i64x2.const(0xffffffffn);

/** z = x² or (1 − |x|) / 2, its root, and (asin √z − √z) / √z. */
function asinParts(f: FunctionBuilder, size: V128) {
  const near = f.let(f64x2.lt(size, constant(0.5)));
  const z = f.let(v128.select(mul(size, size), mul(sub(constant(1), size), constant(0.5)), near));
  const ratio = f.let(div(mul(z, polynomial(z, ASIN_UPPER)), polynomial(z, ASIN_LOWER)));
  return { near, z, ratio, root: f.let(f64x2.sqrt(z)) };
}

export function asin(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const { near, z, ratio, root } = asinParts(f, size);
  // The root in two parts, the first of which has an exact square.
  const head = f.let(v128.andNot(root, LOWER_HALF));
  const correction = rootCorrection(f, z, root, head);
  const low = sub(mul(add(root, root), ratio), sub(constant(HALF_PI_LOW), add(correction, correction)));
  const far = sub(constant(HALF_PI / 2), sub(low, sub(constant(HALF_PI / 2), add(head, head))));
  return copySign(v128.select(add(size, mul(size, ratio)), far, near), x);
}

/** What the first part of the root of z lacks. */
function rootCorrection(f: FunctionBuilder, z: V128, root: V128, head: V128): V128 {
  const correction = div(sub(z, mul(head, head)), add(root, head));
  return f.let(v128.andNot(correction, f64x2.eq(root, constant(0))));
}

export function acos(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const { near, z, ratio, root } = asinParts(f, f.let(f64x2.abs(x)));
  const middle = sub(constant(HALF_PI), sub(x, sub(constant(HALF_PI_LOW), mul(x, ratio))));
  const below = add(root, sub(mul(ratio, root), constant(HALF_PI_LOW)));
  const negative = sub(constant(2 * HALF_PI), add(below, below));
  const head = f.let(v128.andNot(root, LOWER_HALF));
  const correction = rootCorrection(f, z, root, head);
  const above = add(head, add(mul(ratio, root), correction));
  const far = v128.select(negative, add(above, above), f64x2.lt(x, constant(0)));
  return v128.select(middle, far, near);
}

const ATAN = [
  3.33333333333329318027e-1, -1.99999999998764832476e-1, 1.42857142725034663711e-1, -1.1111110405462355788e-1,
  9.09088713343650656196e-2, -7.69187620504482999495e-2, 6.66107313738753120669e-2,
  -5.83357013379057348645e-2, 4.97687799461593236017e-2, -3.6531572744216915527e-2, 1.62858201153657823623e-2,
];
/** From where on, and by what, the argument is reduced: atan x = high + low + atan((x − c) / (1 + c x)). */
const ATAN_STEPS = [
  { from: 7 / 16, c: 0.5, high: 4.63647609000806093515e-1, low: 2.26987774529616870924e-17 },
  { from: 11 / 16, c: 1, high: 7.85398163397448278999e-1, low: 3.06161699786838301793e-17 },
  { from: 19 / 16, c: 1.5, high: 9.82793723247329054082e-1, low: 1.39033110312309984516e-17 },
];

export function atan(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const shift = f.let(constant(0));
  const high = f.let(constant(0));
  const low = f.let(constant(0));
  for (const step of ATAN_STEPS) {
    const reached = f.let(f64x2.ge(size, constant(step.from)));
    f.set(shift, v128.select(constant(step.c), shift, reached));
    f.set(high, v128.select(constant(step.high), high, reached));
    f.set(low, v128.select(constant(step.low), low, reached));
  }
  const far = f.let(f64x2.ge(size, constant(39 / 16)));
  f.set(high, v128.select(constant(HALF_PI), high, far));
  f.set(low, v128.select(constant(HALF_PI_LOW), low, far));
  const upper = v128.select(constant(-1), sub(size, shift), far);
  const lower = v128.select(size, add(constant(1), mul(shift, size)), far);
  const t = f.let(div(upper, lower));
  const z = f.let(mul(t, t));
  const sum = f.let(mul(z, polynomial(z, ATAN)));
  return copySign(sub(high, sub(sub(mul(t, sum), low), t)), x);
}

/** The angle of the point (x, y). */
export function atan2(f: FunctionBuilder, first: V128, second: V128): V128 {
  const y = f.let(first);
  const x = f.let(second);
  const infinite = constant(Infinity);
  const sizes = { x: f.let(f64x2.abs(x)), y: f.let(f64x2.abs(y)) };
  const both = v128.and(f64x2.eq(sizes.x, infinite), f64x2.eq(sizes.y, infinite));
  const slope = f.let(v128.select(constant(1), div(sizes.y, sizes.x), both));
  // NaN stays, 0 / 0 does not.
  const origin = v128.and(f64x2.eq(y, constant(0)), f64x2.eq(x, x));
  const angle = f.let(atan(f, f.let(v128.andNot(slope, origin))));
  const left = sub(constant(2 * HALF_PI), sub(angle, constant(2 * HALF_PI_LOW)));
  // By the sign bit, so that −0 counts as negative.
  const isLeft = i64x2.shrS(x, 63);
  return copySign(v128.select(left, angle, isLeft), y);
}

/** √(x² + y²), scaled where squares would overflow or vanish. */
export function hypot(f: FunctionBuilder, first: V128, second: V128): V128 {
  const x = f.let(f64x2.abs(first));
  const y = f.let(f64x2.abs(second));
  const largest = f.let(v128.select(x, y, f64x2.gt(x, y)));
  const huge = f.let(f64x2.gt(largest, constant(2 ** 500)));
  const tiny = f.let(f64x2.lt(largest, constant(2 ** -450)));
  const up = v128.select(constant(2 ** 600), constant(1), tiny);
  const scale = f.let(v128.select(constant(2 ** -600), up, huge));
  const down = v128.select(constant(2 ** -600), constant(1), tiny);
  const back = v128.select(constant(2 ** 600), down, huge);
  const a = f.let(mul(x, scale));
  const b = f.let(mul(y, scale));
  const value = mul(f64x2.sqrt(add(mul(a, a), mul(b, b))), back);
  const infinite = v128.or(f64x2.eq(x, constant(Infinity)), f64x2.eq(y, constant(Infinity)));
  return v128.select(constant(Infinity), value, infinite);
}

const { ERF } = erfCoefficients;

/** erfc of sizes from 1.25 on. */
function erfcTail(f: FunctionBuilder, size: V128): V128 {
  const x = f.let(f64x2.pmin(f64x2.pmax(size, constant(1.25)), constant(28)));
  const s = f.let(div(constant(1), mul(x, x)));
  const first = div(polynomial(s, ERF.R), polynomial(s, ERF.S));
  const second = div(polynomial(s, ERF.R2), polynomial(s, ERF.S2));
  const ratio = f.let(v128.select(first, second, f64x2.lt(x, constant(1 / 0.35))));
  // x² in two parts, the first of which is exact.
  const z = f.let(v128.andNot(x, LOWER_HALF));
  const head = f.let(exp(f, f.let(sub(neg(mul(z, z)), constant(0.5625)))));
  const tail = exp(f, f.let(add(mul(sub(z, x), add(z, x)), ratio)));
  return div(mul(head, tail), x);
}

/** erf of |x| below 0.84375 less |x|, what erf exceeds C by up to 1.25, and erfc beyond; with where they hold. */
function erfParts(f: FunctionBuilder, size: V128) {
  const z = f.let(mul(size, size));
  const zero = f.let(mul(size, div(polynomial(z, ERF.P), polynomial(z, ERF.Q))));
  const s = f.let(sub(size, constant(1)));
  const one = f.let(div(polynomial(s, ERF.A), polynomial(s, ERF.B)));
  const isFar = f.let(f64x2.ge(size, constant(1.25)));
  const tail = f.let(constant(0));
  // Most arguments are near 0, and the tail is what costs most.
  f.if(v128.anyTrue(isFar), () => f.set(tail, erfcTail(f, size)));
  return { zero, one, tail, isZero: f.let(f64x2.lt(size, constant(0.84375))), isFar };
}

export function erf(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const { zero, one, tail, isZero, isFar } = erfParts(f, size);
  const middle = v128.select(sub(constant(1), tail), add(constant(ERF.C), one), isFar);
  const value = copySign(v128.select(add(size, zero), middle, isZero), x);
  return v128.select(value, x, f64x2.eq(x, x));
}

export function erfc(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  const size = f.let(f64x2.abs(x));
  const { zero, one, tail, isZero, isFar } = erfParts(f, size);
  const negative = f.let(f64x2.lt(x, constant(0)));
  const signed = f.let(v128.xor(zero, v128.and(x, constant(-0))));
  const small = sub(constant(1), add(x, signed));
  const quarter = sub(constant(0.5), add(sub(x, constant(0.5)), signed));
  const nearZero = v128.select(small, quarter, f64x2.lt(x, constant(0.25)));
  const right = sub(constant(1 - ERF.C), one);
  const left = add(constant(1), add(constant(ERF.C), one));
  const nearOne = v128.select(left, right, negative);
  const vanished = f64x2.ge(size, constant(28));
  const tails = f.let(v128.andNot(tail, vanished));
  const far = v128.select(sub(constant(2), tails), tails, negative);
  const value = v128.select(nearZero, v128.select(far, nearOne, isFar), isZero);
  return v128.select(value, x, f64x2.eq(x, x));
}

/** erfc(−x / √2) = 2 Φ(x) */
function twicePhi(f: FunctionBuilder, x: V128): V128 {
  return erfc(f, mul(x, constant(-Math.SQRT1_2)));
}

export function gelu(f: FunctionBuilder, argument: V128): V128 {
  const x = f.let(argument);
  return mul(mul(x, constant(0.5)), twicePhi(f, x));
}

export function geluGrad(f: FunctionBuilder, g: V128, argument: V128): V128 {
  const x = f.let(argument);
  const gauss = f.let(exp(f, mul(mul(x, x), constant(-0.5))));
  const density = f.let(mul(mul(x, gauss), constant(1 / Math.sqrt(2 * Math.PI))));
  return mul(g, add(mul(twicePhi(f, x), constant(0.5)), density));
}

/** The higher numbers of a vector of float32 in the lower places. */
export function higherHalf(x: V128): V128 {
  return i8x16.shuffle(x, x, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
}

/** Two pairs of numbers, each in the lower places, as one vector. */
export function joinHalves(low: V128, high: V128): V128 {
  return i8x16.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
}
