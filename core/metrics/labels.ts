/** What metrics compare: class labels as plain numbers, from tensors of labels or of scores. */
import { isFloat } from '../dtype.js';
import { formatShape, sameShape, type Shape } from '../layout.js';
import { checkOptions } from '../options.js';
import { argmax } from '../ops/index.js';
import { notATensor } from '../ops/record.js';
import { Tensor } from '../tensor.js';

export interface LabelOptions {
  /** For float predictions of the target's shape: from this value on the class is 1, below it 0. */
  readonly threshold?: number;
}

export interface Labels {
  readonly predicted: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly count: number;
}

/**
 * Predicted and true classes. Predictions are classes in the target's shape, scores with a dimension of classes more
 * (dimension 1 as in `crossEntropy`, or the last), of which the largest counts, or, with a threshold, numbers in the
 * target's shape.
 * @throws TypeError, RangeError where dtypes, shapes or labels do not fit, or there is nothing to compare
 */
export function readLabels(
  metric: string,
  predictions: Tensor,
  target: Tensor,
  options: LabelOptions = {},
  known: readonly string[] = [],
): Labels {
  checkOptions(metric, options, ['threshold', ...known]);
  checkTensors(metric, predictions, target);
  const count = target.numel();
  if (count === 0)
    throw new RangeError(
      `${metric}: there is nothing to compare, the target has shape ${formatShape(target.shape)}`,
    );
  return {
    predicted: predictedClasses(metric, predictions, target, options.threshold),
    target: classes(metric, 'target', target),
    count,
  };
}

/** @throws TypeError unless all are tensors */
export function checkTensors(metric: string, ...given: readonly unknown[]): void {
  for (const value of given) if (!(value instanceof Tensor)) throw notATensor(metric, value);
}

function predictedClasses(
  metric: string,
  predictions: Tensor,
  target: Tensor,
  threshold: number | undefined,
): ArrayLike<number> {
  if (!sameShape(predictions.shape, target.shape)) {
    const dim = classDim(predictions.shape, target.shape);
    if (dim === null) throw shapeError(metric, predictions.shape, target.shape);
    return argmax(predictions.detach(), dim).toTypedArray();
  }
  if (!isFloat(predictions.dtype)) return classes(metric, 'predictions', predictions);
  if (threshold === undefined) {
    throw new TypeError(
      `${metric}: predictions of the target's shape ${formatShape(target.shape)} are classes (integers or booleans), got ` +
        `${predictions.dtype}; give { threshold: 0.5 } for probabilities (0 for logits), or scores with a dimension of classes`,
    );
  }
  return predictions.toTypedArray().map((score) => (score >= threshold ? 1 : 0));
}

/** Where the classes are in scores for a target. */
function classDim(scores: Shape, target: Shape): number | null {
  if (scores.length !== target.length + 1) return null;
  for (const dim of [1, scores.length - 1]) {
    if (dim < scores.length && scores[dim] > 0 && sameShape(scores.toSpliced(dim, 1), target)) return dim;
  }
  // One sample: [classes] for a target without dimensions.
  return scores.length === 1 && scores[0] > 0 ? 0 : null;
}

export function shapeError(metric: string, predictions: Shape, target: Shape): RangeError {
  return new RangeError(
    `${metric}: predictions of shape ${formatShape(predictions)} do not fit a target of shape ${formatShape(target)}; ` +
      'they have the same shape, or one more dimension for the classes',
  );
}

/** Labels as numbers. */
export function classes(metric: string, what: string, x: Tensor): ArrayLike<number> {
  if (isFloat(x.dtype)) {
    throw new TypeError(
      `${metric}: the ${what} holds classes (integers or booleans), got ${x.dtype}; convert it with x.to('int64')`,
    );
  }
  const labels = x.toTypedArray();
  const wrong = labels.find((label) => label < 0);
  if (wrong !== undefined)
    throw new RangeError(`${metric}: ${wrong} in the ${what} is not a class; classes count from 0`);
  return labels;
}

/** The number of classes: as given, or one more than the largest label. */
export function countClasses(metric: string, labels: Labels, given?: number): number {
  let largest = 0;
  for (let i = 0; i < labels.count; i++) largest = Math.max(largest, labels.predicted[i], labels.target[i]);
  if (given === undefined) return largest + 1;
  if (!Number.isSafeInteger(given) || given <= largest) {
    throw new RangeError(`${metric}: numClasses is ${given}, but there is a class ${largest}`);
  }
  return given;
}
