/** Elementwise functions of one operand. */
import type { Tensor } from '../tensor.js';
import { type Binary, internalBinaryOp } from './binary.js';
import { add, div, mul, neg, pow, sub } from './arithmetic.js';
import { type FunctionOp, type InPlaceOp, inPlaceOp } from './record.js';
import { internalUnaryOp, type Unary, unaryOp, unarySamples } from './unary.js';

type UnaryFunction = InPlaceOp<Unary>;

/** eˣ. */
export const exp: UnaryFunction = unaryOp({
  name: 'exp',
  compute: 'exp',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => mul(g, y),
});

/** 2ˣ. */
export const exp2: UnaryFunction = unaryOp({
  name: 'exp2',
  compute: 'exp2',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => mul(mul(g, y), Math.LN2),
});

/** eˣ − 1, exact for small x. */
export const expm1: UnaryFunction = unaryOp({
  name: 'expm1',
  compute: 'expm1',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => mul(g, add(y, 1)),
});

/** The natural logarithm. */
export const log: UnaryFunction = unaryOp({
  name: 'log',
  compute: 'log',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => div(g, x),
  samples: unarySamples(0.5, 3),
});

/** ln(1 + x), exact for small x. */
export const log1p: UnaryFunction = unaryOp({
  name: 'log1p',
  compute: 'log1p',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => div(g, add(x, 1)),
  samples: unarySamples(-0.5, 3),
});

/** The logarithm to base 2. */
export const log2: UnaryFunction = unaryOp({
  name: 'log2',
  compute: 'log2',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => div(g, mul(x, Math.LN2)),
  samples: unarySamples(0.5, 3),
});

/** The logarithm to base 10. */
export const log10: UnaryFunction = unaryOp({
  name: 'log10',
  compute: 'log10',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => div(g, mul(x, Math.LN10)),
  samples: unarySamples(0.5, 3),
});

/** √x. */
export const sqrt: UnaryFunction = unaryOp({
  name: 'sqrt',
  compute: 'sqrt',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => div(g, mul(y, 2)),
  samples: unarySamples(0.5, 3),
});

/** 1 / √x. */
export const rsqrt: UnaryFunction = unaryOp({
  name: 'rsqrt',
  compute: 'rsqrt',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => mul(mul(g, -0.5), pow(y, 3)),
  samples: unarySamples(0.5, 3),
});

/** x². */
export const square: UnaryFunction = unaryOp({
  name: 'square',
  compute: 'square',
  integers: 'keep',
  reads: 'input',
  vjp: (g, x) => mul(g, mul(x, 2)),
});

/** 1 / x. */
export const reciprocal: UnaryFunction = unaryOp({
  name: 'reciprocal',
  compute: 'reciprocal',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => neg(mul(g, mul(y, y))),
  samples: unarySamples(0.5, 3),
});

/** |x|. The derivative at 0 is 0. */
export const abs: UnaryFunction = unaryOp({
  name: 'abs',
  compute: 'abs',
  integers: 'keep',
  reads: 'input',
  vjp: (g, x) => mul(g, sign(x)),
});

/** −1, 0 or 1. */
export const sign: UnaryFunction = unaryOp({
  name: 'sign',
  compute: 'sign',
  integers: 'keep',
  reads: 'nothing',
  vjp: zeroGradient,
});

/** The sine of radians. */
export const sin: UnaryFunction = unaryOp({
  name: 'sin',
  compute: 'sin',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, cos(x)),
});

/** The cosine of radians. */
export const cos: UnaryFunction = unaryOp({
  name: 'cos',
  compute: 'cos',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => neg(mul(g, sin(x))),
});

/** The tangent of radians. */
export const tan: UnaryFunction = unaryOp({
  name: 'tan',
  compute: 'tan',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => mul(g, add(mul(y, y), 1)),
  samples: unarySamples(-1, 1),
});

/** The arc sine, in radians. */
export const asin: UnaryFunction = unaryOp({
  name: 'asin',
  compute: 'asin',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, rsqrt(sub(1, mul(x, x)))),
  samples: unarySamples(-0.9, 0.9),
});

/** The arc cosine, in radians. */
export const acos: UnaryFunction = unaryOp({
  name: 'acos',
  compute: 'acos',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => neg(mul(g, rsqrt(sub(1, mul(x, x))))),
  samples: unarySamples(-0.9, 0.9),
});

/** The arc tangent, in radians. */
export const atan: UnaryFunction = unaryOp({
  name: 'atan',
  compute: 'atan',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => div(g, add(mul(x, x), 1)),
});

/** The hyperbolic sine. */
export const sinh: UnaryFunction = unaryOp({
  name: 'sinh',
  compute: 'sinh',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, cosh(x)),
});

/** The hyperbolic cosine. */
export const cosh: UnaryFunction = unaryOp({
  name: 'cosh',
  compute: 'cosh',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, sinh(x)),
});

/** The hyperbolic tangent. */
export const tanh: UnaryFunction = unaryOp({
  name: 'tanh',
  torch: ['tanh', 'nn.functional.tanh'],
  compute: 'tanh',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => tanhGrad(g, y),
});

/** The inverse of sinh. */
export const asinh: UnaryFunction = unaryOp({
  name: 'asinh',
  compute: 'asinh',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, rsqrt(add(mul(x, x), 1))),
});

/** The inverse of cosh, for x ≥ 1. */
export const acosh: UnaryFunction = unaryOp({
  name: 'acosh',
  compute: 'acosh',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, rsqrt(sub(mul(x, x), 1))),
  samples: unarySamples(1.2, 3),
});

/** The inverse of tanh, for |x| < 1. */
export const atanh: UnaryFunction = unaryOp({
  name: 'atanh',
  compute: 'atanh',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => div(g, sub(1, mul(x, x))),
  samples: unarySamples(-0.8, 0.8),
});

/** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf: UnaryFunction = unaryOp({
  name: 'erf',
  compute: 'erf',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
});

/** 1 − erf(x), exact in the tail. */
export const erfc: UnaryFunction = unaryOp({
  name: 'erfc',
  compute: 'erfc',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, mul(exp(neg(mul(x, x))), -2 / Math.sqrt(Math.PI))),
});

/** The logistic function 1 / (1 + e⁻ˣ). */
export const sigmoid: UnaryFunction = unaryOp({
  name: 'sigmoid',
  torch: ['sigmoid', 'nn.functional.sigmoid'],
  compute: 'sigmoid',
  integers: 'float',
  reads: 'output',
  vjp: (g, _x, y) => sigmoidGrad(g, y),
});

/** max(x, 0). The derivative at 0 is 0. */
export const relu: UnaryFunction = unaryOp({
  name: 'relu',
  torch: ['relu', 'nn.functional.relu'],
  compute: 'relu',
  integers: 'keep',
  reads: 'output',
  vjp: (g, _x, y) => reluGrad(g, y),
});

/** The largest integer not above x. */
export const floor: UnaryFunction = step('floor');

/** The smallest integer not below x. */
export const ceil: UnaryFunction = step('ceil');

/** The integer part, towards 0. */
export const trunc: UnaryFunction = step('trunc');

function step(name: 'floor' | 'ceil' | 'trunc'): UnaryFunction {
  return unaryOp({ name, compute: name, integers: 'keep', reads: 'nothing', vjp: zeroGradient });
}

/** The fractional part x − trunc(x), with the sign of x. */
export const frac: UnaryFunction = unaryOp({
  name: 'frac',
  compute: 'frac',
  integers: 'float',
  reads: 'nothing',
  vjp: (g) => g,
});

function zeroGradient(g: Tensor): Tensor {
  return mul(g, 0);
}

type GradientKernel = FunctionOp<Binary>;

/** g where y > 0, else 0: the derivative of relu from its result. */
export const reluGrad: GradientKernel = internalBinaryOp({
  name: 'reluGrad',
  compute: 'reluGrad',
  integers: 'keep',
  a: { reads: 'b', vjp: (g, _a, y) => reluGrad(g, y) },
});

/** g (1 − y²): the derivative of tanh from its result. */
export const tanhGrad: GradientKernel = internalBinaryOp({
  name: 'tanhGrad',
  compute: 'tanhGrad',
  integers: 'float',
  a: { reads: 'b', vjp: (g, _a, y) => tanhGrad(g, y) },
  b: { reads: 'ab', vjp: (g, a, y) => mul(mul(mul(g, a), y), -2) },
});

/** g y (1 − y): the derivative of sigmoid from its result. */
export const sigmoidGrad: GradientKernel = internalBinaryOp({
  name: 'sigmoidGrad',
  compute: 'sigmoidGrad',
  integers: 'float',
  a: { reads: 'b', vjp: (g, _a, y) => sigmoidGrad(g, y) },
  b: { reads: 'ab', vjp: (g, a, y) => mul(mul(g, a), sub(1, mul(y, 2))) },
});

/** ln σ(x) = −ln(1 + e⁻ˣ), without overflow. */
export const logsigmoid: UnaryFunction = unaryOp({
  name: 'logsigmoid',
  torch: 'nn.functional.logsigmoid',
  compute: 'logsigmoid',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => mul(g, sigmoid(neg(x))),
});

export interface RoundOptions {
  /** How many decimals to keep. Default 0. */
  decimals?: number;
}

type Round = (input: Tensor, options?: RoundOptions) => Tensor;

const nearest: FunctionOp<Unary> = internalUnaryOp({
  name: 'roundToInteger',
  compute: 'round',
  integers: 'keep',
  reads: 'nothing',
  vjp: zeroGradient,
});

/** The nearest integer (halves to the even one), or the nearest number with some decimals. */
export const round: InPlaceOp<Round> = inPlaceOp<Round>(
  { name: 'round', params: ['input', 'decimals'], options: true, samples: unarySamples(-2, 2) },
  (input: Tensor, decimals = 0) => {
    if (decimals === 0) return nearest(input);
    const scale = 10 ** Math.abs(decimals);
    return decimals > 0 ? div(nearest(mul(input, scale)), scale) : mul(nearest(div(input, scale)), scale);
  },
);
