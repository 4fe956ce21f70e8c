/** A schedule that watches a quantity instead of the epoch. */

import { hostCall } from '../../kernels/recording.js';
import type { Arguments } from '../../arguments.js';
import {
  numberIn,
  numbersIn,
  perGroup,
  type Scheduled,
  scheduleOptions,
  type SchedulerState,
} from './base.js';

/** Options of {@link ReduceLROnPlateau}. */
export interface PlateauOptions {
  /** Whether the quantity should get smaller (`min`, default) or larger. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by (0.1). */
  factor?: number;
  /** Epochs without improvement that are put up with (10). */
  patience?: number;
  /** Smallest change that counts as improvement (1e-4), relative to the best value (`rel`, default) or `abs`. */
  threshold?: number;
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which nothing is counted (0). */
  cooldown?: number;
  /** The rate never falls below (0); one number or one a parameter group. */
  minLr?: number | readonly number[];
  /** A smaller change of the rate is not made (1e-8). */
  eps?: number;
}

const PLATEAU_OPTIONS = [
  'mode',
  'factor',
  'patience',
  'threshold',
  'thresholdMode',
  'cooldown',
  'minLr',
  'eps',
] as const;

/** Multiplies the rate by `factor` when a quantity, handed to `step(metric)` every epoch, no longer improves. */
export class ReduceLROnPlateau {
  readonly #options: Required<PlateauOptions>;
  readonly #minLrs: readonly number[];
  #best: number;
  #badEpochs = 0;
  #cooldown = 0;
  #lastLr: number[];
  lastEpoch = 0;

  readonly optimizer: Scheduled;

  constructor(optimizer: Scheduled, ...args: Arguments<PlateauOptions, typeof PLATEAU_OPTIONS>) {
    const options = scheduleOptions<PlateauOptions>('ReduceLROnPlateau', optimizer, args, PLATEAU_OPTIONS, 0);
    this.optimizer = optimizer;
    this.#options = {
      mode: 'min',
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: 'rel',
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
      ...options,
    };
    const { factor, mode, minLr } = this.#options;
    if (factor >= 1) throw new RangeError(`ReduceLROnPlateau: factor must be below 1, got ${factor}`);
    this.#minLrs = perGroup(minLr, optimizer.paramGroups.length, 'ReduceLROnPlateau: minLr');
    this.#best = mode === 'min' ? Infinity : -Infinity;
    this.#lastLr = optimizer.paramGroups.map((group) => group.lr);
  }

  #isBetter(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const best = this.#best;
    if (mode === 'min') return value < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return value > (thresholdMode === 'rel' ? best * (1 + threshold) : best + threshold);
  }

  /** Takes this epoch's value of the quantity and reduces the rates if it has not improved for too long. */
  step(metric: number): void {
    hostCall(`ReduceLROnPlateau.step(${metric})`, () => this.#advance(metric), true);
  }

  #advance(metric: number): void {
    const { patience, cooldown, factor, eps } = this.#options;
    this.lastEpoch++;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#badEpochs = 0;
    } else {
      this.#badEpochs++;
    }
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#badEpochs = 0;
    }
    if (this.#badEpochs > patience) {
      this.optimizer.paramGroups.forEach((group, i) => {
        const lr = Math.max(group.lr * factor, this.#minLrs[i]);
        if (group.lr - lr > eps) group.lr = lr;
      });
      this.#cooldown = cooldown;
      this.#badEpochs = 0;
    }
    this.#lastLr = this.optimizer.paramGroups.map((group) => group.lr);
  }

  /** The rates after the last step, one a group. */
  getLastLr(): readonly number[] {
    return this.#lastLr;
  }

  /** What {@link loadStateDict} needs to continue; plain JSON, save that `best` may be infinite before the first step. */
  stateDict(): SchedulerState {
    return {
      lastEpoch: this.lastEpoch,
      best: this.#best,
      badEpochs: this.#badEpochs,
      cooldown: this.#cooldown,
      lastLr: [...this.#lastLr],
    };
  }

  /**
   * Continues from a {@link stateDict}.
   * @throws TypeError if a value is missing or of another kind.
   */
  loadStateDict(state: SchedulerState): void {
    this.lastEpoch = numberIn(state, 'lastEpoch');
    this.#best = numberIn(state, 'best');
    this.#badEpochs = numberIn(state, 'badEpochs');
    this.#cooldown = numberIn(state, 'cooldown');
    this.#lastLr = numbersIn(state, 'lastLr');
  }
}
