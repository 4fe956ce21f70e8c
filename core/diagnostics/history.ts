/** Distributions over time in bounded memory. */
import type { Distribution } from './distribution.js';

export interface Moment {
  step: number;
  distribution: Distribution;
}

/**
 * Keeps at most `limit` moments, evenly spread over all that were added, and always the newest: when there are too
 * many, every other one is dropped and from then on only every second is kept.
 */
export class DistributionHistory {
  private kept: (Moment & { index: number })[] = [];
  private added = 0;
  private stride = 1;

  constructor(private readonly limit = 20) {}

  add(step: number, distribution: Distribution): void {
    const newest = this.kept.at(-1);
    if (newest && newest.index % this.stride !== 0) this.kept.pop();
    this.kept.push({ step, distribution, index: this.added });
    this.added += 1;
    if (this.kept.length <= this.limit) return;
    this.stride *= 2;
    const last = this.kept.at(-1);
    this.kept = this.kept.filter((moment) => moment === last || moment.index % this.stride === 0);
  }

  /** Oldest first. */
  get moments(): readonly Moment[] {
    return this.kept;
  }
}
