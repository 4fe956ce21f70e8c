/** Where the extremes of a growing curve lie, block by block, so that a picture of a million points need not read them all. */
import type { Points } from './chart.js';

/** Points of a block: a bucket of a picture reads up to two blocks of a long curve point by point. */
export const BLOCK = 64;

/** Of each complete block. The values stand beside their places: reading them there would wait for memory each time. */
export class Blocks {
  /** The largest x, which is the last. */
  end = new Float64Array(64);
  /** The first smallest and the first largest finite value, and where they are; -1 where there is none. */
  least = new Float64Array(64);
  most = new Float64Array(64);
  low = new Int32Array(64);
  high = new Int32Array(64);
  /** Where the first value is that is not finite; -1 for none. */
  bad = new Int32Array(64);
  /** How many blocks are complete. */
  count = 0;

  /** Takes in what is new: points seen before must be unchanged, and x must not decrease. */
  extend(points: Points): this {
    const complete = Math.floor(points.y.length / BLOCK);
    if (complete > this.end.length) this.grow(Math.max(complete, 2 * this.end.length));
    // The count last: an interrupt may end this anywhere.
    for (; this.count < complete; this.count++) this.summarize(points, this.count);
    return this;
  }

  private summarize({ x, y }: Points, block: number): void {
    let low = -1;
    let high = -1;
    let bad = -1;
    let least = Infinity;
    let most = -Infinity;
    for (let i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
      const value = y[i];
      if (value - value !== 0) {
        if (bad < 0) bad = i;
        continue;
      }
      if (value < least) [least, low] = [value, i];
      if (value > most) [most, high] = [value, i];
    }
    this.end[block] = x[(block + 1) * BLOCK - 1];
    this.least[block] = least;
    this.most[block] = most;
    this.low[block] = low;
    this.high[block] = high;
    this.bad[block] = bad;
  }

  private grow(size: number): void {
    const [low, high, bad] = [this.low, this.high, this.bad].map((old) => {
      const larger = new Int32Array(size);
      larger.set(old);
      return larger;
    });
    const [end, least, most] = [this.end, this.least, this.most].map((old) => {
      const larger = new Float64Array(size);
      larger.set(old);
      return larger;
    });
    Object.assign(this, { low, high, bad, least, most, end });
  }
}
