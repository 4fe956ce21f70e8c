/** Losses as modules: `const loss = new CrossEntropyLoss()`, `loss(output, target)`. */

import { type Arguments, byName } from '../arguments.js';
import * as F from '../ops/functional.js';
import type { CtcOptions, Lengths } from '../ops/ctc.js';
import type { Reduction } from '../ops/losses.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** How the losses of single elements become one number: their mean (default), their sum, or not at all. */
export interface ReductionOptions {
  reduction?: Reduction;
}

/** What losses share: the reduction. */
abstract class Loss extends Module {
  readonly reduction: Reduction;

  constructor(options: ReductionOptions) {
    super();
    this.reduction = options.reduction ?? 'mean';
  }
}

interface SmoothL1Options extends ReductionOptions {
  beta?: number;
}

interface HuberOptions extends ReductionOptions {
  delta?: number;
}

const REDUCTION_ORDER = ['reduction'] as const;
const SMOOTH_L1_ORDER = ['reduction', 'beta'] as const;
const HUBER_ORDER = ['reduction', 'delta'] as const;
const BINARY_ORDER = ['weight', 'reduction', 'posWeight'] as const;
const CLASS_ORDER = ['weight', 'ignoreIndex', 'reduction'] as const;
const CROSS_ENTROPY_ORDER = [...CLASS_ORDER, 'labelSmoothing'] as const;
const CTC_ORDER = ['blank', 'reduction', 'zeroInfinity'] as const;

/** (x - y)². */
export class MSELoss extends Loss {
  constructor(...args: Arguments<ReductionOptions, typeof REDUCTION_ORDER>) {
    const options = byName<ReductionOptions>('MSELoss', args, REDUCTION_ORDER, 0, []);
    super(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.mseLoss(input, target, { reduction: this.reduction });
  }
}

/** |x - y|. */
export class L1Loss extends Loss {
  constructor(...args: Arguments<ReductionOptions, typeof REDUCTION_ORDER>) {
    const options = byName<ReductionOptions>('L1Loss', args, REDUCTION_ORDER, 0, []);
    super(options);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.l1Loss(input, target, { reduction: this.reduction });
  }
}

/** (x - y)² / (2 beta) where |x - y| < beta, else |x - y| - beta / 2; `beta` is 1. */
export class SmoothL1Loss extends Loss {
  readonly beta: number;

  constructor(...args: Arguments<SmoothL1Options, typeof SMOOTH_L1_ORDER>) {
    const options = byName<SmoothL1Options>('SmoothL1Loss', args, SMOOTH_L1_ORDER, 0, []);
    super(options);
    this.beta = options.beta ?? 1;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

/** (x - y)² / 2 where |x - y| ≤ delta, else delta (|x - y| - delta / 2); `delta` is 1. */
export class HuberLoss extends Loss {
  readonly delta: number;

  constructor(...args: Arguments<HuberOptions, typeof HUBER_ORDER>) {
    const options = byName<HuberOptions>('HuberLoss', args, HUBER_ORDER, 0, []);
    super(options);
    this.delta = options.delta ?? 1;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

/** Options of {@link BCEWithLogitsLoss}. */
export interface BinaryLossOptions extends ReductionOptions {
  /** A factor for each element's loss; broadcasts. */
  weight?: Tensor | null;
  /** A factor for the losses of targets of 1; broadcasts. */
  posWeight?: Tensor | null;
}

/** -(posWeight y ln σ(x) + (1 - y) ln(1 - σ(x))) of logits x and targets y in [0, 1]. */
export class BCEWithLogitsLoss extends Loss {
  readonly weight: Tensor | null;
  readonly posWeight: Tensor | null;

  constructor(...args: Arguments<BinaryLossOptions, typeof BINARY_ORDER>) {
    const options = byName<BinaryLossOptions>('BCEWithLogitsLoss', args, BINARY_ORDER, 0, []);
    super(options);
    this.weight = options.weight ?? null;
    this.posWeight = options.posWeight ?? null;
    this.registerBuffer('weight', this.weight);
    this.registerBuffer('posWeight', this.posWeight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return F.binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}

/** Options of losses of classes. */
export interface ClassLossOptions extends ReductionOptions {
  /** A factor for each class, [C]. */
  weight?: Tensor | null;
  /** A class whose samples do not count (-100). */
  ignoreIndex?: number;
}

/** -x[class] of log-probabilities: input [N, C] or [N, C, …], target [N] or [N, …] int64. */
export class NLLLoss extends Loss {
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;

  constructor(...args: Arguments<ClassLossOptions, typeof CLASS_ORDER>) {
    const options = byName<ClassLossOptions>('NLLLoss', args, CLASS_ORDER, 0, []);
    super(options);
    this.weight = options.weight ?? null;
    this.ignoreIndex = options.ignoreIndex ?? -100;
    this.registerBuffer('weight', this.weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return F.nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** Options of {@link CrossEntropyLoss}. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** The part of the target that is spread over all classes (0). */
  labelSmoothing?: number;
}

/**
 * -ln softmax(x)[class] of logits: input [N, C] or [N, C, …], target class indices [N] or [N, …] (int64), or
 * probabilities of the input's shape. `labelSmoothing` mixes that part of the uniform distribution into the target.
 */
export class CrossEntropyLoss extends Loss {
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  constructor(...args: Arguments<CrossEntropyOptions, typeof CROSS_ENTROPY_ORDER>) {
    const options = byName<CrossEntropyOptions>('CrossEntropyLoss', args, CROSS_ENTROPY_ORDER, 0, []);
    super(options);
    this.weight = options.weight ?? null;
    this.ignoreIndex = options.ignoreIndex ?? -100;
    this.labelSmoothing = options.labelSmoothing ?? 0;
    this.registerBuffer('weight', this.weight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, labelSmoothing, reduction } = this;
    return F.crossEntropy(input, target, { weight, ignoreIndex, labelSmoothing, reduction });
  }
}

/**
 * Connectionist temporal classification: −ln Σ over all alignments of ∏ p. Log-probabilities [T, N, C], targets [N, S], lengths [N].
 * As F.ctcLoss.
 */
export class CTCLoss extends Loss {
  readonly blank: number;
  readonly zeroInfinity: boolean;

  constructor(...args: Arguments<CtcOptions, typeof CTC_ORDER>) {
    const options = byName<CtcOptions>('CTCLoss', args, CTC_ORDER, 0, []);
    super(options);
    this.blank = options.blank ?? 0;
    this.zeroInfinity = options.zeroInfinity ?? false;
  }

  /** `logProbs` [T, N, C], `targets` [N, S] or one after the other, and how long each sequence is. */
  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, zeroInfinity, reduction } = this;
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, zeroInfinity, reduction });
  }
}
