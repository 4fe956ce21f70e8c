/** Special functions: the gamma function's logarithm and its derivatives, and the inverse of erf. */
import { erf, erfc } from '../kernels/special.js';
import { add, mul, sub } from './arithmetic.js';
import { toFloat } from './elementwise.js';
import { exp } from './pointwise.js';
import { apply, type Primitive } from './primitive.js';
import { functionOp, type FunctionOp, type InPlaceOp, type MethodOp, methodOp } from './record.js';
import type { Tensor } from '../tensor.js';
import { internalUnaryOp, mapElements, type Unary, unaryOp, unarySamples } from './unary.js';

const LANCZOS_G = 7;
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
  12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** ln |Γ(x)|: Lanczos' approximation, by reflection for x < ½, and Stirling's series for large x. */
export function lgammaOf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Infinity;
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < 0.5) {
    return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgammaOf(1 - x);
  }
  if (x > 20) {
    const z = 1 / (x * x);
    const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / x;
    return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
  }
  if (x === 1 || x === 2) return 0;
  const shifted = x - 1;
  const t = shifted + LANCZOS_G + 0.5;
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (shifted + i);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Coefficients B₂ₖ / 2k of digamma's asymptotic series. */
const DIGAMMA = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];

/** Γ'(x) / Γ(x). */
export function digammaOf(x: number): number {
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  if (x < 0) {
    if (Number.isInteger(x)) return Number.NaN;
    return digammaOf(1 - x) - Math.PI / Math.tan(Math.PI * (x % 1));
  }
  if (!Number.isFinite(x)) return x;
  let z = x;
  let shift = 0;
  while (z < 10) {
    shift -= 1 / z;
    z += 1;
  }
  const w = 1 / (z * z);
  let series = 0;
  for (let i = DIGAMMA.length - 1; i >= 0; i--) series = w * (DIGAMMA[i] + series);
  return shift + Math.log(z) - 0.5 / z - series;
}

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

/** The first derivative of digamma. */
export function trigammaOf(x: number): number {
  if (x <= 0) {
    if (Number.isInteger(x)) return Infinity;
    const s = Math.sin(Math.PI * x);
    return (Math.PI * Math.PI) / (s * s) - polygammaPositive(1, 1 - x);
  }
  return polygammaPositive(1, x);
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

/** Coefficients of Giles' approximation, highest power first, for w = −ln(1 − y²) below 5 and above. */
const NEAR = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
];
const FAR = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
  1.00167406, 2.83297682,
];

/**
 * The inverse of erf: an approximation to seven digits (Giles, "Approximating the erfinv function", GPU Computing Gems
 * 2, 2011), polished by Halley's method, of which one step triples the digits; where float32 has 1, it starts with fewer.
 */
export function erfinvOf(y: number): number {
  if (y === 1) return Infinity;
  if (y === -1) return -Infinity;
  if (!(y > -1 && y < 1)) return Number.NaN;
  if (y === 0) return y;
  const size = Math.abs(y);
  const w = -Math.log1p(-size * size);
  let x = 0;
  if (w < 16) {
    const coefficients = w < 5 ? NEAR : FAR;
    const at = w < 5 ? w - 2.5 : Math.sqrt(w) - 3;
    for (const c of coefficients) x = x * at + c;
    x *= size;
  } else {
    // Winitzki's, which has three digits everywhere.
    const t = 2 / (Math.PI * 0.147) - w / 2;
    x = Math.sqrt(Math.sqrt(t * t + w / 0.147) - t);
  }
  for (let left = w < 16 ? 1 : 3; left > 0; left--) {
    // In the tail, erfc keeps the digits that erf loses.
    const error = size < 0.5 ? erf(x) - size : 1 - size - erfc(x);
    const step = error / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
    x -= step / (1 + x * step);
  }
  return y < 0 ? -x : x;
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
  compute: digammaOf,
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.5, 3),
  vjp: (g, x) => mul(g, trigamma(x)),
});

/** ln |Γ(x)|. */
export const lgamma: UnaryFunction = unaryOp({
  name: 'lgamma',
  compute: lgammaOf,
  integers: 'float',
  reads: 'input',
  samples: unarySamples(0.5, 3),
  vjp: (g, x) => mul(g, digamma(x)),
});

/** The inverse of erf, for |x| < 1. */
export const erfinv: UnaryFunction = unaryOp({
  name: 'erfinv',
  compute: erfinvOf,
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
