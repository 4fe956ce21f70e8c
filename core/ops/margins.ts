/** Losses by margins: how far scores of the right answers must be above the others. */
import { broadcastShapes, formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, neg, pow, sub } from './arithmetic.js';
import { where } from './choice.js';
import { arange } from './sequences.js';
import { eq, ne } from './comparison.js';
import { pairwiseDistance } from './distances.js';
import { minimum } from './extremes.js';
import { fewMultilabelMargin } from './few-combining.js';
import { gatherAlong } from './gather.js';
import { softMargin } from './loss-formulas.js';
import { type LossOptions, reduceLoss, type Reduction } from './losses.js';
import { logsigmoid, relu, sqrt } from './pointwise.js';
import { multilabelMargin } from './multilabel-margin.js';
import { apply } from './primitive.js';
import { contiguousData, type ElementArray, elements } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { reshapeTo } from './shape.js';
import { sumDims } from './sum.js';

type Loss<Options = LossOptions> = (input: Tensor, target: Tensor, options?: Options) => Tensor;

export interface MarginOptions extends LossOptions {
  margin?: number;
}

/** x where the target is 1, max(0, margin − x) where it is −1. */
export const hingeEmbeddingLoss: FunctionOp<Loss<MarginOptions>> = functionOp<Loss<MarginOptions>>(
  {
    name: 'hingeEmbeddingLoss',
    torch: 'nn.functional.hinge_embedding_loss',
    params: ['input', 'target', 'margin', 'reduction'],
    options: true,
    samples: (make) => [[make([2, 3]), make([2, 3], { dtype: 'int64', low: 0, high: 2 }).mul(2).sub(1)]],
    errors: (make) => [{ args: [make([2]), make([3])], message: /do not broadcast/ }],
  },
  (input: Tensor, target: Tensor, margin = 1, reduction: Reduction = 'mean') => {
    broadcastShapes('hingeEmbeddingLoss', input.shape, target.shape);
    const away = where(ne(target, 1), sub(margin, input).clampMin(0), 0);
    return reduceLoss('hingeEmbeddingLoss', add(away, where(ne(target, -1), input, 0)), reduction);
  },
);

type Pair<Options> = (input1: Tensor, input2: Tensor, target: Tensor, options?: Options) => Tensor;

const TINY = 1e-12;

/** 1 − cos of two vectors where the target is 1, max(0, cos − margin) where it is −1. */
export const cosineEmbeddingLoss: FunctionOp<Pair<MarginOptions>> = functionOp<Pair<MarginOptions>>(
  {
    name: 'cosineEmbeddingLoss',
    torch: 'nn.functional.cosine_embedding_loss',
    params: ['input1', 'input2', 'target', 'margin', 'reduction'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([2, 3]), make([2], { dtype: 'int64', low: 0, high: 2 }).mul(2).sub(1)],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([2, 3]), make([2, 3])], message: /target/ }],
  },
  (a: Tensor, b: Tensor, target: Tensor, margin = 0, reduction: Reduction = 'mean') => {
    if (target.ndim !== a.ndim - 1) {
      throw new RangeError(
        `cosineEmbeddingLoss: the target holds one number for each pair of vectors, got shape ${formatShape(target.shape)} ` +
          `for vectors of shape ${formatShape(a.shape)}`,
      );
    }
    const dims = [target.ndim];
    const products = sumDims(mul(a, b), dims, false);
    const sizes = mul(add(sumDims(mul(a, a), dims, false), TINY), add(sumDims(mul(b, b), dims, false), TINY));
    const cosine = div(products, sqrt(sizes));
    const losses = add(
      where(eq(target, 1), sub(1, cosine), 0),
      where(eq(target, -1), sub(cosine, margin).clampMin(0), 0),
    );
    return reduceLoss('cosineEmbeddingLoss', losses, reduction);
  },
);

/** max(0, −target (input1 − input2) + margin). */
export const marginRankingLoss: FunctionOp<Pair<MarginOptions>> = functionOp<Pair<MarginOptions>>(
  {
    name: 'marginRankingLoss',
    torch: 'nn.functional.margin_ranking_loss',
    params: ['input1', 'input2', 'target', 'margin', 'reduction'],
    options: true,
    samples: (make) => [[make([4]), make([4]), make([4], { dtype: 'int64', low: 0, high: 2 }).mul(2).sub(1)]],
    errors: (make) => [{ args: [make([2]), make([3]), make([2])], message: /do not broadcast/ }],
  },
  (a: Tensor, b: Tensor, target: Tensor, margin = 0, reduction: Reduction = 'mean') => {
    broadcastShapes('marginRankingLoss', a.shape, b.shape);
    return reduceLoss('marginRankingLoss', add(mul(neg(target), sub(a, b)), margin).clampMin(0), reduction);
  },
);

export interface MultiMarginOptions extends MarginOptions {
  /** 1 or 2. Default 1. */
  p?: number;
  /** A factor for each class. */
  weight?: Tensor | null;
}

/** Scores as [N, C]. */
function scoreRows(x: Tensor): Tensor {
  return x.ndim === 2 ? x : reshapeTo(x, [1, x.numel()]);
}

function integers(op: string, x: Tensor): ElementArray {
  if (x.dtype !== 'int64' && x.dtype !== 'int32' && x.dtype !== 'uint8') {
    throw new TypeError(`${op}: class targets are integers, got ${x.dtype}; convert them with target.long()`);
  }
  return elements(contiguousData(x, op)).slice();
}

function checkLabels(op: string, labels: ElementArray, classes: number, lowest: number): void {
  for (const label of labels) {
    if (!(label >= lowest && label < classes)) {
      throw new RangeError(
        `${op}: target ${label} is out of range; with ${classes} classes it is 0 to ${classes - 1}`,
      );
    }
  }
}

/** Σ_{j ≠ t} max(0, margin − x_t + x_j)^p / C for class scores x [N, C] and classes t [N]. */
export const multiMarginLoss: FunctionOp<Loss<MultiMarginOptions>> = functionOp<Loss<MultiMarginOptions>>(
  {
    name: 'multiMarginLoss',
    torch: 'nn.functional.multi_margin_loss',
    params: ['input', 'target', 'p', 'margin', 'weight', 'reduction'],
    options: true,
    samples: (make) => [
      [make([3, 4]), make([3], { dtype: 'int64', low: 0, high: 4 })],
      [make([3, 4]), make([3], { dtype: 'int64', low: 0, high: 4 }), { p: 2, reduction: 'none' }],
    ],
    errors: (make) => [
      {
        args: [make([2, 3]), make([2], { dtype: 'int64', low: 3, high: 4 })],
        message: /target 3 is out of range/,
      },
    ],
  },
  (input: Tensor, target: Tensor, p = 1, margin = 1, weight?: Tensor, reduction: Reduction = 'mean') => {
    const x = scoreRows(input);
    const [count, classes] = x.shape;
    checkLabels('multiMarginLoss', integers('multiMarginLoss', target), classes, 0);
    const labels = reshapeTo(target, [count, 1]);
    const own = gatherAlong('multiMarginLoss', x, 1, labels);
    const short = relu(add(sub(x, own), margin));
    const powers = p === 1 ? short : pow(short, p);
    const others = where(ne(labels, classIndices(target, classes)), powers, 0);
    const weighted =
      weight === undefined
        ? others
        : mul(
            others,
            gatherAlong('multiMarginLoss', weight, 0, reshapeTo(target, [count])).reshape([count, 1]),
          );
    const losses = div(sumDims(weighted, [1], false), classes);
    return reduceLoss(
      'multiMarginLoss',
      reduction === 'none' && input.ndim < 2 ? reshapeTo(losses, target.shape) : losses,
      reduction,
    );
  },
);

function classIndices(like: Tensor, classes: number): Tensor {
  return arange(classes).to(like.dtype);
}

/** Σ max(0, 1 − (x_t − x_j)) / C over right classes t (listed in the target up to the first −1) and wrong classes j. */
export const multilabelMarginLoss: FunctionOp<Loss> = functionOp<Loss>(
  {
    name: 'multilabelMarginLoss',
    few: fewMultilabelMargin,
    torch: 'nn.functional.multilabel_margin_loss',
    params: ['input', 'target', 'reduction'],
    options: true,
    samples: (make) => [[make([3, 4]), make([3, 4], { dtype: 'int64', low: -1, high: 4 })]],
    errors: (make) => [
      {
        args: [make([2, 3]), make([2, 3], { dtype: 'int64', low: 3, high: 4 })],
        message: /target 3 is out of range/,
      },
    ],
  },
  (input: Tensor, target: Tensor, reduction: Reduction = 'mean') => {
    const x = scoreRows(input);
    const classes = x.shape[1];
    const labels = integers('multilabelMarginLoss', target);
    checkLabels('multilabelMarginLoss', labels, classes, -1);
    const losses = apply(multilabelMargin, [x], { labels });
    return reduceLoss(
      'multilabelMarginLoss',
      reduction === 'none' && input.ndim < 2 ? reshapeTo(losses, []) : losses,
      reduction,
    );
  },
);
export interface WeightedOptions extends LossOptions {
  weight?: Tensor | null;
}

/** The mean over classes of −t ln σ(x) − (1 − t) ln σ(−x). */
export const multilabelSoftMarginLoss: FunctionOp<Loss<WeightedOptions>> = functionOp<Loss<WeightedOptions>>(
  {
    name: 'multilabelSoftMarginLoss',
    torch: 'nn.functional.multilabel_soft_margin_loss',
    params: ['input', 'target', 'weight', 'reduction'],
    options: true,
    samples: (make) => [[make([2, 3]), make([2, 3], { low: 0, high: 1 })]],
    errors: (make) => [{ args: [make([2]), make([3])], message: /do not broadcast/ }],
  },
  (input: Tensor, target: Tensor, weight?: Tensor, reduction: Reduction = 'mean') => {
    broadcastShapes('multilabelSoftMarginLoss', input.shape, target.shape);
    const terms = neg(add(mul(target, logsigmoid(input)), mul(sub(1, target), logsigmoid(neg(input)))));
    const weighted = weight === undefined ? terms : mul(terms, weight);
    const dims = weighted.ndim === 0 ? [] : [weighted.ndim - 1];
    const losses = div(sumDims(weighted, dims, false), weighted.shape.at(-1) ?? 1);
    return reduceLoss('multilabelSoftMarginLoss', losses, reduction);
  },
);

/** ln(1 + exp(−t x)). */
export const softMarginLoss: FunctionOp<Loss> = functionOp<Loss>(
  {
    name: 'softMarginLoss',
    torch: 'nn.functional.soft_margin_loss',
    params: ['input', 'target', 'reduction'],
    options: true,
    samples: (make) => [[make([2, 3]), make([2, 3])]],
    errors: (make) => [{ args: [make([2]), make([3])], message: /do not broadcast/ }],
  },
  (input: Tensor, target: Tensor, reduction: Reduction = 'mean') => {
    broadcastShapes('softMarginLoss', input.shape, target.shape);
    return (
      softMargin(input, target, reduction) ??
      reduceLoss('softMarginLoss', neg(logsigmoid(mul(target, input))), reduction)
    );
  },
);

export interface TripletOptions extends LossOptions {
  /** Default 1. */
  margin?: number;
  /** Which norm. Default 2. */
  p?: number;
  /** Default 1e-6. */
  eps?: number;
  /** Whether the distance of the positive from the negative counts if it is smaller. Default false. */
  swap?: boolean;
}

type Triplet = (anchor: Tensor, positive: Tensor, negative: Tensor, options?: TripletOptions) => Tensor;

/** max(0, |a − p| − |a − n| + margin) of anchors, positives and negatives. */
export const tripletMarginLoss: FunctionOp<Triplet> = functionOp<Triplet>(
  {
    name: 'tripletMarginLoss',
    torch: 'nn.functional.triplet_margin_loss',
    params: ['anchor', 'positive', 'negative', 'margin', 'p', 'eps', 'swap', 'reduction'],
    options: true,
    samples: (make) => [
      [make([3, 4]), make([3, 4]), make([3, 4])],
      [make([3, 4]), make([3, 4]), make([3, 4]), { swap: true, margin: 3 }],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([2, 4]), make([2, 3])], message: /do not broadcast/ }],
  },
  (
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin = 1,
    p = 2,
    eps = 1e-6,
    swap = false,
    reduction: Reduction = 'mean',
  ) => {
    broadcastShapes('tripletMarginLoss', anchor.shape, positive.shape);
    broadcastShapes('tripletMarginLoss', anchor.shape, negative.shape);
    const near = pairwiseDistance(anchor, positive, p, eps);
    const direct = pairwiseDistance(anchor, negative, p, eps);
    const far = swap ? minimum(direct, pairwiseDistance(positive, negative, p, eps)) : direct;
    return reduceLoss('tripletMarginLoss', add(sub(near, far), margin).clampMin(0), reduction);
  },
);

export interface TripletDistanceOptions extends LossOptions {
  /** The distance of two batches of vectors, a number a pair. Default: the Euclidean one. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  /** Default 1. */
  margin?: number;
  /** Whether the distance of the positive from the negative counts if it is smaller. Default false. */
  swap?: boolean;
}

type TripletDistance = (
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletDistanceOptions,
) => Tensor;

/** max(0, d(a, p) − d(a, n) + margin) of anchors, positives and negatives, with a distance d of one's own. */
export const tripletMarginWithDistanceLoss: FunctionOp<TripletDistance> = functionOp<TripletDistance>(
  {
    name: 'tripletMarginWithDistanceLoss',
    torch: 'nn.functional.triplet_margin_with_distance_loss',
    params: ['anchor', 'positive', 'negative', 'distanceFunction', 'margin', 'swap', 'reduction'],
    options: true,
    samples: (make) => [
      [make([3, 4]), make([3, 4]), make([3, 4])],
      [make([3, 4]), make([3, 4]), make([3, 4]), { swap: true, margin: 3 }],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([2, 4]), make([2, 3])], message: /do not broadcast/ }],
  },
  (
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distanceFunction: ((a: Tensor, b: Tensor) => Tensor) | null = null,
    margin = 1,
    swap = false,
    reduction: Reduction = 'mean',
  ) => {
    broadcastShapes('tripletMarginWithDistanceLoss', anchor.shape, positive.shape);
    broadcastShapes('tripletMarginWithDistanceLoss', anchor.shape, negative.shape);
    const distance = distanceFunction ?? ((a: Tensor, b: Tensor): Tensor => pairwiseDistance(a, b));
    const near = distance(anchor, positive);
    const direct = distance(anchor, negative);
    const far = swap ? minimum(direct, distance(positive, negative)) : direct;
    const losses = add(sub(near, far), margin).clampMin(0);
    return reduceLoss('tripletMarginWithDistanceLoss', losses, reduction);
  },
);
