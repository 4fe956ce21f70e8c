/** Pictures of two-dimensional data: the points, and what a classifier makes of the plane around them. */
import { flatNumbers, isTensorLike, type NumberSource } from '../../../core/diagnostics/index.js';
import { nn, noGrad, tensor } from '../../../core/index.js';
import { describeValue } from '../../../core/shapes.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ChartModel, Field, PointGroup } from '../model/chart.js';
import { formatCount } from '../model/format.js';
import { Still } from './still.js';

export interface ScatterPlotOptions {
  title?: string;
  xName?: string;
  yName?: string;
  /** Class of each point: a number from 0, or a name. Names are numbered as in `classes`, else by the alphabet. */
  labels?: NumberSource | readonly string[];
  /** Names of the classes; default `class 0`, `class 1`, …, or those of the labels. */
  classes?: readonly string[];
  /** Sentences below the picture. */
  notes?: readonly string[];
  /** CSS pixels; default 600 x 440. */
  width?: number;
  height?: number;
}

export interface DecisionBoundaryOptions extends ScatterPlotOptions {
  /** Points `[n, 2]` to draw on the plane; they also decide which part of it is shown. */
  points?: NumberSource;
  /** What is shown of the plane, where it is not the points' surroundings. */
  xRange?: [number, number];
  yRange?: [number, number];
  /** Cells along either side at which the classifier is asked; default 100. */
  resolution?: number;
  /**
   * With a single output a point: above which value it is the second class. Default 0.5 when all outputs lie between 0
   * and 1 (probabilities), else 0 (logits).
   */
  threshold?: number;
}

/** Answers for points `[[x, y], …]`: `[n, classes]` logits or probabilities, or one number a point for two classes. */
export type Classifier = (points: number[][]) => NumberSource;

const MAX_POINTS = 5000;

/**
 * Points on a plane, coloured by class.
 *
 * @param points `[n, 2]`, or two arrays of length n
 */
export function scatterPlot(
  points: NumberSource | { x: NumberSource; y: NumberSource },
  options: ScatterPlotOptions = {},
  environment?: LiveEnvironment,
): Still {
  const notes: string[] = [...(options.notes ?? [])];
  const groups = guarded(notes, [], () => grouped(coordinates(points), options, notes));
  return new Still(model(options, groups, null, notes), environment);
}

/**
 * What a classifier answers everywhere on the plane: the colour is the winning class, the paler the less sure, and the
 * line is where two classes are equally likely.
 *
 * ```ts
 * decisionBoundary(model, { points: X, labels: y });
 * decisionBoundary((xy) => model.forward(scale(tensor(xy))), { points: X, labels: y });
 * ```
 */
export function decisionBoundary(
  classify: Classifier,
  options?: DecisionBoundaryOptions,
  environment?: LiveEnvironment,
): Still;
export function decisionBoundary(
  model: nn.Module,
  options?: DecisionBoundaryOptions,
  environment?: LiveEnvironment,
): Still;
export function decisionBoundary(
  classifier: Classifier | nn.Module,
  options: DecisionBoundaryOptions = {},
  environment?: LiveEnvironment,
): Still {
  const notes: string[] = [...(options.notes ?? [])];
  const classify = classifierOf(classifier);
  const at = guarded(notes, { x: new Float64Array(0), y: new Float64Array(0) }, () =>
    options.points === undefined
      ? { x: new Float64Array(0), y: new Float64Array(0) }
      : coordinates(options.points),
  );
  const groups = guarded(notes, [], () => grouped(at, options, notes));
  const field = guarded(notes, null, () => ask(classify, at, options));
  guarded(notes, undefined, () => {
    const { labels: truth } = numbered(options);
    if (field === null || truth === null || at.x.length === 0) return;
    const { winner } = answers(classify, at, options.threshold);
    const right = winner.reduce((sum, answer, i) => sum + (answer === truth[i] ? 1 : 0), 0);
    const share = ((100 * right) / winner.length).toFixed(1);
    notes.push(`${share} % of ${formatCount(winner.length)} points are on their side.`);
  });
  return new Still(model(options, groups, field, notes), environment);
}

function model(
  options: ScatterPlotOptions,
  groups: PointGroup[],
  field: Field | null,
  notes: string[],
): ChartModel {
  return {
    title: options.title ?? '',
    width: options.width ?? 600,
    height: options.height ?? 440,
    panels: [
      {
        kind: 'plane',
        weight: 1,
        x: { name: options.xName ?? 'x', scale: 'linear' },
        y: { name: options.yName ?? 'y', scale: 'linear' },
        field,
        groups,
        empty: 'No points',
      },
    ],
    notes,
  };
}

/** Without recording gradients; a model that takes `[n, 2]` is asked in evaluation mode. */
export function classifierOf(source: Classifier | nn.Module): Classifier {
  if (!(source instanceof nn.Module)) {
    const given: unknown = source;
    if (typeof given === 'function') return (points) => noGrad(() => source(points));
    return () => {
      throw new TypeError(
        `decisionBoundary: takes a model or a function of points [[x, y], …], got ${describeValue(given)}`,
      );
    };
  }
  const model = source;
  return (points) => {
    const { training } = model;
    model.eval();
    try {
      const dtype = model.parameters().at(0)?.dtype;
      const out = noGrad(() => model.invoke([tensor(points, dtype === undefined ? {} : { dtype })]));
      if (isTensorLike(out)) return out;
      throw new TypeError('decisionBoundary: the model must answer with one tensor');
    } finally {
      model.train(training);
    }
  };
}

/** A picture that cannot be made says why; it does not stop the cell. */
function guarded<T>(notes: string[], otherwise: T, make: () => T): T {
  try {
    return make();
  } catch (error) {
    notes.push(error instanceof Error ? error.message : String(error));
    return otherwise;
  }
}

export interface Coordinates {
  x: Float64Array;
  y: Float64Array;
}

/** @throws RangeError where they are not pairs */
export function coordinates(points: NumberSource | { x: NumberSource; y: NumberSource }): Coordinates {
  // A cell may give anything.
  const given: unknown = points;
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`points are a tensor or an array of pairs, got ${describeValue(given)}`);
  if ('x' in points && 'y' in points) {
    const [x, y] = [Float64Array.from(flatNumbers(points.x)), Float64Array.from(flatNumbers(points.y))];
    if (x.length !== y.length) throw new RangeError(`x has ${x.length} values and y has ${y.length}`);
    return { x, y };
  }
  const flat = flatNumbers(points);
  if (flat.length % 2 !== 0) throw new RangeError(`points must be [n, 2], got ${flat.length} numbers`);
  const n = flat.length / 2;
  return {
    x: Float64Array.from({ length: n }, (_, i) => flat[2 * i]),
    y: Float64Array.from({ length: n }, (_, i) => flat[2 * i + 1]),
  };
}

/**
 * Labels as numbers. Names have the places that they have among the classes, or in the alphabet.
 *
 * @throws RangeError where a name is none of the classes
 */
export function numbered({ labels, classes }: Pick<ScatterPlotOptions, 'labels' | 'classes'>): {
  labels: ArrayLike<number> | null;
  classes: readonly string[] | undefined;
} {
  if (labels === undefined) return { labels: null, classes };
  if (!isNames(labels)) return { labels: flatNumbers(labels), classes };
  const names = classes ?? [...new Set(labels)].sort();
  const places = new Map(names.map((name, i) => [name, i]));
  const place = (name: string): number => {
    const at = places.get(name);
    if (at === undefined)
      throw new RangeError(
        `the label ${JSON.stringify(name)} is none of the classes ${names.slice(0, 10).join(', ')}`,
      );
    return at;
  };
  return { labels: labels.map(place), classes: names };
}

function isNames(labels: unknown): labels is readonly string[] {
  return Array.isArray(labels) && labels.length > 0 && labels.every((one) => typeof one === 'string');
}

export function grouped({ x, y }: Coordinates, options: ScatterPlotOptions, notes: string[]): PointGroup[] {
  const { labels, classes } = numbered(options);
  if (labels !== null && labels.length !== x.length)
    throw new RangeError(`there are ${x.length} points and ${labels.length} labels`);
  const stride = Math.max(1, Math.ceil(x.length / MAX_POINTS));
  if (stride > 1) notes.push(`Every ${stride}th of ${formatCount(x.length)} points is drawn.`);
  const members = new Map<number, number[]>();
  for (let i = 0; i < x.length; i += stride) {
    const label = labels === null ? 0 : labels[i];
    const group = members.get(label);
    if (group) group.push(i);
    else members.set(label, [i]);
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([label, indices]) => ({
      name: labels === null ? '' : (classes?.[label] ?? `class ${label}`),
      color: Number.isFinite(label) ? Math.max(0, Math.floor(label)) : 0,
      points: { x: Float64Array.from(indices, (i) => x[i]), y: Float64Array.from(indices, (i) => y[i]) },
    }));
}

/** The classifier's answers on a grid over the points' surroundings. */
export function ask(classify: Classifier, points: Coordinates, options: DecisionBoundaryOptions): Field {
  const n = Math.min(400, Math.max(2, Math.round(options.resolution ?? 100)));
  const x = options.xRange ?? surroundings(points.x);
  const y = options.yRange ?? surroundings(points.y);
  const along = ([low, high]: [number, number], i: number): number => low + ((i + 0.5) / n) * (high - low);
  const cells = {
    x: Float64Array.from({ length: n * n }, (_, i) => along(x, i % n)),
    y: Float64Array.from({ length: n * n }, (_, i) => along(y, Math.floor(i / n))),
  };
  return { columns: n, rows: n, x, y, ...answers(classify, cells, options.threshold) };
}

function surroundings(values: Float64Array): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [-1, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const pad = 0.12 * (high - low) || 1;
  return [low - pad, high + pad];
}

export function answers(
  classify: Classifier,
  { x, y }: Coordinates,
  threshold: number | undefined,
): { winner: Uint16Array; confidence: Float32Array; margin: Float32Array | null } {
  const n = x.length;
  const flat = flatNumbers(classify(Array.from(x, (value, i) => [value, y[i]])));
  const k = flat.length / n;
  if (!Number.isInteger(k) || k < 1)
    throw new RangeError(
      `decisionBoundary: for ${n} points the classifier gave ${flat.length} numbers, not a multiple`,
    );
  const winner = new Uint16Array(n);
  const confidence = new Float32Array(n);
  const margin = k <= 2 ? new Float32Array(n) : null;
  const probabilities = flat.every((value) => value >= 0 && value <= 1);
  for (let i = 0; i < n; i++) {
    const row = Array.from(flat.subarray(k * i, k * (i + 1)));
    const p = k === 1 ? binary(row[0], probabilities, threshold) : normalized(row, probabilities);
    const best = p.reduce((at, value, j) => (value > p[at] ? j : at), 0);
    winner[i] = best;
    confidence[i] = Math.max(0, (p[best] - 1 / p.length) / (1 - 1 / p.length)) || 0;
    if (margin) margin[i] = p[1] - p[0];
  }
  return { winner, confidence, margin };
}

/** The two classes' shares from one number, so that the threshold is a tie. */
function binary(value: number, probability: boolean, threshold: number | undefined): number[] {
  if (!probability) {
    const p = 1 / (1 + Math.exp((threshold ?? 0) - value));
    return [1 - p, p];
  }
  const at = threshold ?? 0.5;
  const p = value < at ? (0.5 * value) / at : 0.5 + (0.5 * (value - at)) / (1 - at || 1);
  return [1 - p, p];
}

/** Probabilities as they are when they add up to 1, else the softmax of logits. */
function normalized(row: number[], probabilities: boolean): number[] {
  const sum = row.reduce((a, b) => a + b, 0);
  if (probabilities && Math.abs(sum - 1) < 1e-3) return row;
  const highest = row.reduce((a, b) => Math.max(a, b));
  const exponentials = row.map((value) => Math.exp(value - highest));
  const total = exponentials.reduce((a, b) => a + b);
  return exponentials.map((value) => value / total);
}
