/** Elementwise ops of two or three operands that are made of simpler ones, or of no kernel. */
import { finfo } from '../dtype-limits.js';
import { isFloat, isWideFloat, toFloatType } from '../dtype.js';
import { formula } from '../kernels/formula.js';
import type { Shape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { isOneNode, productAdded, quotientAdded } from './addends.js';
import { add, div, mul, neg, pow, sub, refuseZero } from './arithmetic.js';
import {
  applyBinary,
  type Binary,
  type BinaryDescription,
  BinaryKind,
  type BinaryMethod,
  binaryOp,
  binarySamples,
} from './binary.js';
import { cast } from './cast.js';
import { where } from './choice.js';
import { eq, logicalAnd } from './comparison.js';
import { piecewise, smooth, toFloat } from './elementwise.js';
import { evaluate } from './formulas.js';
import { type Operand } from './operand.js';
import { exp, log, trunc } from './pointwise.js';
import { aligned, apply, type Primitive } from './primitive.js';
import { filled } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { isnan } from './predicates.js';
import { sumTo } from './sum.js';
import { copyOf } from './shape.js';
import { unaryOp, type Unary, unarySamples } from './unary.js';

type BinaryFunction = InPlaceOp<Binary, BinaryMethod>;

/** The angle of the point (other, input): atan(input / other) in the right quadrant. */
export const atan2: BinaryFunction = binaryOp({
  name: 'atan2',
  compute: 'atan2',
  integers: 'float',
  samples: binarySamples(0.5, 2),
  a: { reads: 'ab', vjp: (g, a, b) => mul(g, div(b, add(mul(a, a), mul(b, b)))) },
  b: { reads: 'ab', vjp: (g, a, b) => mul(g, div(negate(a), add(mul(a, a), mul(b, b)))) },
});

function negate(x: Operand): Operand {
  return typeof x === 'number' ? -x : neg(x);
}

/** √(input² + other²), without overflow. */
export const hypot: BinaryFunction = binaryOp({
  name: 'hypot',
  compute: 'hypot',
  integers: 'float',
  a: { reads: 'ay', vjp: (g, a, _b, y) => mul(g, div(a, y)) },
  b: { reads: 'by', vjp: (g, _a, b, y) => mul(g, div(b, y)) },
});

/** The remainder of input / other with the sign of input. */
export const fmod: BinaryFunction = binaryOp({
  name: 'fmod',
  compute: 'fmod',
  checkIntegers: refuseZero('fmod'),
  integers: 'keep',
  samples: binarySamples(0.5, 2),
  a: { reads: '', vjp: (g) => g },
  b: { reads: 'ab', vjp: (g, a, b) => neg(mul(g, trunc(div(a, b)))) },
});

/** The remainder of input / other with the sign of other. */
export const remainder: BinaryFunction = binaryOp({
  name: 'remainder',
  compute: 'remainder',
  checkIntegers: refuseZero('remainder'),
  integers: 'keep',
  samples: binarySamples(0.5, 2),
  a: { reads: '', vjp: (g) => g },
  b: { reads: 'ab', vjp: (g, a, b) => neg(mul(g, div(a, b, { roundingMode: 'floor' }))) },
});

/** |input| with the sign of other. */
export const copysign: BinaryFunction = binaryOp({
  name: 'copysign',
  compute: 'copysign',
  integers: 'float',
  a: { reads: 'ay', vjp: (g, a, _b, y) => where(eq(a, 0), 0, mul(g, div(y, a))) },
  b: { reads: '', vjp: (g) => mul(g, 0) },
});

/** 0 below 0, 1 above 0, and other at 0. */
export const heaviside: BinaryFunction = binaryOp({
  name: 'heaviside',
  params: ['input', 'values'],
  compute: 'heaviside',
  integers: 'keep',
});

/** input · ln other, which is 0 where input is 0 (unless other is NaN). */
export const xlogy: BinaryFunction = binaryOp({
  name: 'xlogy',
  compute: 'xlogy',
  integers: 'float',
  samples: binarySamples(0.5, 2),
  a: {
    reads: 'ab',
    vjp: (g, a, b) => {
      const slope = typeof b === 'number' ? Math.log(b) : log(b);
      // At 0 · ln(0), where the function is 0 by definition, the gradient is 0 too.
      const undefinedThere = logicalAnd(eq(a, 0), leZero(b));
      return where(undefinedThere, 0, mul(g, slope));
    },
  },
  b: { reads: 'ab', vjp: (g, a, b) => mul(g, div(a, b)) },
});

function leZero(x: Operand): Tensor {
  return typeof x === 'number' ? filled([], x <= 0 ? 1 : 0, 'bool', 'xlogy') : x.le(0);
}

const exponentialSum: BinaryDescription = {
  name: 'logaddexp',
  compute: 'logaddexp',
  integers: 'float',
  a: { reads: 'ay', vjp: (g, a, _b, y) => mul(g, ratio(sub(a, y))) },
  b: { reads: 'by', vjp: (g, _a, b, y) => mul(g, ratio(sub(b, y))) },
};

const exponentialSumKind = new BinaryKind(exponentialSum);

/** eˣ, where −∞ − (−∞) counts as no weight. */
function ratio(x: Tensor): Tensor {
  return where(isnan(x), 0, exp(x));
}

/** ln(eᵃ + eᵇ), without overflow. */
export const logaddexp: BinaryFunction = binaryOp(exponentialSum);

/** log₂(2ᵃ + 2ᵇ), without overflow. */
export const logaddexp2: MethodOp<Binary, BinaryMethod> = methodOp<Binary, BinaryMethod>(
  { name: 'logaddexp2', numbers: true, params: ['input', 'other'], samples: binarySamples(-2, 2) },
  (input, other) =>
    div(applyBinary(exponentialSumKind, scale(input, Math.LN2), scale(other, Math.LN2)), Math.LN2),
);

function scale(x: Operand, factor: number): Operand {
  return typeof x === 'number' ? x * factor : mul(x, factor);
}

type Power = (input: Operand, other: Operand) => Tensor;

/** inputᵒᵗʰᵉʳ in float64. */
export const floatPower: MethodOp<Power, BinaryMethod> = methodOp<Power, BinaryMethod>(
  {
    name: 'floatPower',
    samples: (make) => [
      [make([2, 3], { low: 0.5, high: 2 }), make([3])],
      [make([2, 3], { low: 0.5, high: 2 }), 1.5],
    ],
    numbers: true,
    params: ['input', 'exponent'],
  },
  (input, other) => pow(wide(input), wide(other)),
);

function wide(x: Operand): Operand {
  return typeof x === 'number' ? x : cast(x, 'float64');
}

interface Between {
  readonly weight: number;
  readonly shapes: readonly Shape[];
}

const betweenFormula = formula('lerp', 2, (m, [x, z], [w]) => m.add(x, m.mul(m.sub(z, x), w)));

const between: Primitive<Between> = {
  name: 'lerp',
  forward: ([x, z], { weight }) => evaluate(betweenFormula, [weight], x, z),
  vjp: (grad, context) => {
    const { weight, shapes } = context.attributes;
    return [
      context.needs(0) ? sumTo(mul(grad, 1 - weight), shapes[0]) : null,
      context.needs(1) ? sumTo(mul(grad, weight), shapes[1]) : null,
    ];
  },
  jvp: ([x, z], { attributes: { weight } }) => {
    if (x === null) return z === null ? null : mul(z, weight);
    return z === null ? mul(x, 1 - weight) : add(mul(x, 1 - weight), mul(z, weight));
  },
  again: ([x, z], { weight }) => lerp(x, z, weight),
  batch: ([x, z], { weight }, batch) => {
    const [first, second] = aligned([x, z], batch);
    return lerp(first, second, weight);
  },
};

type Lerp = (input: Tensor, end: Tensor, weight: Operand) => Tensor;

/** input + weight · (end − input). */
export const lerp: InPlaceOp<Lerp> = inPlaceOp<Lerp>(
  {
    name: 'lerp',
    params: ['input', 'end', 'weight'],
    samples: (make) => [
      [make([2, 3]), make([2, 3]), 0.3],
      [make([2, 3]), make([3]), make([2, 1])],
    ],
  },
  (input, end, weight) => {
    const ready = typeof weight === 'number' && isWideFloat(input.dtype) && input.dtype === end.dtype;
    if (ready) return apply(between, [input, end], { weight, shapes: [input.shape, end.shape] });
    return add(input, mul(sub(end, input), weight));
  },
);

export interface ValueOptions {
  /** Factor of the product or quotient. Default 1. */
  value?: number;
}

type Addc = (input: Tensor, tensor1: Tensor, tensor2: Tensor, options?: ValueOptions) => Tensor;

/** input + value · tensor1 · tensor2. */
export const addcmul: InPlaceOp<Addc> = inPlaceOp<Addc>(
  {
    name: 'addcmul',
    params: ['input', 'tensor1', 'tensor2', 'value'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([3]), make([2, 1]), { value: 0.5 }],
      [make([2, 3]), make([2, 3]), make([2, 3])],
      [make([3]), make([3]), make([3]), { value: 0.5 }],
    ],
  },
  (input: Tensor, a: Tensor, b: Tensor, value = 1) =>
    isOneNode(input, a, b)
      ? apply(productAdded, [input, a, b], value)
      : add(input, mul(value === 1 ? a : mul(a, value), b)),
);

/** input + value · tensor1 / tensor2. */
export const addcdiv: InPlaceOp<Addc> = inPlaceOp<Addc>(
  {
    name: 'addcdiv',
    params: ['input', 'tensor1', 'tensor2', 'value'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([3]), make([2, 1], { low: 0.5, high: 2 }), { value: 0.5 }],
      [make([2, 3]), make([2, 3]), make([2, 3], { low: 0.5, high: 2 })],
      [make([3]), make([3]), make([3], { low: 0.5, high: 2 }), { value: 0.5 }],
    ],
  },
  (input: Tensor, a: Tensor, b: Tensor, value = 1) =>
    isOneNode(input, a, b)
      ? apply(quotientAdded, [input, a, b], value)
      : add(input, div(value === 1 ? a : mul(a, value), b)),
);

/** The tensor itself. */
export const positive: MethodOp<Unary> = methodOp<Unary>(
  { name: 'positive', params: ['input'], samples: unarySamples(-2, 2) },
  (input: Tensor): Tensor => {
    if (input.dtype === 'bool') throw new TypeError('positive: a bool tensor does not work here');
    return input;
  },
);

type Logit = (input: Tensor, eps?: number | { eps?: number | null }) => Tensor;

/** ln(x / (1 − x)), the inverse of sigmoid; with eps, x is first cut off at eps and 1 − eps. */
export const logit: InPlaceOp<Logit> = inPlaceOp<Logit>(
  {
    name: 'logit',
    params: ['input', 'eps'],
    options: true,
    samples: (make) => [
      [make([2, 3], { low: 0.1, high: 0.9 })],
      [make([2, 3], { low: 0.1, high: 0.9 }), 0.01],
    ],
  },
  (input: Tensor, eps?: number) => {
    const x = toFloat(input);
    if (eps === undefined) return logOdds(x);
    const limited = x.clamp(eps, 1 - eps);
    return logOdds(limited);
  },
);

const logOdds = smooth({
  name: 'logit',
  dear: true,
  f: (m, [x]) => m.unary('log', m.div(x, m.sub(m.number(1), x))),
  gradient: (m, [g, x]) => m.div(g, m.mul(x, m.sub(m.number(1), x))),
  vjp: (g, x) => div(g, mul(x, sub(1, x))),
});

/** sin(πx) / (πx), and 1 at 0. */
export const sinc: InPlaceOp<Unary> = unaryOp({
  name: 'sinc',
  compute: 'sinc',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, sincSlope(x)),
});

/** (cos(πx) πx − sin(πx)) / (πx²), and 0 at 0. */
function sincSlope(x: Tensor): Tensor {
  const z = mul(x, Math.PI);
  const slope = div(sub(mul(z.cos(), z), z.sin()), mul(mul(x, x), Math.PI));
  return where(eq(x, 0), 0, slope);
}

export interface NanToNumOptions {
  /** For NaN. Default 0. */
  nan?: number | null;
  /** For +∞; by default the largest number of the dtype. */
  posinf?: number | null;
  /** For −∞; by default the smallest number of the dtype. */
  neginf?: number | null;
}

type NanToNum = (
  input: Tensor,
  nan?: number | null | NanToNumOptions,
  posinf?: number | null | NanToNumOptions,
  neginf?: number | null,
) => Tensor;

const finite = piecewise({
  name: 'nanToNum',
  f: (m, [x], [nan, above, below]) => {
    const upper = m.select(m.eq(x, m.number(Infinity)), above, m.select(m.eq(x, x), x, nan));
    return m.select(m.eq(x, m.number(-Infinity)), below, upper);
  },
  gradient: (m, [g, x]) => m.select(m.lt(m.unary('abs', x), m.number(Infinity)), g, m.number(0)),
});

/** NaN and infinities replaced by numbers. */
export const nanToNum: InPlaceOp<NanToNum> = inPlaceOp<NanToNum>(
  {
    name: 'nanToNum',
    params: ['input', 'nan', 'posinf', 'neginf'],
    options: true,
    samples: unarySamples(-2, 2),
  },
  (input: Tensor, nan = 0, posinf?: number, neginf?: number) => {
    if (!isFloat(input.dtype)) return copyOf(input, 'nanToNum');
    const largest = finfo(toFloatType(input.dtype)).max;
    if (isFloat(input.dtype)) return finite(input, nan, posinf ?? largest, neginf ?? -largest);
    const x = where(isnan(input), nan, input);
    const limited = where(eq(x, Infinity), posinf ?? largest, x);
    return where(eq(limited, -Infinity), neginf ?? -largest, limited);
  },
);

type Dist = (input: Tensor, other: Tensor, p?: number | { p?: number }) => Tensor;

/** The p-norm (2 by default) of the difference. */
export const dist: MethodOp<Dist> = methodOp<Dist>(
  {
    name: 'dist',
    params: ['input', 'other', 'p'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([3])],
      [make([2, 3]), make([2, 3]), 3],
    ],
  },
  (input: Tensor, other: Tensor, p = 2) => sub(input, other).norm(p),
);

/** Degrees as radians: x · π / 180. */
export const deg2rad: MethodOp<Unary> = methodOp<Unary>(
  { name: 'deg2rad', params: ['input'], samples: unarySamples(-2, 2) },
  (input: Tensor): Tensor => mul(toFloat(input), Math.PI / 180),
);

/** Radians as degrees: x · 180 / π. */
export const rad2deg: MethodOp<Unary> = methodOp<Unary>(
  { name: 'rad2deg', params: ['input'], samples: unarySamples(-2, 2) },
  (input: Tensor): Tensor => mul(toFloat(input), 180 / Math.PI),
);

/** input · 2ᵒᵗʰᵉʳ. */
export const ldexp: InPlaceOp<Binary, BinaryMethod> = inPlaceOp<Binary, BinaryMethod>(
  { name: 'ldexp', params: ['input', 'other'], samples: binarySamples(-2, 2) },
  (input: Operand, other: Operand): Tensor =>
    mul(input, pow(2, typeof other === 'number' ? other : toFloat(other))),
);
