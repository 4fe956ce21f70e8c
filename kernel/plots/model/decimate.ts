/** Fewer points, the same picture. */
import type { Points } from './chart.js';

/**
 * At most two points a bucket: the smallest and the largest value in the order in which they occur, so that every
 * spike survives; the very first and last points are kept. Buckets split the range of `x` evenly, in `log` x evenly in
 * its logarithm. A value that is not finite becomes one NaN, which breaks the line. `x` must not decrease.
 */
export function decimate(points: Points, buckets: number, log = false): Points {
  const { x, y } = points;
  const n = x.length;
  if (n <= 2 * buckets) return { x: x.slice(), y: y.slice() };
  // Where each bucket ends, in values of x: nothing is computed a point.
  const start = log ? Math.log(Math.max(x[0], Number.MIN_VALUE)) : x[0];
  const span = (log ? Math.log(Math.max(x[n - 1], Number.MIN_VALUE)) : x[n - 1]) - start;
  const endOf = (bucket: number): number => {
    if (bucket === buckets - 1) return Infinity;
    const end = start + (span * (bucket + 1)) / buckets;
    return log ? Math.exp(end) : end;
  };
  const outX: number[] = [];
  const outY: number[] = [];
  const emit = (i: number): void => {
    outX.push(x[i]);
    outY.push(y[i]);
  };
  let i = 0;
  for (let bucket = 0; bucket < buckets && i < n; bucket++) {
    const end = endOf(bucket);
    let low = -1;
    let high = -1;
    let bad = -1;
    const from = i;
    for (; i < n && x[i] < end; i++) {
      const value = y[i];
      if (value - value !== 0) {
        if (bad < 0) bad = i;
        continue;
      }
      if (low < 0 || value < y[low]) low = i;
      if (high < 0 || value > y[high]) high = i;
    }
    if (i === from) continue;
    const kept = [...new Set([low, high, bad, from === 0 ? 0 : -1, i === n ? n - 1 : -1])];
    for (const index of kept.filter((k) => k >= 0).sort((a, b) => a - b)) emit(index);
  }
  return { x: Float64Array.from(outX), y: Float64Array.from(outY) };
}
