/** Ops that reduce dimensions: sums, means and products. */
import { type DType, elementOf, isFloat, isHalf } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { type Shape, wrapDims } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { div } from './arithmetic.js';
import { cast } from './cast.js';
import { repeatFew } from './few.js';
import { isPlain } from './formulas.js';
import { numberAt } from './operand.js';
import { apply, type Primitive } from './primitive.js';
import { type MethodOp, methodOp, type SampleMaker } from './record.js';
import { reduceRaw, repeated, sumDims } from './sum.js';

/** One dimension, several, or (null) all. */
export type Dims = number | readonly number[] | null;

export interface ReduceOptions {
  /** The dimensions to reduce; all by default. */
  dim?: Dims;
  /** Whether reduced dimensions stay, with size 1. Default false. */
  keepdim?: boolean;
}

export interface SumOptions extends ReduceOptions {
  /** The dtype to convert to first. */
  dtype?: DType;
}

type Sum = (
  input: Tensor,
  dim?: Dims | SumOptions,
  keepdim?: boolean | SumOptions,
  options?: SumOptions,
) => Tensor;

export function reductionSamples(make: SampleMaker): unknown[][] {
  return [[make([2, 3])], [make([2, 3, 4]), [0, 2]], [make([2, 3]), -1, { keepdim: true }], [make([])]];
}

/**
 * The sum of all elements, or over dimensions. Integers and booleans sum as int64.
 * @throws RangeError for a dimension that is not there or is given twice
 */
export const sum: MethodOp<Sum> = methodOp<Sum>(
  {
    name: 'sum',
    params: ['input', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: reductionSamples,
    errors: (make) => [
      { args: [make([2, 3]), 2], message: /dimension 2 is out of range/ },
      { args: [make([2, 3]), [0, -2]], message: /appears twice/ },
    ],
  },
  (input: Tensor, dim: Dims = null, keepdim = false, dtype?: DType) =>
    sumDims(
      cast(input, dtype ?? (isFloat(input.dtype) ? input.dtype : 'int64')),
      wrapDims('sum', dim, input.ndim),
      keepdim,
    ),
);

/** Number of elements that one result of a reduction is made of. */
export function countOf(shape: Shape, dims: readonly number[]): number {
  return dims.reduce((n, dim) => n * shape[dim], 1);
}

interface MeanAttributes {
  readonly shape: Shape;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const meanPrimitive: Primitive<MeanAttributes> = {
  name: 'mean',
  forward: ([x], { shape, dims, keepdim }) => {
    const out = reduceRaw('sum', x, dims, keepdim, 'mean');
    const { size } = out.layout;
    const element = elementOf(x.dtype);
    const count = numberAt(countOf(shape, dims), element, 0);
    if (size > 0) kernels.binaryFlat('div', element, size, out.ptr, count, out.ptr, 1, 0);
    return out;
  },
  vjp: (grad, { attributes: { shape, dims, keepdim } }) => {
    const count = countOf(shape, dims);
    const few = isPlain() ? repeatFew(grad, shape, dims, count) : null;
    if (few !== null) return [few];
    const part = div(grad, count);
    return [repeated(part, shape, dims, keepdim)];
  },
  jvp: 'linear',
  batch: ([x], { dims, keepdim }) =>
    meanDims(
      x,
      dims.map((dim) => dim + 1),
      keepdim,
    ),
};

/** Mean over `dims` (ascending, counted from the front) of float32 or float64. */
function meanDims(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  return apply(meanPrimitive, [x], { shape: x.shape, dims, keepdim });
}

/**
 * The arithmetic mean of all elements, or over dimensions.
 * @throws TypeError for integers, whose mean would not be an integer: give a dtype
 */
export const mean: MethodOp<Sum> = methodOp<Sum>(
  {
    name: 'mean',
    params: ['input', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: reductionSamples,
    errors: (make) => [{ args: [make([2], { dtype: 'int64' })], message: /give a float dtype/ }],
  },
  (input: Tensor, dim: Dims = null, keepdim = false, dtype?: DType) => {
    const x = dtype === undefined ? input : cast(input, dtype);
    if (!isFloat(x.dtype)) {
      throw new TypeError(
        `mean: the mean of ${x.dtype} is not an integer; give a float dtype: mean({ dtype: 'float32' })`,
      );
    }
    const dims = wrapDims('mean', dim, x.ndim);
    if (isHalf(x.dtype)) return div(sumDims(x, dims, keepdim), countOf(x.shape, dims));
    return meanDims(x, dims, keepdim);
  },
);
