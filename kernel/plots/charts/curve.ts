/** One curve of a line chart: whose it is, its numbers, and the lines to draw of them. */
import { Blocks } from '../model/blocks.js';
import type { Points } from '../model/chart.js';
import { MovingAverage, Series } from '../model/series.js';

export type BestOf = 'min' | 'max' | 'none';

/** Points in order of step, and what helps to thin them out. */
export interface Line extends Points {
  readonly blocks: Blocks | undefined;
}

const VALIDATION = /^(val|valid|validation|test|eval|dev)($|[^a-z])/;

export class Curve {
  readonly series = new Series();
  readonly isValidation: boolean;
  private average: MovingAverage | null = null;
  /** Of the measurements, and of their moving average. */
  private rawBlocks = new Blocks();
  private smoothBlocks = new Blocks();

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
  lines(smooth: number | 'auto'): { raw: Line; smoothed: Line | null } {
    // Points that are brought into order stand elsewhere each time.
    const grows = this.series.isOrdered;
    const points = this.series.points();
    const raw = { ...points, blocks: grows ? this.rawBlocks.extend(points) : undefined };
    const weight = smooth === 'auto' ? this.series.autoWeight() : smooth;
    if (this.isValidation || !(weight > 0 && weight < 1) || this.series.length < 3)
      return { raw, smoothed: null };
    if (this.average?.weight !== weight || !grows) {
      this.average = new MovingAverage(weight);
      this.smoothBlocks = new Blocks();
    }
    const average = { x: raw.x, y: this.average.extend(raw.y) };
    const blocks = grows ? this.smoothBlocks.extend(average) : undefined;
    return { raw, smoothed: { ...average, blocks } };
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
