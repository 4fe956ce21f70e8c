/** Averages of weights along a training, PyTorch's `torch.optim.swa_utils`. */
import { noGrad } from '../autograd/mode.js';
import type { Arguments } from '../arguments.js';
import { checkOptions } from '../options.js';
import { tensor } from '../ops/creation.js';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../nn/normalization.js';
import { type InputsOf, Module, type OutputOf } from '../nn/module.js';
import { Tensor } from '../tensor.js';
import { LRScheduler, perGroup, type Scheduled, scheduleOptions } from './schedulers/base.js';

/** The next average of a parameter, from the one before, the present value, and how many have been averaged. */
export type AverageFunction = (averaged: Tensor, present: Tensor, count: number) => Tensor;

/** The mean of all: a + (p − a) / (n + 1). */
export function getSwaAvgFn(): AverageFunction {
  return (averaged, present, count) => averaged.add(present.sub(averaged).div(count + 1));
}

/** The exponential moving average: decay a + (1 − decay) p. */
export function getEmaAvgFn(decay = 0.999): AverageFunction {
  if (!(decay >= 0 && decay <= 1)) throw new RangeError(`getEmaAvgFn: decay must be in [0, 1], got ${decay}`);
  return (averaged, present) => averaged.mul(decay).add(present.mul(1 - decay));
}

/**
 * A copy of a model whose weights are averages of those it had at each `updateParameters(model)` (Izmailov et al., 2018);
 * it is called as the model. `avgFn` says how (the mean); with `useBuffers` buffers are averaged too, else copied.
 */
export class AveragedModel<M extends Module = Module> extends Module {
  readonly module: M;
  declare nAveraged: Tensor;
  /** A function object in a field would be taken for part of the state of the module when it is copied. */
  readonly #average: AverageFunction;
  readonly #useBuffers: boolean;

  constructor(model: M, options: { avgFn?: AverageFunction; useBuffers?: boolean } = {}) {
    super();
    checkOptions('AveragedModel', options, ['avgFn', 'useBuffers']);
    this.#average = options.avgFn ?? getSwaAvgFn();
    this.#useBuffers = options.useBuffers ?? false;
    this.module = model.clone();
    this.registerBuffer('nAveraged', tensor(0, { dtype: 'int64' }));
  }

  override forward(...inputs: InputsOf<M>): OutputOf<M>;
  override forward(...inputs: unknown[]): unknown {
    return this.module(...(inputs as Parameters<M['forward']>));
  }

  /** Takes the model's present weights into the average; call it every epoch, or after each step. */
  updateParameters(model: M): void {
    const count = this.nAveraged.item();
    const take = (averages: readonly Tensor[], present: readonly Tensor[]): void => {
      averages.forEach((average, i) => {
        const next = present[i].detach();
        average.copy_(count === 0 ? next : this.#average(average, next, count));
      });
    };
    noGrad(() => {
      take(this.module.parameters(), model.parameters());
      if (this.#useBuffers) take(this.module.buffers(), model.buffers());
      else this.module.buffers().forEach((buffer, i) => buffer.copy_(model.buffers()[i]));
      this.nAveraged.add_(1);
    });
  }
}

/** Options of {@link SWALR}. */
export interface SWALROptions {
  /** The rate in the end, one or one a parameter group. */
  swaLr: number | readonly number[];
  /** Epochs until it is reached (10). */
  annealEpochs?: number;
  /** Along a cosine (default) or a line. */
  annealStrategy?: 'cos' | 'linear';
}

const SWALR_ORDER = ['swaLr', 'annealEpochs', 'annealStrategy'] as const;

/** Anneals the rate to a constant one, for the epochs whose weights are averaged. */
export class SWALR extends LRScheduler {
  readonly #rates: readonly number[];
  readonly #epochs: number;
  readonly #curve: (t: number) => number;

  constructor(optimizer: Scheduled, ...args: Arguments<SWALROptions, typeof SWALR_ORDER>) {
    const options = scheduleOptions<SWALROptions>('SWALR', optimizer, args, SWALR_ORDER, 1);
    super(optimizer);
    const { swaLr, annealEpochs = 10, annealStrategy = 'cos' } = options;
    if (!Number.isInteger(annealEpochs) || annealEpochs < 0) {
      throw new RangeError(`SWALR: annealEpochs is a whole number from 0 up, got ${annealEpochs}`);
    }
    if (!['cos', 'linear'].includes(annealStrategy)) {
      throw new RangeError(`SWALR: annealStrategy is 'cos' or 'linear', got ${annealStrategy}`);
    }
    this.#rates = perGroup(swaLr, this.groups.length, 'SWALR: swaLr');
    this.#epochs = annealEpochs;
    this.#curve = annealStrategy === 'cos' ? (t) => (1 - Math.cos(Math.PI * t)) / 2 : (t) => t;
    this.initialStep();
  }

  protected getLr(): number[] {
    if (this.lastEpoch === 0) return this.scaled(1);
    const step = this.#epochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1;
    const at = (n: number): number => this.#curve(Math.max(0, Math.min(1, n / Math.max(1, this.#epochs))));
    const [before, now] = [at(step - 1), at(step)];
    return this.groups.map(({ lr }, i) => {
      const end = this.#rates[i];
      // The rate where the annealing began, whatever else has changed it.
      const start = before === 1 ? end : (lr - before * end) / (1 - before);
      return end * now + start * (1 - now);
    });
  }
}

/**
 * Computes running statistics of batch normalization anew, as means over all batches of a loader: averaged weights have
 * seen none. Of batches that are arrays the first entry is the input.
 */
export function updateBn(loader: Iterable<unknown>, model: Module): void {
  const norms = model
    .modules()
    .filter((m) => m instanceof BatchNorm1d || m instanceof BatchNorm2d || m instanceof BatchNorm3d);
  if (norms.length === 0) return;
  const momenta = norms.map((norm) => norm.momentum);
  const was = model.training;
  noGrad(() => {
    for (const norm of norms) {
      norm.resetRunningStats();
      norm.momentum = null;
    }
    model.train();
    for (const batch of loader) model(Array.isArray(batch) ? (batch as readonly unknown[])[0] : batch);
  });
  norms.forEach((norm, i) => (norm.momentum = momenta[i]));
  model.train(was);
}
