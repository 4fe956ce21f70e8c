/** What learning rate schedules have in common: a count of epochs and a rule that gives each group's next rate. */

import { byName } from '../../arguments.js';
import { hostCall } from '../../kernels/recording.js';
import { describeValue } from '../../layout.js';

/** What a schedule sees of an optimizer's parameter group; `momentum` or `betas` where it also moves those. */
export interface ScheduledGroup {
  lr: number;
  /** The rate the first schedule found; written by it. */
  initialLr?: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** What a schedule needs of an optimizer. */
export interface Scheduled {
  readonly paramGroups: readonly ScheduledGroup[];
}

/** Anything a {@link LRScheduler}'s `stateDict` holds. */
export type SchedulerState = Readonly<Record<string, unknown>>;

/** Anything with the interface of a schedule that is advanced without an argument. */
export interface Steppable {
  readonly optimizer: Scheduled;
  step(): void;
  getLastLr(): readonly number[];
  stateDict(): SchedulerState;
  loadStateDict(state: SchedulerState): void;
}

/** @throws TypeError for what is no optimizer */
function checkOptimizer(name: string, optimizer: unknown): void {
  const groups: unknown =
    Object(optimizer) === optimizer && Reflect.get(Object(optimizer) as object, 'paramGroups');
  if (Array.isArray(groups)) return;
  throw new TypeError(`${name}: the first argument is an optimizer, got ${describeValue(optimizer)}`);
}

/**
 * What a schedule was given after its optimizer, by name; `needed` of the names, from the first, have no default.
 * @throws TypeError for what is no optimizer, and as {@link byName}
 */
export function scheduleOptions<O extends object>(
  name: string,
  optimizer: unknown,
  args: readonly unknown[],
  order: readonly (keyof O & string)[],
  needed: number,
): O {
  checkOptimizer(name, optimizer);
  return byName<O>(name, args, order, needed, []);
}

/**
 * Sets the learning rate of every group of an optimizer, once an epoch (or step): call `step()` after the optimizer's
 * `step()`. A schedule multiplies or replaces the rate it finds, by the same recursions as PyTorch's, so schedules may
 * be chained.
 */
export abstract class LRScheduler implements Steppable {
  /** Epochs done: 0 after construction. */
  lastEpoch = -1;
  /** Each group's rate before any schedule. */
  readonly baseLrs: readonly number[];
  protected lastLr: number[] = [];
  /** Calls of {@link step}, the one of the construction included. */
  protected stepCount = 0;

  constructor(readonly optimizer: Scheduled) {
    checkOptimizer(new.target.name, optimizer);
    this.baseLrs = optimizer.paramGroups.map((group) => (group.initialLr ??= group.lr));
  }

  /** The rates of this epoch, one a group, from the present rates. */
  protected abstract getLr(): number[];

  /** The rates of an epoch without the ones before it, where the schedule has such a formula. */
  protected getClosedFormLr(): number[] {
    return this.getLr();
  }

  /** Sets the rates of the first epoch. Every constructor ends with it. */
  initialStep(): void {
    this.stepCount = 0;
    this.step();
  }

  /** Goes to the next epoch, or to the given one, and sets its rates. */
  step(epoch?: number): void {
    hostCall(
      nameOfStep(epoch),
      () => {
        this.stepCount++;
        if (epoch === undefined) {
          this.lastEpoch++;
          this.setLr(this.getLr());
        } else {
          this.lastEpoch = epoch;
          this.setLr(this.getClosedFormLr());
        }
      },
      true,
    );
  }

  /** The rates set last, one a group. */
  getLastLr(): readonly number[] {
    return this.lastLr;
  }

  /** What {@link loadStateDict} needs to continue this schedule; plain JSON. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, stepCount: this.stepCount, lastLr: [...this.lastLr] };
  }

  /**
   * Continues a schedule saved by {@link stateDict}. The rates themselves are in the optimizer's state.
   * @throws TypeError if a value is missing or of another kind.
   */
  loadStateDict(state: SchedulerState): void {
    this.lastEpoch = numberIn(state, 'lastEpoch');
    this.stepCount = numberIn(state, 'stepCount');
    this.lastLr = numbersIn(state, 'lastLr');
  }

  protected get groups(): readonly ScheduledGroup[] {
    return this.optimizer.paramGroups;
  }

  /** The present rates, each multiplied. */
  protected scaled(factor: number): number[] {
    return this.groups.map((group) => group.lr * factor);
  }

  /** @throws RangeError for a rate that is no number, which would make every parameter NaN at the next step */
  protected setLr(rates: readonly number[]): void {
    const bad = rates.find((rate) => !Number.isFinite(rate));
    if (bad !== undefined) {
      throw new RangeError(
        `${this.constructor.name}: the learning rate of epoch ${this.lastEpoch} would be ${bad}; check the schedule's ` +
          'options, which are given by name, as { tMax: 100 }',
      );
    }
    this.groups.forEach((group, i) => (group.lr = rates[i]));
    this.lastLr = [...rates];
  }
}

/** The number `name` of a saved state. */
export function numberIn(state: SchedulerState, name: string): number {
  const value = state[name];
  if (typeof value !== 'number') {
    throw new TypeError(
      `loadStateDict: the schedule's state has no number "${name}" (found ${typeof value})`,
    );
  }
  return value;
}

/** The list of numbers `name` of a saved state. */
export function numbersIn(state: SchedulerState, name: string): number[] {
  const value = state[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'number')) {
    throw new TypeError(`loadStateDict: the schedule's state has no list of numbers "${name}"`);
  }
  return value;
}

/** One value a group, from one for all or a list. */
export function perGroup<T>(value: T | readonly T[], count: number, name: string): readonly T[] {
  if (!isList(value)) return Array.from({ length: count }, () => value);
  if (value.length !== count) {
    throw new RangeError(
      `${name}: expected one value or ${count}, one a parameter group, got ${value.length}`,
    );
  }
  return value;
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** How a step is called where it is traced: with another epoch it is another step. */
export function nameOfStep(epoch: number | undefined): string {
  return epoch === undefined ? 'scheduler.step' : `scheduler.step(${epoch})`;
}
