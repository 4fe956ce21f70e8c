/** Linear algebra of tensors as matrices of some of their dimensions, and Vandermonde's matrices. */
import { isFloat } from '../../dtype.js';
import { formatShape, range, sizeOf, wrapDim } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { pow } from '../arithmetic.js';
import { flip } from '../arrangement.js';
import { movedim } from '../dimensions.js';
import { functionOp, type FunctionOp, type SampleMaker } from '../record.js';
import { arange } from '../sequences.js';
import { reshapeTo, unsqueezeDim } from '../shape.js';
import { checkFloat, checkSameDType } from './batch.js';
import { invertibleSample } from './samples.js';
import { inverseOf, solveOf } from './solving.js';

type Tensorinv = (A: Tensor, ind?: number | { ind?: number }) => Tensor;

/**
 * The inverse of a tensor as a matrix of its first `ind` dimensions (2 unless given) by the others: the B with
 * tensordot(B, tensordot(A, X)) = X, of the others' shape and then the first's. Both have as many elements.
 */
export const tensorinv: FunctionOp<Tensorinv> = functionOp<Tensorinv>(
  {
    name: 'linalg.tensorinv',
    params: ['A', 'ind'],
    options: true,
    samples: (make) => [
      [reshapeTo(invertibleSample(make, 4), [2, 2, 4])],
      [reshapeTo(invertibleSample(make, 4), [4, 2, 2]), 1],
    ],
    errors: (make) => [
      { args: [make([2, 3, 4])], message: /\[2, 3\] with 6 elements .* \[4\] with 4/ },
      { args: [make([2, 2]), { ind: 0 }], message: /ind is a whole number from 1/ },
    ],
  },
  (a: Tensor, ind = 2) => {
    const op = 'linalg.tensorinv';
    checkFloat(op, a);
    if (!Number.isInteger(ind) || ind < 1)
      throw new RangeError(`${op}: ind is a whole number from 1 up, got ${ind}`);
    const [front, back] = [a.shape.slice(0, ind), a.shape.slice(ind)];
    const [m, n] = [sizeOf(front), sizeOf(back)];
    if (m !== n) {
      throw new RangeError(
        `${op}: the first ${ind} dimensions ${formatShape(front)} with ${m} elements and the others ${formatShape(back)} with ${n} must have as many`,
      );
    }
    return reshapeTo(inverseOf(op, reshapeTo(a, [m, n])), [...back, ...front]);
  },
);

type Tensorsolve = (
  A: Tensor,
  B: Tensor,
  dims?: readonly number[] | null | { dims?: readonly number[] | null },
) => Tensor;

/**
 * The X with tensordot(A, X, X.ndim) = B: A's first dimensions are B's shape, the others X's; `dims` of A are moved
 * behind all others before.
 */
export const tensorsolve: FunctionOp<Tensorsolve> = functionOp<Tensorsolve>(
  {
    name: 'linalg.tensorsolve',
    params: ['A', 'B', 'dims'],
    options: true,
    samples: (make) => [
      [reshapeTo(invertibleSample(make, 4), [2, 2, 4]), make([2, 2])],
      [reshapeTo(invertibleSample(make, 4), [2, 4, 2]), make([4]), { dims: [0] }],
    ],
    errors: (make) => [
      { args: [make([2, 3]), make([2])], message: /\[2, 3\] .* \[2\] do not fit/ },
      { args: [make([2, 2]), make([2]), { dims: [5] }], message: /dim/ },
    ],
  },
  (a: Tensor, b: Tensor, dims: readonly number[] | null = null) => {
    const op = 'linalg.tensorsolve';
    checkFloat(op, a);
    checkSameDType(op, a, b);
    const back = (dims ?? []).map((dim) => wrapDim(op, dim, a.ndim));
    const moved = movedim(
      a,
      back,
      range(back.length).map((i) => a.ndim - back.length + i),
    );
    const shape = moved.shape.slice(b.ndim);
    const size = b.numel();
    if (a.numel() !== size * size || sizeOf(shape) !== size) {
      throw new RangeError(
        `${op}: a tensor A of shape ${formatShape(moved.shape)} and a right-hand side B of shape ${formatShape(b.shape)} do ` +
          `not fit: behind its first ${b.ndim} dimensions, A has as many elements as B, ${size}`,
      );
    }
    return reshapeTo(solveOf(op, reshapeTo(moved, [size, size]), reshapeTo(b, [size]), true), shape);
  },
);

/** xᵢ to the powers 0 … n − 1, in a last dimension. */
function powersOf(op: string, x: Tensor, n: number): Tensor {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`${op}: N is a whole number from 0 up, got ${n}`);
  const exponents = arange(n, { dtype: isFloat(x.dtype) ? x.dtype : 'int64' });
  return pow(unsqueezeDim(x, x.ndim), exponents);
}

function vanderSamples(make: SampleMaker): unknown[][] {
  return [[make([3], { low: 0.5 })], [make([2], { low: 0.5 }), { N: 4 }], [make([3], { low: 0.5 }), 2]];
}

type LinalgVander = (x: Tensor, N?: number | { N?: number }) => Tensor;

/** Vandermonde's matrices [..., n, N] of [..., n]: xᵢʲ for j from 0 to N − 1; N is n unless given. */
export const linalgVander: FunctionOp<LinalgVander> = functionOp<LinalgVander>(
  {
    name: 'linalg.vander',
    params: ['x', 'N'],
    options: true,
    samples: (make) => [...vanderSamples(make), [make([2, 3], { low: 0.5 })]],
    errors: (make) => [
      { args: [make([])], message: /at least one dimension/ },
      { args: [make([2]), -1], message: /whole number from 0 up, got -1/ },
    ],
  },
  (x: Tensor, n?: number) => {
    const op = 'linalg.vander';
    if (x.ndim === 0) throw new RangeError(`${op}: takes a tensor of at least one dimension, got shape []`);
    return powersOf(op, x, n ?? x.shape[x.ndim - 1]);
  },
);

export interface VanderOptions {
  /** How many columns there are. Default: as many as rows. */
  N?: number;
  /** Whether powers ascend. Default false: the first column has the highest. */
  increasing?: boolean;
}

type Vander = (x: Tensor, N?: number | null | VanderOptions, options?: VanderOptions) => Tensor;

/** Vandermonde's matrix [n, N] of a vector: powers N − 1 … 0, as NumPy's; `linalg.vander` has them ascend. */
export const vander: FunctionOp<Vander> = functionOp<Vander>(
  {
    name: 'vander',
    params: ['x', 'N', 'increasing'],
    options: true,
    samples: vanderSamples,
    errors: (make) => [{ args: [make([2, 2])], message: /takes a vector, got shape \[2, 2\]/ }],
  },
  (x: Tensor, n?: number, increasing = false) => {
    const op = 'vander';
    if (x.ndim !== 1) throw new RangeError(`${op}: takes a vector, got shape ${formatShape(x.shape)}`);
    const powers = powersOf(op, x, n ?? x.shape[0]);
    return increasing ? powers : flip(powers, [1]);
  },
);
