/** Curves over steps that grow while a loop runs: the chart that everything about training begins with. */
import type { ChartModel, LinePanel, LineSeries, Mark } from '../model/chart.js';
import { decimate } from '../model/decimate.js';
import { formatCount, formatNumber, formatValue } from '../model/format.js';
import type { LiveEnvironment } from '../live/live-display.js';
import { LiveChart } from './live-chart.js';
import { describeValue } from '../../../core/shapes.js';
import { wordsFor } from '../model/sound.js';
import { Curve, type BestOf } from './curve.js';
import { isMeasurements, isScalar, unnamed, usable, whatIs } from './line-input.js';

/** A number, or anything that holds one: a tensor with a single element has `item()`. Null and undefined are left out. */
export type Scalar = number | bigint | { item(): number | bigint | boolean } | null | undefined;

/** What one call of `add` measures: a value for each name. `lr` goes to a panel of its own. */
export type Measurements = Record<string, Scalar>;

export interface LineChartOptions {
  title?: string;
  /** Name of the vertical axis. */
  yName?: string;
  /** Its unit. */
  yUnit?: string;
  /** Name of the horizontal axis; default `step`. */
  xName?: string;
  /** Default `auto`: logarithmic when the lines span more than a factor of 50. */
  yScale?: 'auto' | 'linear' | 'log';
  xScale?: 'linear' | 'log';
  /**
   * Weight β of the moving average drawn over the measurements, `m ← β m + (1-β) v` without its bias at the start.
   * `'auto'` smooths noisy curves only; 0 is off. Validation curves are never smoothed.
   */
  smooth?: number | 'auto';
  /** Which value of a validation curve is marked; default `min`. */
  best?: BestOf;
  /** CSS pixels; default 720 x 380. */
  width?: number;
  height?: number;
}

/** The part of a chart that belongs to one training run. */
export interface ChartRun {
  /** Adds a value to each named curve of the run. Without `step`, calls are counted from 0. */
  add(values: Measurements | Scalar, step?: number | bigint): this;
  /** Draws a vertical rule, such as where training stopped and why. */
  rule(step: number, label: string): this;
}

const LEARNING_RATE = new Set(['lr', 'learningRate', 'learning_rate', 'learning rate']);
/** A log axis shows more than a linear one when values span more than this factor. */
const LOG_FACTOR = 50;
const LEARNING_RATE_HEIGHT = 110;
/** Raw measurements of more smoothed curves than these would cover each other. */
const MAX_RAW = 5;
/** Curves beyond these carry no label, and beyond the second number they are not drawn. */
const MAX_LABELLED = 20;
const MAX_DRAWN = 50;
/** Fewer points than these are shown as dots on their line. */
const DOTS_BELOW = 25;

/** Curves over steps that move while measurements are added: the chart behind `lossChart` and `lineChart`. */
export class LineChart extends LiveChart implements ChartRun {
  private readonly runs = new Map<string, { calls: number; curves: Map<string, Curve> }>();
  /** Of all runs, in order of appearance. */
  private readonly curves: Curve[] = [];
  private readonly rules: { step: number; label: string }[] = [];
  private readonly levels: { value: number; label: string }[] = [];
  private readonly troubles = new Set<string>();
  private height: number | undefined;
  protected readonly options: LineChartOptions;

  constructor(options: LineChartOptions = {}, environment?: LiveEnvironment) {
    super(environment);
    this.options = usable(options, (trouble) => this.troubles.add(trouble));
  }

  add(values: Measurements | Scalar, step?: number | bigint): this {
    this.addTo('', values, step);
    return this;
  }

  /** Curves of this run share a colour and carry its name, which may be a number (`chart.run(lr)`). */
  run(name: string | number): ChartRun {
    const called = wordsFor(name);
    const run: ChartRun = {
      add: (values, step) => {
        this.addTo(called, values, step);
        return run;
      },
      rule: (step, label) => {
        this.rule(step, `${called}: ${wordsFor(label)}`);
        return run;
      },
    };
    return run;
  }

  rule(step: number, label: string): this {
    const at = this.stepOf(step);
    if (at !== null) this.rules.push({ step: at, label: wordsFor(label) });
    else
      this.troubles.add(
        `A rule needs a finite ${this.xName}, got ${describeValue(step)} (${wordsFor(label)}).`,
      );
    this.live.touch();
    return this;
  }

  /** Draws a horizontal rule, such as a target. */
  level(value: number, label?: string): this {
    const at = this.stepOf(value);
    if (at !== null)
      this.levels.push({ value: at, label: label === undefined ? formatValue(at) : wordsFor(label) });
    else this.troubles.add(`A level needs a finite value, got ${describeValue(value)} (${wordsFor(label)}).`);
    this.live.touch();
    return this;
  }

  /** The chart as plain data. */
  model(): ChartModel {
    const width = this.options.width ?? 720;
    const all = this.curves;
    const main = all.filter((curve) => !curve.isRate);
    const rates = all.filter((curve) => curve.isRate);
    const notes = [...this.troubles];
    const panels = [this.mainPanel(main, width, notes)];
    this.height ??= (this.options.height ?? 380) + (rates.length > 0 ? LEARNING_RATE_HEIGHT : 0);
    if (rates.length > 0) {
      panels[0].weight = this.height - LEARNING_RATE_HEIGHT;
      panels.push(this.ratePanel(rates, width));
    }
    return { title: this.options.title ?? '', width, height: this.height, panels, notes };
  }

  /** A validation curve has a new value: charts of losses tell it on. */
  protected measured?(curve: Curve, value: number): void;

  private get xName(): string {
    return this.options.xName ?? 'step';
  }

  /** Never throws: what is wrong with the input is said in the chart. */
  private addTo(run: string, values: Measurements | Scalar, step: number | bigint | undefined): void {
    let state = this.runs.get(run);
    if (state === undefined) this.runs.set(run, (state = { calls: 0, curves: new Map() }));
    const given = this.stepOf(step);
    if (given === null && step !== undefined)
      this.troubles.add(
        `A ${this.xName} that is not a finite number (${describeValue(step)}) was replaced by the number of the call.`,
      );
    const at = given ?? state.calls;
    state.calls += 1;
    const named = isMeasurements(values) ? values : { [this.options.yName ?? 'value']: values };
    const names = Object.keys(named);
    const trouble = names.length === 0 && isMeasurements(values) ? unnamed(values) : '';
    if (trouble !== '') this.troubles.add(trouble);
    for (const name of names) {
      const scalar = named[name];
      if (scalar === null || scalar === undefined) continue;
      const value = this.read(scalar, name);
      if (value === null) continue;
      let curve = state.curves.get(name);
      if (curve === undefined) state.curves.set(name, (curve = this.newCurve(run, name)));
      curve.series.push(at, value);
      if (curve.isValidation) this.measured?.(curve, value);
    }
    this.live.touch();
  }

  private read(scalar: NonNullable<Scalar>, name: string): number | null {
    if (typeof scalar === 'number') return scalar;
    if (!isScalar(scalar)) {
      this.troubles.add(`${name}: a number or a tensor of one element is drawn, got ${whatIs(scalar)}.`);
      return null;
    }
    try {
      const value: unknown = typeof scalar === 'bigint' ? scalar : scalar.item();
      if (typeof value === 'number') return value;
      if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
      this.troubles.add(`${name}: item() gave a ${typeof value}, not a number.`);
    } catch (error) {
      this.troubles.add(
        `${name} is not a single number: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    return null;
  }

  /** Of a number, or what holds one; null where there is no finite one. */
  private stepOf(step: unknown): number | null {
    if (typeof step === 'number') return Number.isFinite(step) ? step : null;
    try {
      const held: unknown = isScalar(step) && typeof step === 'object' ? step.item() : step;
      const value = typeof held === 'bigint' || typeof held === 'number' ? Number(held) : NaN;
      return Number.isFinite(value) ? value : null;
    } catch {
      return null;
    }
  }

  private newCurve(run: string, name: string): Curve {
    const curve = new Curve(run, name, LEARNING_RATE.has(name), this.color(run, name));
    this.curves.push(curve);
    return curve;
  }

  /** Curves of one named run share a colour; in an unnamed run each has its own. */
  private color(run: string, name: string): number {
    const groups = new Set<string>();
    for (const curve of this.curves.values())
      if (!curve.isRate || curve.run !== '') groups.add(groupOf(curve));
    const group = groupOf({ run, name });
    const at = [...groups].indexOf(group);
    return at >= 0 ? at : groups.size;
  }

  private mainPanel(curves: Curve[], width: number, notes: string[]): LinePanel {
    const marks: Mark[] = this.levels.map(({ value, label }) => ({ kind: 'level', y: value, label }));
    for (const { step, label } of this.rules) marks.push({ kind: 'rule', x: step, label, tone: 'note' });
    const { shown, labelled } = choose(curves, notes);
    const smooth = this.options.smooth ?? 0;
    const withRaw = curves.filter((curve) => curve.weight(smooth) > 0).length <= MAX_RAW;
    const series = shown.map((curve) => ({
      ...this.lineSeries(curve, curves, width, withRaw),
      muted: !labelled.has(curve),
    }));
    const scale = yScale(curves, series, this.options.yScale ?? 'auto', notes);
    const validations = curves.filter((curve) => curve.isValidation && curve.series.finiteCount > 1);
    shown.forEach((curve, index) => {
      const bad = curve.series.firstBad;
      if (bad !== null) marks.push(badMark(curve.label(curves), bad, this.xName));
      const best = curve.best(this.options.best ?? 'min');
      if (best === null || !curve.isValidation || (scale === 'log' && best.value <= 0)) return;
      // Several such labels could not stand near enough to their marks to be told apart.
      const alone = validations.length === 1;
      const label = alone ? `best ${formatValue(best.value)} at ${this.xName} ${formatCount(best.step)}` : '';
      marks.push({ kind: 'best', series: index, x: best.step, y: best.value, label });
    });
    return {
      kind: 'lines',
      weight: 1,
      x: { name: this.xName, scale: this.options.xScale ?? 'linear', integer: this.wholeSteps(curves) },
      y: { name: this.options.yName ?? 'value', unit: this.options.yUnit, scale },
      series,
      marks,
      endLabels: true,
      caption: [
        smoothingCaption(curves, smooth, withRaw),
        series.some(({ dashed, muted }) => dashed && !muted) ? 'dashed: validation' : '',
      ]
        .filter((words) => words !== '')
        .join(', '),
      empty: this.emptyText(curves),
    };
  }

  private ratePanel(curves: Curve[], width: number): LinePanel {
    return {
      kind: 'lines',
      weight: LEARNING_RATE_HEIGHT,
      x: { name: this.xName, scale: this.options.xScale ?? 'linear', integer: this.wholeSteps(curves) },
      y: { name: 'learning rate', scale: 'linear' },
      series: choose(curves, []).shown.map((curve) => this.lineSeries(curve, curves, width, false)),
      marks: [],
      endLabels: true,
      caption: '',
      empty: 'no learning rate yet',
    };
  }

  private lineSeries(curve: Curve, siblings: Curve[], width: number, withRaw: boolean): LineSeries {
    const { raw, smoothed } = curve.lines(this.options.smooth ?? 0);
    const log = this.options.xScale === 'log';
    const line = decimate(smoothed ?? raw, width, log, (smoothed ?? raw).blocks);
    const { series } = curve;
    const last = smoothed === null ? series.last : lastFinite(smoothed.y);
    return {
      name: curve.label(siblings),
      color: curve.color,
      dashed: curve.run !== '' && curve.isValidation,
      line,
      raw: smoothed === null || !withRaw ? undefined : decimate(raw, width, log, raw.blocks),
      muted: false,
      dots: series.length < DOTS_BELOW && series.length > 1 && siblings.length <= 20,
      last,
      summary: {
        count: series.length,
        first: series.first,
        last: series.last,
        smoothed: smoothed === null ? null : last,
        best: curve.isValidation ? curve.best(this.options.best ?? 'min') : null,
      },
    };
  }

  private wholeSteps(curves: Curve[]): boolean {
    return curves.every((curve) => curve.wholeSteps());
  }

  private emptyText(curves: Curve[]): string {
    if (curves.length > 0) return 'No finite value yet';
    return this.troubles.size > 0 ? 'No usable value was added' : 'No data yet: chart.add({ train: loss })';
  }
}

/**
 * Logarithmic when the drawn lines span more than `LOG_FACTOR`: that a noisy measurement comes near to 0 now and then is
 * no reason to give half of the axis to it.
 */
function yScale(
  curves: Curve[],
  drawn: LineSeries[],
  wanted: 'auto' | 'linear' | 'log',
  notes: string[],
): 'linear' | 'log' {
  let high = -Infinity;
  let low = Infinity;
  for (const { line } of drawn)
    for (const value of line.y) {
      if (value > high) high = value;
      if (value > 0 && value < low) low = value;
    }
  let nonPositive = 0;
  let negative = 0;
  let count = 0;
  for (const { series } of curves) {
    nonPositive += series.nonPositive;
    negative += series.negative;
    count += series.finiteCount;
  }
  const positive = count - nonPositive;
  const log =
    wanted === 'log'
      ? positive > 0 || count === 0
      : wanted === 'auto' && high / low > LOG_FACTOR && negative === 0 && nonPositive <= count / 20;
  if (wanted === 'log' && !log) notes.push('No value is above 0, so the axis is linear and not logarithmic.');
  else if (log && nonPositive > 0)
    notes.push(
      `${formatCount(nonPositive)} ${nonPositive === 1 ? 'value' : 'values'} ≤ 0 cannot be shown on a log axis.`,
    );
  return log ? 'log' : 'linear';
}

/**
 * Which curves are drawn, and which of them stand out: those that end lowest and highest, because these are looked
 * for. The others are a sample.
 */
function choose(curves: Curve[], notes: string[]): { shown: Curve[]; labelled: Set<Curve> } {
  if (curves.length <= MAX_LABELLED) return { shown: curves, labelled: new Set(curves) };
  const ranked = curves
    .map((curve) => ({ curve, last: curve.series.last }))
    .filter((entry): entry is { curve: Curve; last: number } => entry.last !== null)
    .sort((a, b) => a.last - b.last)
    .map(({ curve }) => curve);
  const half = MAX_LABELLED / 2;
  const labelled = new Set([...ranked.slice(0, half), ...ranked.slice(-half)]);
  const others = curves.filter((curve) => !labelled.has(curve));
  const stride = Math.max(1, others.length / (MAX_DRAWN - MAX_LABELLED));
  const sample = others.filter((_, i) => Math.floor(i / stride) !== Math.floor((i - 1) / stride));
  const rest = sample.length < others.length ? `, ${sample.length} of the others are drawn in grey` : '';
  notes.push(`${formatCount(curves.length)} curves: those that end lowest and highest have labels${rest}.`);
  return { shown: [...sample, ...labelled], labelled };
}

function smoothingCaption(curves: Curve[], smooth: number | 'auto', withRaw: boolean): string {
  const weights = [...new Set(curves.map((curve) => curve.weight(smooth)).filter((weight) => weight > 0))];
  if (weights.length === 0) return '';
  const beta = weights.length === 1 ? `, β = ${formatNumber(weights[0])}` : '';
  return `${withRaw ? 'faint: measured, bold: ' : ''}moving average${beta}`;
}

function badMark(name: string, bad: { step: number; value: number }, xName: string): Mark {
  const what = Number.isNaN(bad.value) ? 'NaN' : bad.value > 0 ? 'Inf' : '-Inf';
  return {
    kind: 'rule',
    x: bad.step,
    label: `${name}: ${what} at ${xName} ${formatCount(bad.step)}`,
    tone: 'error',
  };
}

function groupOf({ run, name }: { run: string; name: string }): string {
  return run === '' ? `name ${name}` : `run ${run}`;
}

function lastFinite(values: Float64Array): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (Number.isFinite(values[i])) return values[i];
  return null;
}
