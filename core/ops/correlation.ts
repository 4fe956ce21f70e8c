/** Covariance and correlation of variables. */
import { formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { div, mul, sub } from './arithmetic.js';
import { toFloat } from './elementwise.js';
import { matmul } from './matmul.js';
import { sqrt } from './pointwise.js';
import { type MethodOp, methodOp } from './record.js';
import { reshapeTo, transposeDims, unsqueezeDim } from './shape.js';
import { sumDims } from './sum.js';
import { clamp } from './extremes.js';
import { diagonal } from './slicing.js';

export interface CovOptions {
  /** Divide by the count less this. Default 1. */
  correction?: number;
  /** How often each observation counts: whole numbers. */
  fweights?: Tensor | null;
  /** How much each observation weighs. */
  aweights?: Tensor | null;
}

type Cov = (input: Tensor, correction?: number | CovOptions) => Tensor;

function variablesOf(op: string, input: Tensor): Tensor {
  if (input.ndim > 2) {
    throw new RangeError(
      `${op}: takes variables in rows and observations in columns, got shape ${formatShape(input.shape)}`,
    );
  }
  return reshapeTo(toFloat(input), input.ndim === 2 ? input.shape : [1, input.numel()]);
}

function covariance(x: Tensor, correction: number, f: Tensor | undefined, a: Tensor | undefined): Tensor {
  if (f === undefined && a === undefined) {
    const count = x.shape[1];
    const centred = sub(x, div(sumDims(x, [1], true), count));
    return div(matmul(centred, transposeDims(centred, 0, 1)), Math.max(0, count - correction));
  }
  const weights = toFloat(f === undefined ? a! : a === undefined ? f : mul(f, a)).to(x.dtype);
  const total = weights.sum();
  const centred = sub(x, div(sumDims(mul(x, weights), [1], true), total));
  const square = a === undefined ? total : div(mul(weights, a.to(x.dtype)).sum(), total);
  const count = clamp(sub(total, a === undefined ? correction : mul(square, correction)), 0);
  return div(matmul(centred, transposeDims(mul(centred, weights), 0, 1)), count);
}

/**
 * The covariance matrix of variables (rows) over observations (columns): Σ (x − x̄)(y − ȳ) / (n − correction). A 0-d
 * tensor for one variable.
 */
export const cov: MethodOp<Cov> = methodOp<Cov>(
  {
    name: 'cov',
    params: ['input', 'correction', 'fweights', 'aweights'],
    options: true,
    samples: (make) => [
      [make([2, 4])],
      [make([5]), 0],
      [make([2, 3]), { aweights: make([3], { low: 0.5, high: 1, requiresGrad: false }) }],
    ],
    errors: (make) => [{ args: [make([2, 2, 2])], message: /variables in rows/ }],
  },
  (input: Tensor, correction = 1, fweights?: Tensor, aweights?: Tensor) => {
    const result = covariance(variablesOf('cov', input), correction, fweights, aweights);
    return input.ndim === 2 ? (result.numel() === 1 ? reshapeTo(result, []) : result) : reshapeTo(result, []);
  },
);

type Corrcoef = (input: Tensor) => Tensor;

/** Pearson's correlation coefficients of variables (rows) over observations (columns). */
export const corrcoef: MethodOp<Corrcoef> = methodOp<Corrcoef>(
  {
    name: 'corrcoef',
    params: ['input'],
    samples: (make) => [[make([2, 5])]],
    errors: (make) => [{ args: [make([2, 2, 2])], message: /variables in rows/ }],
  },
  (input) => {
    const c = covariance(variablesOf('corrcoef', input), 1, undefined, undefined);
    const spread = sqrt(diagonal(c));
    const result = clamp(div(div(c, unsqueezeDim(spread, 1)), unsqueezeDim(spread, 0)), -1, 1);
    return result.numel() === 1 ? reshapeTo(result, []) : result;
  },
);
