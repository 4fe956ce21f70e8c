/** Special functions that `torch.special` has beyond those of tensors: Bessel's, and those of the normal distribution. */
import { besselI0e, besselI1e } from '../../kernels/bessel.js';
import { logNormalCdf, normalQuantile, scaledErfc } from '../../kernels/normal.js';
import { erfc as complement } from '../../kernels/special.js';
import type { Tensor } from '../../tensor.js';
import { add, div, mul, neg, sub } from '../arithmetic.js';
import { where } from '../choice.js';
import { eq, le, logicalAnd, logicalOr } from '../comparison.js';
import { toFloat } from '../elementwise.js';
import { exp, log, log1p, sign, square } from '../pointwise.js';
import { functionOp, type FunctionOp } from '../record.js';
import { internalUnaryOp, type Unary, unarySamples } from '../unary.js';

/** y / x, and ½ at 0: what I₁(x) / x is there. */
function overX(y: Tensor, x: Tensor): Tensor {
  const zero = eq(x, 0);
  return where(zero, 0.5, div(y, where(zero, 1, x)));
}

/** The modified Bessel function I₀. */
export const i0: FunctionOp<Unary> = internalUnaryOp({
  name: 'i0',
  compute: (x) => besselI0e(x) * Math.exp(Math.abs(x)),
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, i1(x)),
});

/** The modified Bessel function I₁. */
export const i1: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.i1',
  compute: (x) => besselI1e(x) * Math.exp(Math.abs(x)),
  integers: 'float',
  reads: 'both',
  vjp: (g, x, y) => mul(g, sub(i0(x), overX(y, x))),
});

/** e^−|x| I₀(x). */
export const i0e: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.i0e',
  compute: besselI0e,
  integers: 'float',
  reads: 'both',
  vjp: (g, x, y) => mul(g, sub(i1e(x), mul(sign(x), y))),
});

/** e^−|x| I₁(x). */
export const i1e: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.i1e',
  compute: besselI1e,
  integers: 'float',
  reads: 'both',
  vjp: (g, x, y) => mul(g, sub(sub(i0e(x), mul(sign(x), y)), overX(y, x))),
});

const DENSITY = 1 / Math.sqrt(2 * Math.PI);

/** Φ(x), the share of normal numbers below x. */
export const ndtr: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.ndtr',
  compute: (x) => complement(-x * Math.SQRT1_2) / 2,
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, mul(exp(mul(square(x), -0.5)), DENSITY)),
});

/** ln Φ(x), also where Φ(x) is too small to be written. */
export const logNdtr: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.logNdtr',
  compute: logNormalCdf,
  integers: 'float',
  reads: 'both',
  vjp: (g, x, y) => mul(g, mul(exp(sub(mul(square(x), -0.5), y)), DENSITY)),
});

/** The x with Φ(x) = p, for p from 0 to 1. */
export const ndtri: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.ndtri',
  compute: normalQuantile,
  integers: 'float',
  reads: 'output',
  samples: unarySamples(0.05, 0.95),
  vjp: (g, _x, y) => mul(g, div(exp(mul(square(y), 0.5)), DENSITY)),
});

/** e^(x²) erfc(x). */
export const erfcx: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.erfcx',
  compute: scaledErfc,
  integers: 'float',
  reads: 'both',
  vjp: (g, x, y) => mul(g, sub(mul(mul(x, y), 2), 2 / Math.sqrt(Math.PI))),
});

/** −x ln x, which is 0 at 0 and −∞ below: the part of an outcome of probability x in an entropy. */
export const entr: FunctionOp<Unary> = internalUnaryOp({
  name: 'special.entr',
  compute: (x) => (x > 0 ? -x * Math.log(x) : x === 0 ? 0 : Number.isNaN(x) ? x : -Infinity),
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.2, 2),
  vjp: (g, x) => mul(g, neg(add(log(x), 1))),
});

type Xlog1py = (input: Tensor, other: Tensor) => Tensor;

/** input · ln(1 + other), which is 0 where input is 0 (unless other is NaN). */
export const xlog1py: FunctionOp<Xlog1py> = functionOp<Xlog1py>(
  {
    name: 'special.xlog1py',
    torch: [],
    params: ['input', 'other'],
    samples: (make) => [
      [make([2, 3]), make([2, 3], { low: -0.5 })],
      [make([2, 1]), make([3], { low: -0.5 })],
    ],
  },
  (input, other) => {
    const [x, y] = [toFloat(input), toFloat(other)];
    // Elsewhere 0 · ln(1 + other) is 0 anyway, with a gradient.
    const nothing = logicalAnd(eq(x, 0), logicalOr(le(y, -1), eq(y, Infinity)));
    return where(nothing, 0, mul(x, log1p(where(nothing, 0, y))));
  },
);
