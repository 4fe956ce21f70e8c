/** Sums of a tensor and a product or quotient of two others as one node of the graph, where elements are few. */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { isWideFloat } from '../dtype.js';
import { formula } from '../kernels/formula.js';
import { sameShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { div, mul } from './arithmetic.js';
import { evaluate } from './formulas.js';
import { fused } from './fused.js';
import type { Primitive } from './primitive.js';

/** input + value · tensor1 · tensor2 or tensor1 / tensor2, as one node of the graph. */
function withAddend(name: 'addcmul' | 'addcdiv'): Primitive<number> {
  const divides = name === 'addcdiv';
  const whole = formula(name, 3, (m, [x, a, b], [value]) =>
    m.add(x, m.mul(value, divides ? m.div(a, b) : m.mul(a, b))),
  );
  const scaled = (x: Tensor, value: number): Tensor => (value === 1 ? x : mul(x, value));
  const byDivisor = fused(`${name}Backward`, (g: Tensor, a: Tensor, b: Tensor, factor: number) =>
    mul(div(mul(g, a), mul(b, b)), factor),
  );
  return {
    name,
    reads: [[], [2], divides ? [1, 2] : [1]],
    forward: ([x, a, b], value) => evaluate(whole, [value], x, a, b),
    vjp: (grad, context) => {
      const value = context.attributes;
      let byA: Tensor | null = null;
      let byB: Tensor | null = null;
      if (context.needs(1)) {
        const b = context.input(2);
        byA = scaled(divides ? div(grad, b) : mul(grad, b), value);
      }
      if (context.needs(2)) {
        const a = context.input(1);
        const b = divides ? context.input(2) : null;
        byB = b === null ? scaled(mul(grad, a), value) : byDivisor.call(grad, a, b, -value);
      }
      return [context.needs(0) ? grad : null, byA, byB];
    },
  };
}

export const productAdded = withAddend('addcmul');
export const quotientAdded = withAddend('addcdiv');

/** Up to so many elements, where what is computed later would not be. */
const AT_ONCE = 4096;

/** Whether all is one node: outside of function transforms, of floats of one dtype and shape. */
export function isOneNode(x: Tensor, a: Tensor, b: Tensor): boolean {
  const { layout, dtype } = x;
  if (levels.top !== null || !isWideFloat(dtype) || a.dtype !== dtype || b.dtype !== dtype) return false;
  if (layout.size > AT_ONCE || gradMode.watch !== null) return false;
  return sameShape(a.layout.shape, layout.shape) && sameShape(b.layout.shape, layout.shape);
}
