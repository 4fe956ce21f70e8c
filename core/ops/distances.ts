/** Distances and similarities of vectors. */
import { levels } from '../autograd/levels/wrapped.js';
import { isWideFloat } from '../dtype.js';
import { pairDistances32, pairDistances64 } from '../kernels/lines.js';
import { computesInJavaScript } from '../kernels/recording.js';
import { broadcastShapes, formatShape, wrapDim } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { foldAround } from './gather.js';
import { isRecorded } from './primitive.js';
import { contiguousData } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { takeRows } from './rows.js';
import { expandTo, reshapeTo, unsqueezeDim } from './shape.js';
import { vectorNormOf } from './vector-norms.js';
import { sumDims } from './sum.js';

export interface PairwiseOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** Added to the differences. Default 1e-6. */
  eps?: number;
  keepdim?: boolean;
}

type Pairwise = (
  x1: Tensor,
  x2: Tensor,
  p?: number | PairwiseOptions,
  eps?: number | PairwiseOptions,
  keepdim?: boolean,
) => Tensor;

/** The p-norm of x1 − x2 + eps over the last dimension. */
export const pairwiseDistance: FunctionOp<Pairwise> = functionOp<Pairwise>(
  {
    name: 'pairwiseDistance',
    torch: 'nn.functional.pairwise_distance',
    params: ['x1', 'x2', 'p', 'eps', 'keepdim'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([2, 3])],
      [make([2, 3]), make([3]), { p: 1, keepdim: true }],
    ],
  },
  (x1: Tensor, x2: Tensor, p = 2, eps = 1e-6, keepdim = false) => {
    const d = add(sub(x1, x2), eps);
    return vectorNormOf(d, p, d.ndim === 0 ? [] : [d.ndim - 1], keepdim);
  },
);

export interface SimilarityOptions {
  /** The dimension of the vectors. Default 1. */
  dim?: number;
  /** The least that norms count for. Default 1e-8. */
  eps?: number;
}

type Similarity = (
  x1: Tensor,
  x2: Tensor,
  dim?: number | SimilarityOptions,
  eps?: number | SimilarityOptions,
) => Tensor;

/** Norms with a lower limit that the gradient does not see. */
function limitedNorm(x: Tensor, dim: number, eps: number): Tensor {
  const norm = vectorNormOf(x, 2, x.ndim === 0 ? [] : [dim], true);
  return add(norm, sub(norm.detach().clampMin(eps), norm.detach()));
}

/** x1 · x2 / (|x1| |x2|) along a dimension. */
export const cosineSimilarity: FunctionOp<Similarity> = functionOp<Similarity>(
  {
    name: 'cosineSimilarity',
    torch: ['nn.functional.cosine_similarity', 'cosine_similarity'],
    params: ['x1', 'x2', 'dim', 'eps'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([2, 3])],
      [make([2, 3]), make([3]), { dim: -1 }],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([2, 4])], message: /do not broadcast/ }],
  },
  (x1: Tensor, x2: Tensor, dim = 1, eps = 1e-8) => {
    const shape = broadcastShapes('cosineSimilarity', x1.shape, x2.shape);
    const at = wrapDim('cosineSimilarity', dim, shape.length);
    const a = expandTo(x1, shape);
    const b = expandTo(x2, shape);
    const products = mul(div(a, limitedNorm(a, at, eps)), div(b, limitedNorm(b, at, eps)));
    return sumDims(products, shape.length === 0 ? [] : [at], false);
  },
);

export interface CdistOptions {
  p?: number;
  /** For PyTorch's sake; there is one way of computing. */
  computeMode?: string;
}

type Cdist = (
  x1: Tensor,
  x2: Tensor,
  p?: number | CdistOptions,
  computeMode?: string | CdistOptions,
) => Tensor;

/** The p-norm distance of each row of x1 [..., n, d] from each row of x2 [..., m, d]: [..., n, m]. */
export const cdist: FunctionOp<Cdist> = functionOp<Cdist>(
  {
    name: 'cdist',
    params: ['x1', 'x2', 'p', 'computeMode'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([4, 3])],
      [make([2, 2, 3]), make([2, 3]), { p: 1 }],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([2, 4])], message: /rows of one length/ }],
  },
  (x1: Tensor, x2: Tensor, p = 2) => {
    if (x1.ndim < 2 || x2.ndim < 2 || x1.shape.at(-1) !== x2.shape.at(-1)) {
      throw new RangeError(
        `cdist: takes matrices with rows of one length, got shapes ${formatShape(x1.shape)} and ${formatShape(x2.shape)}`,
      );
    }
    const d = sub(unsqueezeDim(x1, x1.ndim - 1), unsqueezeDim(x2, x2.ndim - 2));
    return vectorNormOf(d, p, [d.ndim - 1], false);
  },
);

/** The usual case without a graph, at once: no differences are stored. */
function euclideanPairs(input: Tensor, count: number): Tensor {
  const [n, width] = input.shape;
  const x = contiguousData(input, 'pdist');
  const out = allocateShape([count], x.dtype, 'pdist');
  computesInJavaScript();
  if (x.dtype === 'float32') pairDistances32(x.ptr, out.ptr, n, width);
  else pairDistances64(x.ptr, out.ptr, n, width);
  return out;
}

type Pdist = (input: Tensor, p?: number | { p?: number }) => Tensor;

/** The p-norm distances of all pairs of rows i < j of a matrix, in order. */
export const pdist: FunctionOp<Pdist> = functionOp<Pdist>(
  {
    name: 'pdist',
    torch: ['nn.functional.pdist', 'pdist'],
    params: ['input', 'p'],
    options: true,
    samples: (make) => [[make([4, 2])], [make([3, 2]), { p: 3 }]],
    errors: (make) => [{ args: [make([3])], message: /takes a matrix/ }],
  },
  (input: Tensor, p = 2) => {
    if (input.ndim !== 2)
      throw new RangeError(`pdist: takes a matrix, got shape ${formatShape(input.shape)}`);
    const n = input.shape[0];
    const count = (n * (n - 1)) / 2;
    if (p === 2 && levels.top === null && isWideFloat(input.dtype) && !isRecorded([input]))
      return euclideanPairs(input, count);
    const first = new Int32Array(count);
    const second = new Int32Array(count);
    for (let i = 0, k = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++, k++) {
        first[k] = i;
        second[k] = j;
      }
    }
    const rows = foldAround(input, 0);
    const d = sub(takeRows(rows, first), takeRows(rows, second));
    return vectorNormOf(reshapeTo(d, [count, input.shape[1]]), p, [1], false);
  },
);

export interface NormalizeOptions {
  /** Which norm. Default 2. */
  p?: number;
  /** The dimension of the vectors. Default 1. */
  dim?: number;
  /** The least that norms count for. Default 1e-12. */
  eps?: number;
}

type Normalize = (
  input: Tensor,
  p?: number | NormalizeOptions,
  dim?: number | NormalizeOptions,
  eps?: number,
) => Tensor;

/** x / max(|x|, eps) along a dimension. */
export const normalize: FunctionOp<Normalize> = functionOp<Normalize>(
  {
    name: 'normalize',
    torch: 'nn.functional.normalize',
    params: ['input', 'p', 'dim', 'eps'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), { p: 1, dim: 0 }]],
  },
  (input: Tensor, p = 2, dim = 1, eps = 1e-12) => {
    const at = wrapDim('normalize', dim, input.ndim);
    return div(input, vectorNormOf(input, p, input.ndim === 0 ? [] : [at], true).clampMin(eps));
  },
);
