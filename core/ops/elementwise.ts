/** Primitives of one operand with parameters: a formula, and a derivative that is a formula where nobody differentiates it. */
import { isFloat, toFloatType } from '../dtype.js';
import { formula, type Rule } from '../kernels/formula.js';
import type { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { evaluate, isPlain } from './formulas.js';
import { apply, type Primitive } from './primitive.js';

/** An op's parameters: at most three numbers. */
export type Parameters3 = readonly [number?, number?, number?];

interface Shared {
  readonly name: string;
  /** The value of an element; the numbers are the op's parameters. */
  readonly f: Rule;
  /** The gradient of the input, of two operands: the gradient of the output, and the input. */
  readonly gradient: Rule;
  /** Whether there is more to compute than a few instructions. */
  readonly dear?: boolean;
}

export interface SmoothDescription extends Shared {
  /** The gradient of the input again, in differentiable ops: for derivatives of higher order. */
  readonly vjp: (grad: Tensor, x: Tensor, parameters: Parameters3) => Tensor;
}

/** A smooth function, applied to float tensors (integers are converted). */
export function smooth(description: SmoothDescription): (x: Tensor, ...parameters: Parameters3) => Tensor {
  const { name, f, gradient, vjp, dear } = description;
  const value = formula(name, 1, f, { dear });
  const slope = formula(`${name}Backward`, 2, gradient, { dear });
  const primitive: Primitive<Parameters3> = {
    name,
    reads: [[0]],
    forward: ([x], parameters) => evaluate(value, parameters, x),
    vjp: (grad, context) => {
      const x = context.input(0);
      return [
        isPlain() && grad.dtype === x.dtype
          ? evaluate(slope, context.attributes, grad, x)
          : vjp(grad, x, context.attributes),
      ];
    },
    jvp: 'elementwise',
    batch: 'elementwise',
  };
  return (x, ...parameters) => apply(primitive, [toFloat(x)], parameters);
}

export function toFloat(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : cast(x, toFloatType(x.dtype));
}

/** A function of straight pieces: its derivative is constant between its kinks, and its second derivative 0. */
export function piecewise(description: Shared): (x: Tensor, ...parameters: Parameters3) => Tensor {
  const { name, f, gradient, dear } = description;
  const value = formula(name, 1, f, { dear });
  const slope = formula(`${name}Backward`, 2, gradient, { dear });
  const gradientPrimitive: Primitive<Parameters3> = {
    name: `${name}Backward`,
    reads: [[1], []],
    forward: ([grad, x], parameters) => evaluate(slope, parameters, grad, x),
    vjp: (grad, context) => [apply(gradientPrimitive, [grad, context.input(1)], context.attributes), null],
    jvp: ([tangent], context) =>
      tangent === null ? null : apply(gradientPrimitive, [tangent, context.input(1)], context.attributes),
    batch: 'elementwise',
  };
  const primitive: Primitive<Parameters3> = {
    name,
    reads: [[0]],
    forward: ([x], parameters) => evaluate(value, parameters, x),
    vjp: (grad, context) => [apply(gradientPrimitive, [grad, context.input(0).detach()], context.attributes)],
    jvp: 'elementwise',
    batch: 'elementwise',
  };
  return (x, ...parameters) => apply(primitive, [toFloat(x)], parameters);
}
