/** Ready-made callbacks of `fit`. */
import { checkpoint } from '../io/checkpoint.js';
import type { Module } from '../nn/module.js';
import type { StateDict } from '../nn/state.js';
import {
  EarlyStopping as Stopping,
  type EarlyStoppingOptions as StoppingOptions,
} from '../optim/stopping.js';
import type { Callback, Training } from './callback.js';

/** Which quantity decides; validationLoss, or loss where nothing is validated. */
export interface MonitorOptions {
  readonly monitor?: string;
}

function valueOf(name: string, logs: Readonly<Record<string, number>>, monitor: string | undefined): number {
  const key = monitor ?? (Object.hasOwn(logs, 'validationLoss') ? 'validationLoss' : 'loss');
  if (Object.hasOwn(logs, key)) return logs[key];
  throw new RangeError(
    `${name}: ${JSON.stringify(key)} is not measured; there are ${Object.keys(logs).join(', ')}. Give { monitor } one of these`,
  );
}

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends StoppingOptions, MonitorOptions {
  /** Bring the model back to its best epoch at the end (off). */
  readonly restoreBest?: boolean;
}

/** Ends the training when a quantity has not improved for `patience` (10) epochs; see `optim.EarlyStopping`. */
export class EarlyStopping implements Callback {
  readonly #options: EarlyStoppingOptions;
  /** Of these, what `optim.EarlyStopping` knows. */
  readonly #patience: StoppingOptions;
  #stopping: Stopping;
  #best: StateDict | null = null;

  /** @throws RangeError as `optim.EarlyStopping` */
  constructor(options: EarlyStoppingOptions = {}) {
    const { patience, minDelta, mode } = options;
    this.#options = options;
    this.#patience = { patience, minDelta, mode };
    this.#stopping = new Stopping(this.#patience);
  }

  /** The best epoch, from 0; -1 before the first. */
  get bestEpoch(): number {
    return this.#stopping.bestEpoch;
  }

  /** The epochs of a history that goes on count as well. */
  onTrainBegin(training: Training): void {
    this.#stopping = new Stopping(this.#patience);
    this.#best = null;
    for (const logs of training.history.epochs) {
      this.#stopping.step(valueOf('EarlyStopping', logs, this.#options.monitor));
    }
  }

  onEpochEnd(training: Training): void {
    const stop = this.#stopping.step(valueOf('EarlyStopping', training.logs, this.#options.monitor));
    if (this.#stopping.improved && this.#options.restoreBest) this.#best = copyOf(training.model);
    if (stop) training.stop(`EarlyStopping: no improvement since epoch ${this.#stopping.bestEpoch}`);
  }

  onTrainEnd({ model }: Training): void {
    if (this.#best !== null) model.loadStateDict(this.#best);
  }
}

function copyOf(model: Module): StateDict {
  return Object.fromEntries(Object.entries(model.stateDict()).map(([name, x]) => [name, x.detach().clone()]));
}

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Save after every so many epochs (1); 0: not after epochs. */
  readonly everyEpochs?: number;
  /** Save after every so many steps too (never). */
  readonly everySteps?: number;
  /** Save only epochs that are the best so far (off). */
  readonly bestOnly?: boolean;
  /** Whether the quantity should get smaller (`min`, default) or larger. */
  readonly mode?: 'min' | 'max';
}

/**
 * Saves model, optimizer, schedule, loader, random state and history by `io.checkpoint`, so that
 * `fit(model, { …, resume: path })` goes on to the numbers of a training that was not interrupted, also from the middle
 * of an epoch. In the path `{epoch}` and `{step}` stand for their numbers; without them each file replaces the last one.
 */
export class ModelCheckpoint implements Callback {
  readonly #path: string;
  readonly #options: Required<Omit<ModelCheckpointOptions, 'monitor'>> & MonitorOptions;
  #best = Infinity;

  /** @throws RangeError for intervals that are not whole numbers from 0 */
  constructor(path: string, options: ModelCheckpointOptions = {}) {
    const { everyEpochs = 1, everySteps = 0, bestOnly = false, mode = 'min', monitor } = options;
    for (const [name, value] of Object.entries({ everyEpochs, everySteps })) {
      if (Number.isInteger(value) && value >= 0) continue;
      throw new RangeError(`ModelCheckpoint: ${name} must be a whole number from 0, got ${value}`);
    }
    this.#path = path;
    this.#options = { everyEpochs, everySteps, bestOnly, mode, monitor };
  }

  onTrainBegin(training: Training): void {
    this.#best = Infinity;
    if (!this.#options.bestOnly) return;
    for (const logs of training.history.epochs) this.#improves(logs);
  }

  onBatchEnd(training: Training): void {
    const { everySteps } = this.#options;
    if (everySteps > 0 && training.step % everySteps === 0) this.#save(training);
  }

  onEpochEnd(training: Training): void {
    const { everyEpochs, bestOnly } = this.#options;
    const improves = !bestOnly || this.#improves(training.logs);
    if (improves && everyEpochs > 0 && training.history.length % everyEpochs === 0) this.#save(training);
  }

  #improves(logs: Readonly<Record<string, number>>): boolean {
    const value = valueOf('ModelCheckpoint', logs, this.#options.monitor);
    const size = this.#options.mode === 'min' ? value : -value;
    if (!(size < this.#best)) return false;
    this.#best = size;
    return true;
  }

  #save(training: Training): void {
    const { model, optimizer, scheduler, loader, epoch, step } = training;
    const path = this.#path.replaceAll('{epoch}', String(epoch)).replaceAll('{step}', String(step));
    checkpoint(model, optimizer, path, {
      scheduler: scheduler ?? undefined,
      loader: loader ?? undefined,
      extra: training.progress(),
    });
  }
}

/** Ends the training when a batch's loss is NaN or infinite. */
export class StopOnNaN implements Callback {
  onBatchEnd(training: Training): void {
    const { loss } = training.logs;
    if (!Number.isFinite(loss)) {
      training.stop(`StopOnNaN: the loss of batch ${training.batch} of epoch ${training.epoch} is ${loss}`);
    }
  }
}

/** Anything that draws or keeps numbers step by step: a chart of `lossChart()`. */
export interface Recorder {
  add(values: Record<string, number>, step?: number): unknown;
  /** Draws where the training stopped, and why. */
  rule?(step: number, label: string): unknown;
}

/** Options of {@link Report}. */
export interface ReportOptions {
  /** Report the loss of every so many steps (1); 0: only epochs. */
  readonly everySteps?: number;
  /** Which of an epoch's numbers are reported (those of the validation, or all if `everySteps` is 0). */
  readonly names?: readonly string[];
}

/**
 * Hands the numbers to a chart while the training runs: `callbacks: [new callbacks.Report(lossChart())]`. The horizontal
 * axis is the optimizer's steps.
 */
export class Report implements Callback {
  constructor(
    readonly recorder: Recorder,
    readonly options: ReportOptions = {},
  ) {}

  onBatchEnd({ step, logs }: Training): void {
    const { everySteps = 1 } = this.options;
    if (everySteps > 0 && step % everySteps === 0) this.recorder.add({ loss: logs.loss }, step);
  }

  onEpochEnd({ step, logs }: Training): void {
    const { everySteps = 1, names } = this.options;
    const chosen = Object.entries(logs).filter(([name]) =>
      names ? names.includes(name) : everySteps === 0 ? name !== 'lr' : name.startsWith('validation'),
    );
    if (chosen.length > 0) this.recorder.add(Object.fromEntries(chosen), step);
  }

  onTrainEnd({ step, history }: Training): void {
    if (history.stopped !== null) this.recorder.rule?.(step, history.stopped);
  }
}
