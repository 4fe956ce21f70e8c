/** What fitted when a chart was drawn last: it will again, or its neighbour, so the search begins there. */
import type { ChartModel } from '../model/chart.js';

const MOST = 100;

export class Choices<T> {
  private readonly made = new Map<string, T>();

  /** Of the last chart with the same title, size and panels. */
  of(chart: ChartModel): T | undefined {
    return this.made.get(kindOf(chart));
  }

  keep(chart: ChartModel, choice: T): void {
    if (this.made.size >= MOST) this.made.clear();
    this.made.set(kindOf(chart), choice);
  }
}

function kindOf({ width, height, title, panels }: ChartModel): string {
  return JSON.stringify([width, height, title, panels.map(({ kind }) => kind)]);
}
