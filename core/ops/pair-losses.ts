/** Losses of elements of an input and a target of one shape, whose sum or mean is one pass over both. */
import { gradMode } from '../autograd/mode.js';
import { levels } from '../autograd/levels/wrapped.js';
import { formula, type Rule } from '../kernels/formula.js';
import { sameShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { mul } from './arithmetic.js';
import { areFloats, evaluate, evaluateSum, isPlain } from './formulas.js';
import type { Reduction } from './losses.js';
import { apply, type Primitive } from './primitive.js';

export interface PairLoss {
  readonly name: string;
  /** The loss of an element: operands are input and target, the number is the loss's parameter. */
  readonly f: Rule;
  /** Derivatives of that by the input and by the target; operands are the gradient, input and target. */
  readonly gradients: readonly [Rule, Rule];
  /** The derivatives without the gradient's factor, in differentiable ops: for derivatives of higher order. */
  readonly slopes: readonly [
    (input: Tensor, target: Tensor, parameter: number) => Tensor,
    (input: Tensor, target: Tensor, parameter: number) => Tensor,
  ];
  /** Whether there is more to compute than a few instructions. */
  readonly dear?: boolean;
}

interface Attributes {
  /** What the sum is divided by; 0 where elements keep their losses. */
  readonly divisor: number;
  readonly parameter: number;
}

function divisorOf(reduction: Reduction, size: number): number | null {
  switch (reduction) {
    case 'none':
      return 0;
    case 'sum':
      return 1;
    case 'mean':
      return size;
    default:
      return null;
  }
}

type Call = (input: Tensor, target: Tensor, reduction: Reduction, parameter?: number) => Tensor | null;

/**
 * The loss as one node, or null where the composed ops are to be used: for shapes that broadcast, mixed dtypes, inside
 * of function transforms, and for reductions that do not exist.
 */
export function pairLoss({ name, f, gradients, slopes, dear }: PairLoss): Call {
  const losses = formula(name, 2, f, { dear });
  const partial = gradients.map((rule) =>
    formula(
      `${name}Backward`,
      3,
      // The second number is what a mean multiplies the gradient by.
      (m, [g, x, t], [parameter, factor]) => rule(m, [m.keep(m.mul(g, factor)), x, t], [parameter]),
      { dear },
    ),
  );
  const primitive: Primitive<Attributes> = {
    name,
    reads: [
      [0, 1],
      [0, 1],
    ],
    forward: ([x, t], { divisor, parameter }) =>
      divisor === 0 ? evaluate(losses, [parameter], x, t) : evaluateSum(losses, divisor, [parameter], x, t),
    vjp: (grad, context) => {
      const { divisor, parameter } = context.attributes;
      const x = context.input(0);
      const t = context.input(1);
      const factor = divisor === 0 ? 1 : 1 / divisor;
      return [0, 1].map((i) => {
        if (!context.needs(i)) return null;
        if (isPlain() && grad.dtype === x.dtype) return evaluate(partial[i], [parameter, factor], grad, x, t);
        return mul(mul(grad, factor), slopes[i](x, t, parameter));
      });
    },
  };
  return (input, target, reduction, parameter = 0) => {
    if (levels.top !== null || (gradMode.watch !== null && !gradMode.watch.passive)) return null;
    if (!areFloats(input, target) || !sameShape(input.layout.shape, target.layout.shape)) return null;
    const { size } = input.layout;
    // The mean of nothing is NaN, which the composed ops say.
    if (size === 0) return null;
    const divisor = divisorOf(reduction, size);
    if (divisor === null) return null;
    return apply(primitive, [input, target], { divisor, parameter });
  };
}
