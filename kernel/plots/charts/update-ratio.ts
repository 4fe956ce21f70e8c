/** How much an optimizer's step changes each parameter, beside how large the parameter is. */
import {
  describeDistribution,
  flatNumbers,
  LARGE_STEP,
  namedParameters,
  SMALL_STEP,
  type ParameterSource,
} from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import { LiveChart } from './live-chart.js';
import type { ChartModel, DotRow } from '../model/chart.js';
import { DOT_FRAME, DOT_ROW } from '../scene/dots.js';

export interface UpdateRatiosOptions {
  title?: string;
  /** CSS pixels; default 720. */
  width?: number;
}

/** About this much of a weight is a healthy step. */
const USUAL = 1e-3;
const MAX_ROWS = 40;
const TITLE_HEIGHT = 46;
const NOTE_HEIGHT = 15;
/** What reading weights may cost. */
const MAX_SHARE = 0.02;

/**
 * The update-to-weight ratio std(Δw) / std(w) of each parameter over one step, live, with a guide at 10⁻³: far below it
 * a layer hardly learns, far above it a step may overshoot. Call `sample()` after every `optimizer.step()`; it reads the
 * weights only when it is time to, keeps one copy of them, and never throws.
 */
export class UpdateRatios extends LiveChart {
  private before: Map<string, Float32Array | Float64Array> | null = null;
  private rows: DotRow[] = [];
  private trouble = '';
  private nextRead = 0;
  private height: number | undefined;

  constructor(
    private readonly parameters: ParameterSource,
    private readonly options: UpdateRatiosOptions = {},
    environment?: LiveEnvironment,
    private readonly now: () => number = () => performance.now(),
  ) {
    super(environment);
  }

  /** Reads the weights on two calls in a row, then pauses in proportion to what that cost. */
  sample(): this {
    const began = this.now();
    if (this.before === null && began < this.nextRead) return this;
    try {
      if (this.before === null) {
        this.before = new Map(
          Array.from(namedParameters(this.parameters), ([name, parameter]) => [
            name,
            flatNumbers(parameter).slice(),
          ]),
        );
        return this;
      }
      const { before } = this;
      this.trouble = '';
      this.rows = Array.from(namedParameters(this.parameters), ([name, parameter]) =>
        row(name, before.get(name), flatNumbers(parameter)),
      );
    } catch (error) {
      this.trouble = `The weights could not be read: ${error instanceof Error ? error.message : String(error)}`;
    }
    this.before = null;
    this.nextRead = began + (2 * (this.now() - began)) / MAX_SHARE;
    this.live.touch();
    return this;
  }

  /** The chart as plain data. */
  model(): ChartModel {
    const notes = this.trouble === '' ? [] : [this.trouble];
    const shown = this.rows.slice(0, MAX_ROWS);
    if (shown.length < this.rows.length)
      notes.push(`The first ${MAX_ROWS} of ${this.rows.length} parameters are shown.`);
    const height =
      TITLE_HEIGHT + DOT_FRAME + DOT_ROW * Math.max(3, shown.length) + NOTE_HEIGHT * notes.length;
    if (shown.length > 0) this.height ??= height;
    return {
      title: this.options.title ?? 'Update-to-weight ratio of a step',
      width: this.options.width ?? 720,
      height: this.height ?? height,
      panels: [
        {
          kind: 'dots',
          weight: 1,
          x: { name: 'std(Δw) / std(w)', scale: 'log' },
          measures: ['ratio'],
          rows: shown,
          low: SMALL_STEP,
          high: LARGE_STEP,
          guides: [{ value: USUAL, label: 'usual: 0.001' }],
          empty: 'No ratio yet: call sample() after optimizer.step(), twice or more',
        },
      ],
      notes,
    };
  }
}

/**
 * The update-to-weight ratio std(Δw) / std(w) of each parameter over one step, live, with a guide at 10⁻³: far below it a
 * layer hardly learns, far above it a step may overshoot. Call `sample()` after every `optimizer.step()`.
 */
export function updateRatios(model: ParameterSource, options: UpdateRatiosOptions = {}): UpdateRatios {
  return new UpdateRatios(model, options);
}

function row(
  name: string,
  before: Float32Array | Float64Array | undefined,
  after: Float32Array | Float64Array,
): DotRow {
  if (before?.length !== after.length) return { name, values: [NaN], warning: '' };
  const change = describeDistribution(after.map((value, i) => value - before[i]));
  if (change.nan + change.infinite > 0) return { name, values: [NaN], warning: 'not finite' };
  if (change.zero === change.count) return { name, values: [0], warning: 'does not move' };
  const ratio = change.std / describeDistribution(before).std;
  // A single number, or biases that all began at 0, have no spread to compare with.
  if (!Number.isFinite(ratio)) return { name, values: [NaN], warning: '' };
  const warning = ratio < SMALL_STEP ? 'hardly moves' : ratio > LARGE_STEP ? 'moves much' : '';
  return { name, values: [ratio], warning };
}
