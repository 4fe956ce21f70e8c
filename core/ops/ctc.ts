/** Connectionist temporal classification: the loss of sequences whose alignment with their labels is not known. */
import { computesInJavaScript } from '../kernels/recording.js';
import { f64 } from '../memory.js';
import { describeValue, formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { add, div, neg } from './arithmetic.js';
import { where } from './choice.js';
import { toFloat } from './elementwise.js';
import { clampMin } from './extremes.js';
import { gather } from './gather.js';
import { concatenate, stack } from './joining.js';
import { type Reduction, reduceLoss } from './losses.js';
import { isTensor } from './operand.js';
import { contiguousData, filled, inDType } from './raw.js';
import { functionOp, type FunctionOp } from './record.js';
import { expandTo, reshapeTo } from './shape.js';
import { selectIndex, sliceDim } from './slicing.js';
import { logsumexp } from './statistics.js';
import { tensor } from './creation.js';

/** The logarithm of no probability: finite, so that differences of two of them are numbers. */
const NONE = -1e30;

export interface CtcOptions {
  /** The class that stands for no label. Default 0. */
  blank?: number;
  /** The sum, or (the default) the mean of the losses, each divided by the length of its labels; or all of them. */
  reduction?: Reduction;
  /** Whether infinite losses, of labels that do not fit into their sequence, count as 0. Default false. */
  zeroInfinity?: boolean;
}

/** How long each sequence of a batch is. */
export type Lengths = Tensor | readonly number[] | number;

type CtcLoss = (
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options?: CtcOptions,
) => Tensor;

function integersOf(x: Tensor): number[] {
  computesInJavaScript();
  const wide = inDType(contiguousData(x, 'ctcLoss'), 'int64', 'ctcLoss');
  const start = wide.ptr >>> 3;
  return Array.from(f64.subarray(start, start + wide.layout.size));
}

function lengthsOf(name: string, given: Lengths, count: number, most: number): number[] {
  const list = isTensor(given) ? integersOf(given) : typeof given === 'number' ? [given] : [...given];
  if (list.length !== count || list.some((n) => !Number.isInteger(n) || n < 0 || n > most)) {
    throw new RangeError(
      `ctcLoss: ${name} are ${count} whole numbers from 0 to ${most}, one for each sequence; got [${list.join(', ')}]`,
    );
  }
  return list;
}

/** The labels of each sequence, of targets [N, S] or one after the other. */
function labelsOf(targets: Tensor, lengths: readonly number[], classes: number, blank: number): number[][] {
  const all = integersOf(targets);
  const width = targets.ndim === 2 ? targets.shape[1] : null;
  let start = 0;
  return lengths.map((length, n) => {
    const from = width === null ? start : n * width;
    start += length;
    const labels = all.slice(from, from + length);
    const wrong = labels.find((label) => label < 0 || label >= classes || label === blank);
    if (labels.length < length) {
      throw new RangeError(
        `ctcLoss: the target lengths add up to more labels than the ${all.length} of targets ${formatShape(targets.shape)}`,
      );
    }
    if (wrong !== undefined) {
      throw new RangeError(
        `ctcLoss: label ${wrong} is not one of the ${classes} classes other than the blank, ${blank}`,
      );
    }
    return labels;
  });
}

/**
 * The negative log-likelihood of label sequences: −ln Σ over all alignments of ∏ p, where an alignment has one class a
 * step, and gives the labels when repeats are joined and blanks left out (Graves et al., 2006).
 *
 * `logProbs` are log-probabilities [T, N, C] (or [T, C] for one sequence), as from `logSoftmax`; `targets` are classes,
 * [N, S] or one after the other; lengths say how much of each is meant. The gradient is that of this function;
 * PyTorch's adds what a log-softmax in front of it takes away again, so that both agree on the logits.
 * @throws RangeError for lengths or labels that do not fit
 */
export const ctcLoss: FunctionOp<CtcLoss> = functionOp<CtcLoss>(
  {
    name: 'ctcLoss',
    torch: 'nn.functional.ctc_loss',
    params: ['logits', 'targets', 'inputLengths', 'targetLengths', 'blank', 'reduction', 'zeroInfinity'],
    options: true,
    samples: (make) => [
      [make([4, 2, 3]), make([2, 2], { dtype: 'int64', low: 1, high: 3 }), [4, 4], [2, 1]],
      [make([3, 4]), make([1], { dtype: 'int64', low: 0, high: 3 }), 3, 1, { blank: 3, reduction: 'sum' }],
    ],
    errors: (make) => [
      {
        args: [make([4, 2, 3]), make([2, 2], { dtype: 'int64', low: 1, high: 3 }), [5, 4], [2, 1]],
        message: /inputLengths are 2 whole numbers from 0 to 4/,
      },
      {
        args: [make([4, 3]), make([1], { dtype: 'int64', low: 0, high: 1 }), 4, 1],
        message: /label 0 is not one of the 3 classes other than the blank, 0/,
      },
      {
        args: [make([4]), make([1], { dtype: 'int64' }), 4, 1],
        message: /takes log-probabilities \[T, N, C\]/,
      },
    ],
  },
  (
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Lengths,
    targetLengths: Lengths,
    blank = 0,
    reduction: Reduction = 'mean',
    zeroInfinity = false,
  ) => {
    if (logProbs.ndim !== 2 && logProbs.ndim !== 3) {
      throw new RangeError(
        `ctcLoss: takes log-probabilities [T, N, C] or [T, C], got shape ${formatShape(logProbs.shape)}`,
      );
    }
    if (!isTensor(targets) || targets.isFloatingPoint() || targets.ndim === 0 || targets.ndim > 2) {
      throw new TypeError(
        `ctcLoss: targets are an integer tensor [N, S] or [sum of lengths], got ${isTensor(targets) ? `${targets.dtype} ${formatShape(targets.shape)}` : describeValue(targets)}`,
      );
    }
    const { shape } = logProbs;
    const single = shape.length === 2;
    const x = toFloat(single ? reshapeTo(logProbs, [shape[0], 1, shape[1]]) : logProbs);
    const [steps, count, classes] = x.shape;
    if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
      throw new RangeError(`ctcLoss: the blank is one of the ${classes} classes, got ${blank}`);
    const inputs = lengthsOf('inputLengths', inputLengths, count, steps);
    const lengths = lengthsOf(
      'targetLengths',
      targetLengths,
      count,
      targets.ndim === 2 ? targets.shape[1] : targets.numel(),
    );
    const losses = negativeLogLikelihoods(x, labelsOf(targets, lengths, classes, blank), inputs, blank);
    const infinite = losses.detach().gt(-NONE / 10);
    const all = where(infinite, zeroInfinity ? 0 : Infinity, losses);
    if (reduction !== 'mean') return reduceLoss('ctcLoss', single ? reshapeTo(all, []) : all, reduction);
    const weights = tensor(
      lengths.map((n) => Math.max(1, n)),
      { dtype: x.dtype },
    );
    return reduceLoss('ctcLoss', div(all, weights), 'mean');
  },
);

/**
 * By the forward variables: α(t, s) is the log-probability of all beginnings of t steps that end in place s of the
 * labels with blanks around each.
 */
function negativeLogLikelihoods(
  x: Tensor,
  labels: readonly (readonly number[])[],
  inputs: readonly number[],
  blank: number,
): Tensor {
  const [steps, count] = x.shape;
  const places = 2 * Math.max(0, ...labels.map((list) => list.length)) + 1;
  const ints = (rows: number[][]): Tensor => tensor(rows.flat(), { dtype: 'int64', shape: [count, places] });
  const bools = (rows: boolean[][], shape: number[]): Tensor => tensor(rows.flat(), { dtype: 'bool', shape });
  const row = Array.from({ length: places }, (_, s) => s);
  const classAt = (n: number, s: number): number => (s % 2 === 0 ? blank : (labels[n][(s - 1) / 2] ?? blank));
  const index = ints(labels.map((_, n) => row.map((s) => classAt(n, s))));
  const emitted = clampMin(gather(x, 2, expandTo(index, [steps, count, places])), NONE);
  // A blank between two labels may be left out, unless they are the same.
  const maySkip = bools(
    labels.map((_, n) => row.map((s) => s > 1 && s % 2 === 1 && classAt(n, s) !== classAt(n, s - 2))),
    [count, places],
  );
  const begins = bools(
    labels.map((list) => row.map((s) => s === 0 || (s === 1 && list.length > 0))),
    [count, places],
  );
  const none = (width: number): Tensor => filled([count, width], NONE, x.dtype, 'ctcLoss');
  const shifted = (alpha: Tensor, by: number): Tensor =>
    places <= by ? none(places) : concatenate('ctcLoss', [none(by), sliceDim(alpha, 1, 0, places - by)], 1);
  if (steps === 0) return filled([count], -NONE, x.dtype, 'ctcLoss');
  let alpha = where(begins, selectIndex(emitted, 0, 0), NONE);
  for (let t = 1; t < steps; t++) {
    const before = stack([alpha, shifted(alpha, 1), where(maySkip, shifted(alpha, 2), NONE)]);
    const next = add(logsumexp(before, 0), selectIndex(emitted, 0, t));
    alpha = inputs.every((n) => t < n)
      ? next
      : where(
          bools(
            inputs.map((n) => [t < n]),
            [count, 1],
          ),
          next,
          alpha,
        );
  }
  const last = tensor(
    labels.flatMap((list) => [2 * list.length, Math.max(0, 2 * list.length - 1)]),
    { dtype: 'int64', shape: [count, 2] },
  );
  // Without labels, the end is in the only blank.
  const counts = bools(
    labels.map((list) => [true, list.length > 0]),
    [count, 2],
  );
  const empty = bools(
    inputs.map((n) => [n === 0]),
    [count],
  );
  const ends = logsumexp(where(counts, gather(alpha, 1, last), NONE), 1);
  // In no steps, only no labels can be told.
  const atOnce = tensor(
    labels.map((list) => (list.length === 0 ? 0 : NONE)),
    { dtype: x.dtype },
  );
  return neg(where(empty, atOnce, ends));
}
