/** One training: the parts of the loop, which `fit` and `fitAsync` put together. */
import { backward } from '../autograd/index.js';
import { noGrad } from '../autograd/mode.js';
import { resume, type SavesState } from '../io/checkpoint.js';
import { clipGradNorm_ } from '../nn/utils.js';
import { cat } from '../ops/joining.js';
import { ReduceLROnPlateau } from '../optim/schedulers/index.js';
import type { Tensor } from '../tensor.js';
import type { Callback, Training } from './callback.js';
import { FitHistory } from './history.js';
import type { FitOptions, Metric, Trainable } from './options.js';

/** Sums over an epoch, weighted by samples. */
type Sums = Record<string, number>;

/** What a batch gave. */
interface Step {
  readonly loss: Tensor;
  readonly prediction: Tensor | null;
  readonly target: Tensor | null;
  readonly samples: number;
}

export class Trainer<Batch> implements Training {
  readonly history: FitHistory;
  readonly epochs: number;
  readonly scheduler: (SavesState & { step(value?: number): void }) | null;
  readonly loader: SavesState | null;
  epoch = 0;
  batch = 0;
  step = 0;
  logs: Record<string, number> = {};
  #stopping = false;
  /** Batches of the present epoch that were trained on. */
  #finished = 0;
  #sums: Sums = {};
  #samples = 0;
  /** Batches of this epoch that were done before a resumption. */
  #done = 0;

  /** @throws RangeError for options that make no sense */
  constructor(
    readonly model: Trainable,
    readonly options: FitOptions<Batch>,
    train: unknown = options.train,
  ) {
    const { epochs = 1, clipGradNorm, scheduler = null, history = new FitHistory() } = options;
    if (!Number.isInteger(epochs) || epochs < 0) {
      throw new RangeError(`fit: epochs must be a whole number from 0, got ${epochs}`);
    }
    if (clipGradNorm !== undefined && !(clipGradNorm > 0)) {
      throw new RangeError(`fit: clipGradNorm must be a positive number, got ${clipGradNorm}`);
    }
    if (options.step === undefined && options.loss === undefined) {
      throw new TypeError('fit: give a loss(prediction, target), or a step(batch) of your own');
    }
    this.epochs = epochs;
    this.history = history;
    this.scheduler = scheduler;
    this.loader = savesState(train) ? train : null;
  }

  get optimizer(): FitOptions<Batch>['optimizer'] {
    return this.options.optimizer;
  }

  /** Takes up a checkpoint, or a history that goes on, and begins. */
  begin(): void {
    const { resume: path } = this.options;
    this.history.stopped = null;
    this.epoch = this.history.length;
    if (path !== undefined) {
      const extra = resume(this.model, this.optimizer, path, {
        scheduler: this.scheduler ?? undefined,
        loader: this.loader ?? undefined,
      });
      this.#restore(extra);
    }
    this.tell('onTrainBegin');
  }

  beginEpoch(): void {
    this.model.train();
    this.#finished = this.#done;
    this.batch = this.#done;
    if (this.#done === 0) {
      this.#sums = {};
      this.#samples = 0;
    }
    this.#done = 0;
    this.logs = {};
    this.tell('onEpochBegin');
  }

  trainBatch(batch: Batch): void {
    const { optimizer, clipGradNorm, metrics = {}, schedulerStep = 'epoch' } = this.options;
    this.batch = this.#finished;
    this.tell('onBatchBegin');
    let first: Step | null = null;
    optimizer.step(() => {
      optimizer.zeroGrad();
      const step = this.#run(batch);
      backward(step.loss);
      if (clipGradNorm !== undefined) clipGradNorm_(this.model.parameters(), clipGradNorm);
      first ??= step;
      return step.loss;
    });
    const { loss, prediction, target, samples } = mustHave(first);
    this.step++;
    this.logs = { loss: loss.item() };
    if (prediction !== null && target !== null) {
      for (const [name, metric] of Object.entries(metrics))
        this.logs[name] = metric(prediction.detach(), target);
    }
    for (const [name, value] of Object.entries(this.logs)) {
      this.#sums[name] = (this.#sums[name] ?? 0) + value * samples;
    }
    this.#samples += samples;
    if (schedulerStep === 'batch') this.#schedule(this.logs.loss);
    this.#finished++;
    this.tell('onBatchEnd');
  }

  /** What is collected of a validation. */
  beginValidation(): Validation {
    this.model.eval();
    return { loss: 0, samples: 0, predictions: [], targets: [] };
  }

  validateBatch(batch: Batch, so: Validation): void {
    const { metrics = {} } = this.options;
    const { loss, prediction, target, samples } = noGrad(() => this.#run(batch));
    so.loss += loss.item() * samples;
    so.samples += samples;
    if (prediction === null || target === null || Object.keys(metrics).length === 0) return;
    so.predictions.push(prediction);
    so.targets.push(target);
  }

  /** Ends an epoch of which all batches were used. */
  endEpoch(validation: Validation | null): void {
    const { metrics = {}, schedulerStep = 'epoch' } = this.options;
    if (this.#samples === 0) {
      throw new RangeError(
        `fit: the training set gave no batches in epoch ${this.epoch}; an iterator can be gone through only once, give a DataLoader or an array`,
      );
    }
    const logs: Record<string, number> = {};
    for (const [name, sum] of Object.entries(this.#sums)) logs[name] = sum / this.#samples;
    if (validation !== null) {
      Object.assign(logs, this.#validated(validation, metrics));
      for (const observer of this.model.hooks?.observers ?? []) observer.validated?.(logs.validationLoss);
    }
    this.model.train();
    logs.lr = this.optimizer.paramGroups[0].lr;
    this.logs = logs;
    this.history.epochs.push(logs);
    if (schedulerStep === 'epoch')
      this.#schedule(Object.hasOwn(logs, 'validationLoss') ? logs.validationLoss : logs.loss);
    this.tell('onEpochEnd');
    this.epoch++;
  }

  end(): FitHistory {
    this.tell('onTrainEnd');
    return this.history;
  }

  /** Whether a callback ended the training, or all epochs are over. */
  isOver(): boolean {
    return this.#stopping || this.epoch >= this.epochs;
  }

  stop(reason: string): void {
    this.#stopping = true;
    this.history.stopped ??= reason;
  }

  progress(): Readonly<Record<string, unknown>> {
    // After an epoch's end its sums are in the history.
    const within = this.history.length === this.epoch;
    return {
      fit: 1,
      epochs: this.history.epochs.map((logs) => ({ ...logs })),
      step: this.step,
      batch: within ? this.#finished : 0,
      sums: within ? { ...this.#sums } : {},
      samples: within ? this.#samples : 0,
    };
  }

  #restore(extra: unknown): void {
    const { fit, epochs, step, batch, sums, samples } = record(extra);
    if (fit !== 1 || !Array.isArray(epochs) || !isCount(step) || !isCount(batch) || !isCount(samples)) {
      throw new Error('fit: the checkpoint to resume was not written by ModelCheckpoint');
    }
    this.history.epochs.splice(0, Infinity, ...epochs.map(numbers));
    this.epoch = this.history.length;
    this.step = step;
    this.#done = this.loader === null ? 0 : batch;
    this.#sums = numbers(sums);
    this.#samples = samples;
  }

  #run(batch: Batch): Step {
    const { step, loss } = this.options;
    if (step) {
      const own = step(batch, this.model);
      const { prediction = null, target = null } = own;
      return { loss: own.loss, prediction, target, samples: own.samples ?? target?.shape[0] ?? 1 };
    }
    const [x, y] = pairOf(batch);
    const prediction = this.model(x);
    if (loss === undefined) throw new TypeError('fit: there is no loss');
    return { loss: loss(prediction, y), prediction, target: y, samples: y.shape[0] ?? 1 };
  }

  #validated(so: Validation, metrics: Readonly<Record<string, Metric>>): Record<string, number> {
    if (so.samples === 0) throw new RangeError('fit: the validation set gave no batches');
    const logs: Record<string, number> = { validationLoss: so.loss / so.samples };
    if (so.predictions.length === 0) return logs;
    const predictions = cat(so.predictions, 0);
    const targets = cat(so.targets, 0);
    for (const [name, metric] of Object.entries(metrics)) {
      logs[`validation${name[0].toUpperCase()}${name.slice(1)}`] = metric(predictions, targets);
    }
    return logs;
  }

  #schedule(value: number): void {
    if (this.scheduler === null) return;
    if (this.scheduler instanceof ReduceLROnPlateau) this.scheduler.step(value);
    else this.scheduler.step();
  }

  private tell(event: keyof Callback): void {
    for (const callback of this.options.callbacks ?? []) callback[event]?.(this);
  }
}

export interface Validation {
  loss: number;
  samples: number;
  readonly predictions: Tensor[];
  readonly targets: Tensor[];
}

/** TypeScript does not see that the closure was called. */
function mustHave(step: Step | null): Step {
  if (step !== null) return step;
  throw new Error('fit: the optimizer did not compute the loss in its step');
}

function pairOf(batch: unknown): readonly [Tensor, Tensor] {
  if (Array.isArray(batch) && batch.length === 2) {
    const [x, y] = batch as [Tensor, Tensor];
    return [x, y];
  }
  throw new TypeError(
    'fit: a batch is [input, target], as of a TensorDataset of two; for others give a step(batch, model) that returns { loss }',
  );
}

function savesState(value: unknown): value is SavesState {
  return typeof value === 'object' && value !== null && 'stateDict' in value && 'loadStateDict' in value;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function numbers(value: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(record(value)).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
