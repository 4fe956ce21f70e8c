/** Rules about what steps of the optimizer do to weights. */
import type { LayerRecord, ParameterRecord } from './layers.js';
import { median } from './numbers.js';
import type { Rule } from './rules.js';
import { figure, plural } from './words.js';

/** Samples in a row, lest a layer that begins with zeros on purpose be named before its first steps. */
const ALIKE_SAMPLES = 3;

function areAlike({ main }: LayerRecord): boolean {
  const { alike, parameter, gradient, unmoved } = main;
  const pushed = gradient !== null && gradient.zero < gradient.count;
  return parameter.requiresGrad && alike >= ALIKE_SAMPLES && pushed && unmoved === 0;
}

export const alikeUnits: Rule = ({ layers }) =>
  layers.filter(areAlike).map(({ name, title, main }) => ({
    kind: 'alike-units',
    severity: 4,
    layer: name,
    since: main.alikeSince,
    what: `${title}: all of its units are alike {since}: equal weights get equal gradients, so steps keep them equal.`,
    figure: `${plural(main.parameter.shape[0], 'unit')} with the same ${main.parameter.numel() / main.parameter.shape[0]} weights in ${main.name}`,
    advice:
      'Start from random weights (kaimingUniform_, xavierUniform_, the default of layers), not from a constant.',
  }));

/**
 * Of a weight's spread, what a step may change: about 1e-3 is usual, SGD with momentum has 0.15 for some steps at
 * first. {@link JUMP}, in layers.ts, is more than what the weights held.
 */
export const LARGE_STEP = 0.2;
/** Where no step of any weight ever was larger, a thousand steps change 1 % of it. */
export const SMALL_STEP = 1e-5;
const RECENT = 3;

export const stepSize: Rule = ({ layers }) => {
  const weights = layers
    .filter((layer) => !areAlike(layer))
    .map(({ main }) => main)
    .filter(
      ({ parameter, ratios, unmoved, gradient }) =>
        parameter.requiresGrad &&
        parameter.ndim > 1 &&
        gradient !== null &&
        unmoved === 0 &&
        ratios.entries.length >= RECENT,
    );
  if (weights.length === 0) return [];
  const claim = (
    kind: 'steps-too-large' | 'steps-too-small',
    ratio: number,
    of: string,
    what: string,
    advice: string,
  ) => ({
    kind,
    severity: 3,
    layer: null,
    what,
    figure: `update-to-weight ratio ${figure(ratio)} (${of} ${plural(weights.length, 'weight')}), usual about 0.001`,
    advice,
  });
  const recent = median(weights.map(recentRatio));
  if (recent > LARGE_STEP)
    return [
      claim(
        'steps-too-large',
        recent,
        'median of',
        'Steps are too large {since}: each overwrites much of what the weights hold.',
        `Lower the learning rate, about ${figure(recent / 1e-2, 1)} times at first; warm it up.`,
      ),
    ];
  const jumps = weights.flatMap(({ jumped }) => jumped ?? []);
  if (2 * jumps.length > weights.length) {
    const step = median(jumps.map((one) => one.step));
    const ratio = median(jumps.map(({ value }) => value));
    return [
      {
        ...claim(
          'steps-too-large',
          ratio,
          `median of ${jumps.length} of`,
          `Steps of the optimizer overwrote the weights at step ${Math.floor(step)}: what they held was lost, and what they hold now came from there.`,
          `Start again with a learning rate about ${figure(ratio / 1e-2, 1)} times lower; warm it up, clip gradients (nn.clipGradNorm_).`,
        ),
        since: Math.floor(step),
      },
    ];
  }
  const largest = Math.max(...weights.map(({ largestRatio }) => largestRatio));
  // Where nothing ever moved there is no gradient, or no step: other rules tell.
  if (largest > 0 && largest < SMALL_STEP)
    return [
      claim(
        'steps-too-small',
        largest,
        'largest of all steps of',
        'Steps are too small {since}: the weights hardly move.',
        `Raise the learning rate, about ${figure(1e-3 / Math.max(largest, 1e-12), 1)} times.`,
      ),
    ];
  return [];
};

/** The median of the newest update-to-weight ratios; NaN before the first. */
function recentRatio({ ratios }: ParameterRecord): number {
  return median(ratios.entries.slice(-RECENT).map(({ value }) => value));
}
