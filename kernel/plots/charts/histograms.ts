/** How gradients and weights are distributed, now and over the time of a training run. */
import {
  DistributionHistory,
  gradientDistributions,
  judgeGradient,
  rebin,
  sharedRange,
  weightDistributions,
  type Distribution,
  type Moment,
  type NamedDistribution,
  type ParameterSource,
  type Verdict,
} from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import { LiveChart } from './live-chart.js';
import type { ChartModel, Ridge } from '../model/chart.js';
import { RIDGE_HEIGHT } from '../scene/ridges.js';
import { Still } from './still.js';

export interface HistogramOptions {
  title?: string;
  /** What is looked at; default `gradient`. */
  of?: 'gradient' | 'weight';
  /** At most this many parameters are drawn, the worst first; default 9. */
  limit?: number;
  /** CSS pixels; default 720. */
  width?: number;
}

export interface HistogramsOptions extends HistogramOptions {
  /** Every how many calls of `sample` the numbers are read. Default: as often as costs at most 2 % of the time. */
  every?: number;
}

const BINS = 40;
const MAX_SLICES = 20;
/** What reading gradients may cost. */
const MAX_SHARE = 0.02;
const EARLY_READS = 8;
const EARLY_PAUSE_MS = 40;
const TITLE_HEIGHT = 46;
/** Ridges in a whole picture: more would be neither legible nor small. */
const MAX_RIDGES = 90;

interface Entry {
  name: string;
  moments: readonly Moment[];
  newest: Distribution | null;
}

/**
 * The gradients of all parameters as they are now, a histogram each, those that need attention first.
 *
 * @param model a module, or pairs of a name and a tensor with `grad`
 */
export function gradientHistogram(
  model: ParameterSource,
  options: HistogramOptions = {},
  environment?: LiveEnvironment,
): Still {
  const of = options.of ?? 'gradient';
  const notes: string[] = [];
  const entries = collect(model, of, notes).map(({ name, distribution }) => ({
    name,
    moments: distribution === null ? [] : [{ step: 0, distribution }],
    newest: distribution,
  }));
  return new Still(chart(entries, { ...options, of }, notes), environment);
}

/** The weights of all parameters as they are now, a histogram each. */
export function weightHistogram(model: ParameterSource, options: HistogramOptions = {}): Still {
  return gradientHistogram(model, { ...options, of: 'weight' });
}

/**
 * Gradients over time: a ridgeline for each parameter, the newest in front. Call `sample()` after `backward()`.
 *
 * ```ts
 * const gradients = gradientHistograms(model);
 * for (…) { loss.backward(); gradients.sample(); optimizer.step(); }
 * ```
 */
export class GradientHistograms extends LiveChart {
  private readonly histories = new Map<string, DistributionHistory>();
  private readonly newest = new Map<string, Distribution | null>();
  private readonly notes: string[] = [];
  private calls = 0;
  private nextRead = 0;
  private reads = 0;
  private height: number | undefined;

  constructor(
    private readonly parameters: ParameterSource,
    private readonly options: HistogramsOptions = {},
    environment?: LiveEnvironment,
  ) {
    super(environment);
  }

  /** Reads the numbers, when it is time to. Never throws: what is wrong is said in the chart. */
  sample(step: number = this.calls): this {
    const { every } = this.options;
    const now = performance.now();
    const due =
      every === undefined ? now >= this.nextRead : this.calls % Math.max(1, Math.floor(every)) === 0;
    this.calls += 1;
    if (!due) return this;
    const at = Number.isFinite(step) ? step : this.calls - 1;
    for (const { name, distribution } of collect(
      this.parameters,
      this.options.of ?? 'gradient',
      this.notes,
    )) {
      let history = this.histories.get(name);
      if (history === undefined) this.histories.set(name, (history = new DistributionHistory(MAX_SLICES)));
      if (distribution !== null) history.add(at, distribution);
      this.newest.set(name, distribution);
    }
    this.reads += 1;
    const pause = (performance.now() - now) / MAX_SHARE;
    // The first reads are slow because their code is new; a short run must not end before the second.
    this.nextRead = now + Math.min(pause, this.reads < EARLY_READS ? EARLY_PAUSE_MS : Infinity);
    this.live.touch();
    return this;
  }

  /** The chart as plain data. */
  model(): ChartModel {
    const entries = Array.from(this.histories, ([name, { moments }]) => ({
      name,
      moments,
      newest: this.newest.get(name) ?? null,
    }));
    const model = chart(entries, this.options, this.notes);
    this.height ??= model.height;
    return { ...model, height: this.height };
  }
}

/**
 * Gradients over time, live: a ridgeline for each parameter, the newest in front. Call `sample()` after `backward()`:
 * `const gradients = gradientHistograms(model)`, then `gradients.sample()` in the loop.
 */
export function gradientHistograms(
  model: ParameterSource,
  options: HistogramsOptions = {},
): GradientHistograms {
  return new GradientHistograms(model, options);
}

function collect(model: ParameterSource, of: 'gradient' | 'weight', notes: string[]): NamedDistribution[] {
  try {
    return of === 'gradient' ? gradientDistributions(model) : weightDistributions(model);
  } catch (error) {
    const note = `The ${of}s could not be read: ${error instanceof Error ? error.message : String(error)}`;
    if (!notes.includes(note)) notes.push(note);
    return [];
  }
}

function chart(entries: Entry[], options: HistogramOptions, notes: readonly string[]): ChartModel {
  const of = options.of ?? 'gradient';
  const limit = options.limit ?? 9;
  const judged = entries.map((entry) => ({ entry, verdict: judge(entry, of) }));
  // A stable sort: parameters that are equally well stay in the model's order.
  judged.sort((a, b) => b.verdict.severity - a.verdict.severity);
  const shown = judged.slice(0, limit);
  const hidden = judged.slice(limit);
  const said = [...notes];
  if (hidden.length > 0) {
    const ill = hidden.filter(({ verdict }) => verdict.severity > 0).length;
    said.push(
      `${hidden.length} more ${hidden.length === 1 ? 'parameter is' : 'parameters are'} not shown${ill > 0 ? `, ${ill} of them with a warning` : ''}.`,
    );
  }
  const columns = shown.length === 4 ? 2 : Math.min(3, Math.max(1, shown.length));
  const rows = Math.max(1, Math.ceil(shown.length / columns));
  return {
    title: options.title ?? `${of === 'gradient' ? 'Gradients' : 'Weights'} by parameter`,
    width: options.width ?? 720,
    height: TITLE_HEIGHT + rows * RIDGE_HEIGHT + 15 * said.length,
    panels: [
      {
        kind: 'ridges',
        weight: 1,
        columns,
        quantity: of,
        ridges: shown.map(({ entry, verdict }) =>
          ridge(entry, verdict, Math.floor(MAX_RIDGES / shown.length)),
        ),
        empty: `No ${of}s yet: call sample() after backward()`,
      },
    ],
    notes: said,
  };
}

function judge(entry: Entry, of: 'gradient' | 'weight'): Verdict {
  if (of === 'gradient') return judgeGradient(entry.newest);
  const bad = (entry.newest?.nan ?? 0) + (entry.newest?.infinite ?? 0);
  return bad > 0 ? { severity: 5, words: 'not finite' } : { severity: 0, words: '' };
}

function ridge({ name, moments, newest }: Entry, verdict: Verdict, limit: number): Ridge {
  const range = sharedRange(moments.map((moment) => moment.distribution)) ?? [0, 1];
  const [low, high] =
    range[0] === range[1]
      ? [range[0] - (Math.abs(range[0]) * 0.1 || 1), range[1] + (Math.abs(range[1]) * 0.1 || 1)]
      : range;
  const count = newest?.count ?? 0;
  return {
    name,
    range: [low, high],
    slices: thin(moments, Math.max(6, limit)).map(({ step, distribution }) => ({
      step,
      counts: rebin(distribution, [low, high], BINS),
    })),
    stats: {
      mean: newest?.mean ?? NaN,
      std: newest?.std ?? NaN,
      zeroPercent: count === 0 ? 0 : (100 * newest!.zero) / count,
      nanPercent: count === 0 ? 0 : (100 * (newest!.nan + newest!.infinite)) / count,
      count,
    },
    warning: verdict.words,
  };
}

/** At most `limit` of the entries, evenly spread, with the first and the last. */
function thin<T>(entries: readonly T[], limit: number): T[] {
  if (entries.length <= limit) return [...entries];
  return Array.from(
    { length: limit },
    (_, i) => entries[Math.round((i * (entries.length - 1)) / (limit - 1))],
  );
}
