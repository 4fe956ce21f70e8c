/** Norms of vectors and matrices. */
import type { DType } from '../../dtype.js';
import { formatShape, wrapDim, wrapDims } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { cast } from '../cast.js';
import { amax, amin } from '../extremes.js';
import { abs } from '../pointwise.js';
import { functionOp, type FunctionOp } from '../record.js';
import type { Dims } from '../reduction.js';
import { reshapeTo, unsqueezeDim } from '../shape.js';
import { vectorNormOf } from '../vector-norms.js';
import { sumDims } from '../sum.js';
import { checkFloat, checkMatrices } from './batch.js';
import { singularValuesOver } from './svd.js';

export type MatrixOrder = number | 'fro' | 'nuc';

export interface VectorNormOptions {
  /** By default 2. */
  ord?: number;
  dim?: Dims;
  keepdim?: boolean;
  /** Converted to before anything is computed. */
  dtype?: DType;
}

export interface MatrixNormOptions {
  ord?: MatrixOrder;
  dim?: readonly number[];
  keepdim?: boolean;
  dtype?: DType;
}

export interface LinalgNormOptions {
  ord?: MatrixOrder | null;
  dim?: Dims;
  keepdim?: boolean;
  dtype?: DType;
}

function prepared(op: string, x: Tensor, dtype: DType | undefined): Tensor {
  const result = dtype === undefined ? x : cast(x, dtype);
  checkFloat(op, result);
  return result;
}

function vectorNormIn(op: string, x: Tensor, ord: number, dim: Dims, keepdim: boolean): Tensor {
  const dims = wrapDims(op, dim, x.ndim);
  if ((ord < 0 || ord === Infinity) && dims.some((d) => x.shape[d] === 0)) {
    throw new RangeError(
      `${op}: of no elements (shape ${formatShape(x.shape)}) there is no norm of order ${ord}; orders from 0 up have 0`,
    );
  }
  return vectorNormOf(x, ord, dims, keepdim);
}

type VectorNorm = (
  x: Tensor,
  ord?: number | VectorNormOptions,
  dim?: Dims | VectorNormOptions,
  keepdim?: boolean | VectorNormOptions,
) => Tensor;

/**
 * The vector norm (Σ |x|ᵖ)^(1/p) of order p (2 by default) of all elements, or over dimensions; for ±Infinity the
 * largest or smallest |x|, for 0 the count of elements that are not 0.
 */
export const vectorNorm: FunctionOp<VectorNorm> = functionOp<VectorNorm>(
  {
    name: 'linalg.vectorNorm',
    torch: 'linalg.vector_norm',
    params: ['x', 'ord', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: (make) => [
      [make([2, 3])],
      [make([2, 3]), 3.5, { dim: 0 }],
      [make([2, 3]), Infinity, { dim: 1, keepdim: true }],
      [make([4]), { ord: -1 }],
    ],
    errors: (make) => [
      { args: [make([2], { dtype: 'int64' })], message: /float tensors, got int64/ },
      { args: [make([0]), -Infinity], message: /no elements/ },
    ],
  },
  (x: Tensor, ord = 2, dim: Dims = null, keepdim = false, dtype?: DType) => {
    const op = 'linalg.vectorNorm';
    return vectorNormIn(op, prepared(op, x, dtype), ord, dim, keepdim);
  },
);

export function matrixNormIn(
  op: string,
  x: Tensor,
  ord: MatrixOrder,
  dim: readonly number[],
  keepdim: boolean,
): Tensor {
  checkMatrices(op, x);
  if (dim.length !== 2) throw new RangeError(`${op}: takes two dimensions, got [${dim.join(', ')}]`);
  const [rows, columns] = dim.map((d) => wrapDim(op, d, x.ndim)) as [number, number];
  const both = wrapDims(op, [rows, columns], x.ndim);
  const kept = (result: Tensor): Tensor =>
    keepdim ? unsqueezeDim(unsqueezeDim(result, both[0]), both[1]) : result;
  switch (ord) {
    case 'fro':
      return vectorNormOf(x, 2, both, keepdim);
    case 'nuc':
    case 2:
    case -2: {
      const s = singularValuesOver(op, x, rows, columns);
      const last = s.ndim - 1;
      if (ord === 'nuc') return kept(sumDims(s, [last], false));
      return kept(ord === 2 ? amax(s, last) : amin(s, last));
    }
    case 1:
    case -1:
    case Infinity:
    case -Infinity: {
      const [summed, compared] = Math.abs(ord) === 1 ? [rows, columns] : [columns, rows];
      const sums = sumDims(abs(x), [summed], true);
      const result = ord > 0 ? amax(sums, [compared], true) : amin(sums, [compared], true);
      return keepdim
        ? result
        : reshapeTo(
            result,
            x.shape.filter((_, d) => d !== rows && d !== columns),
          );
    }
    default:
      throw new RangeError(
        `${op}: the order of a matrix norm is 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got ${ord}`,
      );
  }
}

type MatrixNorm = (
  A: Tensor,
  ord?: MatrixOrder | MatrixNormOptions,
  dim?: readonly number[] | MatrixNormOptions,
  keepdim?: boolean | MatrixNormOptions,
) => Tensor;

/**
 * The norm of matrices in two dimensions, by default the last: 'fro' (the default) √Σ a², 'nuc' the sum of the singular
 * values, 2 and -2 the largest and smallest of them, ±1 the largest and smallest sum of a column's |a|, ±Infinity of a
 * row's.
 */
export const matrixNorm: FunctionOp<MatrixNorm> = functionOp<MatrixNorm>(
  {
    name: 'linalg.matrixNorm',
    torch: 'linalg.matrix_norm',
    params: ['A', 'ord', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: (make) => [
      [make([3, 4])],
      [make([2, 3, 3]), 'nuc'],
      [make([3, 3]), 2],
      [make([2, 3, 2]), 1, { dim: [0, 2] }],
      [make([3, 2]), -Infinity, { keepdim: true }],
    ],
    errors: (make) => [
      { args: [make([2])], message: /takes a matrix/ },
      { args: [make([2, 2]), 3], message: /order of a matrix norm .* got 3/ },
      { args: [make([2, 2]), 'fro', [0]], message: /two dimensions/ },
    ],
  },
  (
    a: Tensor,
    ord: MatrixOrder = 'fro',
    dim: readonly number[] = [-2, -1],
    keepdim = false,
    dtype?: DType,
  ) => {
    const op = 'linalg.matrixNorm';
    return matrixNormIn(op, prepared(op, a, dtype), ord, dim, keepdim);
  },
);

type LinalgNorm = (
  A: Tensor,
  ord?: MatrixOrder | null | LinalgNormOptions,
  dim?: Dims | LinalgNormOptions,
  keepdim?: boolean | LinalgNormOptions,
) => Tensor;

/**
 * A vector norm over one dimension, a matrix norm over two. Without `dim` a 1-d tensor is a vector, a 2-d one a matrix;
 * without `ord` it is √Σ x² over all given dimensions.
 */
export const linalgNorm: FunctionOp<LinalgNorm> = functionOp<LinalgNorm>(
  {
    name: 'linalg.norm',
    params: ['A', 'ord', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: (make) => [
      [make([2, 3])],
      [make([4]), 3],
      [make([3, 3]), 'nuc'],
      [make([2, 3, 2]), { ord: 1, dim: [0, 2], keepdim: true }],
    ],
    errors: (make) => [
      { args: [make([2, 2, 2]), 1], message: /say over which dimensions/ },
      { args: [make([2]), 'fro'], message: /'fro' .* matrices/ },
    ],
  },
  (a: Tensor, ord?: MatrixOrder, dim?: Dims, keepdim = false, dtype?: DType) => {
    const op = 'linalg.norm';
    const x = prepared(op, a, dtype);
    if (ord === undefined) return vectorNormIn(op, x, 2, dim ?? null, keepdim);
    const dims = dim === undefined || dim === null ? [...x.shape.keys()] : [dim].flat();
    if (dims.length > 2) {
      throw new RangeError(
        `${op}: the order ${ord} is defined for vectors and matrices; say over which dimensions of shape ` +
          `${formatShape(x.shape)}: { dim: … }`,
      );
    }
    if (dims.length === 2) return matrixNormIn(op, x, ord, dims, keepdim);
    if (typeof ord === 'string') {
      throw new RangeError(
        `${op}: the order '${ord}' is defined for matrices, got shape ${formatShape(x.shape)}`,
      );
    }
    return vectorNormIn(op, x, ord, dims, keepdim);
  },
);
