/** The activation GELU (Hendrycks and Gimpel, 2016), exact and by tanh. */
import type { Tensor } from '../tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { type Binary, internalBinaryOp } from './binary.js';
import { exp, tanh } from './pointwise.js';
import { functionOp, type FunctionOp } from './record.js';
import { internalUnaryOp, type Unary } from './unary.js';

/** The normal distribution's density. */
function density(x: Tensor): Tensor {
  return mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
}

/** g (Φ(x) + x φ(x)): the derivative of gelu from its input. */
export const geluGrad: FunctionOp<Binary> = internalBinaryOp({
  name: 'geluGrad',
  compute: 'geluGrad',
  integers: 'float',
  a: { reads: 'b', vjp: (u, _g, x) => geluGrad(u, x) },
  b: {
    reads: 'ab',
    vjp: (u, g, x) => {
      const input = x as Tensor;
      return mul(mul(u, g), mul(density(input), sub(2, mul(input, input))));
    },
  },
});

const exactGelu: FunctionOp<Unary> = internalUnaryOp({
  name: 'geluExact',
  compute: 'gelu',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => geluGrad(g, x),
});

const CUBE = 0.044715;
const ROOT = Math.sqrt(2 / Math.PI);

const tanhGelu: FunctionOp<Unary> = internalUnaryOp({
  name: 'geluTanh',
  compute: 'geluTanh',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => {
    const t = tanh(mul(add(x, mul(mul(mul(x, x), x), CUBE)), ROOT));
    const inner = mul(add(mul(mul(x, x), 3 * CUBE), 1), ROOT);
    const slope = add(mul(add(t, 1), 0.5), mul(mul(mul(x, 0.5), sub(1, mul(t, t))), inner));
    return mul(g, slope);
  },
});

export interface GeluOptions {
  /** 'tanh' for the approximation by tanh. Default 'none'. */
  approximate?: 'none' | 'tanh';
}

type Gelu = (input: Tensor, options?: GeluOptions) => Tensor;

/** x Φ(x) with the normal distribution function Φ. */
export const gelu: FunctionOp<Gelu> = functionOp<Gelu>(
  {
    name: 'gelu',
    torch: 'nn.functional.gelu',
    params: ['input', 'approximate'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), { approximate: 'tanh' }]],
    errors: (make) => [{ args: [make([2]), { approximate: 'erf' }], message: /'none' or 'tanh'/ }],
  },
  (input: Tensor, approximate = 'none') => {
    if (approximate === 'none') return exactGelu(input);
    if (approximate === 'tanh') return tanhGelu(input);
    throw new TypeError(`gelu: approximate is 'none' or 'tanh', got '${approximate}'`);
  },
);
