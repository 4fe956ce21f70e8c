/** What watches a training, and what it sees. */
import type { SavesOptimizerState, SavesState } from '../io/checkpoint.js';
import type { Module } from '../nn/module.js';
import type { FitHistory } from './history.js';

/** A training while it runs. Epochs and batches count from 0. */
export interface Training {
  readonly model: Module;
  readonly optimizer: SavesOptimizerState;
  readonly scheduler: SavesState | null;
  /** The loader of the training set, if it can save where it stands (a DataLoader can). */
  readonly loader: SavesState | null;
  readonly history: FitHistory;
  /** The present epoch, and how many there will be at most. */
  readonly epoch: number;
  readonly epochs: number;
  /** The present batch of the epoch. */
  readonly batch: number;
  /** Steps of the optimizer since the beginning, those before a resumption included. */
  readonly step: number;
  /** The numbers so far: in a batch those of the batch, at the end of an epoch those of the epoch. */
  readonly logs: Readonly<Record<string, number>>;
  /** Ends the training after this batch. */
  stop(reason: string): void;
  /** Everything that `fit` itself needs to go on: plain data for `io.checkpoint`'s `extra`. */
  progress(): Readonly<Record<string, unknown>>;
}

/** Anything with some of these methods can be given to `fit`; they are called in the order of the list. */
export interface Callback {
  onTrainBegin?(training: Training): void;
  onEpochBegin?(training: Training): void;
  onBatchBegin?(training: Training): void;
  /** After the optimizer's step; `training.logs.loss` is the batch's. */
  onBatchEnd?(training: Training): void;
  /** After validation and the schedule's step; `training.logs` is the new last entry of the history. */
  onEpochEnd?(training: Training): void;
  /** Not called where the training was cut off by an error. */
  onTrainEnd?(training: Training): void;
}
