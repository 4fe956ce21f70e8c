/** `watch(model)`: one picture of all that happens in a model while it trains, and what is wrong with it in words. */
import {
  LARGE_STEP,
  magnitudeStrip,
  meanMagnitude,
  ModelWatch,
  sharedDecades,
  SMALL_STEP,
  valueStrip,
  type Finding,
  type LayerRecord,
  type WatchOptions,
} from '../../../core/diagnostics/index.js';
import type { Module } from '../../../core/nn/module.js';
import type { LiveEnvironment } from '../live/live-display.js';
import { LiveChart } from './live-chart.js';
import type { ChartModel } from '../model/chart.js';
import { formatCount, formatNumber } from '../model/format.js';
import type { FindingRow, LayerRow, StripCell } from '../model/layers.js';
import { LAYER_FRAME, LAYER_ROW } from '../scene/layer-table.js';
import type { Measurements, Scalar } from './line-chart.js';
import { listen, lossNamed, lossPanel, type ValidationListener } from './watched-loss.js';

export interface WatchChartOptions extends Omit<WatchOptions, 'of'> {
  title?: string;
  /** `false` where the loss is not meant to fall (policy gradients, adversaries): it is neither judged nor drawn. Default true. */
  loss?: boolean;
  /** At most this many layers are drawn, the worst first; default 7, which is the most. All are watched. */
  limit?: number;
  /** CSS pixels, 560 at least; default 720, as all charts: what is wider scrolls in a narrow notebook. */
  width?: number;
}

/** Bins of a strip: fewer where there are many, which keeps the picture small. */
const binsFor = (layers: number): number => (layers <= 4 ? 32 : layers <= 8 ? 20 : 12);
/** More would neither be legible nor small. */
const MOST_ROWS = 7;
const USUAL_WIDTH = 720;
/** The strips would be too small in less. */
const NARROWEST = 560;
const TITLE_HEIGHT = 46;
const NOTE_HEIGHT = 15;
const LOSS_HEIGHT = 120;
/** What is looked at where the loss is not. */
const BUT_THE_LOSS = ['activations', 'gradients', 'weights', 'updates'] as const;
/** Room for the findings that are spelled out; where they need less, the strips are higher. */
const MAX_FINDINGS = 4;
const FINDINGS_HEIGHT = 100;
/** The dashboard's own measure: see `updateRatios`. */
const RATIO = {
  name: 'std(Δw) / std(w)',
  domain: [1e-6, 1] as [number, number],
  low: SMALL_STEP,
  high: LARGE_STEP,
  guide: 1e-3,
};

/**
 * Watches a model train, by hooks alone: what each layer puts out, the gradients that reach it, its weights, how far
 * a step moves them. Shows them together, the worst layers first, under what is wrong in plain words.
 *
 * ```ts
 * const watcher = watch(model, { every: 50 });
 * for (…) { optimizer.zeroGrad(); loss(model(x), y).backward(); optimizer.step(); }
 * watcher.findings(); // as data
 * watcher.stop();
 * ```
 *
 * The loss is what `backward()` begins with. That of a validation is known from `fit`, from a `lossChart` that is given `val` while
 * only this model trains, or from `watcher.add({ val })`.
 *
 * It counts calls of the model in training mode. Looking takes 0.5 % of the time at most (`share`), pictures of all charts 1 %, so with a small
 * `every` some turns are left out; memory is bounded however long the run.
 */
export class Watcher extends LiveChart implements ValidationListener {
  private readonly watched: ModelWatch;
  private readonly listening: { remove(): void };
  private trained = 0;
  /** How many passes there were before the newest picture. */
  private drawn = 0;
  private height: number | undefined;

  constructor(
    model: Module,
    private readonly options: WatchChartOptions = {},
    environment?: LiveEnvironment,
  ) {
    super(environment);
    const { loss = true } = options;
    this.watched = new ModelWatch(model, loss ? options : { ...options, of: BUT_THE_LOSS }, () =>
      this.live.touch(true),
    );
    this.listening = listen(this);
  }

  /**
   * Tells what is not seen, or what counts instead: `val` (or `validation`, `valLoss` …) is the loss of a validation, `train` (`loss`,
   * a number alone) the one of the training. Other names, as those of accuracies, are left out, so that what a chart or a
   * `SummaryWriter` is given can be given here too. Steps are counted as everywhere in the dashboard, by calls of the model in
   * training mode; `step` is taken only where no call was seen.
   */
  add(values: Measurements | Scalar, step?: number): this {
    const named = isScalar(values) ? { loss: values } : values;
    for (const [name, scalar] of Object.entries(named)) {
      const which = lossNamed(name);
      if (which === null || scalar === null || scalar === undefined) continue;
      const value = Number(typeof scalar === 'object' ? scalar.item() : scalar);
      this.watched.add(which === 'train' ? value : null, which === 'validation' ? value : null, step);
    }
    return this;
  }

  /** @internal */
  get watchedModel(): Module {
    return this.watched.model;
  }

  /** @internal */
  hasTrained(): boolean {
    const { seen } = this.watched.passes;
    const has = seen > this.trained;
    this.trained = seen;
    return has;
  }

  /** @internal */
  validated(loss: number): void {
    this.watched.add(null, loss);
  }

  /** What is wrong, the worst first: layer, since when, the figure, what to try. Empty where nothing is. */
  findings(): Finding[] {
    return this.watched.findings();
  }

  /** Takes the hooks off and shows the final picture. */
  stop(): this {
    this.watched.stop();
    this.listening.remove();
    // Passes of a later cell than the one that shows the dashboard, none of which was looked at.
    if (this.watched.passes.seen > this.drawn) this.live.touch(true);
    this.live.finish();
    return this;
  }

  /** How many training passes there were, how many were looked at, and the milliseconds that this took. */
  get cost(): { passes: number; sampled: number; milliseconds: number } {
    const { seen, sampled } = this.watched.passes;
    return { passes: seen, sampled, milliseconds: this.watched.cost };
  }

  /** The chart as plain data. */
  model(final = false): ChartModel {
    const { options, watched } = this;
    if (final) watched.conclude();
    const findings = watched.findings();
    const layers = watched.layers();
    const { seen, sampled } = watched.passes;
    this.drawn = seen;
    const limit = Math.max(1, Math.min(MOST_ROWS, options.limit ?? MOST_ROWS));
    const width = Math.max(NARROWEST, options.width ?? USUAL_WIDTH);
    const rows = sampled === 0 ? [] : table(layers, findings, binsFor(Math.min(limit, layers.length)));
    const hidden = rows.slice(limit);
    const notes = watched.problems();
    const { loss } = watched;
    if (loss?.judged === false)
      notes.push(
        'Nothing is said of how the loss goes: it is not one quantity that teaches this model alone.',
      );
    if (hidden.length > 0) {
      const ill = hidden.filter(({ severity }) => severity > 1).length;
      notes.push(
        `${hidden.length} more ${hidden.length === 1 ? 'layer is' : 'layers are'} not shown${ill > 0 ? `, ${ill} of them with a finding` : ''}.`,
      );
    }
    if (sampled > 0)
      notes.push(
        `Looked at ${formatCount(sampled)} of ${formatCount(seen)} training passes. Strips: time from left to right, darker where more numbers lie (log scale).`,
      );
    this.height ??=
      TITLE_HEIGHT +
      FINDINGS_HEIGHT +
      // Findings have more lines where these are shorter.
      Math.max(0, USUAL_WIDTH - width) +
      LAYER_FRAME +
      LAYER_ROW * Math.max(1, Math.min(limit, layers.length)) +
      (loss === null ? 0 : LOSS_HEIGHT) +
      2 * NOTE_HEIGHT;
    return {
      title: options.title ?? `Watching ${watched.model.typeName}`,
      width,
      height: this.height,
      panels: [
        ...(sampled === 0
          ? []
          : [
              {
                kind: 'findings' as const,
                weight: 1,
                findings: findings.slice(0, MAX_FINDINGS).map(findingRow),
                more: Math.max(0, findings.length - MAX_FINDINGS),
                none: `Nothing wrong was found, up to step ${formatCount(seen - 1)}.`,
              },
            ]),
        ...(loss === null || sampled === 0 ? [] : [lossPanel(loss, LOSS_HEIGHT)]),
        {
          kind: 'layers',
          weight: LAYER_FRAME + LAYER_ROW * Math.max(1, Math.min(limit, layers.length)),
          strips: ['activations', 'gradients, |g|', 'weights'],
          measure: RATIO,
          rows: rows.slice(0, limit),
          steps: [
            span(layers.map(({ activation }) => activation?.distributions)),
            span(layers.map(({ main }) => main.gradients)),
            span(layers.map(({ main }) => main.weights)),
          ],
          empty: 'Nothing yet: call the model in training mode, then backward()',
        },
      ],
      notes,
    };
  }
}

/**
 * Watches a model train: the outputs of its layers, the gradients that reach them, weights and update ratios in one
 * picture, the worst layers first, and what is wrong in words. `const watcher = watch(model, { every: 50 })` before the
 * loop is enough; `watcher.findings()` gives what was found as data, `watcher.stop()` ends it.
 */
export function watch(model: Module, options: WatchChartOptions = {}): Watcher {
  return new Watcher(model, options);
}

/** First and last step of what is kept; null where nothing is. */
function span(
  histories: readonly ({ moments: readonly { step: number }[] } | undefined)[],
): [number, number] | null {
  const steps = histories.flatMap((one) => one?.moments.map(({ step }) => step) ?? []);
  return steps.length === 0 ? null : [Math.min(...steps), Math.max(...steps)];
}

function isScalar(values: Measurements | Scalar): values is Scalar {
  return (
    typeof values !== 'object' || values === null || ('item' in values && typeof values.item === 'function')
  );
}

function findingRow({ severity, what, figure, advice }: Finding): FindingRow {
  return { tone: severity >= 3 ? 'error' : severity === 2 ? 'warning' : 'note', what, figure, advice };
}

/** Layers with a finding first, the worst of them on top; else in forward order. */
function table(layers: readonly LayerRecord[], findings: readonly Finding[], resolution: number): LayerRow[] {
  const newest = layers.flatMap(({ main }) => main.gradients.moments.map(({ distribution }) => distribution));
  const decades = sharedDecades(newest);
  const rows = layers.map((layer): LayerRow => {
    const names = new Set([layer.name, layer.activation?.name, `→${layer.name}`]);
    const own = findings.filter((one) => one.layer !== null && names.has(one.layer));
    const has = (...kinds: Finding['kind'][]): boolean => own.some(({ kind }) => kinds.includes(kind));
    const count = layer.parameters.reduce((sum, { parameter }) => sum + parameter.numel(), 0);
    const ratios = layer.main.ratios.entries.map(({ value }) => value);
    const now = ratios.at(-1);
    return {
      name: shortName(layer),
      note: `${formatCount(count)} parameters`,
      severity: Math.max(0, ...own.map(({ severity }) => severity)),
      cells: [
        activationCell(
          layer,
          has('dead-units', 'saturated', 'exploding-activations', 'vanishing-activations'),
          resolution,
        ),
        gradientCell(
          layer,
          decades,
          has('no-gradient', 'unused', 'vanishing-gradients', 'exploding-gradients'),
          resolution,
        ),
        weightCell(layer, has('not-finite', 'alike-units'), resolution),
      ],
      measure:
        now === undefined || !layer.main.parameter.requiresGrad
          ? null
          : {
              low: Math.min(...ratios),
              high: Math.max(...ratios),
              now,
              bad: now < RATIO.low || now > RATIO.high,
            },
    };
  });
  return rows.sort((a, b) => b.severity - a.severity);
}

/** Characters that fit beside a row. */
const NAME_LENGTH = 16;

/** The end of a path tells layers of a deep model apart, its beginning is the same for many. */
function shortName({ name, title }: LayerRecord): string {
  if (title.length <= NAME_LENGTH || !name.includes('.')) return title;
  return name.length <= NAME_LENGTH ? name : `…${name.slice(1 - NAME_LENGTH).replace(/^\.+/, '')}`;
}

function activationCell({ activation }: LayerRecord, bad: boolean, bins: number): StripCell {
  if (activation?.newest == null) return { strip: null, ends: ['', ''], facts: 'not seen', bad };
  const { newest, dead, saturated } = activation;
  const mean = `mean ${formatNumber(newest.mean, 2)}`;
  // There is room for two: units that do nothing say more than the deviation.
  const facts = [mean, `std ${formatNumber(newest.std, 2)}`];
  if (saturated !== null) facts.splice(0, 2, `${Math.round(100 * saturated)} % flat`, mean);
  if (dead !== null) facts.splice(0, 2, `${Math.round(100 * dead)} % dead`, mean);
  return valued(activation.distributions.moments, facts, bad || newest.nan + newest.infinite > 0, bins);
}

function weightCell({ main }: LayerRecord, bad: boolean, bins: number): StripCell {
  if (main.weight === null) return { strip: null, ends: ['', ''], facts: 'not seen', bad };
  const { mean, std, nan, infinite } = main.weight;
  const facts = [`mean ${formatNumber(mean, 2)}`, `std ${formatNumber(std, 2)}`];
  return valued(main.weights.moments, facts, bad || nan + infinite > 0, bins);
}

function valued(
  moments: Parameters<typeof valueStrip>[0],
  facts: string[],
  bad: boolean,
  bins: number,
): StripCell {
  const strip = valueStrip(moments, bins);
  const ends = strip?.range.map((value) => formatNumber(value, 2)) ?? ['', ''];
  return { strip, ends: [ends[0], ends[1]], facts: facts.join('  '), bad };
}

function gradientCell(
  { main }: LayerRecord,
  decades: [number, number] | null,
  bad: boolean,
  bins: number,
): StripCell {
  const { gradient, parameter } = main;
  if (!parameter.requiresGrad) return { strip: null, ends: ['', ''], facts: 'frozen', bad };
  if (gradient === null || main.missed > 0)
    return { strip: null, ends: ['', ''], facts: 'no gradient', bad: true };
  const strip = decades === null ? null : magnitudeStrip(main.gradients.moments, bins, decades);
  const facts =
    gradient.zero === gradient.count ? 'all zero' : `mean |g| ${formatNumber(meanMagnitude(gradient), 2)}`;
  return {
    strip,
    ends: decades === null ? ['', ''] : [`1e${decades[0]}`, `1e${decades[1]}`],
    facts,
    bad: bad || gradient.zero === gradient.count || gradient.nan + gradient.infinite > 0,
  };
}
