/** Softmax and its relatives. */
import { elementOfFloat } from '../dtype.js';
import type { DType } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { mul, neg, sub } from './arithmetic.js';
import { cast } from './cast.js';
import { toFloat } from './elementwise.js';
import { allocateLike } from './operand.js';
import { exp } from './pointwise.js';
import { apply, OUTPUT, type Primitive, type Batch, withBatch } from './primitive.js';
import { contiguousData } from './raw.js';
import { type MethodOp, methodOp, functionOp, type FunctionOp } from './record.js';
import { transposeDims } from './shape.js';
import { sumDims } from './sum.js';

/** Softmax (or its logarithm) over the last dimension. */
function rowsPrimitive(log: boolean): Primitive<null> {
  const name = log ? 'logSoftmax' : 'softmax';
  return {
    name,
    reads: [[OUTPUT]],
    forward: ([x]) => {
      const source = contiguousData(x, name);
      const out = allocateLike(source, source.dtype, name);
      const columns = source.ndim === 0 ? 1 : source.shape[source.ndim - 1];
      if (out.layout.size > 0) {
        kernels.softmax(log, elementOfFloat(source), out.layout.size / columns, columns, source.ptr, out.ptr);
      }
      return out;
    },
    vjp: (grad, context) => [rowsGradient(log, grad, context.output())],
    // The Jacobian of softmax is symmetric; that of its logarithm is not.
    jvp: ([tangent], context) => {
      if (tangent === null) return null;
      const y = context.output();
      if (!log) return rowsGradient(false, tangent, y);
      return sub(tangent, sumDims(mul(exp(y), tangent), y.ndim === 0 ? [] : [y.ndim - 1], true));
    },
    batch: (inputs, _, batch) =>
      overRows(inputs, batch, (x) => apply(primitives[log ? 'log' : 'plain'], x, null)),
  };
}

/** A batch of numbers is made one of rows of one number. */
function overRows(inputs: readonly Tensor[], batch: Batch, once: (inputs: Tensor[]) => Tensor): Tensor {
  const all = withBatch(inputs, batch);
  if (all[0].ndim > 1) return once(all);
  return once(all.map((x) => x.reshape([batch.size, 1]))).reshape([batch.size]);
}

/** The gradient through softmax rows: y (g − Σ g y), or, for the logarithm, g − eʸ Σ g. */
function gradientPrimitive(log: boolean): Primitive<null> {
  const name = log ? 'logSoftmaxBackward' : 'softmaxBackward';
  return {
    name,
    reads: [[1], [0, 1]],
    forward: ([grad, output]) => {
      const g = contiguousData(grad, name);
      // Inside of function transforms the output may be one that is repeated for a batch of gradients.
      const y = contiguousData(output, name);
      const out = allocateLike(y, y.dtype, name);
      const columns = y.ndim === 0 ? 1 : y.shape[y.ndim - 1];
      if (out.layout.size > 0) {
        kernels.softmaxGrad(
          log,
          elementOfFloat(g),
          out.layout.size / columns,
          columns,
          y.ptr,
          g.ptr,
          out.ptr,
        );
      }
      return out;
    },
    vjp: (u, context) => {
      const y = context.input(1);
      const dims = y.ndim === 0 ? [] : [y.ndim - 1];
      if (log) {
        const p = exp(y);
        return [
          context.needs(0) ? sub(u, sumDims(mul(u, p), dims, true)) : null,
          context.needs(1) ? neg(mul(mul(u, p), sumDims(context.input(0), dims, true))) : null,
        ];
      }
      const uy = sumDims(mul(u, y), dims, true);
      if (!context.needs(1)) return [mul(y, sub(u, uy)), null];
      const g = context.input(0);
      const gy = sumDims(mul(g, y), dims, true);
      return [
        context.needs(0) ? mul(y, sub(u, uy)) : null,
        // y appears before the bracket and inside of the sum.
        sub(mul(u, sub(g, gy)), mul(g, uy)),
      ];
    },
    batch: (inputs, _, batch) =>
      overRows(inputs, batch, (x) => apply(gradients[log ? 'log' : 'plain'], x, null)),
  };
}

const primitives: Record<'plain' | 'log', Primitive<null>> = {
  plain: rowsPrimitive(false),
  log: rowsPrimitive(true),
};
const gradients: Record<'plain' | 'log', Primitive<null>> = {
  plain: gradientPrimitive(false),
  log: gradientPrimitive(true),
};

function rowsGradient(log: boolean, grad: Tensor, y: Tensor): Tensor {
  return apply(log ? gradients.log : gradients.plain, [grad, y], null);
}

function softmaxOf(name: string, log: boolean, input: Tensor, dim: number, dtype: DType | undefined): Tensor {
  const x = toFloat(dtype === undefined ? input : cast(input, dtype));
  const at = wrapDim(name, dim, x.ndim);
  const primitive = log ? primitives.log : primitives.plain;
  if (x.ndim === 0 || at === x.ndim - 1) return apply(primitive, [x], null);
  return transposeDims(apply(primitive, [transposeDims(x, at, x.ndim - 1)], null), at, x.ndim - 1);
}

export interface SoftmaxOptions {
  /** The dimension along which the results sum to 1. */
  dim?: number;
  /** The dtype to convert to first. */
  dtype?: DType;
}

type Softmax = (input: Tensor, dim: number | SoftmaxOptions, options?: SoftmaxOptions) => Tensor;

function checkDim(name: string, dim: number | undefined): number {
  if (dim === undefined)
    throw new TypeError(`${name}: say along which dimension: ${name}(x, -1) for the last`);
  return dim;
}

const description = {
  params: ['input', 'dim', 'dtype'],
  options: true,
  samples: (make: (shape: number[]) => Tensor) => [
    [make([2, 3]), 1],
    [make([2, 3, 2]), 1],
    [make([]), 0],
  ],
  errors: (make: (shape: number[]) => Tensor) => [
    { args: [make([2, 3])], message: /along which dimension/ },
    { args: [make([2, 3]), 2], message: /dimension 2 is out of range/ },
  ],
} as const;

/** exp(xᵢ) / Σⱼ exp(xⱼ) along a dimension. */
export const softmax: MethodOp<Softmax> = methodOp<Softmax>(
  { ...description, name: 'softmax', torch: ['softmax', 'nn.functional.softmax'] },
  (input: Tensor, dim?: number, dtype?: DType) =>
    softmaxOf('softmax', false, input, checkDim('softmax', dim), dtype),
);

/** xᵢ − ln Σⱼ exp(xⱼ) along a dimension: the logarithm of softmax, computed without overflow. */
export const logSoftmax: MethodOp<Softmax> = methodOp<Softmax>(
  { ...description, name: 'logSoftmax', torch: ['log_softmax', 'nn.functional.log_softmax'] },
  (input: Tensor, dim?: number, dtype?: DType) =>
    softmaxOf('logSoftmax', true, input, checkDim('logSoftmax', dim), dtype),
);

/** softmax(−x) along a dimension. */
export const softmin: FunctionOp<Softmax> = functionOp<Softmax>(
  { ...description, name: 'softmin', torch: 'nn.functional.softmin' },
  (input: Tensor, dim?: number, dtype?: DType) =>
    softmaxOf('softmin', false, neg(input), checkDim('softmin', dim), dtype),
);
