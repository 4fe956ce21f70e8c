/** The numbers of one curve as they arrive: growable, with running statistics and a debiased moving average. */
import type { Points } from './chart.js';

/** A moving average over less than this many values would only echo them. */
const MIN_SMOOTHED = 20;
/** Weights with windows (1 / (1 - β)) of 5, 10, 20, 50 … values. */
const WEIGHTS = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999];
/** Mean relative jump between neighbours above which a curve counts as noisy. */
const NOISE_THRESHOLD = 0.015;

export class Series {
  private steps = new Float64Array(64);
  private values = new Float64Array(64);
  private size = 0;
  /** Whether the steps never went back. */
  private ordered = true;
  /** Whether every step is a whole number. */
  wholeSteps = true;
  /** Sum of relative second differences, to tell a noisy curve from a clean one. */
  private jumps = 0;
  private jumpCount = 0;

  /** Over finite values. */
  min = Infinity;
  max = -Infinity;
  /** Smallest value above 0: the lower end of a log axis. */
  minPositive = Infinity;
  /** How many finite values are ≤ 0, and how many of these are < 0. */
  nonPositive = 0;
  negative = 0;
  finiteCount = 0;
  best: { step: number; value: number } | null = null;
  /** The first value that is not a finite number. */
  firstBad: { step: number; value: number } | null = null;

  get length(): number {
    return this.size;
  }

  get isOrdered(): boolean {
    return this.ordered;
  }

  push(step: number, value: number): void {
    if (this.size === this.steps.length) this.grow();
    const n = this.size;
    if (n > 0 && step < this.steps[n - 1]) this.ordered = false;
    if (!Number.isInteger(step)) this.wholeSteps = false;
    this.steps[n] = step;
    this.values[n] = value;
    this.size = n + 1;
    if (!Number.isFinite(value)) {
      this.firstBad ??= { step, value };
      return;
    }
    this.finiteCount += 1;
    if (value < this.min) {
      this.min = value;
      this.best = { step, value };
    }
    if (value > this.max) this.max = value;
    if (value > 0) {
      if (value < this.minPositive) this.minPositive = value;
    } else {
      this.nonPositive += 1;
      if (value < 0) this.negative += 1;
    }
    if (n >= 2) {
      const a = this.values[n - 2];
      const b = this.values[n - 1];
      // Where values pass through 0, they say nothing about the size of a jump.
      const scale = Math.max(Math.abs(b), this.negative > 0 ? 0.05 * (this.max - this.min) : 0);
      const jump = Math.abs(b - (a + value) / 2) / scale;
      if (Number.isFinite(jump)) {
        this.jumps += Math.min(jump, 1);
        this.jumpCount += 1;
      }
    }
  }

  /** First and last finite values in order of arrival. */
  get first(): number | null {
    for (let i = 0; i < this.size; i++) if (Number.isFinite(this.values[i])) return this.values[i];
    return null;
  }

  get last(): number | null {
    for (let i = this.size - 1; i >= 0; i--) if (Number.isFinite(this.values[i])) return this.values[i];
    return null;
  }

  /** The highest finite value, where more is better. */
  get highest(): { step: number; value: number } | null {
    if (this.finiteCount === 0) return null;
    const at = this.values.subarray(0, this.size).indexOf(this.max);
    return { step: this.steps[at], value: this.max };
  }

  /** All points in order of step. */
  points(): Points {
    const x = this.steps.subarray(0, this.size);
    const y = this.values.subarray(0, this.size);
    if (this.ordered) return { x, y };
    const order = Array.from({ length: this.size }, (_, i) => i).sort((a, b) => x[a] - x[b]);
    return { x: Float64Array.from(order, (i) => x[i]), y: Float64Array.from(order, (i) => y[i]) };
  }

  /**
   * The weight of the moving average that this curve needs: 0 for a clean or short one, else a window of about 1/50
   * of the curve: enough to see the trend, too little to lag far behind it.
   */
  autoWeight(): number {
    if (this.size < MIN_SMOOTHED || this.jumpCount === 0) return 0;
    if (this.jumps / this.jumpCount < NOISE_THRESHOLD) return 0;
    return WEIGHTS.findLast((weight) => (1 - weight) * this.size >= 50) ?? WEIGHTS[0];
  }

  private grow(): void {
    const steps = new Float64Array(this.steps.length * 2);
    const values = new Float64Array(steps.length);
    steps.set(this.steps);
    values.set(this.values);
    this.steps = steps;
    this.values = values;
  }
}

/**
 * Exponential moving average without its bias towards 0 at the start (as Adam corrects its moments):
 * `m_t = β m_{t-1} + (1-β) v_t`, shown as `m_t / (1 - β^t)`. A value that is not finite breaks the line and is left out.
 * Grows with its input, so that a frame pays only for what is new.
 */
export class MovingAverage {
  private out = new Float64Array(64);
  private size = 0;
  private moment = 0;
  private decay = 1;

  constructor(readonly weight: number) {}

  /** The averages of `values`, of which those seen before must be unchanged. */
  extend(values: Float64Array): Float64Array {
    if (this.out.length < values.length) {
      const larger = new Float64Array(Math.max(values.length, 2 * this.out.length));
      larger.set(this.out);
      this.out = larger;
    }
    for (; this.size < values.length; this.size++) {
      const value = values[this.size];
      if (!Number.isFinite(value)) {
        this.out[this.size] = NaN;
        continue;
      }
      this.moment = this.weight * this.moment + (1 - this.weight) * value;
      this.decay *= this.weight;
      this.out[this.size] = this.moment / (1 - this.decay);
    }
    return this.out.subarray(0, this.size);
  }
}
