/** The loss curve. */
import type { LiveEnvironment } from '../live/live-display.js';
import type { Curve } from './curve.js';
import { LineChart, type LineChartOptions } from './line-chart.js';

import { heardValidation, lossNamed } from './watched-loss.js';

/**
 * Training and validation loss over steps, live: measurements at a quarter of their strength under their moving
 * average, a mark at the validation minimum, a log axis when the loss falls by more than a factor of 50, the learning
 * rate below when `lr` is given, a red rule where a loss stops being a number.
 *
 * ```ts
 * const chart = lossChart({ title: 'Two moons' });
 * for (let step = 0; step < 1000; step++) chart.add({ train: loss, val: step % 50 ? null : valLoss, lr });
 * ```
 * Several runs: `chart.run('sgd').add({ train, val })`, or a name for each: `chart.add({ batch: a, 'mini-batch': b })`.
 */
export class LossChart extends LineChart {
  constructor(options: LineChartOptions = {}, environment?: LiveEnvironment) {
    super(typeof options === 'object' ? { yName: 'loss', smooth: 'auto', ...options } : options, environment);
  }

  /** Watched models learn of their validation here. */
  protected override measured({ run, name, isValidation }: Curve, value: number): void {
    if (isValidation && run === '' && this.options.yName === 'loss' && lossNamed(name) === 'validation')
      heardValidation(value);
  }
}

/**
 * The loss curve of a training, live: `const chart = lossChart({ title: 'Two moons' })`, then `chart.add({ loss })` each step, with
 * `val` and `lr` as they come. It smooths, marks the minimum of the validation, chooses a log axis, and rules off where a
 * loss stops being a number.
 */
export function lossChart(options: LineChartOptions = {}): LossChart {
  return new LossChart(options);
}
