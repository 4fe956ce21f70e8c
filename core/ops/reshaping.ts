/** Shapes by need: at least so many dimensions, the shape of another tensor, shapes that broadcast, parts by direction. */
import { broadcastShapes as commonShape, formatShape, range, type Shape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from './record.js';
import { expandTo, reshapeTo, view } from './shape.js';
import { tensorSplit } from './slicing.js';
import { sumTo } from './sum.js';

type AtLeast = (input: Tensor) => Tensor;

function atLeast(
  name: string,
  torch: string,
  shape: (shape: Shape) => Shape,
  least: number,
): FunctionOp<AtLeast> {
  return functionOp<AtLeast>(
    { name, torch, params: ['input'], samples: (make) => [[make([])], [make([2])], [make([2, 3, 2, 1])]] },
    (input) => (input.ndim >= least ? input : reshapeTo(input, shape(input.shape))),
  );
}

/** A 0-d tensor as [1]; others as they are. */
export const atleast1d: FunctionOp<AtLeast> = atLeast('atleast1d', 'atleast_1d', () => [1], 1);
/** Tensors of fewer than 2 dimensions as one row. */
export const atleast2d: FunctionOp<AtLeast> = atLeast('atleast2d', 'atleast_2d', ([n = 1]) => [1, n], 2);
/** Tensors of fewer than 3 dimensions with dimensions of size 1: [n] as [1, n, 1], [n, m] as [n, m, 1]. */
export const atleast3d: FunctionOp<AtLeast> = atLeast(
  'atleast3d',
  'atleast_3d',
  (shape) => (shape.length === 2 ? [shape[0], shape[1], 1] : [1, shape[0] ?? 1, 1]),
  3,
);

type Like = (input: Tensor, other: Tensor) => Tensor;

/** The elements in the shape of another tensor. */
export const reshapeAs: MethodOp<Like> = methodOp<Like>(
  { name: 'reshapeAs', params: ['input', 'other'], samples: (make) => [[make([2, 3]), make([3, 2])]] },
  (input, other) => reshapeTo(input, other.shape),
);

/** A view in the shape of another tensor. */
export const viewAs: MethodOp<Like> = methodOp<Like>(
  { name: 'viewAs', params: ['input', 'other'], samples: (make) => [[make([6]), make([3, 2])]] },
  (input, other) => view(input, [...other.shape]),
);

type SumToSize = (input: Tensor, ...size: number[] | [readonly number[]]) => Tensor;

/** The sum over the dimensions that a tensor of a smaller shape would broadcast along: what broadcasting is undone by. */
export const sumToSize: MethodOp<SumToSize> = methodOp<SumToSize>(
  {
    name: 'sumToSize',
    params: ['input', 'size'],
    samples: (make) => [
      [make([2, 3]), [1, 3]],
      [make([2, 3]), [3]],
    ],
    errors: (make) => [{ args: [make([2, 3]), [2]], message: /\[2\] does not broadcast to \[2, 3\]/ }],
  },
  (input, ...size) => {
    const [first] = size;
    const shape = typeof first === 'object' ? first : (size as number[]);
    const lead = input.ndim - shape.length;
    if (lead < 0 || shape.some((n, i) => n !== 1 && n !== input.shape[i + lead])) {
      throw new RangeError(
        `sumToSize: ${formatShape(shape)} does not broadcast to ${formatShape(input.shape)}`,
      );
    }
    return sumTo(input, shape);
  },
);

type BroadcastTensors = (...tensors: Tensor[]) => Tensor[];

/** The tensors as views of the one shape that they broadcast to. */
export const broadcastTensors: FunctionOp<BroadcastTensors> = functionOp<BroadcastTensors>(
  { name: 'broadcastTensors', params: ['tensors'], samples: (make) => [[make([2, 1]), make([3])]] },
  (...tensors) => {
    const shape = broadcastShapes(...tensors.map((x) => x.shape));
    return tensors.map((x) => expandTo(x, shape));
  },
);

/**
 * The shape that shapes broadcast to.
 * @throws RangeError if there is none
 */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  return shapes.reduce((a, b) => commonShape('broadcastShapes', a, b), []);
}

type Sections = number | readonly number[];
type Split = (input: Tensor, indicesOrSections: Sections) => Tensor[];

/** Cuts evenly, or before the given positions, along a dimension. */
function splitOp(name: string, least: number, dimOf: (ndim: number) => number): MethodOp<Split> {
  return methodOp<Split>(
    {
      name,
      params: ['input', 'indicesOrSections'],
      samples: (make) => [
        [make([2, 4, 2]), 2],
        [make([2, 4, 4]), [1]],
      ],
      errors: (make) => [
        { args: [make([]), 2], message: new RegExp(`at least ${least} dimension`) },
        { args: [make([3, 3, 3]), 2], message: /3 does not divide evenly into 2/ },
      ],
    },
    (input, cuts) => {
      if (input.ndim < least)
        throw new RangeError(
          `${name}: takes at least ${least} dimensions, got shape ${formatShape(input.shape)}`,
        );
      const dim = dimOf(input.ndim);
      const size = input.shape[dim];
      if (typeof cuts === 'number' && size % cuts !== 0) {
        throw new RangeError(
          `${name}: ${size} does not divide evenly into ${cuts}; tensorSplit does it unevenly`,
        );
      }
      return tensorSplit(input, cuts, dim);
    },
  );
}

/** Parts side by side: along the second dimension, or the only one. */
export const hsplit: MethodOp<Split> = splitOp('hsplit', 1, (ndim) => Math.min(1, ndim - 1));
/** Parts one below the other: along the first dimension. */
export const vsplit: MethodOp<Split> = splitOp('vsplit', 2, () => 0);
/** Parts in depth: along the third dimension. */
export const dsplit: MethodOp<Split> = splitOp('dsplit', 3, () => 2);

type Unravel = (indices: Tensor, shape: Shape) => Tensor[];

/** Coordinates in a shape, one tensor a dimension, of numbers in row-major order. */
export const unravelIndex: FunctionOp<Unravel> = functionOp<Unravel>(
  {
    name: 'unravelIndex',
    params: ['input', 'shape'],
    samples: (make) => [[make([4], { dtype: 'int64', low: 0, high: 6 }), [2, 3]]],
    errors: (make) => [{ args: [make([2]), [2, 3]], message: /integer/ }],
  },
  (indices, shape) => {
    if (indices.isFloatingPoint())
      throw new TypeError('unravelIndex: indices are an integer tensor, x.long()');
    return range(shape.length).map((dim) => {
      const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
      return indices.div(inner, { roundingMode: 'floor' }).remainder(shape[dim]);
    });
  },
);
