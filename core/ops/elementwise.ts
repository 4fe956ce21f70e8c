/** Primitives of one operand with parameters, computed element by element in JavaScript. */
import { isFloat, toFloatType } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { allocateLike } from './operand.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { contiguousData, elements } from './raw.js';

/** A function of one element; the numbers are the op's parameters. */
export type ElementFunction = (x: number, a: number, b: number) => number;

/** An op's parameters: at most two numbers. */
export type Parameters2 = readonly [number?, number?];

function mapData(name: string, x: Tensor, f: ElementFunction, [a = 0, b = 0]: Parameters2): Tensor {
  const out = allocateLike(x, x.dtype, name);
  const from = elements(contiguousData(x, name));
  const to = elements(out);
  for (let i = 0; i < from.length; i++) to[i] = f(from[i], a, b);
  return out;
}

export interface SmoothDescription {
  readonly name: string;
  readonly f: ElementFunction;
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
    forward: ([x], parameters) => mapData(name, x, f, parameters),
    vjp: (grad, context) => [
      vjp(
        grad,
        reads === 'output' ? grad : context.input(0),
        reads === 'input' ? grad : context.output(),
        context.attributes,
      ),
    ],
  };
  return (x, ...parameters) => apply(primitive, [toFloat(x)], parameters);
}

export function toFloat(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : cast(x, toFloatType(x.dtype));
}

export interface PiecewiseDescription {
  readonly name: string;
  readonly f: ElementFunction;
  /** The derivative, constant between the function's kinks. */
  readonly slope: ElementFunction;
}

/** A function of straight pieces: its derivative is piecewise constant, and its second derivative 0. */
export function piecewise(
  description: PiecewiseDescription,
): (x: Tensor, ...parameters: Parameters2) => Tensor {
  const { name, f, slope } = description;
  const slopePrimitive: Primitive<Parameters2> = {
    name: `${name}Backward`,
    reads: [[1], []],
    forward: ([grad, x], [a = 0, b = 0]) => {
      const out = allocateLike(grad, grad.dtype, name);
      const g = elements(contiguousData(grad, name));
      const from = elements(contiguousData(x, name));
      const to = elements(out);
      for (let i = 0; i < to.length; i++) {
        const factor = slope(from[i], a, b);
        // Where the slope is 0 no gradient flows, not even an infinite one.
        to[i] = factor === 0 ? 0 : g[i] * factor;
      }
      return out;
    },
    vjp: (grad, context) => [apply(slopePrimitive, [grad, context.input(1)], context.attributes), null],
  };
  const primitive: Primitive<Parameters2> = {
    name,
    reads: [[0]],
    forward: ([x], parameters) => mapData(name, x, f, parameters),
    vjp: (grad, context) => [apply(slopePrimitive, [grad, context.input(0).detach()], context.attributes)],
  };
  return (x, ...parameters) => apply(primitive, [x], parameters);
}
