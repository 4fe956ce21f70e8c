/** Ops that look at the same elements under another shape; all but `reshape` of awkward strides are views. */
import { formatShape, inferShape, sameShape, type Shape, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { apply, type Primitive } from './primitive.js';
import { castCopy } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { sumTo } from './sum.js';
import { makeView, type ViewRecord } from './view.js';

const viewRecord: ViewRecord<Shape> = {
  name: 'view',
  layout: (layout, shape) => {
    const out = layout.view(shape);
    if (out === null) {
      throw new Error(
        `view: shape ${formatShape(layout.shape)} with strides ${formatShape(layout.strides)} cannot be seen as ` +
          `${formatShape(shape)} without a copy; use reshape(…), which copies, or contiguous().view(…)`,
      );
    }
    return out;
  },
  vjp: (grad, shape) => reshapeTo(grad, shape),
};

const expandRecord: ViewRecord<Shape> = {
  name: 'expand',
  layout: (layout, shape) => layout.expand('expand', shape),
  vjp: (grad, shape) => sumTo(grad, shape),
};

const permuteRecord: ViewRecord<readonly number[]> = {
  name: 'permute',
  layout: (layout, dims) => layout.permute(dims),
  vjp: (grad, _shape, dims) => {
    const inverse = new Array<number>(dims.length);
    dims.forEach((dim, i) => (inverse[dim] = i));
    return makeView(permuteRecord, grad, inverse);
  },
};

const transposeRecord: ViewRecord<readonly [number, number]> = {
  name: 'transpose',
  layout: (layout, [a, b]) => layout.transpose(a, b),
  vjp: (grad, _shape, dims) => makeView(transposeRecord, grad, dims),
};

const squeezeRecord: ViewRecord<readonly number[]> = {
  name: 'squeeze',
  layout: (layout, dims) => layout.squeeze(dims),
  vjp: (grad, shape) => reshapeTo(grad, shape),
};

const unsqueezeRecord: ViewRecord<number> = {
  name: 'unsqueeze',
  layout: (layout, dim) => layout.unsqueeze(dim),
  vjp: (grad, shape) => reshapeTo(grad, shape),
};

const copyPrimitive: Primitive<string> = {
  name: 'clone',
  forward: ([x], name) => castCopy(x, x.dtype, name),
  vjp: (grad) => [grad],
  jvp: 'linear',
  batch: 'elementwise',
};

/** A contiguous copy, recorded. */
export function copyOf(x: Tensor, name = 'clone'): Tensor {
  return apply(copyPrimitive, [x], name);
}

/** A view under a shape of the same size, or a copy where strides do not allow a view. */
export function reshapeTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return makeView(viewRecord, x.layout.view(shape) === null ? copyOf(x, 'reshape') : x, shape);
}

export function expandTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : makeView(expandRecord, x, shape);
}

export function transposeDims(x: Tensor, a: number, b: number): Tensor {
  return makeView(transposeRecord, x, [a, b]);
}

export function permuteDims(x: Tensor, dims: readonly number[]): Tensor {
  return makeView(permuteRecord, x, dims);
}

export function unsqueezeDim(x: Tensor, dim: number): Tensor {
  return makeView(unsqueezeRecord, x, dim);
}

/** Without dimensions that have size 1. */
export function squeezeDims(x: Tensor, dims: readonly number[]): Tensor {
  return dims.length === 0 ? x : makeView(squeezeRecord, x, dims);
}

/** Sizes given one by one or as an array. */
export type Sizes = number[] | [readonly number[]];

function listOf(sizes: Sizes): readonly number[] {
  const [first] = sizes;
  return typeof first === 'object' ? first : (sizes as readonly number[]);
}

type SizesOp = (input: Tensor, ...sizes: Sizes) => Tensor;

/**
 * The same elements as another shape; one size may be -1, which is worked out. A view where strides allow, else a copy.
 * @throws RangeError if the number of elements differs
 */
export const reshape: MethodOp<SizesOp> = methodOp<SizesOp>(
  {
    name: 'reshape',
    params: ['input', 'shape'],
    samples: (make) => [
      [make([2, 3]), [3, -1]],
      [make([2, 0]), [0]],
      [make([]), [1, 1]],
    ],
    errors: (make) => [{ args: [make([2, 3]), [4, 2]], message: /holds 8 elements, but the tensor has 6/ }],
  },
  (input, ...sizes) => {
    const shape = inferShape('reshape', listOf(sizes), input.layout.size);
    if (sameShape(shape, input.shape)) return makeView(viewRecord, input, shape);
    return reshapeTo(input, shape);
  },
);

/**
 * The same elements as another shape, without a copy; one size may be -1.
 * @throws Error if the strides do not allow it
 */
export const view: MethodOp<SizesOp> = methodOp<SizesOp>(
  {
    name: 'view',
    params: ['input', 'size'],
    samples: (make) => [[make([2, 3]), [3, 2]]],
    errors: (make) => [
      { args: [transposeDims(make([2, 3]), 0, 1), [6]], message: /without a copy; use reshape/ },
    ],
  },
  (input, ...sizes) => makeView(viewRecord, input, inferShape('view', listOf(sizes), input.layout.size)),
);

/** A view with dimensions of size 1 (or new ones in front) repeated; -1 keeps a size. Takes no memory. */
export const expand: MethodOp<SizesOp> = methodOp<SizesOp>(
  {
    name: 'expand',
    params: ['input', 'size'],
    samples: (make) => [
      [make([3, 1]), [2, 3, 4]],
      [make([1]), [0]],
    ],
    errors: (make) => [{ args: [make([2, 3]), [2, 4]], message: /cannot be expanded to \[2, 4\]/ }],
  },
  (input, ...sizes) => makeView(expandRecord, input, listOf(sizes)),
);

/** A view with the dimensions in another order. */
export const permute: MethodOp<SizesOp> = methodOp<SizesOp>(
  {
    name: 'permute',
    params: ['input', 'dims'],
    samples: (make) => [[make([2, 3, 4]), [2, 0, 1]]],
    errors: (make) => [{ args: [make([2, 3]), [0, 0]], message: /each of the 2 dimensions once/ }],
  },
  (input, ...dims) => {
    const order = listOf(dims).map((dim) => wrapDim('permute', dim, input.ndim));
    if (order.length !== input.ndim || new Set(order).size !== order.length) {
      throw new RangeError(
        `permute: the order must name each of the ${input.ndim} dimensions once, got ${formatShape(listOf(dims))}`,
      );
    }
    return makeView(permuteRecord, input, order);
  },
);

type TwoDims = (input: Tensor, dim0: number, dim1: number) => Tensor;

/** A view with two dimensions exchanged. */
export const transpose: MethodOp<TwoDims> = methodOp<TwoDims>(
  {
    name: 'transpose',
    params: ['input', 'dim0', 'dim1'],
    samples: (make) => [[make([2, 3, 4]), 0, -1]],
    errors: (make) => [{ args: [make([2, 3]), 0, 2], message: /dimension 2 is out of range/ }],
  },
  (input, dim0, dim1) =>
    transposeDims(input, wrapDim('transpose', dim0, input.ndim), wrapDim('transpose', dim1, input.ndim)),
);

/** The transposed matrix; tensors of fewer dimensions are returned as they are. */
export const t: MethodOp<(input: Tensor) => Tensor> = methodOp<(input: Tensor) => Tensor>(
  {
    name: 't',
    params: ['input'],
    samples: (make) => [[make([2, 3])], [make([3])]],
    errors: (make) => [{ args: [make([2, 3, 4])], message: /at most 2 dimensions/ }],
  },
  (input) => {
    if (input.ndim > 2) {
      throw new RangeError(
        `t: takes at most 2 dimensions, got shape ${formatShape(input.shape)}; use transpose`,
      );
    }
    return input.ndim < 2 ? makeView(viewRecord, input, input.shape) : transposeDims(input, 0, 1);
  },
);

type SqueezeOp = (input: Tensor, dim?: number | readonly number[]) => Tensor;

/** A view without the dimensions of size 1, or without those given that have size 1. */
export const squeeze: MethodOp<SqueezeOp> = methodOp<SqueezeOp>(
  { name: 'squeeze', params: ['input', 'dim'], samples: (make) => [[make([1, 3, 1])], [make([1, 3, 1]), 0]] },
  (input, dim) => {
    const dims =
      dim === undefined
        ? input.shape.map((_, i) => i)
        : (typeof dim === 'number' ? [dim] : dim).map((d) => wrapDim('squeeze', d, input.ndim));
    return makeView(squeezeRecord, input, dims);
  },
);

type DimOp = (input: Tensor, dim: number) => Tensor;

/** A view with a new dimension of size 1 at `dim`. */
export const unsqueeze: MethodOp<DimOp> = methodOp<DimOp>(
  {
    name: 'unsqueeze',
    params: ['input', 'dim'],
    samples: (make) => [
      [make([2, 3]), 1],
      [make([]), 0],
    ],
    errors: (make) => [{ args: [make([2]), 3], message: /dimension 3 is out of range/ }],
  },
  (input, dim) => unsqueezeDim(input, wrapDim('unsqueeze', dim, input.ndim + 1)),
);

type FlattenOp = (
  input: Tensor,
  startDim?: number | FlattenOptions,
  endDim?: number | FlattenOptions,
) => Tensor;

export interface FlattenOptions {
  /** Default 0. */
  startDim?: number;
  /** Default -1. */
  endDim?: number;
}

/** The dimensions from `startDim` to `endDim` joined into one. */
export const flatten: MethodOp<FlattenOp> = methodOp<FlattenOp>(
  {
    name: 'flatten',
    params: ['input', 'startDim', 'endDim'],
    options: true,
    samples: (make) => [[make([2, 3, 4])], [make([2, 3, 4]), 1], [make([])]],
    errors: (make) => [{ args: [make([2, 3]), 1, 0], message: /startDim/ }],
  },
  (input: Tensor, startDim = 0, endDim = -1) => {
    if (input.ndim === 0) return reshapeTo(input, [1]);
    const start = wrapDim('flatten', startDim, input.ndim);
    const end = wrapDim('flatten', endDim, input.ndim);
    if (start > end) {
      throw new RangeError(
        `flatten: startDim ${startDim} comes after endDim ${endDim} in a ${input.ndim}-d tensor`,
      );
    }
    const { shape } = input;
    const joined = shape.slice(start, end + 1).reduce((n, size) => n * size, 1);
    return reshapeTo(input, [...shape.slice(0, start), joined, ...shape.slice(end + 1)]);
  },
);
