/** When to stop training. */

import { describeValue } from '../layout.js';
import { checkOptions } from '../options.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** Epochs without improvement that are put up with (10). */
  patience?: number;
  /** Smallest change that counts as improvement (0). */
  minDelta?: number;
  /** Whether the quantity should get smaller (`min`, default) or larger. */
  mode?: 'min' | 'max';
}

/**
 * Says when a quantity, such as the validation loss, has not improved for `patience` epochs:
 *
 * ```ts
 * const stopping = new optim.EarlyStopping({ patience: 5 });
 * for (let epoch = 0; !stopping.stopped; epoch++) stopping.step(trainOneEpoch());
 * ```
 */
export class EarlyStopping {
  readonly #patience: number;
  readonly #minDelta: number;
  readonly #sign: number;
  #best = Infinity;
  #bestEpoch = -1;
  #epoch = -1;

  /** @throws RangeError if patience is not an integer from 0 or minDelta is negative */
  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions('EarlyStopping', options, ['patience', 'minDelta', 'mode']);
    const { patience = 10, minDelta = 0, mode = 'min' } = options;
    if (!Number.isInteger(patience) || patience < 0) {
      throw new RangeError(`EarlyStopping: patience must be an integer from 0, got ${patience}`);
    }
    if (!(minDelta >= 0)) throw new RangeError(`EarlyStopping: minDelta must be 0 or more, got ${minDelta}`);
    if (mode !== 'min' && (mode as string) !== 'max') {
      throw new RangeError(`EarlyStopping: mode is 'min' or 'max', got ${describeValue(mode)}`);
    }
    this.#patience = patience;
    this.#minDelta = minDelta;
    this.#sign = mode === 'min' ? 1 : -1;
  }

  /** Takes this epoch's value and says whether to stop. NaN is no improvement. */
  step(value: number): boolean {
    if (typeof (value as unknown) !== 'number') {
      throw new TypeError(`EarlyStopping: step takes a number, as loss.item(), got ${describeValue(value)}`);
    }
    this.#epoch++;
    const size = this.#sign * value;
    if (size < this.#best - this.#minDelta || (this.#bestEpoch < 0 && !Number.isNaN(size))) {
      this.#best = size;
      this.#bestEpoch = this.#epoch;
    }
    return this.stopped;
  }

  /** Whether more than `patience` epochs went by without improvement. */
  get stopped(): boolean {
    return this.#epoch - this.#bestEpoch > this.#patience;
  }

  /** Whether the last step was an improvement: the moment to keep a copy of the model. */
  get improved(): boolean {
    return this.#bestEpoch >= 0 && this.#epoch === this.#bestEpoch;
  }

  /** The best value so far; NaN before the first. */
  get best(): number {
    return this.#bestEpoch < 0 ? NaN : this.#sign * this.#best;
  }

  /** The epoch of the best value, from 0; -1 before the first. */
  get bestEpoch(): number {
    return this.#bestEpoch;
  }
}
