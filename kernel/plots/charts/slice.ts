/** Slices through a loss. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import { nn, noGrad, type Tensor } from '../../../core/index.js';
import { describeValue } from '../../../core/shapes.js';
import type { ChartModel } from '../model/chart.js';
import { evenly, lineOf, wordsOf } from './curves.js';
import { keeping, normals, randomDirection, setWeights } from './directions.js';
import { calledWith, numberOf, type LossValue } from './loss-value.js';
import { Still } from './still.js';
import { isRange } from './surface.js';

export interface LossSliceOptions {
  title?: string;
  xName?: string;
  name?: string;
  /** Default -2 to 2, for a model -1 to 1. */
  x?: readonly [number, number];
  /** Values along the slice; default 81. */
  resolution?: number;
  /** For a model: how many random directions, default 3; or weights to go to, at 1. */
  slices?: number;
  to?: NumberSource;
  seed?: number;
  width?: number;
  height?: number;
}

/**
 * The loss along a line: `f(x)`, or for a model along random directions with the norm of each filter, or on the way to
 * other weights (`to`, at 1). The model's weights are at 0 and are restored. It never throws.
 */
export function lossSlice(f: (x: Tensor) => LossValue, options?: LossSliceOptions): Still;
export function lossSlice(f: (x: number) => LossValue, options?: LossSliceOptions): Still;
export function lossSlice(model: nn.Module, loss: () => LossValue, options?: LossSliceOptions): Still;
export function lossSlice(subject: unknown, second?: unknown, third?: unknown): Still {
  const isModel = subject instanceof nn.Module;
  const options = ((isModel ? third : second) ?? {}) as LossSliceOptions;
  const notes: string[] = [];
  const usual: [number, number] = isModel ? (options.to === undefined ? [-1, 1] : [-0.5, 1.5]) : [-2, 2];
  const [low, high] = isRange(options.x) ? options.x : usual;
  const x = evenly(low, high, Math.max(2, Math.min(2001, Math.round(options.resolution ?? 81) || 81)));
  let lines: { name: string; y: Float64Array }[] = [];
  try {
    const called = isModel ? second : subject;
    if (typeof called !== 'function')
      throw new TypeError(
        `lossSlice: takes a function of x, or a model and a function that computes its loss, got ${describeValue(called)}`,
      );
    if (options.x !== undefined && !isRange(options.x))
      throw new RangeError(`lossSlice: x is a range [low, high], got ${describeValue(options.x)}`);
    if (isModel) lines = modelSlices(subject, second as () => LossValue, x, options);
    else {
      const f = calledWith(subject as (...at: unknown[]) => unknown, 1);
      lines = [{ name: options.name ?? 'loss', y: x.map((at) => f(at)) }];
    }
    if (!lines.some(({ y }) => y.some(Number.isFinite))) notes.push('No value is a finite number.');
  } catch (error) {
    notes.push(wordsOf(error));
  }
  const xName =
    options.xName ??
    (isModel ? (options.to === undefined ? 'distance in norms of the filters' : 'share of the way') : 'x');
  const chart: ChartModel = {
    title: options.title ?? 'Slice of the loss',
    width: options.width ?? 680,
    height: options.height ?? 360,
    panels: [
      {
        kind: 'lines',
        weight: 1,
        x: { name: xName, scale: 'linear' },
        y: { name: options.name ?? 'loss', scale: 'linear' },
        series: lines.map(({ name, y }, i) => lineOf(name, i, x, y)),
        marks: isModel ? [{ kind: 'rule', x: 0, label: 'the weights', tone: 'note' }] : [],
        endLabels: lines.length > 1,
        caption: '',
        empty: 'No values',
      },
    ],
    notes,
  };
  return new Still(chart);
}

function modelSlices(
  model: nn.Module,
  loss: () => LossValue,
  x: Float64Array,
  options: LossSliceOptions,
): { name: string; y: Float64Array }[] {
  return keeping(model, (parameters, centre) => {
    const random = normals(options.seed ?? 1);
    const count = Math.max(1, Math.min(20, Math.round(options.slices ?? 3)));
    const to = options.to === undefined ? null : flatNumbers(options.to);
    if (to !== null && to.length !== centre.length)
      throw new RangeError(`lossSlice: the model has ${centre.length} weights, \`to\` has ${to.length}`);
    const directions =
      to === null
        ? Array.from({ length: count }, () => randomDirection(parameters, random))
        : [centre.map((value, i) => to[i] - value)];
    return directions.map((direction, k) => ({
      name: to === null ? `direction ${k + 1}` : 'loss',
      y: x.map((at) => {
        setWeights(
          parameters,
          centre.map((value, i) => value + at * direction[i]),
        );
        return noGrad(() => numberOf(loss()));
      }),
    }));
  });
}
