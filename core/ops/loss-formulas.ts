/** The losses that are one pass over input and target. */
import type { Algebra } from '../kernels/formula.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, neg, sub } from './arithmetic.js';
import { where } from './choice.js';
import { lt } from './comparison.js';
import { pairLoss } from './pair-losses.js';
import { abs, sigmoid, sign } from './pointwise.js';

/** (x − t)² */
export const squaredError = pairLoss({
  name: 'mseLoss',
  f: (m, [x, t]) => m.unary('square', m.sub(x, t)),
  gradients: [
    (m, [g, x, t]) => m.mul(g, m.mul(m.sub(x, t), m.number(2))),
    (m, [g, x, t]) => m.mul(g, m.mul(m.sub(t, x), m.number(2))),
  ],
  slopes: [(x, t) => mul(sub(x, t), 2), (x, t) => mul(sub(t, x), 2)],
});

/** |x − t| */
export const absoluteError = pairLoss({
  name: 'l1Loss',
  f: (m, [x, t]) => m.unary('abs', m.sub(x, t)),
  gradients: [
    (m, [g, x, t]) => m.mul(g, m.unary('sign', m.sub(x, t))),
    (m, [g, x, t]) => m.mul(g, m.unary('sign', m.sub(t, x))),
  ],
  slopes: [(x, t) => sign(sub(x, t)), (x, t) => sign(sub(t, x))],
});

/** The derivative of the smooth distance: d / beta below beta, ±1 above. */
function smoothSlope(d: Tensor, beta: number): Tensor {
  return where(lt(abs(d), beta), div(d, beta), sign(d));
}

function smoothSlopeOf<V, C>(m: Algebra<V, C>, difference: V, beta: V): V {
  const d = m.keep(difference);
  return m.select(m.lt(m.unary('abs', d), beta), m.div(d, beta), m.unary('sign', d));
}

/** ½ d² / beta where d = |x − t| is below beta, else d − ½ beta. */
export const smoothError = pairLoss({
  name: 'smoothL1Loss',
  f: (m, [x, t], [beta]) => {
    const d = m.keep(m.unary('abs', m.sub(x, t)));
    const near = m.div(m.mul(m.mul(d, d), m.number(0.5)), beta);
    return m.select(m.lt(d, beta), near, m.sub(d, m.mul(beta, m.number(0.5))));
  },
  gradients: [
    (m, [g, x, t], [beta]) => m.mul(g, smoothSlopeOf(m, m.sub(x, t), beta)),
    (m, [g, x, t], [beta]) => m.mul(g, smoothSlopeOf(m, m.sub(t, x), beta)),
  ],
  slopes: [(x, t, beta) => smoothSlope(sub(x, t), beta), (x, t, beta) => smoothSlope(sub(t, x), beta)],
});

function huberSlope(d: Tensor, delta: number): Tensor {
  return where(lt(abs(d), delta), d, mul(sign(d), delta));
}

function huberSlopeOf<V, C>(m: Algebra<V, C>, difference: V, delta: V): V {
  const d = m.keep(difference);
  return m.select(m.lt(m.unary('abs', d), delta), d, m.mul(m.unary('sign', d), delta));
}

/** ½ d² where d = |x − t| is below delta, else delta (d − ½ delta). */
export const huberError = pairLoss({
  name: 'huberLoss',
  f: (m, [x, t], [delta]) => {
    const d = m.keep(m.unary('abs', m.sub(x, t)));
    const far = m.mul(m.sub(d, m.mul(delta, m.number(0.5))), delta);
    return m.select(m.lt(d, delta), m.mul(m.mul(d, d), m.number(0.5)), far);
  },
  gradients: [
    (m, [g, x, t], [delta]) => m.mul(g, huberSlopeOf(m, m.sub(x, t), delta)),
    (m, [g, x, t], [delta]) => m.mul(g, huberSlopeOf(m, m.sub(t, x), delta)),
  ],
  slopes: [(x, t, delta) => huberSlope(sub(x, t), delta), (x, t, delta) => huberSlope(sub(t, x), delta)],
});

/** −t ln σ(x) − (1 − t) ln(1 − σ(x)) = (1 − t) x − ln σ(x) */
export const logitsEntropy = pairLoss({
  name: 'binaryCrossEntropyWithLogits',
  dear: true,
  f: (m, [x, t]) => m.sub(m.mul(m.sub(m.number(1), t), x), m.unary('logsigmoid', x)),
  gradients: [
    (m, [g, x, t]) => m.mul(g, m.sub(m.unary('sigmoid', x), t)),
    (m, [g, x]) => m.mul(g, m.sub(m.number(0), x)),
  ],
  slopes: [(x, t) => sub(sigmoid(x), t), (x) => neg(x)],
});

/** t (ln t − x), and 0 where t is 0. */
export const divergence = pairLoss({
  name: 'klDiv',
  dear: true,
  f: (m, [x, t]) => {
    const entropy = m.select(m.eq(t, m.number(0)), m.number(0), m.mul(t, m.unary('log', t)));
    return m.sub(entropy, m.mul(t, x));
  },
  gradients: [
    (m, [g, , t]) => m.mul(g, m.sub(m.number(0), t)),
    (m, [g, x, t]) => m.mul(g, m.sub(m.add(m.unary('log', t), m.div(t, t)), x)),
  ],
  slopes: [(_, t) => neg(t), (x, t) => sub(add(t.log(), div(t, t)), x)],
});

/** ln(1 + exp(−t x)) */
export const softMargin = pairLoss({
  name: 'softMarginLoss',
  dear: true,
  f: (m, [x, t]) => m.sub(m.number(0), m.unary('logsigmoid', m.mul(x, t))),
  gradients: [
    (m, [g, x, t]) => m.mul(g, m.mul(t, m.sub(m.unary('sigmoid', m.mul(x, t)), m.number(1)))),
    (m, [g, x, t]) => m.mul(g, m.mul(x, m.sub(m.unary('sigmoid', m.mul(x, t)), m.number(1)))),
  ],
  slopes: [(x, t) => mul(t, sub(sigmoid(mul(x, t)), 1)), (x, t) => mul(x, sub(sigmoid(mul(x, t)), 1))],
});

/** −t ln x − (1 − t) ln(1 − x), with logarithms kept above −100; of probabilities that were checked. */
export const probabilityEntropy = pairLoss({
  name: 'binaryCrossEntropy',
  dear: true,
  f: (m, [x, t]) => {
    const least = m.number(-100);
    const ofOne = m.mul(t, m.max(m.unary('log', x), least));
    const ofZero = m.mul(m.sub(t, m.number(1)), m.max(m.unary('log1p', m.sub(m.number(0), x)), least));
    return m.sub(ofZero, ofOne);
  },
  gradients: [
    (m, [g, x, t]) => {
      const spread = m.mul(m.sub(m.number(1), x), x);
      return m.div(m.mul(g, m.sub(x, t)), m.max(spread, m.number(1e-12)));
    },
    (m, [g, x]) => m.mul(g, m.sub(m.unary('log', m.sub(m.number(1), x)), m.unary('log', x))),
  ],
  slopes: [(x, t) => div(sub(x, t), mul(sub(1, x), x).clampMin(1e-12)), (x) => sub(sub(1, x).log(), x.log())],
});
