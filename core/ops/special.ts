/** Special functions: the gamma function's logarithm and its derivatives, and the inverse of erf. */
import { erfInverse } from '../kernels/erf-inverse.js';
import { digamma as digamma64, lgamma as lgamma64 } from '../kernels/gamma.js';
import { add, mul, sub } from './arithmetic.js';
import { toFloat } from './elementwise.js';
import { exp } from './pointwise.js';
import { apply, type Primitive } from './primitive.js';
import { functionOp, type FunctionOp, type InPlaceOp, type MethodOp, methodOp } from './record.js';
import type { Tensor } from '../tensor.js';
import { internalUnaryOp, mapElements, type Unary, unaryOp, unarySamples } from './unary.js';

/** Coefficients B₂ₖ of polygamma's asymptotic series. */
const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6];

/** The n-th derivative of digamma, n ≥ 1, for x > 0: recurrence up to 15, then the asymptotic series. */
function polygammaPositive(n: number, x: number): number {
  const sign = n % 2 === 0 ? -1 : 1;
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  let z = x;
  let sum = 0;
  while (z < 15) {
    sum += factorial / z ** (n + 1);
    z += 1;
  }
  let series = factorial / n / z ** n + factorial / (2 * z ** (n + 1));
  BERNOULLI.forEach((b, i) => {
    const k = i + 1;
    // (2k + n − 1)! / (2k)!
    let ratio = 1;
    for (let j = 2 * k + 1; j <= 2 * k + n - 1; j++) ratio *= j;
    series += (b * ratio) / z ** (2 * k + n);
  });
  return sign * (sum + series);
}

/** The same for n = 1, which the derivatives of lgamma and digamma ask for: the series is exact to float64 from 10 on. */
function trigammaPositive(x: number): number {
  let z = x;
  let sum = 0;
  for (; z < 10; z++) sum += 1 / (z * z);
  const r = 1 / (z * z);
  let series = 0;
  for (let i = BERNOULLI.length - 1; i >= 0; i--) series = r * (BERNOULLI[i] + series);
  return sum + (1 + series) / z + r / 2;
}

/** The first derivative of digamma. */
function trigammaOf(x: number): number {
  if (x <= 0) {
    if (Number.isInteger(x)) return Infinity;
    const s = Math.sin(Math.PI * x);
    return (Math.PI * Math.PI) / (s * s) - trigammaPositive(1 - x);
  }
  return trigammaPositive(x);
}

/** The second derivative of digamma. */
function tetragammaOf(x: number): number {
  if (x <= 0) {
    if (Number.isInteger(x)) return Number.NaN;
    const s = Math.sin(Math.PI * x);
    return (-2 * Math.PI ** 3 * Math.cos(Math.PI * x)) / (s * s * s) + polygammaPositive(2, 1 - x);
  }
  return polygammaPositive(2, x);
}

type UnaryFunction = InPlaceOp<Unary>;

/** The derivative of order n of digamma; the sum by which it is computed holds for negative numbers, too. */
const polygammaPrimitive: Primitive<number> = {
  name: 'polygamma',
  reads: [[0]],
  forward: ([x], n) => mapElements('polygamma', x, x.dtype, (v) => polygammaPositive(n, v)),
  vjp: (grad, context) => [mul(grad, apply(polygammaPrimitive, [context.input(0)], context.attributes + 1))],
  jvp: 'elementwise',
  batch: 'elementwise',
};

const tetragamma: FunctionOp<Unary> = internalUnaryOp({
  name: 'tetragamma',
  compute: tetragammaOf,
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.5, 3),
  vjp: (g, x) => mul(g, apply(polygammaPrimitive, [x], 3)),
});

const trigamma: FunctionOp<Unary> = internalUnaryOp({
  name: 'trigamma',
  compute: trigammaOf,
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.5, 3),
  vjp: (g, x) => mul(g, tetragamma(x)),
});

/** Γ'(x) / Γ(x): the derivative of lgamma. */
export const digamma: UnaryFunction = unaryOp({
  name: 'digamma',
  compute: digamma64,
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.5, 3),
  vjp: (g, x) => mul(g, trigamma(x)),
});

/** ln |Γ(x)|. */
export const lgamma: UnaryFunction = unaryOp({
  name: 'lgamma',
  compute: lgamma64,
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.5, 3),
  vjp: (g, x) => mul(g, digamma(x)),
});

/** The inverse of erf, for |x| < 1. */
export const erfinv: UnaryFunction = unaryOp({
  name: 'erfinv',
  compute: erfInverse,
  integers: 'float',
  reads: 'output',
  samples: unarySamples(-0.9, 0.9),
  vjp: (g, _x, y) => mul(g, mul(exp(mul(y, y)), Math.sqrt(Math.PI) / 2)),
});

type Polygamma = (n: number, input: Tensor) => Tensor;

/** The derivative of order n of digamma, which is the one of order 0. */
export const polygamma: FunctionOp<Polygamma> = functionOp<Polygamma>(
  {
    name: 'polygamma',
    params: ['n', 'input'],
    samples: (make) => [0, 1, 2, 3].map((n) => [n, make([2, 3], { low: 0.5, high: 3 })]),
    errors: (make) => [{ args: [-1, make([2])], message: /order is a whole number from 0 up/ }],
  },
  (n, input) => {
    if (!Number.isInteger(n) || n < 0)
      throw new RangeError(`polygamma: the order is a whole number from 0 up, got ${n}`);
    const x = toFloat(input);
    if (n === 0) return digamma(x);
    if (n === 1) return trigamma(x);
    return n === 2 ? tetragamma(x) : apply(polygammaPrimitive, [x], n);
  },
);

type Mvlgamma = (input: Tensor, p: number) => Tensor;

/** The logarithm of the multivariate gamma function of dimension p: p(p − 1)/4 · ln π + Σ ln Γ(x − i/2), i from 0 to p − 1. */
export const mvlgamma: MethodOp<Mvlgamma> = methodOp<Mvlgamma>(
  {
    name: 'mvlgamma',
    params: ['input', 'p'],
    samples: (make) => [[make([2, 3], { low: 1.5, high: 4 }), 3]],
    errors: (make) => [{ args: [make([2]), 0], message: /p is a whole number from 1 up/ }],
  },
  (input, p) => {
    if (!Number.isInteger(p) || p < 1)
      throw new RangeError(`mvlgamma: p is a whole number from 1 up, got ${p}`);
    const x = toFloat(input);
    let sum = add(lgamma(x), (p * (p - 1) * Math.log(Math.PI)) / 4);
    for (let i = 1; i < p; i++) sum = add(sum, lgamma(sub(x, i / 2)));
    return sum;
  },
);
