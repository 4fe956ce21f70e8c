/** Losses: how far predictions are from targets. */
import { isFloat, isIntegral } from '../dtype.js';
import { broadcastShapes, formatShape, type Shape, sizeOf } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, mul, neg, sub } from './arithmetic.js';
import { where } from './choice.js';
import { lt } from './comparison.js';
import { abs, logsigmoid, square } from './pointwise.js';
import { absoluteError, huberError, logitsEntropy, smoothError, squaredError } from './loss-formulas.js';
import { contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp, type SampleMaker } from './record.js';
import { mean, sum } from './reduction.js';
import { takeRows } from './rows.js';
import { permuteDims, reshapeTo } from './shape.js';
import { logSoftmax } from './softmax.js';

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

type Loss<Options = LossOptions> = (input: Tensor, target: Tensor, options?: Options) => Tensor;

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

/** Class scores as [N, C] rows (from [C], [N, C] or [N, C, d1, …]). */
function classRows(x: Tensor): Tensor {
  if (x.ndim === 1) return reshapeTo(x, [1, x.shape[0]]);
  if (x.ndim === 2) return x;
  const order = [0, ...Array.from({ length: x.ndim - 2 }, (_, i) => i + 2), 1];
  return reshapeTo(permuteDims(x, order), [x.layout.size / x.shape[1], x.shape[1]]);
}

function checkClasses(op: string, input: Tensor, target: Tensor): void {
  const expected = input.ndim === 1 ? [] : [input.shape[0], ...input.shape.slice(2)];
  if (input.ndim === 0)
    throw new RangeError(`${op}: the input has a dimension for classes, got a 0-d tensor`);
  if (formatShape(target.shape) !== formatShape(expected)) {
    throw new RangeError(
      `${op}: for an input of shape ${formatShape(input.shape)} the target holds a class for each row, of shape ` +
        `${formatShape(expected)}; got ${formatShape(target.shape)}`,
    );
  }
}

interface Classes {
  /** Position of each row's target in the flattened [N, C] input; row 0 stands in where ignored. */
  readonly positions: Int32Array;
  /** The weight of each row, 0 where ignored, in the dtype of the input; null where all are 1. */
  readonly weights: Tensor | null;
  readonly total: number;
}

function readClasses(
  op: string,
  rows: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  ignoreIndex: number,
): Classes {
  if (!isIntegral(target.dtype) || target.dtype === 'bool') {
    throw new TypeError(
      `${op}: class targets are integers, got ${target.dtype}; convert them with target.long()`,
    );
  }
  const [count, classes] = rows.shape as [number, number];
  const labels = elements(contiguousData(target, op));
  const factors = weight === undefined ? null : elements(contiguousData(weight, op));
  if (factors !== null && factors.length !== classes) {
    throw new RangeError(
      `${op}: the weight holds one number for each of ${classes} classes, got ${factors.length}`,
    );
  }
  const positions = new Int32Array(count);
  const perRow = new Float64Array(count);
  let total = 0;
  let plain = true;
  for (let i = 0; i < count; i++) {
    const label = labels[i];
    if (label === ignoreIndex) {
      plain = false;
      positions[i] = i * classes;
      continue;
    }
    if (!(label >= 0 && label < classes)) {
      throw new RangeError(
        `${op}: target ${label} is out of range; with ${classes} classes it is 0 to ${classes - 1}`,
      );
    }
    positions[i] = i * classes + label;
    const factor = factors === null ? 1 : factors[label];
    if (factor !== 1) plain = false;
    perRow[i] = factor;
    total += factor;
  }
  if (plain) return { positions, weights: null, total };
  const weights = filled([count], 0, rows.dtype, op);
  elements(weights).set(perRow);
  return { positions, weights, total };
}

/** −input[i][target[i]] for rows [N, C] of log-probabilities. */
function nllRows(
  op: string,
  rows: Tensor,
  { positions, weights, total }: Classes,
  shape: Shape,
  reduction: Reduction,
): Tensor {
  const picked = neg(
    reshapeTo(takeRows(reshapeTo(rows, [1, rows.layout.size, 1]), positions), [positions.length]),
  );
  // Where ignored, whatever the row holds counts nothing: not even infinity.
  const losses = weights === null ? picked : where(weights.ne(0), mul(picked, weights), 0);
  if (reduction === 'mean') return div(sum(losses), total);
  return reduceLoss(op, reduction === 'none' ? reshapeTo(losses, shape) : losses, reduction);
}

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
    const classes = readClasses('nllLoss', rows, target, weight, ignoreIndex);
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
    const rows = logSoftmax(classRows(input), 1);
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

/** Which rows are not ignored; null where none is. */
function labelsKept(target: Tensor, ignoreIndex: number, rows: Tensor): Tensor | null {
  const labels = reshapeTo(target, [sizeOf(target.shape)]);
  const kept = labels.ne(ignoreIndex);
  return elements(kept).includes(0) ? reshapeTo(kept, [rows.shape[0]]) : null;
}
