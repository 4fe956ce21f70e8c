/** Leaves out looks at the clock where calls follow each other so fast that most of them would tell nothing. */

/** Calls within this many milliseconds of the last look are fast; after so many of them in a row, so many go by without a look. */
const FAST_MS = 0.25;
const IN_A_ROW = 32;
const WITHOUT = 7;

/**
 * A look takes 40 ns and more, which is felt in a step of 10 µs. What comes after a run of fast calls is noticed seven calls late at
 * most; slow ones are never left out.
 */
export class Seldom {
  private left = 0;
  private row = 0;
  private last = -Infinity;

  /** Whether this call goes by without a look. */
  skips(): boolean {
    if (this.left === 0) return false;
    this.left -= 1;
    return true;
  }

  /** The clock was looked at. */
  looked(now: number): void {
    this.row = now - this.last < FAST_MS ? this.row + 1 : 0;
    this.last = now;
    this.left = this.row > IN_A_ROW ? WITHOUT : 0;
  }

  /** The next call looks. */
  reset(): void {
    this.left = this.row = 0;
  }
}
