/** Primitives of one operand with parameters, whose values are composed of kernels and whose derivatives are their own. */
import { isFloat, toFloatType } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';

/** An op's parameters: at most two numbers. */
export type Parameters2 = readonly [number?, number?];

export interface SmoothDescription {
  readonly name: string;
  /** The value; runs unrecorded. The numbers are the op's parameters. */
  readonly f: (x: Tensor, a: number, b: number) => Tensor;
  readonly reads: 'input' | 'output' | 'both';
  /** The gradient of the input, in differentiable ops. What is not read is not there: the gradient stands in for it. */
  readonly vjp: (grad: Tensor, x: Tensor, y: Tensor, parameters: Parameters2) => Tensor;
}

/** A smooth function, applied to float tensors (integers are converted). */
export function smooth(description: SmoothDescription): (x: Tensor, ...parameters: Parameters2) => Tensor {
  const { name, f, reads, vjp } = description;
  const read = { input: [0], output: [OUTPUT], both: [0, OUTPUT] }[reads];
  const primitive: Primitive<Parameters2> = {
    name,
    reads: [read],
    forward: ([x], [a = 0, b = 0]) => f(x.detach(), a, b),
    vjp: (grad, context) => [
      vjp(
        grad,
        reads === 'output' ? grad : context.input(0),
        reads === 'input' ? grad : context.output(),
        context.attributes,
      ),
    ],
    jvp: 'elementwise',
    batch: 'elementwise',
  };
  return (x, ...parameters) => apply(primitive, [toFloat(x)], parameters);
}

export function toFloat(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : cast(x, toFloatType(x.dtype));
}

export interface PiecewiseDescription {
  readonly name: string;
  readonly f: (x: Tensor, a: number, b: number) => Tensor;
  /** The gradient times the derivative, which is constant between the function's kinks. */
  readonly gradient: (grad: Tensor, x: Tensor, a: number, b: number) => Tensor;
}

/** A function of straight pieces: its derivative is piecewise constant, and its second derivative 0. */
export function piecewise(
  description: PiecewiseDescription,
): (x: Tensor, ...parameters: Parameters2) => Tensor {
  const { name, f, gradient } = description;
  const gradientPrimitive: Primitive<Parameters2> = {
    name: `${name}Backward`,
    reads: [[1], []],
    forward: ([grad, x], [a = 0, b = 0]) => gradient(grad.detach(), x.detach(), a, b),
    vjp: (grad, context) => [apply(gradientPrimitive, [grad, context.input(1)], context.attributes), null],
    jvp: ([tangent], context) =>
      tangent === null ? null : apply(gradientPrimitive, [tangent, context.input(1)], context.attributes),
    batch: 'elementwise',
  };
  const primitive: Primitive<Parameters2> = {
    name,
    reads: [[0]],
    forward: ([x], [a = 0, b = 0]) => f(x.detach(), a, b),
    vjp: (grad, context) => [apply(gradientPrimitive, [grad, context.input(0).detach()], context.attributes)],
    jvp: 'elementwise',
    batch: 'elementwise',
  };
  return (x, ...parameters) => apply(primitive, [toFloat(x)], parameters);
}
