/** Fewer points, the same picture. */
import { BLOCK, type Blocks } from './blocks.js';
import type { Points } from './chart.js';

/**
 * At most two points a bucket: the smallest and the largest value in the order in which they occur, so that every
 * spike survives; the very first and last points are kept. Buckets split the range of `x` evenly, in `log` x evenly in
 * its logarithm. A value that is not finite becomes one NaN, which breaks the line. `x` must not decrease.
 *
 * @param blocks of `y`, where they are known: the result is the same, in a fraction of the time
 */
export function decimate(points: Points, buckets: number, log = false, blocks?: Blocks): Points {
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
  // Three a bucket at most, and the two ends.
  const outX = new Float64Array(3 * buckets + 2);
  const outY = new Float64Array(outX.length);
  let kept = 0;
  let emitted = -1;
  const emit = (i: number): void => {
    if (i <= emitted) return;
    emitted = i;
    outX[kept] = x[i];
    outY[kept++] = y[i];
  };
  let i = 0;
  for (let bucket = 0; bucket < buckets && i < n; bucket++) {
    const end = endOf(bucket);
    let low = -1;
    let high = -1;
    let bad = -1;
    let least = Infinity;
    let most = -Infinity;
    const from = i;
    for (; i < n && x[i] < end; i++) {
      if (blocks !== undefined && i % BLOCK === 0) {
        let block = i / BLOCK;
        for (; block < blocks.count && blocks.end[block] < end; block++) {
          if (bad < 0) bad = blocks.bad[block];
          if (blocks.least[block] < least) {
            least = blocks.least[block];
            low = blocks.low[block];
          }
          if (blocks.most[block] > most) {
            most = blocks.most[block];
            high = blocks.high[block];
          }
        }
        i = block * BLOCK;
        if (i >= n || !(x[i] < end)) break;
      }
      const value = y[i];
      if (value - value !== 0) {
        if (bad < 0) bad = i;
        continue;
      }
      if (value < least) {
        least = value;
        low = i;
      }
      if (value > most) {
        most = value;
        high = i;
      }
    }
    if (i === from) continue;
    if (from === 0) emit(0);
    // The one that is not finite between the two others, where it stands.
    const [first, second] = low < high ? [low, high] : [high, low];
    if (bad >= 0 && bad < first) emit(bad);
    emit(first);
    if (bad > first && bad < second) emit(bad);
    emit(second);
    emit(bad);
    if (i === n) emit(n - 1);
  }
  return { x: outX.slice(0, kept), y: outY.slice(0, kept) };
}
