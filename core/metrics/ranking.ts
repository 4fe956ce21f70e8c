/** Metrics of the order that scores give. */
import { formatShape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { classes, shapeError } from './labels.js';

/**
 * The share of samples whose true class is among the `k` with the largest scores. Of equal scores the lower class
 * comes first, as in `argmax`.
 * @param scores [N, C]
 * @param target [N]
 */
export function topKAccuracy(scores: Tensor, target: Tensor, k = 5): number {
  const { rows, columns, values, labels } = scoreRows('topKAccuracy', scores, target);
  if (!Number.isInteger(k) || k < 1 || k > columns) {
    throw new RangeError(
      `topKAccuracy: k must be a whole number from 1 to ${columns} (the classes), got ${k}`,
    );
  }
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const label = labels[i];
    const own = values[i * columns + label];
    let before = 0;
    for (let j = 0; j < columns; j++) {
      const other = values[i * columns + j];
      if (other > own || (other === own && j < label)) before++;
    }
    // A score that is NaN is never among the best.
    if (before < k && !Number.isNaN(own)) right++;
  }
  return right / rows;
}

/**
 * The area under the receiver operating characteristic: the probability that a positive sample scores higher than a
 * negative one, equal scores counting half. (Σ ranks of positives - P (P + 1) / 2) / (P N).
 *
 * Scores [N] are of class 1; scores [N, C] give the mean over the classes, each against the rest.
 * @throws RangeError where a class has no samples, or all: then there is nothing to compare
 */
export function rocAuc(scores: Tensor, target: Tensor): number {
  if (scores.ndim === 1) {
    if (scores.numel() !== target.numel()) throw shapeError('rocAuc', scores.shape, target.shape);
    const labels = classes('rocAuc', 'target', target);
    const values = scores.toTypedArray();
    for (let i = 0; i < values.length; i++) {
      if (labels[i] > 1) {
        throw new RangeError(
          `rocAuc: scores of shape ${formatShape(scores.shape)} tell 0 from 1, the target has a class ${labels[i]}`,
        );
      }
    }
    return area(values, (i) => labels[i] === 1, 1);
  }
  const { rows, columns, values, labels } = scoreRows('rocAuc', scores, target);
  let sum = 0;
  for (let label = 0; label < columns; label++) {
    const column = Float64Array.from({ length: rows }, (_, i) => values[i * columns + label]);
    sum += area(column, (i) => labels[i] === label, label);
  }
  return sum / columns;
}

function area(scores: ArrayLike<number>, isPositive: (i: number) => boolean, label: number): number {
  const order = Array.from({ length: scores.length }, (_, i) => i);
  if (order.some((i) => Number.isNaN(scores[i]))) throw new RangeError('rocAuc: a score is NaN');
  order.sort((a, b) => scores[a] - scores[b]);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let tied = 0;
    while (end < order.length && scores[order[end]] === scores[order[start]])
      if (isPositive(order[end++])) tied++;
    // Ranks start + 1 … end, of which each of the tied gets the mean.
    rankSum += (tied * (start + 1 + end)) / 2;
    positives += tied;
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) {
    throw new RangeError(
      `rocAuc: needs samples of class ${label} and others, the target has ${positives} and ${negatives}`,
    );
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Scores [N, C] and classes [N] as numbers. */
function scoreRows(
  metric: string,
  scores: Tensor,
  target: Tensor,
): { rows: number; columns: number; values: ArrayLike<number>; labels: ArrayLike<number> } {
  if (scores.ndim !== 2 || target.ndim !== 1 || scores.shape[0] !== target.shape[0] || target.numel() === 0) {
    throw new RangeError(
      `${metric}: takes scores [N, C] and classes [N] of one sample or more, got ${formatShape(scores.shape)} and ` +
        formatShape(target.shape),
    );
  }
  const [rows, columns] = scores.shape;
  const labels = classes(metric, 'target', target);
  for (let i = 0; i < rows; i++) {
    if (labels[i] >= columns)
      throw new RangeError(`${metric}: there is a class ${labels[i]}, but scores for ${columns}`);
  }
  return { rows, columns, values: scores.toTypedArray(), labels };
}
