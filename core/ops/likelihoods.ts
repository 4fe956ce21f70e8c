/** Losses that are negative log-likelihoods of distributions. */
import { levels } from '../autograd/levels/wrapped.js';
import { broadcastShapes, formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { where } from './choice.js';
import { xlogy } from './combined.js';
import { le } from './comparison.js';
import { divergence, probabilityEntropy } from './loss-formulas.js';
import { type LossOptions, reduceLoss, type Reduction } from './losses.js';
import { exp, log, square } from './pointwise.js';
import { apply, type Primitive } from './primitive.js';
import { functionOp, type FunctionOp, type SampleMaker } from './record.js';
import { sum } from './reduction.js';
import { reduceRaw } from './sum.js';
import { unsqueezeDim } from './shape.js';
import { allocateLike } from './operand.js';
import { contiguousData, elements } from './raw.js';

type Loss<Options = LossOptions> = (input: Tensor, target: Tensor, options?: Options) => Tensor;

function checkBroadcast(op: string, a: Tensor, b: Tensor): void {
  broadcastShapes(op, a.shape, b.shape);
}

/** −t ln x − (1 − t) ln(1 − x), whose logarithms are kept above −100. */
const crossEntropyPrimitive: Primitive<null> = {
  name: 'binaryCrossEntropy',
  reads: [[0, 1], [0]],
  forward: ([input, target]) => {
    const out = allocateLike(input, input.dtype, 'binaryCrossEntropy');
    const x = elements(contiguousData(input, 'binaryCrossEntropy'));
    const t = elements(contiguousData(target, 'binaryCrossEntropy'));
    const y = elements(out);
    for (let i = 0; i < y.length; i++) {
      if (!(x[i] >= 0 && x[i] <= 1)) {
        throw new RangeError(
          `binaryCrossEntropy: the input holds probabilities from 0 to 1, found ${x[i]}; of logits take binaryCrossEntropyWithLogits`,
        );
      }
      y[i] = (t[i] - 1) * Math.max(Math.log1p(-x[i]), -100) - t[i] * Math.max(Math.log(x[i]), -100);
    }
    return out;
  },
  vjp: (grad, context) => {
    const x = context.input(0);
    const rest = sub(1, x);
    return [
      context.needs(0) ? div(mul(grad, sub(x, context.input(1))), mul(rest, x).clampMin(1e-12)) : null,
      context.needs(1) ? mul(grad, sub(log(rest), log(x))) : null,
    ];
  },
  batch: 'leading',
};

/** Whether all elements of a float tensor are between 0 and 1, found by two passes that compare nothing else. */
function areProbabilities(input: Tensor): boolean {
  if (levels.top !== null || input.layout.size === 0) return false;
  const x = input.detach();
  const dims = x.shape.map((_, dim) => dim);
  const [least] = elements(reduceRaw('min', x, dims, false, 'binaryCrossEntropy'));
  const [most] = elements(reduceRaw('max', x, dims, false, 'binaryCrossEntropy'));
  return least >= 0 && most <= 1;
}

export interface BceOptions extends LossOptions {
  /** Factor of each element's loss; broadcasts. */
  weight?: Tensor | null;
}

/**
 * −t ln x − (1 − t) ln(1 − x) of probabilities x, with logarithms kept above −100.
 * @throws RangeError if an input is no probability or the shapes differ
 */
export const binaryCrossEntropy: FunctionOp<Loss<BceOptions>> = functionOp<Loss<BceOptions>>(
  {
    name: 'binaryCrossEntropy',
    torch: 'nn.functional.binary_cross_entropy',
    params: ['input', 'target', 'weight', 'reduction'],
    options: true,
    samples: (make) => [
      [make([2, 3], { low: 0.1, high: 0.9 }), make([2, 3], { low: 0, high: 1, requiresGrad: false })],
    ],
    errors: (make) => [
      { args: [make([2], { low: 2, high: 3 }), make([2])], message: /probabilities from 0 to 1/ },
      { args: [make([2]), make([3])], message: /same shape/ },
    ],
  },
  (input: Tensor, target: Tensor, weight?: Tensor, reduction: Reduction = 'mean') => {
    if (formatShape(input.shape) !== formatShape(target.shape)) {
      throw new RangeError(
        `binaryCrossEntropy: input and target have the same shape, got ${formatShape(input.shape)} and ${formatShape(target.shape)}`,
      );
    }
    const whole =
      weight === undefined && areProbabilities(input) ? probabilityEntropy(input, target, reduction) : null;
    if (whole !== null) return whole;
    const losses = apply(crossEntropyPrimitive, [input, target], null);
    return reduceLoss('binaryCrossEntropy', weight === undefined ? losses : mul(losses, weight), reduction);
  },
);

export interface KlDivOptions {
  /** 'batchmean' divides the sum by the size of the first dimension, as the divergence is defined. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target holds logarithms. Default false. */
  logTarget?: boolean;
}

/** t (ln t − x) of log-probabilities x and probabilities t: the divergence of Kullback and Leibler. */
export const klDiv: FunctionOp<Loss<KlDivOptions>> = functionOp<Loss<KlDivOptions>>(
  {
    name: 'klDiv',
    torch: 'nn.functional.kl_div',
    params: ['input', 'target', 'reduction', 'logTarget'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([2, 3], { low: 0.1, high: 1 }), { reduction: 'batchmean' }],
      [make([2, 3]), make([2, 3]), { logTarget: true }],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([4])], message: /do not broadcast/ }],
  },
  (input: Tensor, target: Tensor, reduction: Reduction | 'batchmean' = 'mean', logTarget = false) => {
    checkBroadcast('klDiv', input, target);
    const batchmean = reduction === 'batchmean';
    const whole = logTarget ? null : divergence(input, target, batchmean ? 'sum' : reduction);
    if (whole !== null) return batchmean ? div(whole, input.shape.at(0) ?? 1) : whole;
    const losses = logTarget
      ? mul(exp(target), sub(target, input))
      : sub(xlogy(target, target), mul(target, input));
    if (reduction === 'batchmean') return div(sum(losses), input.shape.at(0) ?? 1);
    return reduceLoss('klDiv', losses, reduction);
  },
);

export interface PoissonOptions extends LossOptions {
  /** Whether the input is the logarithm of the expected count. Default true. */
  logInput?: boolean;
  /** Whether to add Stirling's approximation of ln t!. Default false. */
  full?: boolean;
  /** Keeps ln x from −∞. Default 1e-8. */
  eps?: number;
}

/** eˣ − t x for logarithms x of expected counts, or x − t ln(x + eps) for counts. */
export const poissonNllLoss: FunctionOp<Loss<PoissonOptions>> = functionOp<Loss<PoissonOptions>>(
  {
    name: 'poissonNllLoss',
    torch: 'nn.functional.poisson_nll_loss',
    params: ['input', 'target', 'logInput', 'full', 'eps', 'reduction'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([2, 3], { low: 2, high: 4 }), { full: true }],
      [make([2, 3], { low: 0.5, high: 2 }), make([2, 3]), { logInput: false }],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([4])], message: /do not broadcast/ }],
  },
  (
    input: Tensor,
    target: Tensor,
    logInput = true,
    full = false,
    eps = 1e-8,
    reduction: Reduction = 'mean',
  ) => {
    checkBroadcast('poissonNllLoss', input, target);
    const losses = logInput
      ? sub(exp(input), mul(target, input))
      : sub(input, mul(target, log(add(input, eps))));
    if (!full) return reduceLoss('poissonNllLoss', losses, reduction);
    const stirling = add(sub(mul(target, log(target)), target), mul(log(mul(target, 2 * Math.PI)), 0.5));
    return reduceLoss('poissonNllLoss', add(losses, where(le(target, 1), 0, stirling)), reduction);
  },
);

export interface GaussianOptions extends LossOptions {
  /** Whether to add ½ ln 2π. Default false. */
  full?: boolean;
  /** The least variance. Default 1e-6. */
  eps?: number;
}

type Gaussian = (input: Tensor, target: Tensor, variance: Tensor, options?: GaussianOptions) => Tensor;

function gaussianSamples(make: SampleMaker): unknown[][] {
  return [
    [make([2, 3]), make([2, 3]), make([2, 3], { low: 0.5, high: 2 })],
    [make([2, 3]), make([2, 3]), make([2], { low: 0.5, high: 2 }), { full: true }],
  ];
}

/** ½ (ln v + (x − t)² / v) with the variance v, which is kept above eps without the gradient seeing it. */
export const gaussianNllLoss: FunctionOp<Gaussian> = functionOp<Gaussian>(
  {
    name: 'gaussianNllLoss',
    torch: 'nn.functional.gaussian_nll_loss',
    params: ['input', 'target', 'var', 'full', 'eps', 'reduction'],
    options: true,
    samples: gaussianSamples,
    errors: (make) => [
      { args: [make([2]), make([2]), make([2], { low: -2, high: -1 })], message: /variance.* negative/ },
      {
        args: [make([2, 3]), make([2, 3]), make([4], { low: 1, high: 2 })],
        message: /variance of shape \[4\]/,
      },
    ],
  },
  (input: Tensor, target: Tensor, given: Tensor, full = false, eps = 1e-6, reduction: Reduction = 'mean') => {
    if (elements(contiguousData(given.detach(), 'gaussianNllLoss')).some((v) => v < 0)) {
      throw new RangeError('gaussianNllLoss: a variance is not negative');
    }
    const perRow = given.ndim === input.ndim - 1 && given.shape.every((n, i) => n === input.shape[i]);
    const fits = given.ndim === 0 || given.ndim === input.ndim;
    if (!perRow && !fits) {
      throw new RangeError(
        `gaussianNllLoss: a variance of shape ${formatShape(given.shape)} does not fit an input of shape ${formatShape(input.shape)}`,
      );
    }
    const raw = perRow && given.ndim > 0 ? unsqueezeDim(given, given.ndim) : given;
    const variance = add(raw, sub(raw.detach().clampMin(eps), raw.detach()));
    const losses = mul(add(log(variance), div(square(sub(input, target)), variance)), 0.5);
    return reduceLoss('gaussianNllLoss', full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, reduction);
  },
);
