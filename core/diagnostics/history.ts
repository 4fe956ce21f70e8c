/** Measurements over time in bounded memory. */
import type { Distribution } from './distribution.js';

export interface Moment {
  step: number;
  distribution: Distribution;
}

/**
 * Keeps at most `limit` entries, evenly spread over all that were added, and always the newest: when there are too
 * many, every other one is dropped and from then on only every second is kept.
 */
export class History<T> {
  private kept: { entry: T; index: number }[] = [];
  private added = 0;
  private stride = 1;

  constructor(private readonly limit: number) {}

  push(entry: T): void {
    const newest = this.kept.at(-1);
    if (newest && newest.index % this.stride !== 0) this.kept.pop();
    this.kept.push({ entry, index: this.added });
    this.added += 1;
    if (this.kept.length <= this.limit) return;
    this.stride *= 2;
    const last = this.kept.at(-1);
    this.kept = this.kept.filter((one) => one === last || one.index % this.stride === 0);
  }

  /** Oldest first. */
  get entries(): readonly T[] {
    return this.kept.map(({ entry }) => entry);
  }

  get newest(): T | undefined {
    return this.kept.at(-1)?.entry;
  }
}

/** Distributions over time: see {@link History}. */
export class DistributionHistory {
  private readonly history: History<Moment>;

  constructor(limit = 20) {
    this.history = new History(limit);
  }

  add(step: number, distribution: Distribution): void {
    this.history.push({ step, distribution });
  }

  get newest(): Moment | undefined {
    return this.history.newest;
  }

  /** Oldest first. */
  get moments(): readonly Moment[] {
    return this.history.entries;
  }
}
