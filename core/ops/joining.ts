/** Joining tensors. */
import { type DType, elementOf, itemSize, resultType } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { formatShape, Layout, type Shape, wrapDim } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { isTensor } from './operand.js';
import { apply, type Primitive, withBatch } from './primitive.js';
import { functionOp, type FunctionOp } from './record.js';
import { reshapeTo, unsqueezeDim } from './shape.js';
import { type DimOptions, sliceDim } from './slicing.js';
import { notATensor } from './record.js';
import type { FitsJoin, FitsStack, Unknown } from '../types/known.js';
import { fewCat, fewStack } from './few-movement.js';

interface CatAttributes {
  readonly dim: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly sizes: readonly number[];
}

const catPrimitive: Primitive<CatAttributes> = {
  name: 'cat',
  forward: (inputs, { dim, shape, dtype }) => {
    const out = allocate(Layout.contiguous(shape), dtype, 'cat');
    const { strides } = out;
    let start = 0;
    for (const x of inputs) {
      if (x.layout.size > 0) {
        const ptr = out.ptr + start * strides[dim] * itemSize(dtype);
        kernels.copyInto(elementOf(dtype), x.shape, x, { ptr, strides });
      }
      start += x.shape[dim];
    }
    return out;
  },
  vjp: (grad, context) => {
    const { dim, sizes } = context.attributes;
    let start = 0;
    return sizes.map((size, i) => {
      const part = context.needs(i) ? sliceDim(grad, dim, start, size) : null;
      start += size;
      return part;
    });
  },
  jvp: 'linear',
  batch: (inputs, { dim, shape, ...attributes }, batch) =>
    apply(catPrimitive, withBatch(inputs, batch), {
      ...attributes,
      dim: dim + 1,
      shape: [batch.size, ...shape],
    }),
};

/** Joins tensors along a dimension. */
export function concatenate(op: string, given: readonly Tensor[], dim: number): Tensor {
  for (const x of given) if (!isTensor(x)) throw notATensor(op, x);
  if (given.length === 0) throw new RangeError(`${op}: takes at least one tensor`);
  // PyTorch ignores tensors of shape [0], whatever the others look like.
  const counted = given.filter((x) => x.ndim !== 1 || x.shape[0] !== 0);
  const list = counted.length === 0 ? given.slice(0, 1) : counted;
  const [first] = list;
  if (first.ndim === 0) throw new RangeError(`${op}: 0-d tensors cannot be joined; use stack`);
  const at = wrapDim(op, dim, first.ndim);
  for (const x of list) {
    const fits = x.ndim === first.ndim && x.shape.every((n, i) => i === at || n === first.shape[i]);
    if (!fits) {
      throw new RangeError(
        `${op}: shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} cannot be joined along dimension ${at}: ` +
          'all other sizes must be equal',
      );
    }
  }
  const dtype = given.length === 1 ? first.dtype : resultType(...given);
  const sizes = list.map((x) => x.shape[at]);
  const shape = first.shape.slice();
  shape[at] = sizes.reduce((a, b) => a + b, 0);
  return apply(
    catPrimitive,
    list.map((x) => cast(x, dtype)),
    { dim: at, shape, dtype, sizes },
  );
}

type ShapesOf<T extends readonly unknown[]> = {
  [I in keyof T]: T[I] extends Tensor<infer S, Unknown> ? S : Unknown;
};
type DimIn<D> = D extends number ? D : D extends { readonly dim: infer N extends number } ? N : number;
type Cat = <const T extends readonly Tensor[], const D extends number | DimOptions = 0>(
  tensors: T & FitsJoin<ShapesOf<T>, DimIn<D>>,
  dim?: D,
) => Tensor;
type Stack = <const T extends readonly Tensor[]>(
  tensors: T & FitsStack<ShapesOf<T>>,
  dim?: number | DimOptions,
) => Tensor;

/**
 * The tensors one after the other along a dimension (0).
 * @throws RangeError if sizes of other dimensions differ
 */
export const cat: FunctionOp<Cat> = functionOp<Cat>(
  {
    name: 'cat',
    few: fewCat,
    params: ['tensors', 'dim'],
    options: true,
    samples: (make) => [[[make([2, 3]), make([1, 3])]], [[make([2, 1]), make([2, 3])], 1]],
    errors: (make) => [
      { args: [[make([2, 3]), make([2, 4])]], message: /\[2, 3\] and \[2, 4\] cannot be joined/ },
      { args: [[]], message: /at least one tensor/ },
    ],
  },
  (tensors: readonly Tensor[], dim = 0) => concatenate('cat', tensors, dim),
);

/** The tensors side by side along a new dimension (0). */
export const stack: FunctionOp<Stack> = functionOp<Stack>(
  {
    name: 'stack',
    few: fewStack,
    params: ['tensors', 'dim'],
    options: true,
    samples: (make) => [[[make([2, 3]), make([2, 3])]], [[make([]), make([])]], [[make([2]), make([2])], -1]],
    errors: (make) => [{ args: [[make([2]), make([3])]], message: /stack: .*\[2\] and \[3\]/ }],
  },
  (tensors: readonly Tensor[], dim = 0) => {
    const first = tensors.at(0);
    if (first === undefined) throw new RangeError('stack: takes at least one tensor');
    for (const x of tensors) {
      if (x.shape.join() !== first.shape.join()) {
        throw new RangeError(
          `stack: takes tensors of one shape, got ${formatShape(first.shape)} and ${formatShape(x.shape)}`,
        );
      }
    }
    const at = wrapDim('stack', dim, first.ndim + 1);
    return concatenate(
      'stack',
      tensors.map((x) => unsqueezeDim(x, at)),
      at,
    );
  },
);

type JoinAll = (tensors: readonly Tensor[]) => Tensor;

function atLeast(x: Tensor, ndim: 1 | 2 | 3): Tensor {
  if (x.ndim >= ndim) return x;
  if (x.ndim === 0) return reshapeTo(x, new Array<number>(ndim).fill(1));
  if (ndim === 2) return unsqueezeDim(x, 0);
  return x.ndim === 1 ? reshapeTo(x, [1, x.shape[0], 1]) : unsqueezeDim(x, 2);
}

function stacker(name: string, join: (tensors: readonly Tensor[]) => Tensor): FunctionOp<JoinAll> {
  return functionOp<JoinAll>(
    {
      name,
      params: ['tensors'],
      samples: (make) => [[[make([2]), make([2])]], [[make([2, 2, 2]), make([2, 2, 2])]]],
    },
    (tensors) => {
      if (tensors.length === 0) throw new RangeError(`${name}: takes at least one tensor`);
      return join(tensors);
    },
  );
}

/** Rows one above the other: along dimension 0, vectors as rows. */
export const vstack: FunctionOp<JoinAll> = stacker('vstack', (tensors) =>
  concatenate(
    'vstack',
    tensors.map((x) => atLeast(x, 2)),
    0,
  ),
);

/** Side by side: along dimension 1, vectors along their only dimension. */
export const hstack: FunctionOp<JoinAll> = stacker('hstack', (tensors) => {
  const list = tensors.map((x) => atLeast(x, 1));
  return concatenate('hstack', list, list[0].ndim === 1 ? 0 : 1);
});

/** In depth: along dimension 2. */
export const dstack: FunctionOp<JoinAll> = stacker('dstack', (tensors) =>
  concatenate(
    'dstack',
    tensors.map((x) => atLeast(x, 3)),
    2,
  ),
);

/** Side by side, vectors as columns. */
export const columnStack: FunctionOp<JoinAll> = stacker('columnStack', (tensors) =>
  concatenate(
    'columnStack',
    tensors.map((x) => (x.ndim < 2 ? reshapeTo(x, [x.numel(), 1]) : x)),
    1,
  ),
);
