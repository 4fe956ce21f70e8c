/** What `fit` is given. */
import type { SavesState } from '../io/checkpoint.js';
import type { Module } from '../nn/module.js';
import type { OptimizerState } from '../optim/optimizer.js';
import type { Tensor } from '../tensor.js';
import type { Callback } from './callback.js';
import type { FitHistory } from './history.js';

/** A model of one input: most are. Others are trained by a `step` of one's own. */
export type Trainable = ((input: Tensor) => Tensor) & Module;

/** What is measured of predictions and targets: `metrics.accuracy`, for instance. */
export type Metric = (prediction: Tensor, target: Tensor) => number;

/** What `fit` needs of an optimizer; those of `optim` all have it. */
export interface FitOptimizer {
  readonly paramGroups: readonly { lr: number }[];
  zeroGrad(): void;
  step<T>(closure: () => T): T | undefined;
  stateDict(): OptimizerState;
  loadStateDict(state: OptimizerState): void;
}

/** What a `step` of one's own gives back; metrics need prediction and target. */
export interface StepResult {
  readonly loss: Tensor;
  readonly prediction?: Tensor;
  readonly target?: Tensor;
  /** By how much the batch counts in the epoch's means (the target's first size, or 1). */
  readonly samples?: number;
}

/** Options of `fit`. */
export interface FitOptions<Batch, Batches = Iterable<Batch>> {
  /** The training set in batches: a DataLoader, or an array of batches. */
  readonly train: Batches;
  /** The set that the model is tried on after every epoch, in evaluation mode, without gradients. */
  readonly validation?: Batches;
  /** The loss of a batch [input, target]: `F.crossEntropy`, `new nn.MSELoss()`. */
  readonly loss?: (prediction: Tensor, target: Tensor) => Tensor;
  /** The loss of any other batch, instead of `loss`. Called for training and validation. */
  readonly step?: (batch: Batch, model: Trainable) => StepResult;
  readonly optimizer: FitOptimizer;
  /** How many epochs in all (1), those of a `history` or checkpoint that goes on included. */
  readonly epochs?: number;
  /**
   * Measured of training batches (the mean over the epoch, by samples) and of the whole validation set at once, as
   * `validation` and the name: { accuracy: metrics.accuracy } gives accuracy and validationAccuracy.
   */
  readonly metrics?: Readonly<Record<string, Metric>>;
  readonly callbacks?: readonly Callback[];
  /** A learning rate schedule; one on a plateau is given validationLoss, or loss. */
  readonly scheduler?: SavesState & { step(value?: number): void };
  /** When the schedule goes on ('epoch'). */
  readonly schedulerStep?: 'epoch' | 'batch';
  /** The norm to which all gradients together are clipped (they are not). */
  readonly clipGradNorm?: number;
  /** A checkpoint of `callbacks.ModelCheckpoint` to go on from. */
  readonly resume?: string | URL;
  /** Where the epochs' numbers go; a history of another `fit` goes on. */
  readonly history?: FitHistory;
}
