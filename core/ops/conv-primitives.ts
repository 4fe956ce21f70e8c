/**
 * A convolution and its two transposes as primitives. With a result y, an input x and a weight w, all three are the
 * derivatives of one number, Σ y conv(x, w), by one of them: each is linear in the two others, and the derivatives of each
 * are the two others again.
 */
import { levels } from '../autograd/levels/wrapped.js';
import { elementOfFloat, isWideFloat } from '../dtype.js';
import type { ConvGeometry, Triple } from '../kernels/convolution.js';
import { kernels } from '../kernels/index.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData } from './raw.js';
import { sum } from './reduction.js';
import type { Window } from './windows.js';

interface ConvAttributes {
  readonly geometry: ConvGeometry;
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly output: readonly number[];
}

const convolutionPrimitive: Primitive<ConvAttributes> = {
  name: 'convolution',
  reads: [[1], [0], []],
  forward: ([x, weight, bias], { geometry, output }) => {
    const [source, factors] = [contiguousData(x, 'conv'), contiguousData(weight, 'conv')];
    const start = (bias as Tensor | undefined) === undefined ? null : contiguousData(bias, 'conv');
    const out = allocateShape(output, x.dtype, 'conv');
    kernels.conv(elementOfFloat(x), geometry, source.ptr, factors.ptr, start?.ptr ?? 0, out.ptr);
    return out;
  },
  vjp: (grad, context) => {
    const { attributes } = context;
    const dims = attributes.output.map((_, dim) => dim).filter((dim) => dim !== 1);
    return [
      context.needs(0) ? apply(inputGradPrimitive, [grad, context.input(1)], attributes) : null,
      context.needs(1) ? apply(weightGradPrimitive, [grad, context.input(0)], attributes) : null,
      context.needs(2) ? sum(grad, dims) : null,
    ];
  },
};

const inputGradPrimitive: Primitive<ConvAttributes> = {
  name: 'convolutionTranspose',
  reads: [[1], [0]],
  forward: ([grad, weight], { geometry, input }) => {
    const [given, factors] = [contiguousData(grad, 'conv'), contiguousData(weight, 'conv')];
    const out = allocateShape(input, grad.dtype, 'conv');
    kernels.convInputGrad(elementOfFloat(grad), geometry, given.ptr, factors.ptr, out.ptr);
    return out;
  },
  vjp: (grad, context) => [
    context.needs(0) ? apply(convolutionPrimitive, [grad, context.input(1)], context.attributes) : null,
    context.needs(1) ? apply(weightGradPrimitive, [context.input(0), grad], context.attributes) : null,
  ],
  jvp: 'multilinear',
};

const weightGradPrimitive: Primitive<ConvAttributes> = {
  name: 'convolutionWeight',
  reads: [[1], [0]],
  forward: ([grad, x], { geometry, weight }) => {
    const [given, source] = [contiguousData(grad, 'conv'), contiguousData(x, 'conv')];
    const out = allocateShape(weight, grad.dtype, 'conv');
    kernels.convWeightGrad(elementOfFloat(grad), geometry, given.ptr, source.ptr, out.ptr);
    return out;
  },
  vjp: (grad, context) => [
    context.needs(0) ? apply(convolutionPrimitive, [context.input(1), grad], context.attributes) : null,
    context.needs(1) ? apply(inputGradPrimitive, [context.input(0), grad], context.attributes) : null,
  ],
  jvp: 'multilinear',
};

/** Whether the kernels compute it: not inside of function transforms, which the composed ops serve. */
export function isDirect(x: Tensor, output: readonly number[]): boolean {
  return levels.top === null && isWideFloat(x.dtype) && x.layout.size > 0 && !output.includes(0);
}

/** x [N, C, …] convolved with weight [O, C / groups, …]. */
export function convolve(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  window: Window,
  groups: number,
  output: readonly number[],
): Tensor {
  const attributes = attributesOf(x.shape, weight.shape, output, window, groups);
  return apply(convolutionPrimitive, bias === undefined ? [x, weight] : [x, weight, bias], attributes);
}

/** y [N, O, …] put through the transpose of that convolution: [N, C, …]. */
export function convolveTransposed(
  y: Tensor,
  weight: Tensor,
  window: Window,
  groups: number,
  input: readonly number[],
): Tensor {
  return apply(inputGradPrimitive, [y, weight], attributesOf(input, weight.shape, y.shape, window, groups));
}

/** What was made lately: a network asks for the same ones in every step, and the kernels know theirs again. */
const made: ConvAttributes[] = [];
const KEPT = 64;
let next = 0;

function attributesOf(
  input: readonly number[],
  weight: readonly number[],
  output: readonly number[],
  window: Window,
  groups: number,
): ConvAttributes {
  const { stride, padding, dilation } = window;
  for (const own of made) {
    const { geometry } = own;
    if (
      geometry.groups === groups &&
      alike(own.input, input) &&
      alike(own.weight, weight) &&
      alike(own.output, output) &&
      endsAlike(geometry.stride, stride) &&
      endsAlike(geometry.padding, padding) &&
      endsAlike(geometry.dilation, dilation)
    )
      return own;
  }
  const geometry: ConvGeometry = {
    samples: input[0],
    groups,
    channels: weight[1],
    outChannels: weight[0] / groups,
    input: triple(input.slice(2), 1),
    kernel: triple(weight.slice(2), 1),
    counts: triple(output.slice(2), 1),
    stride: triple(stride, 1),
    padding: triple(padding, 0),
    dilation: triple(dilation, 1),
  };
  const attributes = { geometry, input: [...input], weight: [...weight], output: [...output] };
  made[next] = attributes;
  next = (next + 1) % KEPT;
  return attributes;
}

function alike(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether the last of three numbers are these. */
function endsAlike(three: Triple, list: readonly number[]): boolean {
  const shift = 3 - list.length;
  for (let i = 0; i < list.length; i++) if (three[i + shift] !== list[i]) return false;
  return true;
}

function triple(list: readonly number[], missing: number): Triple {
  const [depth, height, width] = [...new Array<number>(3 - list.length).fill(missing), ...list];
  return [depth, height, width];
}
