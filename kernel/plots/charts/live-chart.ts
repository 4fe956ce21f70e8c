/** What all charts have in common that change while numbers arrive: one display that follows their model. */
import { LiveDisplay, type LiveEnvironment } from '../live/live-display.js';
import type { ChartModel } from '../model/chart.js';

export abstract class LiveChart {
  /** `touch()` says that there are new numbers. */
  protected readonly live: LiveDisplay;

  constructor(environment?: LiveEnvironment) {
    this.live = new LiveDisplay((final) => this.model(final), environment);
    this.live.prepare();
  }

  /**
   * The chart as plain data.
   *
   * @param final whether it is for a picture that stays
   */
  abstract model(final?: boolean): ChartModel;

  /** Shows the final picture as soon as it is drawn instead of when the cell ends. */
  finish(): void {
    this.live.finish();
  }

  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    return this.live.result();
  }
}
