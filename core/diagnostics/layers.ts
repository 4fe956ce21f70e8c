/** What is kept of a watched model: a record of each parameter and of each place where activations are seen. */
import type { Parameter } from '../nn/parameter.js';
import type { Activation, ActivationKind } from './activations.js';
import { DistributionHistory, History } from './history.js';
import type { Distribution } from './distribution.js';
import { median } from './numbers.js';

/** One number at one step. */
export interface Reading {
  step: number;
  value: number;
}

/** A unit is dead when no example of at least so many batches, of so many examples in all, made it differ from 0. */
const SILENT_BATCHES = 2;
const SILENT_EXAMPLES = 32;

/** Outputs of a module, or of a function between two modules. */
export class ActivationRecord {
  readonly distributions: DistributionHistory;
  readonly means: History<Reading>;
  readonly deviations: History<Reading>;
  /** Shares of dead units; empty where the function has no zeros to be stuck in. */
  readonly deadShares: History<Reading>;
  newest: Distribution | null = null;
  dead: number | null = null;
  /** The step of the first of the batches that left half of the dead units at 0. */
  deadSince = 0;
  saturated: number | null = null;
  /** See {@link Activation.contrast}. */
  contrast = NaN;
  /** For how many batches and examples in a row each unit has been 0. */
  private silentBatches = new Uint16Array(0);
  private silentExamples = new Uint16Array(0);
  private silentSince = new Float64Array(0);

  constructor(
    /** The module's path, or the next module's where a function between modules made it. */
    readonly name: string,
    /** As a person calls it: `1 (ReLU)`, `tanh before 2 (Linear)`. */
    readonly title: string,
    readonly kind: ActivationKind,
    /** Whether a function made it that no module stands for. */
    readonly between: boolean,
    slots: number,
  ) {
    this.distributions = new DistributionHistory(slots);
    this.means = new History(READINGS);
    this.deviations = new History(READINGS);
    this.deadShares = new History(READINGS);
  }

  get units(): number {
    return this.silentBatches.length;
  }

  add(step: number, { distribution, examples, contrast, active, saturated }: Activation): void {
    this.newest = distribution;
    this.saturated = saturated;
    this.contrast = contrast;
    this.distributions.add(step, distribution);
    this.means.push({ step, value: distribution.mean });
    this.deviations.push({ step, value: distribution.std });
    this.dead = active === null ? null : this.deadShare(step, active, examples);
    if (this.dead !== null) this.deadShares.push({ step, value: this.dead });
  }

  private deadShare(step: number, active: Uint8Array, examples: number): number {
    const { length } = active;
    if (length === 0) return 0;
    if (this.silentBatches.length !== length) {
      this.silentBatches = new Uint16Array(length);
      this.silentExamples = new Uint16Array(length);
      this.silentSince = new Float64Array(length);
    }
    const since: number[] = [];
    for (let unit = 0; unit < length; unit++) {
      if (active[unit] === 1) {
        this.silentBatches[unit] = this.silentExamples[unit] = 0;
        continue;
      }
      if (this.silentBatches[unit] === 0) this.silentSince[unit] = step;
      const batches = Math.min(65_535, this.silentBatches[unit] + 1);
      const seen = Math.min(65_535, this.silentExamples[unit] + examples);
      this.silentBatches[unit] = batches;
      this.silentExamples[unit] = seen;
      if (batches >= SILENT_BATCHES && seen >= SILENT_EXAMPLES) since.push(this.silentSince[unit]);
    }
    if (since.length > 0) this.deadSince = since.sort((a, b) => a - b)[since.length >> 1];
    return since.length / length;
  }
}

/** Readings kept of one quantity. */
export const READINGS = 60;
/** Samples whose median counts, lest a single odd batch be taken for the rule. */
const RECENT = 5;
/** An update-to-weight ratio beyond which a step left nothing of what a weight held. */
const JUMP = 2;

/** One parameter: its numbers, its gradients, how far a step moves it. */
export class ParameterRecord {
  readonly weights: DistributionHistory;
  readonly gradients: DistributionHistory;
  /** std(Δw) / std(w) of a step. */
  readonly ratios: History<Reading>;
  weight: Distribution | null = null;
  gradient: Distribution | null = null;
  /** Of the samples with a backward pass, how many in a row left it without a gradient. */
  missed = 0;
  /** Of the steps that were compared, how many in a row changed nothing although there was a gradient. */
  unmoved = 0;
  /** The step of the first sample of those, and of the first of these steps. */
  missedSince = 0;
  unmovedSince = 0;
  /** The largest mean |g| so far. */
  largestGradient = 0;
  /** The largest update-to-weight ratio so far. */
  largestRatio = 0;
  /** Of the samples, how many in a row have found all units with the same weights, after a step that moved them. */
  alike = 0;
  alikeSince = 0;
  /** The first step that was larger than the weight itself. */
  jumped: Reading | null = null;
  private readonly recent: number[] = [];

  constructor(
    readonly name: string,
    readonly parameter: Parameter,
    slots: number,
  ) {
    this.weights = new DistributionHistory(slots);
    this.gradients = new DistributionHistory(slots);
    this.ratios = new History(READINGS);
  }

  /** The median mean |g| of the newest samples. */
  get recentGradient(): number {
    return this.recent.length === 0 ? 0 : median(this.recent);
  }

  /** A sample with a backward pass that did not come here. */
  miss(step: number): void {
    if (this.missed === 0) this.missedSince = step;
    this.missed += 1;
  }

  /** A step was compared that left everything where it was, in spite of a gradient. */
  stay(step: number): void {
    if (this.unmoved === 0) this.unmovedSince = step;
    this.unmoved += 1;
  }

  /** @param value std(Δw) / std(w) */
  addRatio(step: number, value: number): void {
    this.ratios.push({ step, value });
    this.largestRatio = Math.max(this.largestRatio, value);
    if (value > JUMP) this.jumped ??= { step, value };
  }

  addWeight(step: number, distribution: Distribution, alike = false): void {
    if (alike && (this.alike > 0 || (this.weight !== null && this.weight.mean !== distribution.mean))) {
      if (this.alike === 0) this.alikeSince = step;
      this.alike += 1;
    } else this.alike = 0;
    this.weight = distribution;
    this.weights.add(step, distribution);
  }

  addGradient(step: number, distribution: Distribution): void {
    this.gradient = distribution;
    this.missed = 0;
    this.gradients.add(step, distribution);
    const size = meanMagnitude(distribution);
    if (size > this.largestGradient) this.largestGradient = size;
    this.recent.push(size);
    if (this.recent.length > RECENT) this.recent.shift();
  }
}

/** Mean |g| over the elements that are not exactly 0: padding and unused rows of an embedding say nothing. */
export function meanMagnitude({ count, nan, infinite, zero, meanAbs }: Distribution): number {
  const finite = count - nan - infinite;
  return finite === zero ? 0 : (meanAbs * finite) / (finite - zero);
}

/** A module that holds parameters itself, with what comes out of it. */
export interface LayerRecord {
  /** Path of the module; empty for the model itself. */
  readonly name: string;
  /** As a person calls it: `0 (Linear)`. */
  readonly title: string;
  readonly parameters: readonly ParameterRecord[];
  /** The largest parameter: what gradient, weight and ratio are shown of. */
  readonly main: ParameterRecord;
  /** Its output, or that of the activation function right behind it. */
  readonly activation: ActivationRecord | null;
  /** Whether the module ran in the newest sampled pass. */
  readonly used: boolean;
}
