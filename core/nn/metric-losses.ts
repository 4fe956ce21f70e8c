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

/** Binary cross entropy of probabilities; for logits take {@link BCEWithLogitsLoss}. See {@link L.binaryCrossEntropy}. */
export class BCELoss extends WeightedLoss<L.BceOptions> {
  constructor(...args: Arguments<L.BceOptions, ['weight', 'reduction']>) {
    super(args, ['weight', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return L.binaryCrossEntropy(input, target, { ...this.options, weight: this.weight });
  }
}

/** Kullback-Leibler divergence of log-probabilities from a target; see {@link L.klDiv}. */
export class KLDivLoss extends OptionsLoss<L.KlDivOptions> {
  constructor(...args: Arguments<L.KlDivOptions, ['reduction', 'logTarget']>) {
    super(args, ['reduction', 'logTarget']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return L.klDiv(input, target, { ...this.options });
  }
}

/** Negative log-likelihood of counts under Poisson distributions; see {@link L.poissonNllLoss}. */
export class PoissonNLLLoss extends OptionsLoss<L.PoissonOptions> {
  constructor(...args: Arguments<L.PoissonOptions, ['logInput', 'full', 'eps', 'reduction']>) {
    super(args, ['logInput', 'full', 'eps', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return L.poissonNllLoss(input, target, { ...this.options });
  }
}

/** Hinge loss of distances with targets 1 and -1; see {@link M.hingeEmbeddingLoss}. */
export class HingeEmbeddingLoss extends OptionsLoss<M.MarginOptions> {
  constructor(...args: Arguments<M.MarginOptions, ['margin', 'reduction']>) {
    super(args, ['margin', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.hingeEmbeddingLoss(input, target, { ...this.options });
  }
}

/** Hinge loss of several classes a sample; see {@link M.multilabelMarginLoss}. */
export class MultiLabelMarginLoss extends OptionsLoss<LossOptions> {
  constructor(...args: Arguments<LossOptions, ['reduction']>) {
    super(args, ['reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.multilabelMarginLoss(input, target, { ...this.options });
  }
}

/** Logistic loss of targets 1 and -1; see {@link M.softMarginLoss}. */
export class SoftMarginLoss extends OptionsLoss<LossOptions> {
  constructor(...args: Arguments<LossOptions, ['reduction']>) {
    super(args, ['reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.softMarginLoss(input, target, { ...this.options });
  }
}

/** Hinge loss of one class a sample; see {@link M.multiMarginLoss}. */
export class MultiMarginLoss extends WeightedLoss<M.MultiMarginOptions> {
  constructor(...args: Arguments<M.MultiMarginOptions, ['p', 'margin', 'weight', 'reduction']>) {
    super(args, ['p', 'margin', 'weight', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.multiMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/** Logistic loss of several classes a sample; see {@link M.multilabelSoftMarginLoss}. */
export class MultiLabelSoftMarginLoss extends WeightedLoss<M.WeightedOptions> {
  constructor(...args: Arguments<M.WeightedOptions, ['weight', 'reduction']>) {
    super(args, ['weight', 'reduction']);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return M.multilabelSoftMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/** Cosine distance of pairs with targets 1 and -1; see {@link M.cosineEmbeddingLoss}. */
export class CosineEmbeddingLoss extends OptionsLoss<M.MarginOptions> {
  constructor(...args: Arguments<M.MarginOptions, ['margin', 'reduction']>) {
    super(args, ['margin', 'reduction']);
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return M.cosineEmbeddingLoss(input1, input2, target, { ...this.options });
  }
}

/** Hinge loss of pairs of which the first (target 1) or second (-1) should be larger; see {@link M.marginRankingLoss}. */
export class MarginRankingLoss extends OptionsLoss<M.MarginOptions> {
  constructor(...args: Arguments<M.MarginOptions, ['margin', 'reduction']>) {
    super(args, ['margin', 'reduction']);
  }

  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return M.marginRankingLoss(input1, input2, target, { ...this.options });
  }
}

/** Hinge loss of distances to a positive and a negative example; see {@link M.tripletMarginLoss}. */
export class TripletMarginLoss extends OptionsLoss<M.TripletOptions> {
  constructor(...args: Arguments<M.TripletOptions, ['margin', 'p', 'eps', 'swap', 'reduction']>) {
    super(args, ['margin', 'p', 'eps', 'swap', 'reduction']);
  }

  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return M.tripletMarginLoss(anchor, positive, negative, { ...this.options });
  }
}

/** {@link TripletMarginLoss} with a distance of one's own; see {@link M.tripletMarginWithDistanceLoss}. */
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

/** Negative log-likelihood of normal distributions with given variances; see {@link L.gaussianNllLoss}. */
export class GaussianNLLLoss extends OptionsLoss<L.GaussianOptions> {
  constructor(...args: Arguments<L.GaussianOptions, ['full', 'eps', 'reduction']>) {
    super(args, ['full', 'eps', 'reduction']);
  }

  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return L.gaussianNllLoss(input, target, variance, { ...this.options });
  }
}

/** Cosine of the angle between two vectors along a dimension (1); see {@link D.cosineSimilarity}. */
export class CosineSimilarity extends OptionsLoss<D.SimilarityOptions> {
  constructor(...args: Arguments<D.SimilarityOptions, ['dim', 'eps']>) {
    super(args, ['dim', 'eps']);
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return D.cosineSimilarity(x1, x2, { ...this.options });
  }
}

/** Distance of two vectors along the last dimension; see {@link D.pairwiseDistance}. */
export class PairwiseDistance extends OptionsLoss<D.PairwiseOptions> {
  constructor(...args: Arguments<D.PairwiseOptions, ['p', 'eps', 'keepdim']>) {
    super(args, ['p', 'eps', 'keepdim']);
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return D.pairwiseDistance(x1, x2, { ...this.options });
  }
}
