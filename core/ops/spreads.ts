/** Variances, standard deviations and the means beside them. */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { isWideFloat } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { div, mul, sub } from './arithmetic.js';
import { where } from './choice.js';
import { eq } from './comparison.js';
import { varianceOfLine } from './few-lines.js';
import { fewRun, reduceFew, reduceFewGradient, varianceGradient } from './few-reductions.js';
import { sqrt, square } from './pointwise.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { countOf } from './reduction.js';
import { restoreDims, sumDims } from './sum.js';

export interface Spread {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly correction: number;
}

function centre(x: Tensor, dims: readonly number[]): Tensor {
  return div(sumDims(x, dims, true), countOf(x.shape, dims));
}

export function varianceOf(x: Tensor, spread: Spread): Tensor {
  const few =
    levels.top === null && gradMode.watch === null && isWideFloat(x.dtype) && spread.correction === 1;
  if (few && fewRun(x, spread.dims) !== null) return apply(fewVariance, [x], spread);
  return varianceByOps(x, spread);
}

/** The unbiased variance of few elements as one loop, and its gradient as another. */
const fewVariance: Primitive<Spread> = {
  name: 'var',
  reads: [[0]],
  forward: ([x], spread) => {
    const run = fewRun(x, spread.dims);
    if (run === null) return varianceByOps(x, spread);
    return reduceFew('var', varianceOfLine, x, spread.dims, spread.keepdim, run);
  },
  vjp: (grad, context) => {
    const { dims, keepdim } = context.attributes;
    const x = context.input(0);
    const few = reduceFewGradient('var', varianceGradient, grad, x, grad, dims);
    if (few !== null) return [few];
    const g = keepdim ? grad : restoreDims(grad, x.shape, dims);
    const factor = 2 / Math.max(0, countOf(x.shape, dims) - 1);
    return [mul(mul(sub(x, centre(x, dims)), factor), g)];
  },
};

function varianceByOps(x: Tensor, { dims, keepdim, correction }: Spread): Tensor {
  const squares = sumDims(square(sub(x, centre(x, dims))), dims, keepdim);
  return div(squares, Math.max(0, countOf(x.shape, dims) - correction));
}

/** √v, with gradient 0 where v is 0 rather than infinite. */
const rootPrimitive: Primitive<null> = {
  name: 'std',
  reads: [[OUTPUT]],
  forward: ([v]) => sqrt(v),
  vjp: (grad, context) => {
    const y = context.output();
    return [where(eq(y, 0), 0, div(grad, mul(y, 2)))];
  },
  jvp: 'elementwise',
  batch: 'elementwise',
};

export function rootOf(v: Tensor): Tensor {
  return apply(rootPrimitive, [v], null);
}

export function meanOf(x: Tensor, { dims, keepdim }: Spread): Tensor {
  return div(sumDims(x, dims, keepdim), countOf(x.shape, dims));
}
