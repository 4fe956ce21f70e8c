/** What a model's layers put out while it trains, seen by hooks: ridgelines, heatmaps, and statistics as curves. */
import {
  ModelWatch,
  rebin,
  sharedRange,
  valueStrip,
  type ActivationRecord,
  type Distribution,
  type Reading,
} from '../../../core/diagnostics/index.js';
import type { Module } from '../../../core/nn/module.js';
import type { LiveEnvironment } from '../live/live-display.js';
import { LiveChart } from './live-chart.js';
import type { ChartModel, LinePanel, LineSeries } from '../model/chart.js';
import { formatNumber } from '../model/format.js';
import type { HeatCell } from '../model/layers.js';
import { HEAT_HEIGHT } from '../scene/heat.js';
import { RIDGE_HEIGHT } from '../scene/ridges.js';

export interface ActivationOptions {
  title?: string;
  /** Every how many training passes outputs are looked at. Default: as often as costs at most 1 % of the time. */
  every?: number;
  /** Share of the time that looking may take; default 0.01, 1 is no limit. */
  share?: number;
  /** At most this many layers are drawn, the worst first; default 9, of curves 12. */
  limit?: number;
  /** CSS pixels; default 720. */
  width?: number;
}

type Draw = (records: readonly ActivationRecord[], options: ActivationOptions) => ChartModel;

const BINS = 40;
const MAX_RIDGES = 90;
const TITLE_HEIGHT = 46;
const EMPTY = 'No activations yet: call the model in training mode';

/** A live chart of a model's activations. It counts calls of the model in training mode and needs no other call. */
export class ActivationChart extends LiveChart {
  private readonly watched: ModelWatch;
  private height: number | undefined;

  constructor(
    model: Module,
    private readonly draw: Draw,
    private readonly options: ActivationOptions = {},
    environment?: LiveEnvironment,
  ) {
    super(environment);
    this.watched = new ModelWatch(model, { ...options, of: ['activations'] }, () => this.live.touch());
  }

  /** Takes the hooks off and shows the final picture. */
  stop(): this {
    this.watched.stop();
    this.live.finish();
    return this;
  }

  /** The chart as plain data. */
  model(): ChartModel {
    const records = this.watched.activationRecords();
    const chart = this.draw(records, this.options);
    // Before the first pass it is not known how many layers there will be.
    if (records.length > 0) this.height ??= chart.height;
    return {
      ...chart,
      height: this.height ?? chart.height,
      notes: [...this.watched.problems(), ...chart.notes],
    };
  }
}

/** How each layer's outputs are distributed over time: a ridgeline each, the newest in front. */
export function activationHistograms(
  model: Module,
  options: ActivationOptions = {},
  environment?: LiveEnvironment,
): ActivationChart {
  return new ActivationChart(model, histograms, options, environment);
}

/**
 * How many of each layer's outputs lie where, over time: darker is more, on a logarithmic scale, with the mean as a
 * line. Units that are dead show as a dark line at 0.
 */
export function activationHeatmap(
  model: Module,
  options: ActivationOptions = {},
  environment?: LiveEnvironment,
): ActivationChart {
  return new ActivationChart(model, heatmaps, options, environment);
}

/** Mean and standard deviation of each layer's outputs and the share of dead units, as curves. */
export function activationStatistics(
  model: Module,
  options: ActivationOptions = {},
  environment?: LiveEnvironment,
): ActivationChart {
  return new ActivationChart(model, statistics, options, environment);
}

/** A few words on what is wrong, and how bad it is. */
function judge({ newest, dead, saturated }: ActivationRecord): { severity: number; words: string } {
  if (newest === null || newest.count === 0) return { severity: 0, words: '' };
  const bad = newest.nan + newest.infinite;
  if (bad > 0) return { severity: 5, words: `${percent(bad / newest.count)} not finite` };
  if (dead !== null && dead >= 0.4) return { severity: 1 + dead, words: `${percent(dead)} dead` };
  if (saturated !== null && saturated >= 0.7) return { severity: 1, words: `${percent(saturated)} flat` };
  return { severity: 0, words: '' };
}

function worstFirst(records: readonly ActivationRecord[], limit: number) {
  const judged = records.map((record) => ({ record, ...judge(record) }));
  judged.sort((a, b) => b.severity - a.severity);
  const hidden = judged.length - limit;
  return {
    shown: judged.slice(0, limit),
    notes: hidden > 0 ? [`${hidden} more ${hidden === 1 ? 'layer is' : 'layers are'} not shown.`] : [],
  };
}

function grid(count: number): { columns: number; rows: number } {
  const columns = count === 4 ? 2 : Math.min(3, Math.max(1, count));
  return { columns, rows: Math.max(1, Math.ceil(count / columns)) };
}

function histograms(records: readonly ActivationRecord[], options: ActivationOptions): ChartModel {
  const { shown, notes } = worstFirst(records, options.limit ?? 9);
  const { columns, rows } = grid(shown.length);
  return {
    title: options.title ?? 'Activations by layer',
    width: options.width ?? 720,
    height: TITLE_HEIGHT + rows * RIDGE_HEIGHT + 15 * notes.length,
    panels: [
      {
        kind: 'ridges',
        weight: 1,
        columns,
        quantity: 'activation',
        ridges: shown.map(({ record, words }) => {
          const range = rangeOf(record);
          const bins = shown.length > 6 ? 26 : BINS;
          const { newest } = record;
          const moments = thin(
            record.distributions.moments,
            Math.max(6, Math.floor(MAX_RIDGES / shown.length)),
          );
          return {
            name: record.title,
            range,
            slices: moments.map(({ step, distribution }) => ({
              step,
              counts: rebin(distribution, range, bins),
            })),
            stats: {
              mean: newest?.mean ?? NaN,
              std: newest?.std ?? NaN,
              zeroPercent: share(newest, newest?.zero ?? 0),
              nanPercent: share(newest, (newest?.nan ?? 0) + (newest?.infinite ?? 0)),
              count: newest?.count ?? 0,
            },
            warning: words,
          };
        }),
        empty: EMPTY,
      },
    ],
    notes,
  };
}

function heatmaps(records: readonly ActivationRecord[], options: ActivationOptions): ChartModel {
  const { shown, notes } = worstFirst(records, options.limit ?? 9);
  const { columns, rows } = grid(shown.length);
  if (shown.length > 0) notes.push('Darker: more outputs (log scale). Line: their mean.');
  return {
    title: options.title ?? 'Activations over time',
    width: options.width ?? 720,
    height: TITLE_HEIGHT + rows * HEAT_HEIGHT + 15 * notes.length,
    panels: [
      {
        kind: 'heat',
        weight: 1,
        columns,
        quantity: 'activation',
        cells: shown.map(({ record, words }) => heatCell(record, words, shown.length)),
        empty: EMPTY,
      },
    ],
    notes,
  };
}

function heatCell(record: ActivationRecord, warning: string, cells: number): HeatCell {
  const { newest, dead, saturated, units } = record;
  const { moments } = record.distributions;
  const facts = [`mean ${formatNumber(newest?.mean ?? NaN, 2)}   std ${formatNumber(newest?.std ?? NaN, 2)}`];
  if (dead !== null) facts.push(`${percent(dead)} of ${units} units dead`);
  else if (saturated !== null) facts.push(`${percent(saturated)} at the flat ends`);
  return {
    name: record.title,
    warning,
    facts,
    strip: valueStrip(moments, cells <= 4 ? BINS : 24),
    steps: moments.map(({ step }) => step),
    means: moments.map(({ distribution }) => distribution.mean),
  };
}

function statistics(records: readonly ActivationRecord[], options: ActivationOptions): ChartModel {
  const { shown, notes } = worstFirst(records, options.limit ?? 12);
  const chosen = records.filter((record) => shown.some((one) => one.record === record));
  const panel = (
    name: string,
    of: (record: ActivationRecord) => readonly Reading[],
    scale = 1,
    unit?: string,
  ): LinePanel => {
    const series = chosen.flatMap((record, i) => {
      const readings = of(record);
      return readings.length === 0 ? [] : [curve(record.title, i, readings, scale)];
    });
    return {
      kind: 'lines',
      weight: 1,
      x: { name: 'step', scale: 'linear', integer: true },
      y: { name, scale: 'linear', ...(unit === undefined ? {} : { unit }) },
      series,
      marks: [],
      endLabels: true,
      caption: '',
      empty: records.length === 0 ? EMPTY : 'No layer has units that can die',
    };
  };
  return {
    title: options.title ?? 'Activations: mean, spread, dead units',
    width: options.width ?? 720,
    height: TITLE_HEIGHT + 3 * Math.max(150, 15 * chosen.length + 20) + 15 * notes.length,
    panels: [
      panel('mean', ({ means }) => means.entries),
      panel('std', ({ deviations }) => deviations.entries),
      panel('dead units', ({ deadShares }) => deadShares.entries, 100, '%'),
    ],
    notes,
  };
}

function curve(name: string, color: number, readings: readonly Reading[], scale: number): LineSeries {
  const values = readings.map(({ value }) => scale * value);
  const finite = values.filter(Number.isFinite);
  const last = finite.at(-1) ?? null;
  return {
    name,
    color,
    dashed: false,
    line: { x: Float64Array.from(readings, ({ step }) => step), y: Float64Array.from(values) },
    dots: readings.length < 3,
    muted: false,
    last,
    summary: { count: values.length, first: finite[0] ?? null, last, smoothed: null, best: null },
  };
}

function rangeOf(record: ActivationRecord): [number, number] {
  const shared = sharedRange(record.distributions.moments.map(({ distribution }) => distribution)) ?? [0, 1];
  if (shared[0] < shared[1]) return shared;
  const air = Math.abs(shared[0]) * 0.1 || 1;
  return [shared[0] - air, shared[1] + air];
}

function thin<T>(entries: readonly T[], limit: number): readonly T[] {
  if (entries.length <= limit) return entries;
  return Array.from(
    { length: limit },
    (_, i) => entries[Math.round((i * (entries.length - 1)) / (limit - 1))],
  );
}

function share(distribution: Distribution | null, part: number): number {
  return distribution === null || distribution.count === 0 ? 0 : (100 * part) / distribution.count;
}

function percent(value: number): string {
  return `${value > 0 && value < 0.01 ? '<1' : Math.round(100 * value)} %`;
}
