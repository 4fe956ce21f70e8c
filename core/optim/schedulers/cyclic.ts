/** Schedules that raise and lower the rate, and the momentum against it (L. Smith, 2015 and 2017). */

import type { Arguments } from '../../arguments.js';
import { LRScheduler, perGroup, type Scheduled, type ScheduledGroup, scheduleOptions } from './base.js';

function momentumOf(group: ScheduledGroup, name: string): number {
  const momentum = group.betas?.[0] ?? group.momentum;
  if (momentum === undefined) {
    throw new TypeError(
      `${name}: the optimizer has neither momentum nor betas; use { cycleMomentum: false }`,
    );
  }
  return momentum;
}

function setMomentum(group: ScheduledGroup, momentum: number): void {
  if (group.betas) group.betas = [momentum, group.betas[1]];
  else group.momentum = momentum;
}

/** Options of {@link CyclicLR}; one number for all parameter groups or a list with one a group. */
export interface CyclicOptions {
  baseLr: number | readonly number[];
  maxLr: number | readonly number[];
  /** Steps of the rise (2000). */
  stepSizeUp?: number;
  /** Steps of the fall (as the rise). */
  stepSizeDown?: number;
  /** `triangular`: always to maxLr; `triangular2`: half as high every cycle; `exp_range`: times gamma^step. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  gamma?: number;
  /** A factor of the height instead of `mode`, of the cycle (from 1) or the step. */
  scaleFn?: (x: number) => number;
  scaleMode?: 'cycle' | 'iterations';
  /** Move the momentum against the rate, from `maxMomentum` (0.9) to `baseMomentum` (0.8); on by default. */
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
}

const CYCLIC_ORDER = [
  'baseLr',
  'maxLr',
  'stepSizeUp',
  'stepSizeDown',
  'mode',
  'gamma',
  'scaleFn',
  'scaleMode',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
] as const;

/** Lets the rate go between `baseLr` and `maxLr` in triangles; call `step()` after every batch. */
export class CyclicLR extends LRScheduler {
  readonly #options: CyclicOptions;
  readonly #baseLrs: readonly number[];
  readonly #maxLrs: readonly number[];
  readonly #momenta: readonly { base: number; max: number }[] | null;

  constructor(optimizer: Scheduled, ...args: Arguments<CyclicOptions, typeof CYCLIC_ORDER>) {
    const options = scheduleOptions<CyclicOptions>('CyclicLR', optimizer, args, CYCLIC_ORDER, 2);
    super(optimizer);
    const count = this.groups.length;
    this.#options = options;
    this.#baseLrs = perGroup(options.baseLr, count, 'CyclicLR: baseLr');
    this.#maxLrs = perGroup(options.maxLr, count, 'CyclicLR: maxLr');
    this.groups.forEach((group, i) => (group.initialLr = this.#baseLrs[i]));
    this.#momenta = null;
    if (options.cycleMomentum ?? true) {
      const bases = perGroup(options.baseMomentum ?? 0.8, count, 'CyclicLR: baseMomentum');
      const maxima = perGroup(options.maxMomentum ?? 0.9, count, 'CyclicLR: maxMomentum');
      this.groups.forEach((group) => momentumOf(group, 'CyclicLR'));
      this.#momenta = bases.map((base, i) => ({ base, max: maxima[i] }));
    }
    this.initialStep();
  }

  #heightFactor(cycle: number): number {
    const { mode = 'triangular', gamma = 1, scaleFn, scaleMode = 'cycle' } = this.#options;
    if (scaleFn) return scaleFn(scaleMode === 'cycle' ? cycle : this.lastEpoch);
    if (mode === 'triangular2') return 1 / 2 ** (cycle - 1);
    return mode === 'exp_range' ? gamma ** this.lastEpoch : 1;
  }

  protected getLr(): number[] {
    const up = this.#options.stepSizeUp ?? 2000;
    const total = up + (this.#options.stepSizeDown ?? up);
    const ratio = up / total;
    const cycle = Math.floor(1 + this.lastEpoch / total);
    const x = 1 + this.lastEpoch / total - cycle;
    const scale = (x <= ratio ? x / ratio : (x - 1) / (ratio - 1)) * this.#heightFactor(cycle);
    this.#momenta?.forEach(({ base, max }, i) => setMomentum(this.groups[i], max - (max - base) * scale));
    return this.#baseLrs.map((base, i) => base + (this.#maxLrs[i] - base) * scale);
  }
}

/** Options of {@link OneCycleLR}: `totalSteps`, or `epochs` times `stepsPerEpoch`. */
export interface OneCycleOptions {
  maxLr: number | readonly number[];
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** Part of the steps in which the rate rises (0.3). */
  pctStart?: number;
  annealStrategy?: 'cos' | 'linear';
  /** Move the momentum against the rate, from `maxMomentum` (0.95) to `baseMomentum` (0.85); on by default. */
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  /** The first rate is maxLr / divFactor (25), the last the first / finalDivFactor (10⁴). */
  divFactor?: number;
  finalDivFactor?: number;
  /** Fall to the first rate, as long as the rise, before the fall to the last one. */
  threePhase?: boolean;
}

interface Phase {
  /** The step at which it ends. */
  end: number;
  lr: readonly [from: Corner, to: Corner];
  momentum: readonly [from: 'base' | 'max', to: 'base' | 'max'];
}

type Corner = 'initial' | 'max' | 'min';

const ONE_CYCLE_ORDER = [
  'maxLr',
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
] as const;

/** One rise and fall of the rate over the whole training ("super-convergence"); call `step()` after every batch. */
export class OneCycleLR extends LRScheduler {
  readonly #totalSteps: number;
  readonly #phases: readonly Phase[];
  readonly #rates: readonly Record<Corner, number>[];
  readonly #momenta: readonly Record<'base' | 'max', number>[] | null;
  readonly #linear: boolean;

  constructor(optimizer: Scheduled, ...args: Arguments<OneCycleOptions, typeof ONE_CYCLE_ORDER>) {
    const options = scheduleOptions<OneCycleOptions>('OneCycleLR', optimizer, args, ONE_CYCLE_ORDER, 1);
    super(optimizer);
    const count = this.groups.length;
    const { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
    this.#totalSteps = totalSteps(options);
    if (pctStart < 0 || pctStart > 1)
      throw new RangeError(`OneCycleLR: pctStart must be in [0, 1], got ${pctStart}`);
    this.#linear = options.annealStrategy === 'linear';
    this.#phases = phases(this.#totalSteps, pctStart, options.threePhase ?? false);
    this.#rates = perGroup(options.maxLr, count, 'OneCycleLR: maxLr').map((max) => {
      const initial = max / divFactor;
      return { initial, max, min: initial / finalDivFactor };
    });
    this.groups.forEach((group, i) => (group.initialLr = this.#rates[i].initial));
    this.#momenta = null;
    if (options.cycleMomentum ?? true) {
      const bases = perGroup(options.baseMomentum ?? 0.85, count, 'OneCycleLR: baseMomentum');
      const maxima = perGroup(options.maxMomentum ?? 0.95, count, 'OneCycleLR: maxMomentum');
      this.groups.forEach((group) => momentumOf(group, 'OneCycleLR'));
      this.#momenta = bases.map((base, i) => ({ base, max: maxima[i] }));
    }
    this.initialStep();
  }

  #between(from: number, to: number, part: number): number {
    if (this.#linear) return from + (to - from) * part;
    return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part));
  }

  protected getLr(): number[] {
    const step = this.lastEpoch;
    // One step more than there are rates, as in PyTorch: loops call step() after the last update, too.
    if (step > this.#totalSteps) {
      throw new RangeError(
        `OneCycleLR: step() was called ${step} times, the schedule has ${this.#totalSteps} steps; is totalSteps ` +
          'epochs times the batches of an epoch?',
      );
    }
    const found = this.#phases.findIndex((phase) => step <= phase.end);
    const index = found < 0 ? this.#phases.length - 1 : found;
    const phase = this.#phases[index];
    const start = index === 0 ? 0 : this.#phases[index - 1].end;
    const part = (step - start) / (phase.end - start);
    this.#momenta?.forEach((momentum, i) => {
      const [from, to] = phase.momentum;
      setMomentum(this.groups[i], this.#between(momentum[from], momentum[to], part));
    });
    const [from, to] = phase.lr;
    return this.#rates.map((rate) => this.#between(rate[from], rate[to], part));
  }
}

function totalSteps(options: OneCycleOptions): number {
  const { epochs, stepsPerEpoch } = options;
  const total = options.totalSteps ?? (epochs ?? NaN) * (stepsPerEpoch ?? NaN);
  if (!Number.isInteger(total) || total <= 0) {
    throw new RangeError('OneCycleLR: give totalSteps, or epochs and stepsPerEpoch, as positive integers');
  }
  return total;
}

function phases(total: number, pctStart: number, three: boolean): Phase[] {
  const rise: Phase = { end: pctStart * total - 1, lr: ['initial', 'max'], momentum: ['max', 'base'] };
  if (!three) return [rise, { end: total - 1, lr: ['max', 'min'], momentum: ['base', 'max'] }];
  return [
    rise,
    { end: 2 * pctStart * total - 2, lr: ['max', 'initial'], momentum: ['base', 'max'] },
    { end: total - 1, lr: ['initial', 'min'], momentum: ['max', 'max'] },
  ];
}
