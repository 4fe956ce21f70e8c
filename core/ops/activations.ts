/** Activation functions of networks. */
import { formatShape, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { type Binary, internalBinaryOp } from './binary.js';
import { where } from './choice.js';
import { eq, gt, logicalAnd, lt } from './comparison.js';
import { piecewise, smooth, toFloat } from './elementwise.js';
import { abs, exp, sigmoid, tanh } from './pointwise.js';
import { functionOp, type FunctionOp, type InPlaceOp, inPlaceOp, type SampleMaker } from './record.js';
import { reshapeTo } from './shape.js';
import { sliceDim } from './slicing.js';
import { type Unary, unaryOp } from './unary.js';

type GradientKernel = FunctionOp<Binary>;

/** g σ(x) (1 + x (1 − σ(x))): the derivative of silu from its input. */
export const siluGrad: GradientKernel = internalBinaryOp({
  name: 'siluGrad',
  compute: 'siluGrad',
  integers: 'float',
  a: { reads: 'b', vjp: (u, _g, x) => siluGrad(u, x) },
  b: {
    reads: 'ab',
    vjp: (u, g, x) => {
      const input = x as Tensor;
      const s = sigmoid(input);
      const slope = mul(s, sub(1, s));
      return mul(mul(u, g), mul(slope, add(mul(input, sub(1, mul(s, 2))), 2)));
    },
  },
});

/** x σ(x), also called swish. */
export const silu: InPlaceOp<Unary> = unaryOp({
  name: 'silu',
  torch: 'nn.functional.silu',
  compute: 'silu',
  integers: 'float',
  reads: 'input',
  vjp: (g, x) => siluGrad(g, x),
});

/** An activation with up to two named numbers. */
function activation<Names extends string>(
  description: {
    readonly name: string;
    readonly torch?: string;
    readonly parameters: readonly Names[];
    readonly defaults: readonly number[];
    readonly samples?: (make: SampleMaker) => readonly (readonly unknown[])[];
  },
  compute: (input: Tensor, a: number, b: number) => Tensor,
): InPlaceOp<Parametric<Names>> {
  const { name, parameters, defaults } = description;
  const [first = 0, second = 0] = defaults;
  return inPlaceOp<Parametric<Names>>(
    {
      name,
      torch: description.torch ?? `nn.functional.${name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}`,
      params: ['input', ...parameters],
      options: true,
      samples: description.samples ?? ((make) => [[make([2, 3])], [make([])], [make([0, 2])]]),
    },
    (input: Tensor, a = first, b = second) => compute(input, a, b),
  );
}

type Parametric<Names extends string> = (
  input: Tensor,
  a?: number | Partial<Record<Names, number>>,
  b?: number | Partial<Record<Names, number>>,
) => Tensor;

const leaky = piecewise({
  name: 'leakyRelu',
  f: (m, [x], [slope]) => m.select(m.gt(x, m.number(0)), x, m.mul(x, slope)),
  gradient: (m, [g, x], [slope]) => m.select(m.gt(x, m.number(0)), g, m.mul(g, slope)),
});

/** x if positive, else negativeSlope · x (0.01). */
export const leakyRelu: InPlaceOp<Parametric<'negativeSlope'>> = activation(
  { name: 'leakyRelu', parameters: ['negativeSlope'], defaults: [0.01] },
  (x, slope) => leaky(toFloat(x), slope),
);

const between = piecewise({
  name: 'hardtanh',
  // The upper limit is applied last, which matters where the limits are crossed.
  f: (m, [x], [low, high]) => m.min(m.max(x, low), high),
  gradient: (m, [g, x], [low, high]) => m.select(m.and(m.gt(x, low), m.lt(x, high)), g, m.number(0)),
});

/** x cut off at minVal (−1) and maxVal (1). */
export const hardtanh: InPlaceOp<Parametric<'minVal' | 'maxVal'>> = activation(
  { name: 'hardtanh', parameters: ['minVal', 'maxVal'], defaults: [-1, 1] },
  (x, low, high) => between(toFloat(x), low, high),
);

/** min(max(x, 0), 6). */
export const relu6: InPlaceOp<Parametric<never>> = activation(
  { name: 'relu6', torch: 'nn.functional.relu6', parameters: [], defaults: [] },
  (x) => between(toFloat(x), 0, 6),
);

const sixth = piecewise({
  name: 'hardsigmoid',
  f: (m, [x]) => m.min(m.max(m.add(m.div(x, m.number(6)), m.number(0.5)), m.number(0)), m.number(1)),
  gradient: (m, [g, x]) => m.select(m.lt(m.unary('abs', x), m.number(3)), m.div(g, m.number(6)), m.number(0)),
});

/** x / 6 + ½ cut off at 0 and 1. */
export const hardsigmoid: InPlaceOp<Parametric<never>> = activation(
  { name: 'hardsigmoid', parameters: [], defaults: [] },
  (x) => sixth(toFloat(x)),
);

const swish = smooth({
  name: 'hardswish',
  f: (m, [x]) => {
    const factor = m.min(m.max(m.add(x, m.number(3)), m.number(0)), m.number(6));
    return m.div(m.mul(x, factor), m.number(6));
  },
  gradient: (m, [g, x]) => {
    const middle = m.add(m.div(x, m.number(3)), m.number(0.5));
    const upper = m.select(m.gt(x, m.number(3)), m.number(1), middle);
    return m.mul(g, m.select(m.lt(x, m.number(-3)), m.number(0), upper));
  },
  // At −3 and 3 PyTorch takes the slope of the middle piece, and its derivative as 0.
  vjp: (g, x) => {
    const inside = logicalAnd(gt(x, -3), lt(x, 3));
    const middle = (z: Tensor): Tensor => add(div(z, 3), 0.5);
    const slope = where(inside, middle(x), where(lt(x, -3), 0, where(gt(x, 3), 1, middle(x.detach()))));
    return mul(g, slope);
  },
});

/** x · hardsigmoid(x). */
export const hardswish: InPlaceOp<Parametric<never>> = activation(
  { name: 'hardswish', parameters: [], defaults: [] },
  (x) => swish(x),
);

const hard = piecewise({
  name: 'hardshrink',
  f: (m, [x], [lambda]) => m.select(m.le(m.unary('abs', x), lambda), m.number(0), x),
  gradient: (m, [g, x], [lambda]) => m.select(m.le(m.unary('abs', x), lambda), m.number(0), g),
});

/** x where |x| is above lambd (0.5), else 0. */
export const hardshrink: InPlaceOp<Parametric<'lambd'>> = activation(
  { name: 'hardshrink', parameters: ['lambd'], defaults: [0.5] },
  (x, lambda) => hard(toFloat(x), lambda),
);

const soft = piecewise({
  name: 'softshrink',
  f: (m, [x], [lambda]) => m.sub(x, m.min(m.max(x, m.sub(m.number(0), lambda)), lambda)),
  gradient: (m, [g, x], [lambda]) => m.select(m.le(m.unary('abs', x), lambda), m.number(0), g),
});

/** x moved towards 0 by lambd (0.5), but not beyond. */
export const softshrink: InPlaceOp<Parametric<'lambd'>> = activation(
  { name: 'softshrink', parameters: ['lambd'], defaults: [0.5] },
  (x, lambda) => soft(toFloat(x), lambda),
);

const above = piecewise({
  name: 'threshold',
  f: (m, [x], [limit, value]) => m.select(m.le(x, limit), value, x),
  gradient: (m, [g, x], [limit]) => m.select(m.le(x, limit), m.number(0), g),
});

/** x where it is above the threshold, else the value. */
export const threshold: InPlaceOp<(input: Tensor, threshold: number, value: number) => Tensor> = inPlaceOp<
  (input: Tensor, threshold: number, value: number) => Tensor
>(
  {
    name: 'threshold',
    torch: 'nn.functional.threshold',
    params: ['input', 'threshold', 'value'],
    samples: (make) => [[make([2, 3]), 0.1, 20]],
  },
  (input, limit, value) => above(input, limit, value),
);

const shrinking = smooth({
  name: 'tanhshrink',
  dear: true,
  f: (m, [x]) => m.sub(x, m.unary('tanh', x)),
  gradient: (m, [g, x]) => m.mul(g, m.unary('square', m.unary('tanh', x))),
  vjp: (g, x) => {
    const t = tanh(x);
    return mul(g, mul(t, t));
  },
});

/** x − tanh(x). */
export const tanhshrink: InPlaceOp<Parametric<never>> = activation(
  { name: 'tanhshrink', parameters: [], defaults: [] },
  (x) => shrinking(x),
);

const softSign = smooth({
  name: 'softsign',
  f: (m, [x]) => m.div(x, m.add(m.unary('abs', x), m.number(1))),
  gradient: (m, [g, x]) => m.div(g, m.unary('square', m.add(m.unary('abs', x), m.number(1)))),
  vjp: (g, x) => {
    const d = add(abs(x), 1);
    return div(g, mul(d, d));
  },
});

/** x / (1 + |x|). */
export const softsign: InPlaceOp<Parametric<never>> = activation(
  { name: 'softsign', parameters: [], defaults: [] },
  (x) => softSign(x),
);

const softPlus = smooth({
  name: 'softplus',
  dear: true,
  // The kernel is x itself above 20.
  f: (m, [x], [beta, limit]) => {
    const scaled = m.keep(m.mul(x, beta));
    return m.select(m.gt(scaled, limit), x, m.div(m.unary('softplus', scaled), beta));
  },
  gradient: (m, [g, x], [beta, limit]) => {
    const scaled = m.keep(m.mul(x, beta));
    return m.select(m.gt(scaled, limit), g, m.mul(g, m.unary('sigmoid', scaled)));
  },
  vjp: (g, x, [beta = 1, limit = 20]) => {
    const scaled = mul(x, beta);
    return where(gt(scaled, limit), g, mul(g, sigmoid(scaled)));
  },
});

/** ln(1 + exp(beta x)) / beta, which is x itself where beta x is above the threshold (20). */
export const softplus: InPlaceOp<Parametric<'beta' | 'threshold'>> = activation(
  { name: 'softplus', parameters: ['beta', 'threshold'], defaults: [1, 20] },
  (x, beta, limit) => softPlus(x, beta, limit),
);

const exponentialUnit = smooth({
  name: 'elu',
  dear: true,
  // s x above 0, and below it s a (exp(b x) − 1).
  f: (m, [x], [a, b, s]) =>
    m.mul(m.select(m.gt(x, m.number(0)), x, m.mul(m.unary('expm1', m.mul(x, b)), a)), s),
  gradient: (m, [g, x], [a, b, s]) => {
    const below = m.mul(m.unary('exp', m.mul(x, b)), m.mul(a, b));
    return m.mul(g, m.mul(m.select(m.gt(x, m.number(0)), m.number(1), below), s));
  },
  // At 0 the slope is a b, and by PyTorch's convention constant: its derivative there is 0.
  vjp: (g, x, [a = 1, b = 1, s = 1]) => {
    const below = mul(exp(mul(x, b)), a * b * s);
    return mul(g, where(lt(x, 0), below, where(eq(x, 0), a * b * s, where(gt(x, 0), s, x))));
  },
});

/** x if positive, else alpha (eˣ − 1). */
export const elu: InPlaceOp<Parametric<'alpha'>> = activation(
  { name: 'elu', parameters: ['alpha'], defaults: [1] },
  (x, alpha) => exponentialUnit(x, alpha, 1, 1),
);

/** x if positive, else alpha (exp(x / alpha) − 1). */
export const celu: InPlaceOp<Parametric<'alpha'>> = activation(
  { name: 'celu', parameters: ['alpha'], defaults: [1] },
  (x, alpha) => exponentialUnit(x, alpha, 1 / alpha, 1),
);

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** 1.0507 · elu(x) with alpha 1.6733: keeps mean 0 and variance 1 through layers. */
export const selu: InPlaceOp<Parametric<never>> = activation(
  { name: 'selu', parameters: [], defaults: [] },
  (x) => exponentialUnit(x, SELU_ALPHA, 1, SELU_SCALE),
);

const gated = smooth({
  name: 'mish',
  dear: true,
  f: (m, [x]) => m.mul(x, m.unary('tanh', m.unary('softplus', x))),
  gradient: (m, [g, x]) => {
    const t = m.keep(m.unary('tanh', m.unary('softplus', x)));
    const rest = m.mul(m.sub(m.number(1), m.mul(t, t)), m.unary('sigmoid', x));
    return m.mul(g, m.add(t, m.mul(x, rest)));
  },
  vjp: (g, x) => {
    const t = tanh(softPlus(x, 1, 20));
    return mul(g, add(t, mul(x, mul(sub(1, mul(t, t)), sigmoid(x)))));
  },
});

/** x tanh(softplus(x)). */
export const mish: InPlaceOp<Parametric<never>> = activation(
  { name: 'mish', parameters: [], defaults: [] },
  (x) => gated(x),
);

type Prelu = (input: Tensor, weight: Tensor) => Tensor;

/**
 * x if positive, else weight · x with one learned weight, or one for each channel (dimension 1).
 * @throws RangeError if the number of weights is neither 1 nor the number of channels
 */
export const prelu: FunctionOp<Prelu> = functionOp<Prelu>(
  {
    name: 'prelu',
    torch: 'nn.functional.prelu',
    params: ['input', 'weight'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([3])],
      [make([2, 3]), make([1])],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([2])], message: /2 weights/ }],
  },
  (input: Tensor, weight: Tensor) => {
    const count = weight.numel();
    const channels = input.ndim > 1 ? input.shape[1] : 1;
    if (count !== 1 && count !== channels) {
      throw new RangeError(
        `prelu: ${count} weights for an input of shape ${formatShape(input.shape)}; give 1 or ${channels}`,
      );
    }
    const factors = reshapeTo(
      weight,
      count === 1 ? [] : [count, ...new Array<number>(input.ndim - 2).fill(1)],
    );
    return where(gt(input, 0), input, mul(input, factors));
  },
);

type Glu = (input: Tensor, dim?: number | { dim?: number }) => Tensor;

/** a σ(b), where a and b are the two halves of a dimension (the last). */
export const glu: FunctionOp<Glu> = functionOp<Glu>(
  {
    name: 'glu',
    torch: 'nn.functional.glu',
    params: ['input', 'dim'],
    options: true,
    samples: (make) => [[make([2, 4])], [make([2, 3]), 0]],
    errors: (make) => [{ args: [make([2, 3])], message: /even size/ }],
  },
  (input: Tensor, dim = -1) => {
    const at = wrapDim('glu', dim, input.ndim);
    const size = input.ndim === 0 ? 1 : input.shape[at];
    if (size % 2 !== 0) {
      throw new RangeError(
        `glu: dimension ${dim} of shape ${formatShape(input.shape)} must have an even size`,
      );
    }
    return mul(sliceDim(input, at, 0, size / 2), sigmoid(sliceDim(input, at, size / 2, size / 2)));
  },
);
