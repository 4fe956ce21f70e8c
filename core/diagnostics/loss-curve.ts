/** The loss over all steps of a training in bounded memory: means of so many steps each, and how they scatter. */

/** Some readings that follow each other. */
export interface LossBin {
  /** The steps of the first and the last. */
  from: number;
  to: number;
  count: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
  min: number;
  max: number;
  /** Sum of the squared differences to the reading before each. */
  turns: number;
}

/** What is known of a part of the curve. */
export interface Level {
  from: number;
  to: number;
  /** Readings. */
  count: number;
  mean: number;
  /** Standard error of the mean, by how the bins scatter around a straight line. */
  error: number;
}

/** Bins, of which there are half as many at least once there were so many readings. */
const MOST_BINS = 96;
/** The median of so many readings is where the loss began. */
const FIRST = 5;

export class LossCurve {
  /** Oldest first, each of as many readings but for the last. */
  bins: LossBin[] = [];
  readings = 0;
  newest = NaN;
  private capacity = 1;
  private readonly first: number[] = [];

  /** Takes a number that is finite. */
  add(step: number, value: number): void {
    const turn = this.readings === 0 ? 0 : (value - this.newest) ** 2;
    this.newest = value;
    if (this.readings++ < FIRST) this.first.push(value);
    const last = this.bins.at(-1);
    if (last === undefined || last.count === this.capacity) {
      if (this.bins.length === MOST_BINS) this.halve();
      this.bins.push({
        from: step,
        to: step,
        count: 1,
        mean: value,
        squares: 0,
        min: value,
        max: value,
        turns: turn,
      });
      return;
    }
    const delta = value - last.mean;
    last.to = step;
    last.count += 1;
    last.mean += delta / last.count;
    last.squares += delta * (value - last.mean);
    last.turns += turn;
    if (value < last.min) last.min = value;
    if (value > last.max) last.max = value;
  }

  /** Where it began; NaN before. */
  get start(): number {
    const sorted = [...this.first].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? NaN;
  }

  /** Bins that are full. */
  get full(): readonly LossBin[] {
    const { bins } = this;
    return bins.length > 0 && bins[bins.length - 1].count < this.capacity ? bins.slice(0, -1) : bins;
  }

  private halve(): void {
    const { bins } = this;
    this.bins = [];
    for (let i = 0; i + 1 < bins.length; i += 2) this.bins.push(joined(bins[i], bins[i + 1]));
    this.capacity *= 2;
  }
}

function joined(a: LossBin, b: LossBin): LossBin {
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    from: a.from,
    to: b.to,
    count,
    mean: a.mean + (delta * b.count) / count,
    squares: a.squares + b.squares + (delta * delta * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    turns: a.turns + b.turns,
  };
}

/** Of bins of equally many readings, three at least. */
export function levelOf(bins: readonly LossBin[]): Level {
  const n = bins.length;
  const mean = bins.reduce((sum, one) => sum + one.mean, 0) / n;
  const centre = (n - 1) / 2;
  let along = 0;
  let across = 0;
  bins.forEach((one, i) => {
    along += (i - centre) ** 2;
    across += (i - centre) * (one.mean - mean);
  });
  const slope = along > 0 ? across / along : 0;
  const rest = bins.reduce((sum, one, i) => sum + (one.mean - mean - slope * (i - centre)) ** 2, 0);
  return {
    from: bins[0].from,
    to: bins[n - 1].to,
    count: bins.reduce((sum, one) => sum + one.count, 0),
    mean,
    error: Math.sqrt(rest / Math.max(1, n - 2) / n),
  };
}

/** How single readings scatter around the means of stretches of some readings, and how alike neighbours are. */
export function scatterOf(bins: readonly LossBin[]): { deviation: number; turning: number } {
  // Bins of few readings are joined, so that each has a mean of its own.
  let stretches = [...bins];
  while (stretches.length > 1 && stretches[0].count < LEAST_STRETCH) {
    const pairs: LossBin[] = [];
    for (let i = 0; i + 1 < stretches.length; i += 2) pairs.push(joined(stretches[i], stretches[i + 1]));
    stretches = pairs;
  }
  const count = stretches.reduce((sum, one) => sum + one.count - 1, 0);
  const variance = stretches.reduce((sum, one) => sum + one.squares, 0) / Math.max(1, count);
  const all = stretches.reduce((sum, one) => sum + one.count, 0);
  const turns = stretches.reduce((sum, one) => sum + one.turns, 0) / Math.max(1, all);
  return { deviation: Math.sqrt(variance), turning: variance > 0 ? turns / (2 * variance) : 0 };
}

const LEAST_STRETCH = 8;
