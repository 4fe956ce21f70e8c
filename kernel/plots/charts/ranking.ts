/** How well scores rank: ROC and precision-recall curves; and whether they mean what they say: calibration. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import type { ChartModel, LinePanel, LineSeries, Mark } from '../model/chart.js';
import { formatCount, formatNumber } from '../model/format.js';
import { lineOf, wordsOf } from './curves.js';
import { Still } from './still.js';

export interface RankingOptions {
  title?: string;
  /** Names of the classes. */
  classes?: readonly string[];
  width?: number;
  height?: number;
}

export interface CalibrationOptions extends RankingOptions {
  /** Default 10. */
  bins?: number;
}

const MOST_CLASSES = 10;
const MOST_POINTS = 600;

/** One class against the rest. */
interface Contest {
  name: string;
  scores: Float64Array;
  positive: boolean[];
}

/**
 * True positive rate over false positive rate as the threshold falls, with the area under the curve. Scores `[n]` are of
 * class 1; of `[n, C]` each class has its curve against the rest. It never throws.
 */
export function rocCurve(scores: NumberSource, target: NumberSource, options: RankingOptions = {}): Still {
  return ranked(
    'ROC curve',
    ['false positive rate', 'true positive rate'],
    scores,
    target,
    options,
    (contest, i) => {
      const { steps, positives, negatives } = thresholds(contest);
      const x = steps.map(({ fp }) => fp / negatives);
      const y = steps.map(({ tp }) => tp / positives);
      let area = 0;
      for (let k = 1; k < x.length; k++) area += ((x[k] - x[k - 1]) * (y[k] + y[k - 1])) / 2;
      return curve(`${contest.name}AUC`, i, x, y, area);
    },
  );
}

/**
 * Precision over recall as the threshold falls, with the average precision Σ (R_k − R_{k−1}) P_k. The dashed level is
 * what chance has: the share of positives. It never throws.
 */
export function precisionRecallCurve(
  scores: NumberSource,
  target: NumberSource,
  options: RankingOptions = {},
): Still {
  return ranked('Precision and recall', ['recall', 'precision'], scores, target, options, (contest, i) => {
    const { steps, positives } = thresholds(contest);
    const taken = steps.slice(1);
    const recall = taken.map(({ tp }) => tp / positives);
    const precision = taken.map(({ tp, fp }) => tp / (tp + fp));
    const average = recall.reduce((sum, r, k) => sum + (r - (k === 0 ? 0 : recall[k - 1])) * precision[k], 0);
    return curve(
      contest.name === '' ? 'average precision' : `${contest.name}AP`,
      i,
      [0, ...recall],
      [precision[0], ...precision],
      average,
    );
  });
}

/**
 * Whether probabilities mean what they say: of the samples that the model is p sure of, p should be right. Binary
 * probabilities `[n]` are of class 1; of `[n, C]` the largest counts. Numbers that are no probabilities are taken for
 * logits. ECE = Σ n_b / n |right_b − sure_b|. It never throws.
 */
export function calibrationCurve(
  scores: NumberSource,
  target: NumberSource,
  options: CalibrationOptions = {},
): Still {
  const notes: string[] = [];
  const panels: LinePanel[] = [];
  try {
    const { sure, right } = confidence(scores, target, notes);
    const bins = Math.max(2, Math.min(100, Math.round(options.bins ?? 10)));
    const table = Array.from({ length: bins }, () => ({ count: 0, sure: 0, right: 0 }));
    sure.forEach((p, i) => {
      const bin = table[Math.min(bins - 1, Math.floor(p * bins))];
      bin.count += 1;
      bin.sure += p;
      bin.right += right[i] ? 1 : 0;
    });
    const used = table.filter(({ count }) => count > 0);
    const x = used.map((bin) => bin.sure / bin.count);
    const error =
      used.reduce((sum, bin) => sum + Math.abs(bin.right - bin.sure), 0) / Math.max(1, sure.length);
    if (used.length > 0)
      notes.push(
        `Expected calibration error ${formatNumber(error)} over ${formatCount(sure.length)} samples in ${bins} bins.`,
      );
    const xAxis = { name: 'predicted probability', scale: 'linear', domain: [0, 1] } as const;
    const measured = lineOf(
      'measured',
      0,
      x,
      used.map((bin) => bin.right / bin.count),
      { dots: true },
    );
    panels.push({
      ...panelOf([xAxis.name, 'share that is right'], used.length === 0 ? [] : [diagonal(), measured], []),
      weight: 3,
    });
    const counts = lineOf(
      'samples',
      4,
      x,
      used.map(({ count }) => count),
      { dots: true },
    );
    if (used.length > 0)
      panels.push({
        ...panelOf([xAxis.name, 'samples'], [counts], []),
        weight: 1.5,
        y: { name: 'samples a bin', scale: 'linear', integer: true },
      });
  } catch (error) {
    panels.length = 0;
    notes.push(wordsOf(error));
  }
  if (panels.length === 0) panels.push(panelOf(['predicted probability', 'share that is right'], [], []));
  return still('Calibration', panels, notes, options);
}

const still = (title: string, panels: LinePanel[], notes: string[], options: RankingOptions): Still => {
  const chart: ChartModel = {
    title: options.title ?? title,
    width: options.width ?? 600,
    height: options.height ?? 440,
    panels,
    notes,
  };
  return new Still(chart);
};

function panelOf([x, y]: readonly [string, string], series: LineSeries[], marks: Mark[]): LinePanel {
  return {
    kind: 'lines',
    weight: 1,
    x: { name: x, scale: 'linear', domain: [0, 1] },
    y: { name: y, scale: 'linear', domain: [0, 1.02] },
    series,
    marks,
    endLabels: true,
    caption: '',
    empty: 'Nothing to compare',
  };
}

function diagonal(): LineSeries {
  return {
    ...lineOf('chance', 0, [0, 1], [0, 1], { muted: true }),
    summary: { count: 0, first: null, last: null, smoothed: null, best: null },
  };
}

/** Its label is the number that sums it up. */
function curve(name: string, color: number, x: number[], y: number[], score: number): LineSeries {
  const stride = Math.max(1, Math.ceil(x.length / MOST_POINTS));
  const kept = x.map((_, i) => i).filter((i) => i % stride === 0 || i === x.length - 1);
  const line = lineOf(
    name,
    color,
    kept.map((i) => x[i]),
    kept.map((i) => y[i]),
  );
  return {
    ...line,
    last: score,
    summary: { count: 1, first: score, last: score, smoothed: null, best: null },
  };
}

function ranked(
  title: string,
  axes: readonly [string, string],
  scores: NumberSource,
  target: NumberSource,
  options: RankingOptions,
  draw: (contest: Contest, i: number) => LineSeries,
): Still {
  const notes: string[] = [];
  let series: LineSeries[];
  const marks: Mark[] = [];
  try {
    const contests = contestsOf(scores, target, options.classes, notes);
    series = contests.map(draw);
    if (series.length > 0 && axes[0] !== 'recall') series.unshift(diagonal());
    if (contests.length === 1 && axes[0] === 'recall') {
      const share = contests[0].positive.filter(Boolean).length / contests[0].positive.length;
      marks.push({ kind: 'level', y: share, label: `chance ${formatNumber(share)}` });
    }
  } catch (error) {
    series = [];
    notes.push(wordsOf(error));
  }
  return still(title, [panelOf(axes, series, marks)], notes, options);
}

function rows(
  scores: NumberSource,
  target: NumberSource,
): { values: ArrayLike<number>; labels: number[]; columns: number } {
  const values = flatNumbers(scores);
  const labels = Array.from(flatNumbers(target));
  if (labels.length === 0 && values.length === 0) return { values, labels, columns: 1 };
  const columns = values.length / labels.length;
  if (!Number.isInteger(columns) || columns < 1)
    throw new RangeError(
      `got ${values.length} scores for ${labels.length} targets; give one, or a row of scores, for each`,
    );
  const bad = labels.findIndex(
    (label) => !(Number.isInteger(label) && label >= 0 && label < Math.max(2, columns)),
  );
  if (bad >= 0)
    throw new RangeError(
      `classes are whole numbers from 0 to ${Math.max(2, columns) - 1}, got ${labels[bad]} at ${bad}`,
    );
  return { values, labels, columns };
}

function contestsOf(
  scores: NumberSource,
  target: NumberSource,
  classes: readonly string[] | undefined,
  notes: string[],
): Contest[] {
  const { values, labels, columns } = rows(scores, target);
  const nan = Array.from(values).filter(Number.isNaN).length;
  if (nan > 0) notes.push(`${formatCount(nan)} scores are NaN and count as the lowest.`);
  const wanted = columns === 1 ? [0] : columns === 2 ? [1] : Array.from({ length: columns }, (_, i) => i);
  const all = wanted.map((column): Contest => ({
    name: wanted.length === 1 ? '' : `${classes?.[column] ?? `class ${column}`} `,
    scores: Float64Array.from(labels, (_, i) =>
      Number.isNaN(values[i * columns + column]) ? -Infinity : values[i * columns + column],
    ),
    positive: labels.map((label) => label === (columns === 1 ? 1 : column)),
  }));
  const fair = all.filter(({ positive }) => positive.includes(true) && positive.includes(false));
  if (fair.length < all.length && labels.length > 0)
    notes.push(
      all.length === 1
        ? 'There are samples of one class only: nothing can be ranked.'
        : `${all.length - fair.length} classes have no samples, or all, and no curve.`,
    );
  if (fair.length > MOST_CLASSES) notes.push(`${MOST_CLASSES} of ${fair.length} classes are shown.`);
  return fair.slice(0, MOST_CLASSES);
}

/** How many positives and negatives are above each threshold, from the highest; equal scores fall together. */
function thresholds({ scores, positive }: Contest): {
  steps: { tp: number; fp: number }[];
  positives: number;
  negatives: number;
} {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  const steps = [{ tp: 0, fp: 0 }];
  let [tp, fp] = [0, 0];
  order.forEach((i, place) => {
    if (positive[i]) tp += 1;
    else fp += 1;
    if (place + 1 === order.length || scores[order[place + 1]] !== scores[i]) steps.push({ tp, fp });
  });
  return { steps, positives: tp, negatives: fp };
}

function confidence(
  scores: NumberSource,
  target: NumberSource,
  notes: string[],
): { sure: number[]; right: boolean[] } {
  const { values, labels, columns } = rows(scores, target);
  const all = Array.from(values);
  const probable = all.every((value) => value >= 0 && value <= 1);
  if (!probable)
    notes.push(
      `The scores are no probabilities: ${columns === 1 ? 'the sigmoid' : 'the softmax'} of them is shown.`,
    );
  if (columns === 1) {
    const sure = all.map((value) => (probable ? value : 1 / (1 + Math.exp(-value))));
    return finite(
      sure,
      labels.map((label) => label === 1),
      notes,
    );
  }
  const sure: number[] = [];
  const right = labels.map((label, i) => {
    const row = all.slice(i * columns, (i + 1) * columns);
    const best = row.reduce((at, value, k) => (value > row[at] ? k : at), 0);
    const total = row.reduce((sum, value) => sum + Math.exp(value - row[best]), 0);
    sure.push(probable ? row[best] : 1 / total);
    return best === label;
  });
  return finite(sure, right, notes);
}

function finite(sure: number[], right: boolean[], notes: string[]): { sure: number[]; right: boolean[] } {
  const kept = sure.map((_, i) => i).filter((i) => Number.isFinite(sure[i]));
  if (kept.length < sure.length)
    notes.push(`${sure.length - kept.length} samples without a finite score are left out.`);
  return { sure: kept.map((i) => sure[i]), right: kept.map((i) => right[i]) };
}
