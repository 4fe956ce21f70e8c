/**
 * Rules about how the loss goes. They compare means of many steps with how these scatter, and say nothing where the
 * scatter is too large to tell, where the loss is not one quantity that is meant to fall, or where it is low already.
 */
import type { LayerRecord, Reading } from './layers.js';
import { levelOf, scatterOf, type LossBin, type Level, type LossCurve } from './loss-curve.js';
import type { LossRecord } from './losses.js';
import { median } from './numbers.js';
import type { Rule } from './rules.js';
import { figure, plural } from './words.js';

/** Bins, of a quarter of which the newest level is the mean. */
const LEAST_BINS = 12;
/** Standard errors beyond which a difference is one. */
const SURE = 4;
/** A rise counts from this share of the lowest level, and of the fall before it, on. */
const RISE = 0.15;
const RISE_OF_FALL = 0.25;
/** Times all of the first half. */
const GROWN = 1.5;
/** Times the first loss. */
const DIVERGED = 1.5;

/** A loss that has risen again, and stayed there. */
function rising(curve: LossCurve): ReturnType<Rule> {
  const bins = curve.full;
  const { start } = curve;
  // See flat().
  if (!bins.every(({ min }) => min > 0)) return [];
  const now = levelOf(bins.slice(-(bins.length >> 2)));
  const width = Math.max(3, bins.length >> 3);
  let low: Level | null = null;
  for (let i = 0; i + width <= bins.length; i++) {
    const level = levelOf(bins.slice(i, i + width));
    if (low === null || level.mean < low.mean) low = level;
  }
  if (low === null || low.from >= now.from) return [];
  const rise = now.mean - low.mean;
  if (!(rise > Math.max(RISE * Math.abs(low.mean), RISE_OF_FALL * (start - low.mean)))) return [];
  // What grows by factors scatters as much as it grows.
  const means = bins.map(({ mean }) => mean);
  const before = Math.max(...means.slice(0, bins.length >> 1));
  const grows = before > 0 && Math.min(...means.slice(-(bins.length >> 2))) > GROWN * before;
  if (!grows && !(rise > SURE * Math.hypot(now.error, low.error))) return [];
  const since = Math.round((low.from + low.to) / 2);
  const diverges = start > 0 && now.mean > DIVERGED * start;
  return [
    {
      kind: 'loss-rising',
      severity: diverges ? 4 : 3,
      layer: null,
      since,
      what: diverges ? 'The loss grows {since}: training diverges.' : 'The training loss rises {since}.',
      figure: `${figure(low.mean)} there, ${figure(now.mean)} over the last ${plural(now.count, 'reading')}, ${figure(start)} at first`,
      advice:
        'Lower the learning rate, warm it up, clip gradients (nn.clipGradNorm_); look for a sign, or for a loss that is not meant to fall (then watch with { loss: false }).',
    },
  ];
}

/** Neighbours differ so much more than two readings at random, which is 1, when every step overshoots; 2 at most. */
const TURNING = 1.6;
const SWING = 0.15;
const TURNING_BINS = 24;

function oscillating(bins: readonly LossBin[], layers: readonly LayerRecord[]): ReturnType<Rule> {
  if (bins.length < TURNING_BINS) return [];
  const { half, before, after } = halvesOf(bins);
  const { deviation, turning } = scatterOf(half);
  const falls = after.mean < (1 - FALLS) * before.mean;
  if (!(turning > TURNING) || !(deviation > SWING * Math.abs(after.mean)) || falls) return [];
  const ratio = usualRatio(layers);
  return [
    {
      kind: 'loss-oscillating',
      severity: 3,
      layer: null,
      what: 'The loss swings up and down from step to step {since} and does not fall: steps overshoot.',
      figure: `between ${figure(Math.min(...half.map(({ min }) => min)))} and ${figure(Math.max(...half.map(({ max }) => max)))}, mean ${figure(after.mean)}${ratio > 0 ? `, update-to-weight ratio ${figure(ratio)}` : ''}`,
      advice: 'Lower the learning rate, three to ten times at first.',
    },
  ];
}

/** Of its level, what a loss that falls loses in a quarter of the steps so far at least, and what is too uncertain to tell. */
const FALLS = 0.01;
const UNCERTAIN = 0.04;
const FLAT_BINS = 16;
/** Of the first loss: what has fallen by less has not fallen. */
const FELL = 0.025;
/** Readings before that is said, and when it is grave. */
const STUCK_AFTER = 100;
const GRAVE_AFTER = 300;
/** Where single readings scatter by more than this share of the level, it takes so many times as long to tell. */
const NOISY = 0.05;
const NOISE_TAKES = 4;
/** Of the first loss: what is lower needs not fall. */
const LOW = 0.05;
/** A plateau is at least so long, and of the speed at which the loss fell before no more than this is left. */
const PLATEAU_AFTER = 300;
const SPEED_LEFT = 0.1;
/** Of the level of guessing. */
const GUESSING = 0.03;

interface Halves {
  half: readonly LossBin[];
  before: Level;
  after: Level;
  /** By how much the loss surely does not fall any more: twice the standard error of the difference. */
  error: number;
}

function halvesOf(bins: readonly LossBin[]): Halves {
  const half = bins.slice(bins.length >> 1);
  const before = levelOf(half.slice(0, half.length >> 1));
  const after = levelOf(half.slice(half.length >> 1));
  return { half, before, after, error: 2 * Math.hypot(before.error, after.error) };
}

function flat(record: LossRecord, layers: readonly LayerRecord[]): ReturnType<Rule> {
  const { curve } = record;
  const bins = curve.full;
  if (bins.length < FLAT_BINS || curve.readings < STUCK_AFTER) return [];
  const halves = halvesOf(bins);
  const { half, before, after, error } = halves;
  // A loss around 0 has no scale: rewards times log-probabilities, differences of scores.
  if (!half.every(({ min }) => min > 0) || !(curve.start > 0)) return [];
  const fall = before.mean - after.mean;
  if (fall > FALLS * after.mean || fall + error > UNCERTAIN * after.mean) return [];
  return curve.start - after.mean < FELL * curve.start
    ? stuck(record, halves, layers)
    : plateau(curve, halves, layers);
}

/** The loss never fell. */
function stuck(
  record: LossRecord,
  { half, before, after }: Halves,
  layers: readonly LayerRecord[],
): ReturnType<Rule> {
  const { readings, start } = record.curve;
  if (readings < STUCK_AFTER * patience(half, after)) return [];
  const guess = guessing(record, layers, after.mean);
  const ratio = usualRatio(layers);
  return [
    {
      kind: 'loss-not-falling',
      severity: readings < GRAVE_AFTER ? 2 : 3,
      layer: null,
      since: 0,
      what:
        guess === null
          ? 'The loss has not fallen {since}.'
          : `The loss has not fallen {since}: it is that of guessing, ${guess.name} = ${figure(guess.value, 3)}.`,
      figure: `${figure(start, 3)} at first, ${meansOf(before, after)}`,
      advice:
        ratio > 0 && ratio < SLOW_RATIO
          ? `Raise the learning rate: a step changes ${figure(ratio)} of the weights, usual is about 0.001.`
          : 'A learning rate ten times lower, or higher; do labels belong to their inputs, are inputs normalised? Let it learn ten examples by heart first.',
    },
  ];
}

/** The loss fell, and does no more. */
function plateau(
  curve: LossCurve,
  { half, before, after, error }: Halves,
  layers: readonly LayerRecord[],
): ReturnType<Rule> {
  const { readings, start, full: bins } = curve;
  if (readings < PLATEAU_AFTER * patience(half, after) || after.mean < LOW * start) return [];
  const middle = (one: Level): number => (one.from + one.to) / 2;
  const speed = (start - before.mean) / (middle(before) - bins[0].from);
  const left = (before.mean - after.mean) / (middle(after) - middle(before));
  if (!(left < SPEED_LEFT * speed)) return [];
  const level = (before.mean + after.mean) / 2;
  let at = bins.length >> 1;
  while (at > 0 && levelOf(bins.slice(at - 1, at + 2)).mean <= (1 + FALLS) * level + error) at--;
  const ratio = usualRatio(layers);
  const large = ratio > LARGE_RATIO;
  return [
    {
      kind: 'loss-plateau',
      severity: large ? 2 : 1,
      layer: null,
      since: bins[at].from,
      what: large
        ? 'The loss has not fallen {since}, while steps still change the weights much.'
        : 'The loss has not fallen {since}.',
      figure: `${meansOf(before, after)}, ${figure(start, 3)} at first${ratio > 0 ? `; update-to-weight ratio ${figure(ratio)}` : ''}`,
      advice: large
        ? 'Lower the learning rate from here on (optim.lrScheduler), three to ten times at first.'
        : 'Stop here if it is low enough; else lower the learning rate, or take a larger model or other inputs.',
    },
  ];
}

function patience(half: readonly LossBin[], { mean }: Level): number {
  return scatterOf(half).deviation > NOISY * mean ? NOISE_TAKES : 1;
}

function meansOf(before: Level, after: Level): string {
  return `mean ${figure(before.mean, 3)} over steps ${before.from} to ${before.to}, ${figure(after.mean, 3)} over those after`;
}

const SLOW_RATIO = 1e-4;
const LARGE_RATIO = 1e-2;

/** The loss of a classifier that knows nothing, where the loss is near that. */
function guessing(
  { kind }: LossRecord,
  layers: readonly LayerRecord[],
  level: number,
): { name: string; value: number } | null {
  const output = layers.filter(({ used, main }) => used && main.parameter.ndim > 1).at(-1);
  const classes = kind === 'binary' ? 2 : kind === 'classes' ? (output?.main.parameter.shape[0] ?? 0) : 0;
  const value = Math.log(classes);
  return classes > 1 && Math.abs(level - value) < GUESSING * value ? { name: `ln ${classes}`, value } : null;
}

/** The median of how far the newest step has moved each weight; 0 before the first. */
function usualRatio(layers: readonly LayerRecord[]): number {
  const ratios = layers.flatMap(({ main }) => main.ratios.newest?.value ?? []);
  return ratios.length === 0 ? 0 : median(ratios);
}

/** How the training loss goes. */
export const lossCourse: Rule = ({ loss, layers }) => {
  if (loss === null || !loss.judged || loss.curve.full.length < LEAST_BINS) return [];
  const rises = rising(loss.curve);
  if (rises.length > 0) return rises;
  const swings = oscillating(loss.curve.full, layers);
  return swings.length > 0 ? swings : flat(loss, layers);
};

const VALIDATIONS = 5;
/** So many validations in a row are worse than the best. */
const WORSE = 3;
/** Of the best. */
const WORSENING = 0.05;

/** The validation loss rises while the training loss falls. */
export const overfitting: Rule = ({ loss }) => {
  const all = loss?.validation ?? [];
  if (loss === null || all.length < VALIDATIONS) return [];
  // Of three in a row the one in the middle, lest a lucky one be taken for the best.
  const smooth = all.slice(1, -1).map(({ step }, i): Reading => ({
    step,
    value: median(all.slice(i, i + 3).map(({ value }) => value)),
  }));
  const best = smooth.reduce((a, b) => (b.value < a.value ? b : a));
  const now = smooth[smooth.length - 1].value;
  const noise = median(all.slice(1).map(({ value }, i) => Math.abs(value - all[i].value)));
  if (all.filter(({ step }) => step > best.step).length < WORSE) return [];
  if (!(now - best.value > Math.max(3 * noise, WORSENING * Math.abs(best.value)))) return [];
  const { bins } = loss.curve;
  const at = bins.findIndex(({ to }) => to >= best.step);
  if (at < 0 || bins.length - at < WORSE) return [];
  const trainThen = levelOf(bins.slice(Math.max(0, at - 1), at + 2)).mean;
  const trainNow = levelOf(bins.slice(-3)).mean;
  if (!(trainNow < trainThen - FALLS * Math.abs(trainThen))) return [];
  return [
    {
      kind: 'overfitting',
      severity: 2,
      layer: null,
      since: best.step,
      what: 'The validation loss rises {since} while the training loss falls: the model learns its examples by heart.',
      figure: `validation ${figure(best.value)} there, ${figure(now)} now; training ${figure(trainThen)} there, ${figure(trainNow)} now`,
      advice:
        'Stop there (callbacks.EarlyStopping with restoreBest), more data or augmentation, nn.Dropout, weightDecay, a smaller model.',
    },
  ];
};
