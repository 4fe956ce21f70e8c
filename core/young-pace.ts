/**
 * How much is allocated between sweeps of the young. The less, the sooner a result gets memory that is still in the
 * cache: an op that does little but store takes half as long then. But a sweep costs some hundredths of a millisecond, and
 * what is needed for long, as everything is that a graph saves for its way back, survives two short turns, counts as old
 * from then on and is found dead by a full collection only. So turns become longer where much grows old in them, or sweeps
 * cost much, and shorter again, on trial, where neither has been so for a while.
 */

const MIB = 2 ** 20;

/** Of the shortest turns; each level doubles them. */
export const LEAST_YOUNG_BYTES = 8 * MIB;
const LEAST_YOUNG_OWNERS = 2048;
export const MOST_LEVEL = 3;

/** Short turns that are judged together; of long ones fewer, so that who has begun to drop all soon has short ones again. */
const WINDOW = 4;
/** Of what was allocated, the share that may grow old; with this one in a single turn nobody waits for more of them. */
const MOST_GROWN = 0.05;
const FAR_TOO_MUCH = 0.3;
/** Of the time, the share that sweeps may take. */
const MOST_TIME = 0.4;
/**
 * The least level of who allocates so many bytes a millisecond, and of who allocates less: who computes long on what is
 * stored gains little from the cache, and has V8's heap out of it when a sweep comes, which then takes 0.6 ms.
 */
const RATES = [3e6, 1.5e6];
/** Shorter turns are tried after so many good windows, after twice as many each time that was no good. */
const PATIENCE = 1;
const MOST_PATIENCE = 256;

/** A turn: from one sweep to the end of the next. */
export interface Turn {
  /** Bytes allocated in it, and those that its sweep found to be old. */
  readonly allocated: number;
  readonly grown: number;
  /** Milliseconds in all, and of the sweep. */
  readonly time: number;
  readonly sweeping: number;
}

export class YoungPace {
  level = 1;
  private turns = 0;
  private allocated = 0;
  private grown = 0;
  private time = 0;
  /** The least of the window: what else happens on the machine makes sweeps longer, never shorter. */
  private sweeping = Infinity;
  /** The most bytes a millisecond, for the same reason. */
  private rate = 0;
  private goodWindows = 0;
  private patience = PATIENCE;
  /** Whether the last change was to shorter turns. */
  private trying = false;

  get bytes(): number {
    return LEAST_YOUNG_BYTES * 2 ** this.level;
  }

  get owners(): number {
    return LEAST_YOUNG_OWNERS * 2 ** this.level;
  }

  note({ allocated, grown, time, sweeping }: Turn): void {
    this.turns++;
    this.allocated += allocated;
    this.grown += grown;
    this.time += time;
    this.sweeping = Math.min(this.sweeping, sweeping);
    this.rate = Math.max(this.rate, allocated / Math.max(time - sweeping, 1e-3));
    if (grown > FAR_TOO_MUCH * allocated) this.lengthen();
    else if (this.turns >= Math.max(1, WINDOW >> Math.max(0, this.level - 1))) {
      const tooOld = this.grown > MOST_GROWN * this.allocated;
      const least = RATES.filter((rate) => this.rate <= rate).length;
      if (this.level < least || tooOld || this.sweeping * this.turns > MOST_TIME * this.time) this.lengthen();
      else this.good(least);
      this.begin();
    }
  }

  private lengthen(): void {
    if (this.trying) this.patience = Math.min(this.patience * 2, MOST_PATIENCE);
    this.trying = false;
    this.level = Math.min(this.level + 1, MOST_LEVEL);
    this.goodWindows = 0;
    this.begin();
  }

  private good(least: number): void {
    if (++this.goodWindows < this.patience) return;
    // Where shorter turns have lasted, the next trial comes as soon as the first did.
    if (this.trying) this.patience = PATIENCE;
    this.goodWindows = 0;
    if (this.level <= least) return;
    this.level--;
    this.trying = true;
  }

  private begin(): void {
    this.turns = this.allocated = this.grown = this.time = this.rate = 0;
    this.sweeping = Infinity;
  }
}
