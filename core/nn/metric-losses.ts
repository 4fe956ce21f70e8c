/** Losses of likelihoods, margins and distances as modules; their formulas stand with the functions. */

import * as D from '../ops/distances.js';
import * as L from '../ops/likelihoods.js';
import type { LossOptions } from '../ops/losses.js';
import * as M from '../ops/margins.js';
import type { Tensor } from '../tensor.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';

/** A loss is a function with options; only tensors among them are kept elsewhere, as buffers. */
abstract class OptionsLoss<O extends object> extends Module {
  readonly options: O;

  constructor(args: readonly unknown[], order: readonly (keyof O & string)[]) {
    super();
    this.options = byName<O>(new.target.name, args, order, 0, []);
  }
}

/** What losses with a weight for each element or class share. */
abstract class WeightedLoss<O extends { weight?: Tensor | null }> extends Module {
  readonly weight: Tensor | null;
  protected readonly options: Omit<O, 'weight'>;

  constructor(args: readonly unknown[], order: readonly (keyof O & string)[]) {
    super();
    const { weight, ...rest } = byName<O>(new.target.name, args, order, 0, []);
    this.options = rest;
    this.weight = weight ?? null;
    this.registerBuffer('weight', this.weight);
  }
}

/**
 * Binary cross entropy, −t ln x − (1 − t) ln(1 − x), of probabilities x and targets t of one shape, any; of logits take
 * {@link BCEWithLogitsLoss}. As F.binaryCrossEntropy.
 */
export class BCELoss extends WeightedLoss<L.BceOptions> {
  constructor(...args: Arguments<L.BceOptions, ['weight', 'reduction']>) {
    super(args, ['weight', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return L.binaryCrossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/** Kullback-Leibler divergence, t (ln t − x), of log-probabilities x and probabilities t of one shape, any. As F.klDiv. */
export class KLDivLoss extends OptionsLoss<L.KlDivOptions> {
  constructor(...args: Arguments<L.KlDivOptions, ['reduction', 'logTarget']>) {
    super(args, ['reduction', 'logTarget']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return L.klDiv(input, target, { ...this.options });
  }
}

/**
 * Negative log-likelihood of counts t under Poisson distributions: eˣ − t x for logarithms x of expected counts, or x − t ln(x + eps)
 * for counts; both of one shape, any. As F.poissonNllLoss.
 */
export class PoissonNLLLoss extends OptionsLoss<L.PoissonOptions> {
  constructor(...args: Arguments<L.PoissonOptions, ['logInput', 'full', 'eps', 'reduction']>) {
    super(args, ['logInput', 'full', 'eps', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return L.poissonNllLoss(input, target, { ...this.options });
  }
}

/** Hinge loss of distances x: x where the target is 1, max(0, margin − x) where it is −1; any shape. As F.hingeEmbeddingLoss. */
export class HingeEmbeddingLoss extends OptionsLoss<M.MarginOptions> {
  constructor(...args: Arguments<M.MarginOptions, ['margin', 'reduction']>) {
    super(args, ['margin', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.hingeEmbeddingLoss(input, target, { ...this.options });
  }
}

/**
 * Hinge loss of several classes a sample: Σ max(0, 1 − (x_t − x_j)) / C over right classes t and wrong ones j. Scores [N, C] or [C];
 * the target, of that shape, lists the right classes up to the first −1. As F.multilabelMarginLoss.
 */
export class MultiLabelMarginLoss extends OptionsLoss<LossOptions> {
  constructor(...args: Arguments<LossOptions, ['reduction']>) {
    super(args, ['reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.multilabelMarginLoss(input, target, { ...this.options });
  }
}

/** Logistic loss ln(1 + exp(−t x)) of targets t, 1 and −1, of the shape of x, any. As F.softMarginLoss. */
export class SoftMarginLoss extends OptionsLoss<LossOptions> {
  constructor(...args: Arguments<LossOptions, ['reduction']>) {
    super(args, ['reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.softMarginLoss(input, target, { ...this.options });
  }
}

/**
 * Hinge loss of one class t a sample: Σ_{j ≠ t} max(0, margin − x_t + x_j)^p / C for scores [N, C] and classes [N]. As
 * F.multiMarginLoss.
 */
export class MultiMarginLoss extends WeightedLoss<M.MultiMarginOptions> {
  constructor(...args: Arguments<M.MultiMarginOptions, ['p', 'margin', 'weight', 'reduction']>) {
    super(args, ['p', 'margin', 'weight', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.multiMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Logistic loss of several classes a sample: the mean over classes of −t ln σ(x) − (1 − t) ln σ(−x), scores and targets [N, C]. As
 * F.multilabelSoftMarginLoss.
 */
export class MultiLabelSoftMarginLoss extends WeightedLoss<M.WeightedOptions> {
  constructor(...args: Arguments<M.WeightedOptions, ['weight', 'reduction']>) {
    super(args, ['weight', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.multilabelSoftMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * Of pairs of vectors [N, D]: 1 − cos where the target, [N], is 1, max(0, cos − margin) where it is −1. As F.cosineEmbeddingLoss.
 */
export class CosineEmbeddingLoss extends OptionsLoss<M.MarginOptions> {
  constructor(...args: Arguments<M.MarginOptions, ['margin', 'reduction']>) {
    super(args, ['margin', 'reduction']);
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return M.cosineEmbeddingLoss(input1, input2, target, { ...this.options });
  }
}

/**
 * Hinge loss max(0, −target (input1 − input2) + margin) of pairs, of which the first (target 1) or the second (−1) should be larger;
 * all of one shape. As F.marginRankingLoss.
 */
export class MarginRankingLoss extends OptionsLoss<M.MarginOptions> {
  constructor(...args: Arguments<M.MarginOptions, ['margin', 'reduction']>) {
    super(args, ['margin', 'reduction']);
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return M.marginRankingLoss(input1, input2, target, { ...this.options });
  }
}

/** Hinge loss max(0, |a − p| − |a − n| + margin) of anchors, positive and negative examples [N, D]. As F.tripletMarginLoss. */
export class TripletMarginLoss extends OptionsLoss<M.TripletOptions> {
  constructor(...args: Arguments<M.TripletOptions, ['margin', 'p', 'eps', 'swap', 'reduction']>) {
    super(args, ['margin', 'p', 'eps', 'swap', 'reduction']);
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return M.tripletMarginLoss(anchor, positive, negative, { ...this.options });
  }
}

/**
 * {@link TripletMarginLoss} with a distance of one's own: max(0, d(a, p) − d(a, n) + margin) of [N, D]. As
 * F.tripletMarginWithDistanceLoss.
 */
export class TripletMarginWithDistanceLoss extends OptionsLoss<M.TripletDistanceOptions> {
  constructor(
    ...args: Arguments<M.TripletDistanceOptions, ['distanceFunction', 'margin', 'swap', 'reduction']>
  ) {
    super(args, ['distanceFunction', 'margin', 'swap', 'reduction']);
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return M.tripletMarginWithDistanceLoss(anchor, positive, negative, { ...this.options });
  }
}

/**
 * Negative log-likelihood of normal distributions with variances v: ½ (ln v + (x − t)² / v), means x, targets t and v of one shape.
 * As F.gaussianNllLoss.
 */
export class GaussianNLLLoss extends OptionsLoss<L.GaussianOptions> {
  constructor(...args: Arguments<L.GaussianOptions, ['full', 'eps', 'reduction']>) {
    super(args, ['full', 'eps', 'reduction']);
  }

  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return L.gaussianNllLoss(input, target, variance, { ...this.options });
  }
}

/** Cosine of the angle between two vectors along a dimension (1), x · y / (|x| |y|): [N, D] gives [N]. As F.cosineSimilarity. */
export class CosineSimilarity extends OptionsLoss<D.SimilarityOptions> {
  constructor(...args: Arguments<D.SimilarityOptions, ['dim', 'eps']>) {
    super(args, ['dim', 'eps']);
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return D.cosineSimilarity(x1, x2, { ...this.options });
  }
}

/** Distance of two vectors along the last dimension, the p-norm of x − y + eps: [N, D] gives [N]. As F.pairwiseDistance. */
export class PairwiseDistance extends OptionsLoss<D.PairwiseOptions> {
  constructor(...args: Arguments<D.PairwiseOptions, ['p', 'eps', 'keepdim']>) {
    super(args, ['p', 'eps', 'keepdim']);
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return D.pairwiseDistance(x1, x2, { ...this.options });
  }
}
