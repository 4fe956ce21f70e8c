/** Which classes a classifier takes for which. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ChartModel, MatrixPanel } from '../model/chart.js';
import { formatCount } from '../model/format.js';
import { wordsFor } from '../model/sound.js';
import { bundledFonts } from '../scene/font.js';
import { MATRIX_FRAME, columnRoom, matrixCell, percent } from '../scene/matrix.js';

import { Still } from './still.js';

export interface ConfusionMatrixOptions {
  title?: string;
  /** Names of the classes, in the order of their numbers; default the numbers themselves. */
  classes?: readonly string[];
  /** CSS pixels; default 600. */
  width?: number;
}

/** More classes than these would not be legible. */
const MAX_CLASSES = 20;
/** Counts of three digits need so much room where there are more classes than these. */
const MANY_CLASSES = 14;
const WIDE = 760;
const TITLE_HEIGHT = 46;
const NOTE_HEIGHT = 15;

/**
 * How often each true class (row) was predicted as each class (column), coloured by the share of the true class: right
 * predictions blue, mistakes orange. Beside each row its recall, TP / (TP + FN); below each column its precision,
 * TP / (TP + FP). Predictions come first, as in `metrics.confusionMatrix`. It never throws: what is wrong with the
 * input is said in the picture.
 *
 * @param predictions n classes from 0, or `[n, C]` scores of which the largest counts
 * @param target n true classes
 */
export function confusionMatrix(
  predictions: NumberSource,
  target: NumberSource,
  options: ConfusionMatrixOptions = {},
  environment?: LiveEnvironment,
): Still {
  const notes: string[] = [];
  let panel: MatrixPanel;
  try {
    const truth = flatNumbers(target);
    panel = count(classesOf(flatNumbers(predictions), truth.length), truth, options, notes);
  } catch (error) {
    panel = emptyPanel('No confusion matrix');
    notes.push(error instanceof Error ? error.message : String(error));
  }
  return new Still(chart(panel, notes, options), environment);
}

function emptyPanel(empty: string): MatrixPanel {
  return {
    kind: 'matrix',
    weight: 1,
    classes: [],
    counts: [],
    support: [],
    precision: [],
    recall: [],
    empty,
  };
}

/** The class with the largest score; with as many numbers as samples, these are the classes. */
function classesOf(predictions: ArrayLike<number>, n: number): ArrayLike<number> {
  if (predictions.length === n) return predictions;
  const scores = predictions.length / n;
  if (n === 0 || !Number.isInteger(scores) || scores === 0)
    throw new RangeError(
      `confusionMatrix: got ${predictions.length} predictions for ${n} targets; give a class or a row of scores for each`,
    );
  return Array.from({ length: n }, (_, i) => {
    let best = 0;
    for (let k = 1; k < scores; k++)
      if (predictions[i * scores + k] > predictions[i * scores + best]) best = k;
    return best;
  });
}

function count(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  options: ConfusionMatrixOptions,
  notes: string[],
): MatrixPanel {
  if (truth.length === 0) return emptyPanel('Nothing to compare');
  let classes = options.classes?.length ?? 0;
  for (const labels of [predicted, truth])
    for (let i = 0; i < labels.length; i++) {
      if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < 10_000))
        throw new RangeError(`confusionMatrix: classes are whole numbers from 0, got ${labels[i]} at ${i}`);
      classes = Math.max(classes, labels[i] + 1);
    }
  const hits = new Float64Array(classes);
  const support = new Float64Array(classes);
  const taken = new Float64Array(classes);
  for (let i = 0; i < truth.length; i++) {
    support[truth[i]] += 1;
    taken[predicted[i]] += 1;
    if (truth[i] === predicted[i]) hits[truth[i]] += 1;
  }
  const right = hits.reduce((a, b) => a + b, 0);
  notes.push(`Accuracy ${percent(right / truth.length)} of ${formatCount(truth.length)} samples.`);
  const shown = mostConfused(hits, support, taken);
  if (shown.length < classes)
    notes.push(`${shown.length} of ${classes} classes are shown, those with the most mistakes.`);
  const place = new Map(shown.map((label, i) => [label, i]));
  const counts = new Array<number>(shown.length ** 2).fill(0);
  for (let i = 0; i < truth.length; i++) {
    const row = place.get(truth[i]);
    const column = place.get(predicted[i]);
    if (row !== undefined && column !== undefined) counts[row * shown.length + column] += 1;
  }
  return {
    kind: 'matrix',
    weight: 1,
    classes: shown.map((label) => wordsFor(options.classes?.[label] ?? label)),
    counts,
    support: shown.map((label) => support[label]),
    precision: shown.map((label) => (taken[label] === 0 ? NaN : hits[label] / taken[label])),
    recall: shown.map((label) => (support[label] === 0 ? NaN : hits[label] / support[label])),
    empty: '',
  };
}

function mostConfused(hits: Float64Array, support: Float64Array, taken: Float64Array): number[] {
  const mistakes = (label: number): number => support[label] + taken[label] - 2 * hits[label];
  return [...hits.keys()]
    .sort((a, b) => mistakes(b) - mistakes(a))
    .slice(0, MAX_CLASSES)
    .sort((a, b) => a - b);
}

function chart(panel: MatrixPanel, notes: string[], options: ConfusionMatrixOptions): ChartModel {
  const classes = Math.max(2, panel.classes.length);
  const width = options.width ?? (classes > MANY_CLASSES ? WIDE : 600);
  const upright = columnRoom(panel.classes, width, bundledFonts());
  return {
    title: options.title ?? 'Confusion matrix',
    width,
    height: Math.round(
      TITLE_HEIGHT + MATRIX_FRAME + upright + classes * matrixCell(classes) + NOTE_HEIGHT * notes.length,
    ),
    panels: [panel],
    notes,
  };
}
