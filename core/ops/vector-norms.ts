/** Norms over dimensions. */
import { levels } from '../autograd/levels/wrapped.js';
import { type DType, isFloat, isWideFloat } from '../dtype.js';
import { formatShape, wrapDim, wrapDims } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, pow } from './arithmetic.js';
import { cast } from './cast.js';
import { where } from './choice.js';
import { eq, gt } from './comparison.js';
import { amax, amin } from './extremes.js';
import { fewRun, lengthGradient, lengthOfLine, reduceFew, reduceFewGradient } from './few-reductions.js';
import { singularValuesOver } from './linalg/svd.js';
import { abs, sign, sqrt, square } from './pointwise.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import type { Dims, ReduceOptions } from './reduction.js';
import { reshapeTo } from './shape.js';
import { reducedShape, restoreDims, sumDims } from './sum.js';

export interface NormOptions extends ReduceOptions {
  p?: number | 'fro' | 'nuc';
  dtype?: DType;
}

/** (Σ |x|ᵖ)^(1/p) over dimensions; the largest or smallest |x| for p = ±∞, the count of non-zeros for p = 0. */
export function vectorNormOf(x: Tensor, p: number, dims: readonly number[], keepdim: boolean): Tensor {
  if (p === Infinity || p === -Infinity) {
    if (dims.some((d) => x.shape[d] === 0)) {
      if (p < 0)
        throw new RangeError(`norm: of no elements (shape ${formatShape(x.shape)}) there is no smallest`);
      return sumDims(x, dims, keepdim);
    }
    const list = dims.length === 0 ? [] : dims;
    const size = abs(x);
    if (list.length === 0) return size;
    return p > 0 ? amax(size, list, keepdim) : amin(size, list, keepdim);
  }
  if (p === 0) return sumDims(cast(x.detach().ne(0), x.dtype), dims, keepdim);
  if (p === 1) return sumDims(abs(x), dims, keepdim);
  return apply(normPrimitive, [x], { p, dims, keepdim });
}

interface NormAttributes {
  readonly p: number;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

const normPrimitive: Primitive<NormAttributes> = {
  name: 'norm',
  reads: [[0, OUTPUT]],
  forward: ([x], { p, dims, keepdim }) => {
    const run = p === 2 && levels.top === null && isWideFloat(x.dtype) ? fewRun(x, dims) : null;
    if (run !== null) return reduceFew('norm', lengthOfLine, x, dims, keepdim, run);
    if (p === 2) return sqrt(sumDims(square(x), dims, keepdim));
    return pow(sumDims(pow(abs(x), p), dims, keepdim), 1 / p);
  },
  vjp: (grad, context) => {
    const { p, dims, keepdim } = context.attributes;
    const x = context.input(0);
    if (p === 2) {
      const few = reduceFewGradient('norm', lengthGradient, grad, x, context.output(), dims);
      if (few !== null) return [few];
    }
    const y = keepdim ? context.output() : restoreDims(context.output(), x.shape, dims);
    const g = keepdim ? grad : restoreDims(grad, x.shape, dims);
    if (p === 2) return [where(eq(y, 0), 0, mul(x, div(g, y)))];
    const size = abs(x);
    if (p < 1) {
      const slope = where(eq(x, 0), 0, mul(sign(x), pow(size, p - 1)));
      return [mul(slope, mul(g, where(eq(y, 0), 0, pow(y, 1 - p))))];
    }
    if (p < 2) {
      const slope = mul(sign(x), pow(size, p - 1));
      return [mul(slope, where(eq(y, 0), 0, div(g, pow(y, p - 1))))];
    }
    return [mul(mul(x, pow(size, p - 2)), where(eq(y, 0), 0, div(g, pow(y, p - 1))))];
  },
  batch: ([x], { p, dims, keepdim }) =>
    apply(normPrimitive, [x], { p, dims: dims.map((dim) => dim + 1), keepdim }),
};

/** The sum of the singular values of the matrices in two dimensions. */
function nuclearNorm(x: Tensor, dim: Dims, keepdim: boolean): Tensor {
  const dims = dim === null ? [...x.shape.keys()] : [dim].flat();
  if (dims.length !== 2) {
    throw new RangeError(
      `norm: the nuclear norm is one of matrices: say which two dimensions of shape ${formatShape(x.shape)}`,
    );
  }
  const values = singularValuesOver('norm', x, dims[0], dims[1]);
  const result = sumDims(values, [values.ndim - 1], false);
  return keepdim ? reshapeTo(result, reducedShape(x.shape, wrapDims('norm', dims, x.ndim), true)) : result;
}

type Norm = (
  input: Tensor,
  p?: number | 'fro' | 'nuc' | NormOptions,
  dim?: Dims | NormOptions,
  keepdim?: boolean | NormOptions,
) => Tensor;

/** The p-norm (2 by default) of all elements, or over dimensions. */
export const norm: MethodOp<Norm> = methodOp<Norm>(
  {
    name: 'norm',
    params: ['input', 'p', 'dim', 'keepdim', 'dtype'],
    options: true,
    samples: (make) => [
      [make([2, 3])],
      [make([2, 3]), 3, 1],
      [make([2, 3]), { p: 1, dim: 0, keepdim: true }],
    ],
    errors: (make) => [{ args: [make([2], { dtype: 'int64' })], message: /takes float tensors/ }],
  },
  (input: Tensor, p: number | 'fro' | 'nuc' = 2, dim: Dims = null, keepdim = false, dtype?: DType) => {
    const x = dtype === undefined ? input : cast(input, dtype);
    if (!isFloat(x.dtype))
      throw new TypeError(`norm: takes float tensors, got ${x.dtype}; convert it with x.float()`);
    if (p === 'nuc') return nuclearNorm(x, dim, keepdim);
    return vectorNormOf(x, p === 'fro' ? 2 : p, wrapDims('norm', dim, x.ndim), keepdim);
  },
);

type Renorm = (input: Tensor, p: number, dim: number, maxnorm: number) => Tensor;

/**
 * Each slice x_i along `dim` scaled down to the p-norm `maxnorm` where its norm is larger:
 * x_i · maxnorm / (‖x_i‖_p + 1e-7); the others as they are.
 * @throws RangeError for fewer than 2 dimensions, p ≤ 0 or a negative maxnorm
 */
export const renorm: InPlaceOp<Renorm> = inPlaceOp<Renorm>(
  {
    name: 'renorm',
    params: ['input', 'p', 'dim', 'maxnorm'],
    options: true,
    samples: (make) => [
      [make([3, 4]), 2, 0, 2],
      [make([2, 3, 2]), 1, -1, 4.5],
      [make([3, 2], { low: 0.5 }), 3, 1, 100],
    ],
    errors: (make) => [
      { args: [make([3]), 2, 0, 1], message: /renorm: takes at least 2 dimensions, got shape \[3\]/ },
      { args: [make([2, 2]), 0, 0, 1], message: /renorm: p is above 0, got 0/ },
      { args: [make([2, 2]), 2, 0, -1], message: /renorm: maxnorm is at least 0, got -1/ },
    ],
  },
  (input: Tensor, p: number, dim: number, maxnorm: number) => {
    if (input.ndim < 2)
      throw new RangeError(`renorm: takes at least 2 dimensions, got shape ${formatShape(input.shape)}`);
    if (!(p > 0)) throw new RangeError(`renorm: p is above 0, got ${p}`);
    if (!(maxnorm >= 0)) throw new RangeError(`renorm: maxnorm is at least 0, got ${maxnorm}`);
    if (!isFloat(input.dtype))
      throw new TypeError(`renorm: takes floats, got ${input.dtype}; convert it with x.float()`);
    const at = wrapDim('renorm', dim, input.ndim);
    const others = [...input.shape.keys()].filter((d) => d !== at);
    const norms = vectorNormOf(input, p, others, true);
    return mul(input, where(gt(norms, maxnorm), div(maxnorm, add(norms, 1e-7)), 1));
  },
);
