/** Which learning rate to begin with. */
import { getRngState, nn, setRngState, Tensor, type optim } from '../../../core/index.js';
import { describeValue } from '../../../core/shapes.js';
import type { ChartModel, Mark } from '../model/chart.js';
import { formatNumber } from '../model/format.js';
import { MovingAverage } from '../model/series.js';
import { lineOf, wordsOf } from './curves.js';
import { keeping } from './directions.js';
import { Still } from './still.js';

export interface LearningRateOptions {
  title?: string;
  /** The first and the last rate, and how many there are between at most; default 1e-7 to 10 in 100 steps. */
  from?: number;
  to?: number;
  steps?: number;
  /** Weight of the moving average; default 0.9. */
  smooth?: number;
  width?: number;
  height?: number;
}

/** The optimizers of `optim`. */
export interface RatedOptimizer {
  readonly paramGroups: { lr: number }[];
  zeroGrad(): void;
  step(): unknown;
  stateDict(): optim.OptimizerState;
  loadStateDict(state: optim.OptimizerState): void;
}

/** The loss rises for good: no larger rate is tried. */
const STOP = 4;
/** Not in the first steps, where the average still stands on few values. */
const EARLIEST_STOP = 8;

/** The curve, and the rates that it suggests. */
export class LearningRates extends Still {
  constructor(
    chart: ChartModel,
    /** In the middle of the descent, from where a tenth of it is done to the least loss; NaN where the loss does not fall. */
    readonly valley: number,
    /** Where the loss falls fastest with the logarithm of the rate; NaN where it does not fall. */
    readonly steepest: number,
    readonly rates: readonly number[],
    readonly losses: readonly number[],
    /** Moving average of the losses. */
    readonly smoothed: readonly number[],
  ) {
    super(chart);
  }
}

/**
 * Trains with a learning rate that grows by a constant factor at each step, until the smoothed loss is four times its
 * least (Smith 2015). Marked are the middle of the descent (a good choice) and where it is steepest. Weights,
 * statistics, gradients, the optimizer's state and the random numbers are restored. It never throws.
 *
 * ```ts
 * const { valley } = findLearningRate(model, optimizer, loader, F.crossEntropy);
 * ```
 *
 * @param loader batches `[input, target]`, gone through again when they end
 */
export function findLearningRate(
  model: { forward(input: Tensor): Tensor } & nn.Module,
  optimizer: RatedOptimizer,
  loader: Iterable<readonly Tensor[]>,
  loss: (prediction: Tensor, target: Tensor) => Tensor,
  options: LearningRateOptions = {},
): LearningRates {
  const notes: string[] = [];
  const rates: number[] = [];
  const losses: number[] = [];
  const random = getRngState();
  try {
    const state = copied(optimizer.stateDict());
    const before = optimizer.paramGroups.map(({ lr }) => lr);
    try {
      keeping(model, () => {
        run(model, optimizer, before, loader, loss, options, rates, losses);
      });
    } finally {
      optimizer.loadStateDict(state);
      optimizer.paramGroups.forEach((group, i) => (group.lr = before[i]));
    }
  } catch (error) {
    notes.push(wordsOf(error));
  } finally {
    setRngState(random);
  }
  return drawn(rates, losses, options, notes);
}

function run(
  model: { forward(input: Tensor): Tensor },
  optimizer: RatedOptimizer,
  before: readonly number[],
  loader: Iterable<readonly Tensor[]>,
  loss: (prediction: Tensor, target: Tensor) => Tensor,
  { from = 1e-7, to = 10, steps = 100, smooth = 0.9 }: LearningRateOptions,
  rates: number[],
  losses: number[],
): void {
  if (!(from > 0 && to > from))
    throw new RangeError(`findLearningRate: rates go from a small to a large one, got ${from} to ${to}`);
  const given: unknown = loader;
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new TypeError(
      `findLearningRate: the loader gives batches [input, target], such as a DataLoader or an array, got ${describeValue(given)}`,
    );
  const batches = endless(loader);
  const average = new MovingAverage(smooth);
  let least = Infinity;
  for (let step = 0; step < steps; step++) {
    const rate = from * (to / from) ** (step / Math.max(1, steps - 1));
    // Groups keep their ratios.
    optimizer.paramGroups.forEach(
      (group, i) => (group.lr = before[0] > 0 ? rate * (before[i] / before[0]) : rate),
    );
    const [input, target] = batches.next().value;
    optimizer.zeroGrad();
    const value = loss(model.forward(input), target);
    const number = value.item();
    rates.push(rate);
    losses.push(number);
    if (!Number.isFinite(number)) return;
    const smoothed = average.extend(Float64Array.from(losses))[step];
    if (smoothed < least) least = smoothed;
    if (step >= EARLIEST_STOP && smoothed > STOP * least) return;
    value.backward();
    optimizer.step();
  }
}

function* endless(loader: Iterable<readonly Tensor[]>): Generator<readonly Tensor[], never> {
  for (;;) {
    let any = false;
    for (const batch of loader) {
      any = true;
      yield batch;
    }
    if (!any) throw new RangeError('findLearningRate: the loader has no batches');
  }
}

/** Tensors of a state are the optimizer's own. */
function copied(state: optim.OptimizerState): optim.OptimizerState {
  const copy = (value: unknown): unknown => {
    if (value instanceof Tensor) return value.detach().clone();
    return Array.isArray(value) ? (value as unknown[]).map(copy) : value;
  };
  return {
    paramGroups: state.paramGroups.map((group) => ({ ...group })),
    state: Object.fromEntries(
      Object.entries(state.state).map(([key, values]) => [
        key,
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, copy(value)])),
      ]),
    ),
  };
}

function drawn(
  rates: number[],
  losses: number[],
  options: LearningRateOptions,
  notes: string[],
): LearningRates {
  const smoothed = Array.from(new MovingAverage(options.smooth ?? 0.9).extend(Float64Array.from(losses)));
  // What falls after the least value falls from where a large rate has thrown the weights.
  const least = smoothed.reduce((best, value, i) => (value < smoothed[best] ? i : best), 0);
  const descent = smoothed.slice(0, least + 1);
  const valley = rates[middleOfDescent(descent)] ?? NaN;
  const steepest = rates[steepestAt(descent)] ?? NaN;
  const highest = Math.max(...smoothed.slice(0, EARLIEST_STOP), STOP * Math.abs(smoothed[least] ?? 1));
  const raw = losses.map((value) => (value > 1.1 * highest ? NaN : value));
  const marks: Mark[] = [];
  const mark = (x: number, name: string): void => {
    if (Number.isFinite(x))
      marks.push({ kind: 'rule', x, label: `${name} ${formatNumber(x, 2)}`, tone: 'note' });
  };
  mark(valley, 'valley');
  mark(steepest, 'steepest');
  const bad = losses.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) notes.push(`The loss was ${losses[bad]} at ${formatNumber(rates[bad])}.`);
  if (losses.length > 2 && marks.length === 0) notes.push('The loss falls at no rate.');
  const chart: ChartModel = {
    title: options.title ?? 'Learning rate finder',
    width: options.width ?? 680,
    height: options.height ?? 360,
    panels: [
      {
        kind: 'lines',
        weight: 1,
        x: { name: 'learning rate', scale: 'log' },
        y: { name: 'loss', scale: 'linear' },
        series: losses.length === 0 ? [] : [lineOf('loss', 0, rates, smoothed, { raw })],
        marks,
        endLabels: false,
        caption: losses.length === 0 ? '' : 'faint: measured, bold: moving average',
        empty: 'No learning rate was tried',
      },
    ],
    notes,
  };
  return new LearningRates(chart, valley, steepest, rates, losses, smoothed);
}

/**
 * The middle of the descent to the last of the values, their least; -1 where nothing falls. It begins where a tenth of the
 * height is lost for good: before that a loss may be flat for long, and what falls there is noise.
 */
function middleOfDescent(values: readonly number[]): number {
  const end = values.length - 1;
  const height = Math.max(...values) - values[end];
  if (!(height > 0)) return -1;
  const begin = values.findLastIndex((value) => value > values[end] + 0.9 * height);
  return Math.round((begin + end) / 2);
}

/** Rates grow evenly in their logarithm, so differences are slopes. */
function steepestAt(values: readonly number[]): number {
  let best = -1;
  let slope = 0;
  for (let i = 1; i + 1 < values.length; i++) {
    const here = (values[i + 1] - values[i - 1]) / 2;
    if (here < slope) [best, slope] = [i, here];
  }
  return best;
}
