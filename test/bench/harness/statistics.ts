/** What is said of repeated measurements. */

export interface Summary {
  /** Milliseconds. */
  readonly median: number;
  /** The quartiles: half of all measurements lie between them. */
  readonly low: number;
  readonly high: number;
  readonly best: number;
  readonly count: number;
}

/**
 * The value below which the given share of the values lies, interpolated linearly between neighbours (the default of
 * NumPy's `quantile`). NaN for no values.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function summarize(times: readonly number[]): Summary {
  return {
    median: median(times),
    low: quantile(times, 0.25),
    high: quantile(times, 0.75),
    best: Math.min(...times),
    count: times.length,
  };
}

/** Half the distance of the quartiles as a share of the median: how restless a measurement was. */
export function spread({ median: middle, low, high }: Summary): number {
  return (high - low) / 2 / middle;
}

/** Whether two runs of the same computation gave the same numbers, step by step, to a relative tolerance. */
export function agree(actual: readonly number[], expected: readonly number[], tolerance: number): boolean {
  return (
    actual.length === expected.length &&
    actual.every(
      (value, i) => Math.abs(value - expected[i]) <= tolerance * Math.max(1, Math.abs(expected[i])),
    )
  );
}
