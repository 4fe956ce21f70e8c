/** How well classes are predicted. */
import { fromTypedArray } from '../ops/index.js';
import type { Tensor } from '../tensor.js';
import { countClasses, type LabelOptions, readLabels } from './labels.js';

/**
 * The share of right predictions, (1/N) Σ [ŷᵢ = yᵢ].
 * @param predictions classes in the target's shape, or scores with a dimension of classes more ([N, C] for [N])
 */
export function accuracy(predictions: Tensor, target: Tensor, options: LabelOptions = {}): number {
  const labels = readLabels('accuracy', predictions, target, options);
  let right = 0;
  for (let i = 0; i < labels.count; i++) if (labels.predicted[i] === labels.target[i]) right++;
  return right / labels.count;
}

export interface ConfusionOptions extends LabelOptions {
  /** Number of classes; by default one more than the largest label. */
  readonly numClasses?: number;
}

/** How often each true class (row) was predicted as each class (column): an int64 tensor [C, C]. */
export function confusionMatrix(predictions: Tensor, target: Tensor, options: ConfusionOptions = {}): Tensor {
  const labels = readLabels('confusionMatrix', predictions, target, options, ['numClasses']);
  const size = countClasses('confusionMatrix', labels, options.numClasses);
  const counts = new Float64Array(size * size);
  for (let i = 0; i < labels.count; i++) counts[labels.target[i] * size + labels.predicted[i]]++;
  return fromTypedArray(counts, { dtype: 'int64', shape: [size, size] });
}

/**
 * How one number is made of several classes:
 * - `'binary'`: of class 1 alone, where there are no classes but 0 and 1;
 * - `'macro'`: the mean of the classes that occur; `'weighted'`: their mean weighted by how often each is true;
 * - `'micro'`: of the sums of all classes' counts;
 * - `'none'`: not at all; a number for each class, in a list.
 */
export type Average = 'binary' | 'macro' | 'micro' | 'weighted' | 'none';

export interface ScoreOptions extends LabelOptions {
  /** Default 'binary'. */
  readonly average?: Exclude<Average, 'none'>;
}

/** Options for a number of each class. */
export interface ClassScoreOptions extends LabelOptions {
  readonly average: 'none';
  /** Number of classes; by default one more than the largest label. */
  readonly numClasses?: number;
}

/** Counts of one class. */
interface ClassCounts {
  truePositives: number;
  /** How often it was predicted, and how often it was true. */
  predicted: number;
  actual: number;
}

type Score = (counts: ClassCounts) => number;

/** 0 where there is nothing to divide by. */
function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

const precisionOf: Score = (c) => ratio(c.truePositives, c.predicted);
const recallOf: Score = (c) => ratio(c.truePositives, c.actual);
const f1Of: Score = (c) => ratio(2 * c.truePositives, c.predicted + c.actual);

/** Of the predictions of a class, the share that is right: TP / (TP + FP); 0 where the class was never predicted. */
export function precision(predictions: Tensor, target: Tensor, options?: ScoreOptions): number;
export function precision(predictions: Tensor, target: Tensor, options: ClassScoreOptions): number[];
export function precision(
  predictions: Tensor,
  target: Tensor,
  options: ScoreOptions | ClassScoreOptions = {},
): number | number[] {
  return averaged('precision', precisionOf, predictions, target, options);
}

/** Of the samples of a class, the share that was found: TP / (TP + FN); 0 where the class does not occur. */
export function recall(predictions: Tensor, target: Tensor, options?: ScoreOptions): number;
export function recall(predictions: Tensor, target: Tensor, options: ClassScoreOptions): number[];
export function recall(
  predictions: Tensor,
  target: Tensor,
  options: ScoreOptions | ClassScoreOptions = {},
): number | number[] {
  return averaged('recall', recallOf, predictions, target, options);
}

/** The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN); 0 where the class neither occurs nor was predicted. */
export function f1(predictions: Tensor, target: Tensor, options?: ScoreOptions): number;
export function f1(predictions: Tensor, target: Tensor, options: ClassScoreOptions): number[];
export function f1(
  predictions: Tensor,
  target: Tensor,
  options: ScoreOptions | ClassScoreOptions = {},
): number | number[] {
  return averaged('f1', f1Of, predictions, target, options);
}

function averaged(
  metric: string,
  score: Score,
  predictions: Tensor,
  target: Tensor,
  options: ScoreOptions | ClassScoreOptions,
): number | number[] {
  const labels = readLabels(metric, predictions, target, options, ['average', 'numClasses']);
  const { average = 'binary' } = options;
  const size = countClasses(metric, labels, 'numClasses' in options ? options.numClasses : undefined);
  const counts = new Map<number, ClassCounts>();
  const of = (label: number): ClassCounts => {
    let own = counts.get(label);
    if (own === undefined) counts.set(label, (own = { truePositives: 0, predicted: 0, actual: 0 }));
    return own;
  };
  for (let i = 0; i < labels.count; i++) {
    const actual = of(labels.target[i]);
    actual.actual++;
    of(labels.predicted[i]).predicted++;
    if (labels.predicted[i] === labels.target[i]) actual.truePositives++;
  }
  const all = [...counts.values()];
  switch (average) {
    case 'binary':
      if (size > 2) {
        throw new RangeError(
          `${metric}: there is a class ${size - 1}; of more than two classes give { average: 'macro' }, 'weighted' or 'micro'`,
        );
      }
      return score(of(1));
    case 'macro':
      return all.reduce((sum, own) => sum + score(own), 0) / all.length;
    case 'weighted':
      return all.reduce((sum, own) => sum + own.actual * score(own), 0) / labels.count;
    case 'none':
      return Array.from({ length: size }, (_, label) => score(of(label)));
    case 'micro': {
      const truePositives = all.reduce((sum, own) => sum + own.truePositives, 0);
      return score({ truePositives, predicted: labels.count, actual: labels.count });
    }
    default:
      throw new TypeError(
        `${metric}: there is no average ${JSON.stringify(average)}; there are 'binary', 'macro', 'weighted', 'micro' and 'none'`,
      );
  }
}
