/** Unary functions of one float64; float32 results are these, rounded. */
import { computesInJavaScript } from '../recording.js';
import type { FloatElement, Ptr, Strided, UnaryFunction, UnaryOp } from '../api.js';
import { collapse, forEachTurn } from '../nest.js';
import { erf, erfc, roundHalfEven } from '../special.js';
import { elementBytes, views } from '../views.js';

const SQRT_HALF = Math.SQRT1_2;
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

export function sigmoid(x: number): number {
  const power = Math.exp(-Math.abs(x));
  return (x < 0 ? power : 1) / (1 + power);
}

export const unaryFunctions = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  cube: (x) => x * x * x,
  exp: Math.exp,
  expm1: Math.expm1,
  exp2: (x) => Math.pow(2, x),
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  sigmoid,
  relu: (x) => (x > 0 || Number.isNaN(x) ? x : 0),
  /** log(1 + exp(x)), and x itself above 20, as PyTorch does. */
  softplus: (x) => (x > 20 ? x : Math.log1p(Math.exp(x))),
  logsigmoid: (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))),
  silu: (x) => x * sigmoid(x),
  gelu: (x) => 0.5 * x * erfc(-x * SQRT_HALF),
  /** x (1 + tanh u) / 2, which is x sigmoid(2 u). */
  geluTanh: (x) => x * sigmoid(2 * SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)),
  erf,
  erfc,
  sinc: (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)),
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  trunc: Math.trunc,
  frac: (x) => x - Math.trunc(x),
} satisfies Record<UnaryOp, (x: number) => number>;

export function unary(
  op: UnaryOp,
  element: FloatElement,
  shape: readonly number[],
  x: Strided,
  out: Ptr,
): void {
  computesInJavaScript();
  const f = unaryFunctions[op];
  const array = views[element];
  const start = x.ptr / elementBytes[element];
  let to = out / elementBytes[element];
  const nest = collapse(shape, [x.strides]);
  const n = nest.sizes[0];
  const step = nest.strides[0][0];
  forEachTurn(nest, 1, (offsets) => {
    let from = start + offsets[0];
    for (let i = 0; i < n; i++, from += step) array[to++] = f(array[from]);
  });
}

export function unaryFlat(op: UnaryOp, element: FloatElement, n: number, x: Ptr, out: Ptr): void {
  unary(op, element, [n], { ptr: x, strides: [1] }, out);
}

export function unaryFunction(op: UnaryOp, element: FloatElement): UnaryFunction {
  return (x, out, _rows, columns) => {
    unaryFlat(op, element, columns, x, out);
  };
}
