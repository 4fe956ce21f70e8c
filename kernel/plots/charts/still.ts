/** A chart that is complete when it is made. */
import { LiveDisplay, type LiveEnvironment } from '../live/live-display.js';
import type { ChartModel } from '../model/chart.js';

/** A chart that does not change any more: the last line of a cell shows it, and `show()` does at once. */
export class Still {
  private readonly display: LiveDisplay;

  constructor(
    private readonly chart: ChartModel,
    environment?: LiveEnvironment,
  ) {
    this.display = new LiveDisplay(() => chart, environment);
  }

  /** Shows it now; a cell that returns it shows it as well. */
  show(): void {
    this.display.touch();
    this.display.finish();
  }

  /** The chart as plain data. */
  model(): ChartModel {
    return this.chart;
  }

  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    return this.display.result();
  }
}
