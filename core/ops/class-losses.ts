/** Losses of class scores: the negative log-likelihood and cross entropy. */
import { isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, neg } from './arithmetic.js';
import { where } from './choice.js';
import {
  checkClasses,
  classLoss,
  classLossByKernels,
  classRows,
  nllRows,
  readClasses,
  labelsKept,
} from './class-rows.js';
import { type Loss, type LossOptions, reduceLoss, type Reduction } from './losses.js';
import { functionOp, type FunctionOp, type SampleMaker } from './record.js';
import { sum } from './reduction.js';
import { reshapeTo } from './shape.js';
import { logSoftmax } from './softmax.js';

export interface NllLossOptions extends LossOptions {
  /** A factor for each class. */
  weight?: Tensor | null;
  /** Targets of this class count nothing. Default −100. */
  ignoreIndex?: number;
}

function classSamples(make: SampleMaker): unknown[][] {
  const target = make([3], { dtype: 'int64', low: 0, high: 4 });
  return [
    [make([3, 4]), target],
    [
      make([3, 4]),
      target,
      { weight: make([4], { low: 0.5, high: 2, requiresGrad: false }), reduction: 'sum' },
    ],
    [
      make([3, 4, 2]),
      make([3, 2], { dtype: 'int64', low: 0, high: 4 }),
      { ignoreIndex: 1, reduction: 'none' },
    ],
  ];
}

function classErrors(make: SampleMaker): { args: unknown[]; message: RegExp }[] {
  return [
    {
      args: [make([2, 3]), make([3], { dtype: 'int64', low: 0, high: 2 })],
      message: /of shape \[2\]; got \[3\]/,
    },
    {
      args: [make([2, 3]), make([2], { dtype: 'int64', low: 3, high: 4 })],
      message: /target 3 is out of range/,
    },
  ];
}

/**
 * The negative log-likelihood −input[i][target[i]] of log-probabilities [N, C] (or [C], or [N, C, d1, …]) and class
 * indices [N] (…). The mean is weighted by the classes' weights.
 */
export const nllLoss: FunctionOp<Loss<NllLossOptions>> = functionOp<Loss<NllLossOptions>>(
  {
    name: 'nllLoss',
    torch: 'nn.functional.nll_loss',
    params: ['input', 'target', 'weight', 'ignoreIndex', 'reduction'],
    options: true,
    samples: classSamples,
    errors: classErrors,
  },
  (input: Tensor, target: Tensor, weight?: Tensor, ignoreIndex = -100, reduction: Reduction = 'mean') => {
    checkClasses('nllLoss', input, target);
    const rows = classRows(input);
    const direct = classLossByKernels('nllLoss', rows, target, weight, ignoreIndex, reduction);
    if (direct !== null) return direct;
    const classes = readClasses('nllLoss', rows, target, weight, ignoreIndex);
    const whole = classLoss(false, rows, classes, target.shape, reduction);
    if (whole !== null) return whole;
    return nllRows('nllLoss', rows, classes, target.shape, reduction);
  },
);

export interface CrossEntropyOptions extends NllLossOptions {
  /** How much of each target's probability is spread over all classes. Default 0. */
  labelSmoothing?: number;
}

/**
 * Cross entropy of logits: −ln softmax(input)[i][target[i]] for class indices, or −Σ target ln softmax(input) for
 * probabilities of the input's shape. Input [N, C] (or [C], or [N, C, d1, …]).
 */
export const crossEntropy: FunctionOp<Loss<CrossEntropyOptions>> = functionOp<Loss<CrossEntropyOptions>>(
  {
    name: 'crossEntropy',
    torch: 'nn.functional.cross_entropy',
    params: ['input', 'target', 'weight', 'ignoreIndex', 'reduction', 'labelSmoothing'],
    options: true,
    samples: (make) => [
      ...classSamples(make),
      [make([3, 4]), make([3, 4], { low: 0, high: 1 })],
      [make([3, 4]), make([3], { dtype: 'int64', low: 0, high: 4 }), { labelSmoothing: 0.2 }],
    ],
    errors: classErrors,
  },
  (
    input: Tensor,
    target: Tensor,
    weight?: Tensor,
    ignoreIndex = -100,
    reduction: Reduction = 'mean',
    labelSmoothing = 0,
  ) => {
    const byProbability = isFloat(target.dtype);
    if (byProbability) {
      if (formatShape(target.shape) !== formatShape(input.shape)) {
        throw new RangeError(
          `crossEntropy: probabilities have the shape of the input, ${formatShape(input.shape)}; got ` +
            `${formatShape(target.shape)} (class indices are an integer tensor)`,
        );
      }
    } else checkClasses('crossEntropy', input, target);
    const scores = classRows(input);
    if (!byProbability && labelSmoothing === 0) {
      const direct = classLossByKernels('crossEntropy', scores, target, weight, ignoreIndex, reduction);
      if (direct !== null) return direct;
      const read = readClasses('crossEntropy', scores, target, weight, ignoreIndex);
      const whole = classLoss(true, scores, read, target.shape, reduction);
      if (whole !== null) return whole;
    }
    const rows = logSoftmax(scores, 1);
    const classes = rows.shape[1];
    const shape = input.ndim === 1 ? [] : [input.shape[0], ...input.shape.slice(2)];
    if (byProbability) {
      const given = classRows(target);
      const spread =
        labelSmoothing === 0 ? given : add(mul(given, 1 - labelSmoothing), labelSmoothing / classes);
      const terms = mul(rows, spread);
      const losses = neg(sum(weight === undefined ? terms : mul(terms, weight), 1));
      if (reduction === 'mean') return div(sum(losses), rows.shape[0]);
      return reduceLoss('crossEntropy', reduction === 'none' ? reshapeTo(losses, shape) : losses, reduction);
    }
    const read = readClasses('crossEntropy', rows, target, weight, ignoreIndex);
    const loss = nllRows('crossEntropy', rows, read, shape, reduction);
    if (labelSmoothing === 0) return loss;
    const all = neg(sum(weight === undefined ? rows : mul(rows, weight), 1));
    const kept = labelsKept(target, ignoreIndex, rows);
    const smoothed = kept === null ? all : where(kept, all, 0);
    const spread =
      reduction === 'mean'
        ? div(sum(smoothed), read.total)
        : reduceLoss('crossEntropy', reduction === 'none' ? reshapeTo(smoothed, shape) : smoothed, reduction);
    return add(mul(loss, 1 - labelSmoothing), mul(spread, labelSmoothing / classes));
  },
);
