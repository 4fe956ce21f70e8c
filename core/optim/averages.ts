/** Averages of a model's weights over its training, which often generalize better than the last ones. */

import { hostCall } from '../kernels/recording.js';
import type { Module } from '../nn/module.js';
import { checkOptions } from '../options.js';
import { floats } from './elementwise.js';

/** Options of {@link EMA}. */
export interface EMAOptions {
  /** Share of the average that is kept at each update (0.999). */
  decay?: number;
}

/**
 * An exponential moving average of a model's parameters: a ← decay a + (1 - decay) p. Buffers are copied as they are.
 *
 * ```ts
 * const ema = new optim.EMA(model);
 * …; optimizer.step(); ema.update();
 * ema.model(x); // evaluates with the averaged weights
 * ```
 */
export class EMA<M extends Module> {
  /** A copy of the model with the averaged weights, in evaluation mode and frozen. */
  readonly model: M;
  readonly decay: number;
  /** Number of updates so far. */
  updates = 0;

  /** @throws RangeError unless decay is in [0, 1] */
  constructor(
    readonly source: M,
    options: EMAOptions = {},
  ) {
    checkOptions('EMA', options, ['decay']);
    const { decay = 0.999 } = options;
    if (!(decay >= 0 && decay <= 1)) throw new RangeError(`EMA: decay must be in [0, 1], got ${decay}`);
    this.decay = decay;
    this.model = source.clone().eval().requiresGrad_(false);
  }

  /** Takes the model's present weights into the average; call it after each step of the optimizer. */
  update(): void {
    hostCall('EMA.update', () => {
      this.average();
    });
  }

  private average(): void {
    this.updates++;
    const present = this.source.parameters();
    this.model.parameters().forEach((average, k) => {
      average.changing();
      const to = floats(average);
      const from = floats(present[k].contiguous());
      for (let i = 0; i < to.length; i++) to[i] = this.decay * to[i] + (1 - this.decay) * from[i];
      average.changed();
    });
    const buffers = this.source.buffers();
    this.model.buffers().forEach((buffer, k) => buffer.copy_(buffers[k]));
  }
}
