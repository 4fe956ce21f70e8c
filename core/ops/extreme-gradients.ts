/** Gradients of the larger and the smaller of two elements. */
import { formula } from '../kernels/formula.js';
import type { Tensor } from '../tensor.js';
import { div } from './arithmetic.js';
import { where } from './choice.js';
import { eq, ge, gt, le, logicalNot, logicalOr, lt } from './comparison.js';
import { areFloats, evaluate, isPlain } from './formulas.js';
import { isTensor, type Operand } from './operand.js';

type Share = (grad: Tensor, a: Operand, b: Operand) => Tensor;

/** The gradient of the first operand where it is chosen; shared equally where both are equal. */
function chosen(name: string, isLarger: boolean): Share {
  const share = formula(`${name}Backward`, 3, (m, [g, x, z]) => {
    const tied = m.select(m.eq(x, z), m.div(g, m.number(2)), m.number(0));
    return m.select(isLarger ? m.gt(x, z) : m.lt(x, z), g, tied);
  });
  return (grad, own, other) => {
    if (isPlain() && isTensor(own) && isTensor(other) && areFloats(own, other) && areFloats(own, grad))
      return evaluate(share, [], grad, own, other);
    const won = isLarger ? gt(own, other) : lt(own, other);
    return where(won, grad, where(eq(own, other), div(grad, 2), 0));
  };
}

export const ofLarger: Share = chosen('maximum', true);
export const ofSmaller: Share = chosen('minimum', false);

/** The gradient of one operand where the first is chosen: because it is not beaten, or the second is NaN. */
function preferred(name: 'fmax' | 'fmin', isFirst: boolean): Share {
  const share = formula(`${name}Backward`, 3, (m, [g, x, z]) => {
    const first = m.or(name === 'fmax' ? m.ge(x, z) : m.le(x, z), m.not(m.eq(z, z)));
    return isFirst ? m.select(first, g, m.number(0)) : m.select(first, m.number(0), g);
  });
  return (grad, a, b) => {
    if (isPlain() && isTensor(a) && isTensor(b) && areFloats(a, b) && areFloats(a, grad))
      return evaluate(share, [], grad, a, b);
    const first = logicalOr(name === 'fmax' ? ge(a, b) : le(a, b), logicalNot(eq(b, b)));
    return isFirst ? where(first, grad, 0) : where(first, 0, grad);
  };
}

export const fmaxFirst: Share = preferred('fmax', true);
export const fmaxSecond: Share = preferred('fmax', false);
export const fminFirst: Share = preferred('fmin', true);
export const fminSecond: Share = preferred('fmin', false);
