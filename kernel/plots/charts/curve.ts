/** One curve of a line chart: whose it is, its numbers, and the lines to draw of them. */
import type { Points } from '../model/chart.js';
import { MovingAverage, Series } from '../model/series.js';

export type BestOf = 'min' | 'max' | 'none';

const VALIDATION = /^(val|valid|validation|test|eval|dev)($|[^a-z])/;

export class Curve {
  readonly series = new Series();
  readonly isValidation: boolean;
  private average: MovingAverage | null = null;

  constructor(
    readonly run: string,
    readonly name: string,
    /** A learning rate: drawn below, never smoothed. */
    readonly isRate: boolean,
    readonly color: number,
  ) {
    this.isValidation = !isRate && VALIDATION.test(name);
  }

  /** A run with a single curve in the panel goes by the run's name. */
  label(siblings: readonly Curve[]): string {
    if (this.run === '') return this.name;
    const alone = siblings.every((other) => other === this || other.run !== this.run);
    return alone ? this.run : `${this.run} ${this.name}`;
  }

  best(of: BestOf): { step: number; value: number } | null {
    if (of === 'none') return null;
    return of === 'min' ? this.series.best : this.series.highest;
  }

  /** The measurements in order of step, and their moving average where it helps. */
  lines(smooth: number | 'auto'): { raw: Points; smoothed: Points | null } {
    const raw = this.series.points();
    const weight = smooth === 'auto' ? this.series.autoWeight() : smooth;
    if (this.isValidation || !(weight > 0 && weight < 1) || this.series.length < 3)
      return { raw, smoothed: null };
    if (this.average?.weight !== weight || !this.series.isOrdered) this.average = new MovingAverage(weight);
    return { raw, smoothed: { x: raw.x, y: this.average.extend(raw.y) } };
  }

  /** The weight of its moving average; 0 for none. */
  weight(smooth: number | 'auto'): number {
    if (this.isValidation || this.isRate || this.series.length < 3) return 0;
    const weight = smooth === 'auto' ? this.series.autoWeight() : smooth;
    return weight > 0 && weight < 1 ? weight : 0;
  }

  wholeSteps(): boolean {
    return this.series.wholeSteps;
  }
}
