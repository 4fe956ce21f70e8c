/** Losses: how far predictions are from targets. */
import { broadcastShapes, formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, neg, sub } from './arithmetic.js';
import { where } from './choice.js';
import { lt } from './comparison.js';
import { abs, logsigmoid, square } from './pointwise.js';
import { absoluteError, huberError, logitsEntropy, smoothError, squaredError } from './loss-formulas.js';
import { functionOp, type FunctionOp, type SampleMaker } from './record.js';
import { mean, sum } from './reduction.js';

/** How the losses of the elements become the result: their mean (the default), their sum, or all of them. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  reduction?: Reduction;
}

export function reduceLoss(op: string, losses: Tensor, reduction: Reduction): Tensor {
  switch (reduction) {
    case 'mean':
      return mean(losses);
    case 'sum':
      return sum(losses);
    case 'none':
      return losses;
    default:
      throw new TypeError(`${op}: reduction is 'mean', 'sum' or 'none', got '${String(reduction)}'`);
  }
}

/** input − target, whose shapes must broadcast. */
function difference(op: string, input: Tensor, target: Tensor): Tensor {
  broadcastShapes(op, input.shape, target.shape);
  return sub(input, target);
}

export type Loss<Options = LossOptions> = (input: Tensor, target: Tensor, options?: Options) => Tensor;

function pairSamples(make: SampleMaker): unknown[][] {
  return [
    [make([2, 3]), make([2, 3])],
    [make([2, 3]), make([2, 3]), { reduction: 'sum' }],
    [make([3]), make([3]), { reduction: 'none' }],
  ];
}

function reductionErrors(make: SampleMaker): { args: unknown[]; message: RegExp }[] {
  return [
    { args: [make([2]), make([2]), { reduction: 'avg' }], message: /'mean', 'sum' or 'none', got 'avg'/ },
    { args: [make([2, 3]), make([4])], message: /do not broadcast/ },
  ];
}

/** (input − target)². */
export const mseLoss: FunctionOp<Loss> = functionOp<Loss>(
  {
    name: 'mseLoss',
    torch: 'nn.functional.mse_loss',
    params: ['input', 'target', 'reduction'],
    options: true,
    samples: pairSamples,
    errors: reductionErrors,
  },
  (input: Tensor, target: Tensor, reduction: Reduction = 'mean') =>
    squaredError(input, target, reduction) ??
    reduceLoss('mseLoss', square(difference('mseLoss', input, target)), reduction),
);

/** |input − target|. */
export const l1Loss: FunctionOp<Loss> = functionOp<Loss>(
  {
    name: 'l1Loss',
    torch: 'nn.functional.l1_loss',
    params: ['input', 'target', 'reduction'],
    options: true,
    samples: pairSamples,
    errors: reductionErrors,
  },
  (input: Tensor, target: Tensor, reduction: Reduction = 'mean') =>
    absoluteError(input, target, reduction) ??
    reduceLoss('l1Loss', abs(difference('l1Loss', input, target)), reduction),
);

export interface SmoothL1Options extends LossOptions {
  /** Below this distance the loss is quadratic. Default 1. */
  beta?: number;
}

/** ½ d² / beta where d = |input − target| is below beta, else d − ½ beta. */
export const smoothL1Loss: FunctionOp<Loss<SmoothL1Options>> = functionOp<Loss<SmoothL1Options>>(
  {
    name: 'smoothL1Loss',
    torch: 'nn.functional.smooth_l1_loss',
    params: ['input', 'target', 'reduction', 'beta'],
    options: true,
    samples: pairSamples,
    errors: reductionErrors,
  },
  (input: Tensor, target: Tensor, reduction: Reduction = 'mean', beta = 1) => {
    const whole = beta > 0 ? smoothError(input, target, reduction, beta) : null;
    if (whole !== null) return whole;
    const d = difference('smoothL1Loss', input, target);
    const size = abs(d);
    if (beta === 0) return reduceLoss('smoothL1Loss', size, reduction);
    const losses = where(lt(size, beta), div(mul(square(d), 0.5), beta), sub(size, 0.5 * beta));
    return reduceLoss('smoothL1Loss', losses, reduction);
  },
);

export interface HuberOptions extends LossOptions {
  /** Below this distance the loss is quadratic. Default 1. */
  delta?: number;
}

/** ½ d² where d = |input − target| is at most delta, else delta (d − ½ delta). */
export const huberLoss: FunctionOp<Loss<HuberOptions>> = functionOp<Loss<HuberOptions>>(
  {
    name: 'huberLoss',
    torch: 'nn.functional.huber_loss',
    params: ['input', 'target', 'reduction', 'delta'],
    options: true,
    samples: pairSamples,
    errors: reductionErrors,
  },
  (input: Tensor, target: Tensor, reduction: Reduction = 'mean', delta = 1) => {
    const whole = huberError(input, target, reduction, delta);
    if (whole !== null) return whole;
    const d = difference('huberLoss', input, target);
    const size = abs(d);
    const losses = where(lt(size, delta), mul(square(d), 0.5), mul(sub(size, 0.5 * delta), delta));
    return reduceLoss('huberLoss', losses, reduction);
  },
);

export interface BceWithLogitsOptions extends LossOptions {
  /** Factor of each element's loss; broadcasts. */
  weight?: Tensor | null;
  /** Factor of the positive part, one for each class. */
  posWeight?: Tensor | null;
}

/** Binary cross entropy of logits: −t ln σ(x) − (1 − t) ln(1 − σ(x)), computed without overflow. */
export const binaryCrossEntropyWithLogits: FunctionOp<Loss<BceWithLogitsOptions>> = functionOp<
  Loss<BceWithLogitsOptions>
>(
  {
    name: 'binaryCrossEntropyWithLogits',
    torch: 'nn.functional.binary_cross_entropy_with_logits',
    params: ['input', 'target', 'weight', 'reduction', 'posWeight'],
    options: true,
    samples: (make) => [[make([2, 3]), make([2, 3], { low: 0, high: 1 })]],
    errors: (make) => [{ args: [make([2, 3]), make([3, 2])], message: /same shape/ }],
  },
  (input: Tensor, target: Tensor, weight?: Tensor, reduction: Reduction = 'mean', posWeight?: Tensor) => {
    if (formatShape(input.shape) !== formatShape(target.shape)) {
      throw new RangeError(
        `binaryCrossEntropyWithLogits: input and target have the same shape, got ${formatShape(input.shape)} and ` +
          formatShape(target.shape),
      );
    }
    const whole =
      weight === undefined && posWeight === undefined ? logitsEntropy(input, target, reduction) : null;
    if (whole !== null) return whole;
    const softMinus = neg(logsigmoid(input));
    const positive =
      posWeight === undefined ? softMinus : mul(softMinus, add(mul(sub(posWeight, 1), target), 1));
    const losses = add(mul(sub(1, target), input), positive);
    return reduceLoss(
      'binaryCrossEntropyWithLogits',
      weight === undefined ? losses : mul(losses, weight),
      reduction,
    );
  },
);
