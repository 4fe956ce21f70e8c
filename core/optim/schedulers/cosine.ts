/** Schedules along a cosine (Loshchilov and Hutter, "SGDR", 2016). */

import { hostCall } from '../../kernels/recording.js';
import type { Arguments } from '../../arguments.js';
import {
  LRScheduler,
  nameOfStep,
  numberIn,
  type Scheduled,
  scheduleOptions,
  type SchedulerState,
} from './base.js';

/** PyTorch's `T_max`, `T_0` and `T_mult` are `tMax`, `t0` and `tMult`, or `TMax`, `T0` and `TMult`. */
function withSmallT(args: readonly unknown[]): readonly unknown[] {
  return args.map((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([name, x]) => [name.replace(/^T/, 't'), x as unknown]))
      : value,
  );
}

interface CosineAnnealingOptions {
  tMax: number;
  etaMin?: number;
}
const COSINE_ANNEALING = ['tMax', 'etaMin'] as const;

interface WarmRestartsOptions {
  t0: number;
  tMult?: number;
  etaMin?: number;
}
const WARM_RESTARTS = ['t0', 'tMult', 'etaMin'] as const;

/**
 * Lets the rate fall along half a cosine from lr₀ to `etaMin` (0) in `tMax` epochs:
 * lr = etaMin + (lr₀ - etaMin)(1 + cos(π epoch / tMax)) / 2; after that it rises again.
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly options: CosineAnnealingOptions;

  constructor(
    optimizer: Scheduled,
    ...args:
      | Arguments<CosineAnnealingOptions, typeof COSINE_ANNEALING>
      | [options: { TMax: number; etaMin?: number }]
  ) {
    const options = scheduleOptions<CosineAnnealingOptions>(
      'CosineAnnealingLR',
      optimizer,
      withSmallT(args),
      COSINE_ANNEALING,
      1,
    );
    super(optimizer);
    this.options = options;
    this.initialStep();
  }

  protected getLr(): number[] {
    const { tMax, etaMin = 0 } = this.options;
    const epoch = this.lastEpoch;
    if (epoch === 0) return this.scaled(1);
    // The recursion below divides by zero where the rate was at its lowest.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
      const rise = (1 - Math.cos(Math.PI / tMax)) / 2;
      return this.groups.map((group, i) => group.lr + (this.baseLrs[i] - etaMin) * rise);
    }
    const ratio = (1 + Math.cos((Math.PI * epoch) / tMax)) / (1 + Math.cos((Math.PI * (epoch - 1)) / tMax));
    return this.groups.map((group) => ratio * (group.lr - etaMin) + etaMin);
  }

  protected override getClosedFormLr(): number[] {
    const { tMax, etaMin = 0 } = this.options;
    const height = (1 + Math.cos((Math.PI * this.lastEpoch) / tMax)) / 2;
    return this.baseLrs.map((lr) => etaMin + (lr - etaMin) * height);
  }
}

/**
 * A cosine fall as {@link CosineAnnealingLR} that starts anew after `t0` epochs, each fall `tMult` (1) times as long
 * as the one before. `step(epoch)` takes fractions of an epoch.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly #etaMin: number;
  readonly #t0: number;
  readonly #tMult: number;
  /** Length of the present fall and the epochs of it that are done. */
  #length: number;
  #done = -1;

  constructor(
    optimizer: Scheduled,
    ...args:
      | Arguments<WarmRestartsOptions, typeof WARM_RESTARTS>
      | [options: { T0: number; TMult?: number; etaMin?: number }]
  ) {
    const options = scheduleOptions<WarmRestartsOptions>(
      'CosineAnnealingWarmRestarts',
      optimizer,
      withSmallT(args),
      WARM_RESTARTS,
      1,
    );
    super(optimizer);
    const { t0, tMult = 1, etaMin = 0 } = options;
    if (!Number.isInteger(t0) || t0 <= 0) {
      throw new RangeError(`CosineAnnealingWarmRestarts: t0 must be a positive integer, got ${t0}`);
    }
    if (!Number.isInteger(tMult) || tMult < 1) {
      throw new RangeError(
        `CosineAnnealingWarmRestarts: tMult must be an integer of 1 or more, got ${tMult}`,
      );
    }
    this.#t0 = t0;
    this.#tMult = tMult;
    this.#etaMin = etaMin;
    this.#length = t0;
    this.initialStep();
  }

  protected getLr(): number[] {
    const height = (1 + Math.cos((Math.PI * this.#done) / this.#length)) / 2;
    return this.baseLrs.map((lr) => this.#etaMin + (lr - this.#etaMin) * height);
  }

  override step(epoch?: number): void {
    hostCall(nameOfStep(epoch), () => this.advance(epoch), true);
  }

  private advance(epoch: number | undefined): void {
    this.stepCount++;
    if (epoch === undefined) {
      this.lastEpoch++;
      this.#done++;
      if (this.#done >= this.#length) {
        this.#done -= this.#length;
        this.#length *= this.#tMult;
      }
    } else {
      this.#goTo(epoch);
    }
    this.setLr(this.getLr());
  }

  #goTo(epoch: number): void {
    if (epoch < 0)
      throw new RangeError(`CosineAnnealingWarmRestarts: the epoch must not be negative, got ${epoch}`);
    this.lastEpoch = Math.floor(epoch);
    this.#length = this.#t0;
    this.#done = epoch;
    if (this.#tMult === 1) {
      this.#done = epoch % this.#t0;
      return;
    }
    while (this.#done >= this.#length) {
      this.#done -= this.#length;
      this.#length *= this.#tMult;
    }
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), length: this.#length, done: this.#done };
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    this.#length = numberIn(state, 'length');
    this.#done = numberIn(state, 'done');
  }
}
