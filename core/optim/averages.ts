/** Averages of a model's weights over its training, which often generalize better than the last ones. */

import { type FloatElement, kernels } from '../kernels/index.js';
import { tracing } from '../autograd/tracing.js';
import { beforeKernel } from '../kernels/recording.js';
import { update, type UpdateArrays } from '../kernels/updates.js';
import { f64 } from '../memory.js';
import type { Module } from '../nn/module.js';
import { checkOptions } from '../options.js';
import { contiguousData } from '../ops/raw.js';
import { Storage } from '../storage.js';
import { uninterrupted } from '../uninterrupted.js';
import { floatElementOf } from './elementwise.js';

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
  readonly #numbers = Storage.allocate(16, 'EMA');

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
    const numbers = this.#numbers;
    const present = this.source.parameters();
    const calls = new Map<FloatElement, UpdateArrays[]>();
    const averages = this.model.parameters();
    /** Held until the kernels have run: what lies in order in place of a parameter that does not. */
    const held = averages.map((average, k) => {
      average.changing();
      tracing.current?.uses(present[k]);
      const element = floatElementOf(average);
      const from = contiguousData(present[k], 'EMA');
      let call = calls.get(element);
      if (call === undefined) calls.set(element, (call = []));
      call.push([average.numel(), average.ptr, from.ptr]);
      return from;
    });
    uninterrupted.run(() => {
      beforeKernel('EMA.update', () => {
        this.updates++;
        f64[numbers.ptr / 8] = this.decay;
        f64[numbers.ptr / 8 + 1] = 1 - this.decay;
      });
      for (const [element, tensors] of calls) kernels.update(ema, element, tensors, numbers.ptr);
    });
    for (let k = 0; k < held.length; k++) averages[k].changed();
    const buffers = this.source.buffers();
    this.model.buffers().forEach((buffer, k) => buffer.copy_(buffers[k]));
  }
}

/** The average takes the place of the parameter, the parameter that of the gradient. */
const ema = update('EMA', 0, 2, (m, [average, present], [decay, rest]) => [
  m.add(m.mul(decay, average), m.mul(rest, present)),
]);
