/** Schedules made of schedules. */

import { hostCall } from '../../kernels/recording.js';
import { byName } from '../../arguments.js';
import {
  LRScheduler,
  numberIn,
  numbersIn,
  type Scheduled,
  type SchedulerState,
  type Steppable,
} from './base.js';

function statesIn(state: SchedulerState, count: number): SchedulerState[] {
  const { schedulers } = state;
  if (!Array.isArray(schedulers) || schedulers.length !== count || !schedulers.every(isState)) {
    throw new TypeError(`loadStateDict: expected the states of ${count} schedules under "schedulers"`);
  }
  return schedulers;
}

function isState(value: unknown): value is SchedulerState {
  return typeof value === 'object' && value !== null;
}

function ofOneOptimizer(name: string, schedulers: readonly Steppable[]): void {
  if (schedulers.length === 0) throw new RangeError(`${name}: no schedules given`);
  const other = schedulers.findIndex((scheduler) => scheduler.optimizer !== schedulers[0].optimizer);
  if (other >= 0)
    throw new RangeError(`${name}: schedule ${other} belongs to another optimizer than schedule 0`);
}

/** Steps several schedules at once; each multiplies the rates that the one before it left. */
export class ChainedScheduler implements Steppable {
  readonly #schedulers: readonly Steppable[];

  constructor(schedulers: readonly Steppable[]) {
    ofOneOptimizer('ChainedScheduler', schedulers);
    this.#schedulers = schedulers;
  }

  get optimizer() {
    return this.#schedulers[0].optimizer;
  }

  step(): void {
    for (const scheduler of this.#schedulers) scheduler.step();
  }

  getLastLr(): readonly number[] {
    return this.optimizer.paramGroups.map((group) => group.lr);
  }

  stateDict(): SchedulerState {
    return { schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  loadStateDict(state: SchedulerState): void {
    statesIn(state, this.#schedulers.length).forEach((saved, i) => this.#schedulers[i].loadStateDict(saved));
  }
}

/** What {@link SequentialLR} is made with: schedules, and the epochs at which all but the first begin. */
export interface SequentialOptions {
  schedulers: readonly LRScheduler[];
  milestones: readonly number[];
}

const SEQUENTIAL_ORDER = ['schedulers', 'milestones'] as const;

/** Follows the first schedule until epoch `milestones[0]`, the second until `milestones[1]`, and so on. */
export class SequentialLR implements Steppable {
  readonly #schedulers: readonly LRScheduler[];
  readonly #milestones: readonly number[];
  #lastLr: readonly number[];
  lastEpoch = 0;

  /** By name; or as PyTorch is given them, the optimizer first. */
  constructor(options: SequentialOptions);
  constructor(optimizer: Scheduled, options: SequentialOptions);
  constructor(optimizer: Scheduled, schedulers: readonly LRScheduler[], milestones: readonly number[]);
  constructor(...args: readonly unknown[]) {
    const given =
      args[0] !== null && typeof args[0] === 'object' && 'paramGroups' in args[0] ? args.slice(1) : args;
    const { schedulers, milestones } = byName<SequentialOptions>(
      'SequentialLR',
      given,
      SEQUENTIAL_ORDER,
      2,
      [],
    );
    ofOneOptimizer('SequentialLR', schedulers);
    if (milestones.length !== schedulers.length - 1) {
      throw new RangeError(
        `SequentialLR: ${schedulers.length} schedules need ${schedulers.length - 1} milestones, got ${milestones.length}`,
      );
    }
    this.#schedulers = schedulers;
    this.#milestones = milestones;
    // Each schedule has set its first rates when it was made: undo that, then let only the first one begin.
    for (const group of this.optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    for (const scheduler of schedulers) scheduler.lastEpoch--;
    schedulers[0].initialStep();
    this.#lastLr = schedulers[0].getLastLr();
  }

  get optimizer() {
    return this.#schedulers[0].optimizer;
  }

  step(): void {
    hostCall('scheduler.step', () => this.advance(), true);
  }

  private advance(): void {
    this.lastEpoch++;
    const index = this.#milestones.filter((milestone) => milestone <= this.lastEpoch).length;
    const scheduler = this.#schedulers[index];
    if (index > 0 && this.#milestones[index - 1] === this.lastEpoch) scheduler.step(0);
    else scheduler.step();
    this.#lastLr = scheduler.getLastLr();
  }

  getLastLr(): readonly number[] {
    return this.#lastLr;
  }

  stateDict(): SchedulerState {
    return {
      lastEpoch: this.lastEpoch,
      lastLr: [...this.#lastLr],
      schedulers: this.#schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  loadStateDict(state: SchedulerState): void {
    this.lastEpoch = numberIn(state, 'lastEpoch');
    this.#lastLr = numbersIn(state, 'lastLr');
    statesIn(state, this.#schedulers.length).forEach((saved, i) => this.#schedulers[i].loadStateDict(saved));
  }
}
