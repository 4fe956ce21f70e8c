/** Training as one call, for those who do not want to write the loop. */
import { describeValue } from '../layout.js';
import { Module } from '../nn/module.js';
import type { FitHistory } from './history.js';
import type { FitOptions, Trainable } from './options.js';
import { Trainer } from './trainer.js';

/** @throws TypeError unless there are a module and options */
function checkArguments(operation: string, model: unknown, options: unknown): void {
  const usage = `as ${operation}(model, { train, loss, optimizer, epochs })`;
  if (!(model instanceof Module)) {
    throw new TypeError(
      `${operation}: the first argument is a module, ${usage}, got ${describeValue(model)}`,
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${operation}: options are given by name, ${usage}, got ${describeValue(options)}`);
  }
  if (!('train' in options))
    throw new TypeError(`${operation}: there is no train, what to train on, ${usage}`);
  if (!('optimizer' in options)) throw new TypeError(`${operation}: there is no optimizer, ${usage}`);
}

/**
 * Trains a model: for every epoch and every batch, `zeroGrad`, loss, `backward`, clipping if asked for, the optimizer's
 * step; then validation and the schedule's step. It does nothing that a loop of one's own could not do.
 *
 * ```ts
 * const history = fit(model, {
 *   train: new data.DataLoader(set, { batchSize: 32, shuffle: true }),
 *   loss: F.crossEntropy,
 *   optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
 *   epochs: 20,
 *   metrics: { accuracy: metrics.accuracy },
 *   callbacks: [new callbacks.Report(lossChart())],
 * });
 * ```
 *
 * If it is interrupted, the model is as it was after the last step and in training mode or evaluation mode; a `history`
 * that was given holds the epochs that were finished, and `fit` with the same one goes on with the next.
 * @returns the history
 * @throws TypeError, RangeError for options that do not fit; what losses, metrics and callbacks throw
 */
export function fit<Batch>(model: Trainable, options: FitOptions<Batch>): FitHistory {
  checkArguments('fit', model, options);
  const trainer = new Trainer<Batch>(model, options);
  const { train, validation } = options;
  trainer.begin();
  while (!trainer.isOver()) {
    trainer.beginEpoch();
    for (const batch of train) {
      trainer.trainBatch(batch);
      if (trainer.isOver()) return trainer.end();
    }
    if (validation === undefined) trainer.endEpoch(null);
    else {
      const so = trainer.beginValidation();
      for (const batch of validation) trainer.validateBatch(batch, so);
      trainer.endEpoch(so);
    }
  }
  return trainer.end();
}

/** As {@link fit}, for loaders of asynchronous data sets: batches are loaded while others are trained on. */
export async function fitAsync<Batch>(
  model: Trainable,
  options: FitOptions<Batch, AsyncIterable<Batch> | Iterable<Batch>>,
): Promise<FitHistory> {
  checkArguments('fitAsync', model, options);
  const { train, validation, ...rest } = options;
  const trainer = new Trainer<Batch>(model, { ...rest, train: [] }, train);
  trainer.begin();
  while (!trainer.isOver()) {
    trainer.beginEpoch();
    for await (const batch of train) {
      trainer.trainBatch(batch);
      if (trainer.isOver()) return trainer.end();
    }
    if (validation === undefined) trainer.endEpoch(null);
    else {
      const so = trainer.beginValidation();
      for await (const batch of validation) trainer.validateBatch(batch, so);
      trainer.endEpoch(so);
    }
  }
  return trainer.end();
}
