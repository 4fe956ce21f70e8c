/** The rules behind findings, each a function from what was collected to claims. The limits are beside the rules. */
import type { Finding, WatchedState } from './findings.js';
import { meanMagnitude, type ActivationRecord, type LayerRecord, type ParameterRecord } from './layers.js';
import { lossCourse, overfitting } from './loss-rules.js';
import { notFinite } from './not-finite.js';
import { alikeUnits, SMALL_STEP, stepSize } from './step-rules.js';
import { counted, figure, list, percent, plural } from './words.js';

/** A finding before it is known since when; `{since}` stands for that in `what`. */
export type Claim = Omit<Finding, 'since'> & { readonly since?: number };

export type Rule = (state: WatchedState) => Claim[];

/** Everything that is wrong now. Numbers that are not finite drown the rest: all else would follow from them. */
export function rules(state: WatchedState): Claim[] {
  const broken = notFinite(state);
  if (broken.length > 0) return broken;
  return RULES.flatMap((rule) => rule(state));
}

/**
 * A layer that never got a gradient is given a second sample; one that had some may belong to a branch that is not
 * always taken (two heads in turn, layers left out at random).
 */
const NEVER = 2;
const NO_LONGER = 8;

const noGradient: Rule = ({ layers, gradients }) => {
  if (!gradients) return [];
  const claims: Claim[] = [];
  const without = layers.filter(
    ({ parameters }) =>
      parameters.every(
        ({ parameter, gradient, missed }) =>
          !parameter.requiresGrad || missed >= (gradient === null ? NEVER : NO_LONGER),
      ) && parameters.some(({ parameter }) => parameter.requiresGrad),
  );
  const unused = without.filter(({ used }) => !used);
  if (unused.length > 0)
    claims.push({
      kind: 'unused',
      severity: 3,
      layer: unused[0].name,
      since: unused[0].main.missedSince,
      what: `${list(unused)} did not run in the forward pass {since}, so nothing there is learned.`,
      figure: `no gradient in the last ${plural(unused[0].main.missed, 'sample')}`,
      advice: 'Call it in forward(), call the module and not its forward, or remove it.',
    });
  const cut = without.filter(({ used }) => used);
  if (cut.length > 0)
    claims.push({
      kind: 'no-gradient',
      severity: 4,
      layer: cut[0].name,
      since: cut[0].main.missedSince,
      what: `No gradient reaches ${list(cut)} {since}, although the forward pass goes through ${cut.length === 1 ? 'it' : 'them'}.`,
      figure: `no gradient in the last ${plural(cut[0].main.missed, 'sample')}`,
      advice:
        'Between there and the loss something cuts the graph: detach(), noGrad, toArray() or item() and back, argmax or rounding.',
    });
  return claims;
};

const frozen: Rule = ({ layers }) => {
  const still = layers.filter(isFrozen);
  if (still.length === 0) return [];
  const count = still.reduce((sum, { parameters }) => sum + sizeOf(parameters), 0);
  const all = layers.reduce((sum, { parameters }) => sum + sizeOf(parameters), 0);
  return [
    {
      kind: 'frozen',
      severity: 1,
      layer: still[0].name,
      what: `${list(still)} ${still.length === 1 ? 'is' : 'are'} frozen {since}: requiresGrad is false.`,
      figure: `${counted(count, all)} of the parameters`,
      advice: 'As it should be for fine-tuning; otherwise requiresGrad_(true), before the optimizer is made.',
    },
  ];
};

/** In so many compared steps in a row. */
const STILL_STEPS = 2;

/** Of a weight's magnitude, the gradient that any usual step would make move a float32. */
const PUSH = 1e-6;

function pushes(one: ParameterRecord): boolean {
  return size(one) > PUSH * (one.weight?.meanAbs ?? 0);
}

const notMoving: Rule = ({ layers, stepped }) => {
  if (!stepped) return [];
  // Of the largest parameter: rounding keeps a few biases where they are when steps are small.
  const stuck = layers.filter(({ main }) => main.unmoved >= STILL_STEPS && pushes(main));
  if (stuck.length === 0) return [];
  const all = layers.every(({ main }) => main.unmoved > 0 || !pushes(main) || !main.parameter.requiresGrad);
  const [{ main: worst }] = stuck;
  const one = stuck.length === 1;
  return [
    {
      kind: 'not-moving',
      severity: 4,
      layer: all ? null : stuck[0].name,
      since: worst.unmovedSince,
      what: all
        ? 'No weight moves {since}, although there are gradients.'
        : `${list(stuck)} ${one ? 'does' : 'do'} not move {since}, although ${one ? 'it has' : 'they have'} gradients.`,
      figure: `${worst.name}: change 0 in ${plural(worst.unmoved, 'compared step')}, mean |g| ${figure(size(worst))}`,
      advice: all
        ? 'Is optimizer.step() called after backward()? Is the learning rate 0, or too small for float32?'
        : 'Is it among the parameters the optimizer was made with? Was it replaced, e.g. by to(), after that?',
    },
  ];
};

/** The largest element of a gradient and the norm of all gradients, beyond which a step is likely to jump. */
const LARGE_GRADIENT = 10;
const LARGE_NORM = 100;

const explodingGradients: Rule = ({ layers, gradients }) => {
  if (!gradients) return [];
  const all = layers.flatMap(({ parameters }) => parameters).filter(({ gradient }) => gradient !== null);
  const norm = Math.sqrt(
    all.reduce(
      (sum, { parameter, gradient: g }) => sum + parameter.numel() * (g!.mean ** 2 + g!.std ** 2),
      0,
    ),
  );
  const largest = (one: ParameterRecord): number => Math.max(-one.gradient!.min, one.gradient!.max);
  const worst = all.reduce<ParameterRecord | null>(
    (a, b) => (a === null || largest(b) > largest(a) ? b : a),
    null,
  );
  if (worst === null || !(norm > LARGE_NORM) || !(largest(worst) > LARGE_GRADIENT)) return [];
  const layer = layers.find(({ parameters }) => parameters.includes(worst))!;
  return [
    {
      kind: 'exploding-gradients',
      severity: norm > 100 * LARGE_NORM ? 4 : 3,
      layer: layer.name,
      what: `Gradients explode {since}, most in ${layer.title}.`,
      figure: `norm of all gradients ${figure(norm)}, max |g| ${figure(largest(worst))} in ${worst.name}`,
      advice:
        'Clip them (nn.clipGradNorm_(model.parameters(), 1)), start from smaller weights (kaimingNormal_, xavierUniform_), normalise layers and inputs, lower the learning rate.',
    },
  ];
};

/**
 * A mean |g| so many times smaller than nearer to the output: at the learning rate that is right there, a layer would
 * need a thousand times as many steps.
 */
const VANISHED = 1e3;

const vanishingGradients: Rule = ({ layers, gradients }) => {
  if (!gradients) return [];
  const chain = layers.filter(({ main }) => main.gradient !== null && main.parameter.ndim > 1);
  return vanishing(chain, ({ main }) => main.recentGradient) ?? vanishing(chain, stoppedGradient) ?? [];
};

/**
 * Once all that can still be learned behind it is learned, the gradients there are as small: a layer that never had
 * more, and that no step ever moved by more than {@link SMALL_STEP}, has not learned for all that.
 */
function stoppedGradient({ main }: LayerRecord): number {
  return main.largestGradient;
}

function vanishing(chain: readonly LayerRecord[], sizeIn: (layer: LayerRecord) => number): Claim[] | null {
  const stopped = sizeIn === stoppedGradient;
  let reference: LayerRecord | null = null;
  let edge: LayerRecord | null = null;
  // From the output to the input: where does it fall so far below the largest behind it?
  for (const layer of [...chain].reverse()) {
    const here = sizeIn(layer);
    if (reference === null || here > sizeIn(reference)) reference = layer;
    else if (here > 0 && here * VANISHED < sizeIn(reference)) {
      if (stopped && layer.main.largestRatio >= SMALL_STEP) continue;
      edge = layer;
      break;
    }
  }
  if (edge === null || reference === null) return null;
  const below = chain.slice(0, chain.indexOf(edge) + 1);
  const least = below.reduce((a, b) => (sizeIn(b) < sizeIn(a) ? b : a));
  return [
    {
      kind: 'vanishing-gradients',
      severity: 3,
      layer: edge.name,
      what: `Gradients vanish {since} ${below.length > 1 ? `from ${edge.title} down to the input` : `at ${edge.title}`}: ${plural(below.length, 'layer')} hardly learn${below.length === 1 ? 's' : ''}.`,
      figure: `${stopped ? 'largest ' : ''}mean |g| ${figure(sizeIn(least))} in ${least.main.name}, ${figure(sizeIn(reference) / sizeIn(least))} times smaller than in ${reference.main.name}`,
      advice:
        'ReLU or GELU instead of sigmoid or tanh, kaimingNormal_ weights, normalisation layers, residual connections, fewer layers.',
    },
  ];
}

/** Growth of the outputs' spread from the first layer to another, and the least spread that is called large. */
const GROWTH = 100;
const LARGE_SPREAD = 100;
const SHRINKAGE = 1e-3;

const activationScale: Rule = ({ layers }) => {
  const seen = layers.filter(({ activation }) => (activation?.newest?.count ?? 0) > 1);
  if (seen.length < 2) return [];
  const spread = (layer: LayerRecord): number => layer.activation!.newest!.std;
  const [first] = seen;
  const largest = seen.reduce((a, b) => (spread(b) > spread(a) ? b : a));
  if (spread(largest) > LARGE_SPREAD && spread(largest) > GROWTH * spread(first))
    return [
      {
        kind: 'exploding-activations',
        severity: 3,
        layer: largest.name,
        what: `Activations grow from layer to layer {since}, up to ${largest.title}.`,
        figure: `std ${figure(spread(first))} after ${first.title}, ${figure(spread(largest))} after ${largest.title}`,
        advice:
          'Start from smaller weights (kaimingNormal_ for ReLU, xavierUniform_ for tanh), add normalisation layers, normalise the data; where it came with training, lower the learning rate.',
      },
    ];
  const contrast = (layer: LayerRecord): number => layer.activation!.contrast;
  const shrunk = seen.slice(1).find((layer) => contrast(layer) < SHRINKAGE * contrast(first));
  if (shrunk === undefined || shrunk.activation!.dead === 1) return [];
  return [
    {
      kind: 'vanishing-activations',
      severity: 3,
      layer: shrunk.name,
      what: `The signal dies away {since} by ${shrunk.title}: its outputs are nearly the same for every example.`,
      figure: `examples differ by ${figure(contrast(first))} (std) after ${first.title}, by ${figure(contrast(shrunk))} after ${shrunk.title}`,
      advice:
        'Start from larger weights (kaimingNormal_, xavierUniform_ with the right gain), add normalisation layers or residual connections, ReLU instead of sigmoid.',
    },
  ];
};

/**
 * Of units: small ReLU networks that learn well have up to half of them at 0 for all examples (of 25 seeds on two
 * moons and 8 of an autoencoder of digits, a quarter on average and 56 % at most).
 */
const DEAD = 0.6;
const MOSTLY_DEAD = 0.8;
/** Of outputs. */
const SATURATED = 0.7;

const deadUnits: Rule = ({ layers, activations }) =>
  activations.flatMap((record): Claim[] => {
    const { dead, units, name, title } = record;
    if (dead === null || dead < DEAD || isOfFrozen(layers, record)) return [];
    return [
      {
        kind: 'dead-units',
        severity: dead === 1 ? 4 : dead >= MOSTLY_DEAD ? 3 : 2,
        layer: name,
        since: record.deadSince,
        what: `${title}: ${dead === 1 ? 'all' : percent(dead)} of its units are dead {since}: they are 0 for every example and learn nothing.`,
        figure: `${Math.round(dead * units)} of ${units} units`,
        advice:
          'Lower the learning rate (a large step may have killed them), look at biases far below 0, kaimingNormal_ weights; LeakyReLU or GELU keep a gradient.',
      },
    ];
  });

const saturation: Rule = ({ layers, activations }) =>
  activations.flatMap((record, i): Claim[] => {
    const { saturated, name, title, kind } = record;
    // The last function of a classifier is meant to be sure of itself.
    if (saturated === null || saturated < SATURATED || i === activations.length - 1) return [];
    if (isOfFrozen(layers, activations[i])) return [];
    return [
      {
        kind: 'saturated',
        severity: saturated > 0.95 ? 3 : 2,
        layer: name,
        what: `${title}: ${percent(saturated)} of its outputs are at the flat ends of ${kind} {since}, where hardly any gradient passes.`,
        figure: `${percent(saturated)} of outputs ${kind === 'tanh' ? 'beyond ±0.97' : 'below 0.03 or above 0.97'}`,
        advice:
          'Normalised inputs, smaller weights before it (xavierUniform_), a lower learning rate if steps made them large, a normalisation layer, or ReLU.',
      },
    ];
  });

const RULES: readonly Rule[] = [
  noGradient,
  notMoving,
  explodingGradients,
  vanishingGradients,
  activationScale,
  deadUnits,
  saturation,
  alikeUnits,
  stepSize,
  lossCourse,
  overfitting,
  frozen,
];

function size({ gradient }: ParameterRecord): number {
  return gradient === null ? 0 : meanMagnitude(gradient);
}

function isFrozen({ parameters }: LayerRecord): boolean {
  return parameters.every(({ parameter }) => !parameter.requiresGrad);
}

/** What comes out of a frozen layer is as it is meant to be. */
function isOfFrozen(layers: readonly LayerRecord[], record: ActivationRecord): boolean {
  return layers.some((layer) => layer.activation === record && isFrozen(layer));
}

function sizeOf(parameters: readonly ParameterRecord[]): number {
  return parameters.reduce((sum, { parameter }) => sum + parameter.numel(), 0);
}
