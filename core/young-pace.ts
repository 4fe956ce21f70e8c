/**
 * How much is allocated between sweeps of the young. The less, the sooner a result gets memory that is still in the
 * cache. But a sweep takes 0.05 ms in a tight loop and ten times that where other work has had the caches in between, as
 * V8's whole collector has to be read again; and what is needed for long, as everything is that a graph saves for its way
 * back, survives two short turns, counts as old from then on and is found dead by a full collection only. So turns become
 * longer where much grows old in them, or sweeps cost much, and shorter again, on trial, where neither has been so for a
 * while.
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
/** Milliseconds that a sweep may take for each MiB allocated: not much less than it costs to write to it out of the cache. */
const MOST_SWEEPING = 0.015;
/** Shorter turns are tried after so many good windows, after twice as many each time that was no good. */
const PATIENCE = 1;
const MOST_PATIENCE = 256;

/** A turn: from one sweep to the end of the next. */
export interface Turn {
  /** Bytes allocated in it, and those that its sweep found to be old. */
  readonly allocated: number;
  readonly grown: number;
  /** Milliseconds of the sweep. */
  readonly sweeping: number;
}

export class YoungPace {
  level = 1;
  private turns = 0;
  private allocated = 0;
  private grown = 0;
  private sweeping = 0;
  private longest = 0;
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

  note({ allocated, grown, sweeping }: Turn): void {
    this.turns++;
    this.allocated += allocated;
    this.grown += grown;
    this.sweeping += sweeping;
    this.longest = Math.max(this.longest, sweeping);
    if (grown > FAR_TOO_MUCH * allocated) this.lengthen();
    else if (this.turns >= Math.max(1, WINDOW >> Math.max(0, this.level - 1))) {
      const tooOld = this.grown > MOST_GROWN * this.allocated;
      const tooDear = this.usualSweeping > (MOST_SWEEPING / MIB) * this.allocated;
      if (tooOld || tooDear) this.lengthen();
      else this.good();
      this.begin();
    }
  }

  /** Milliseconds of all sweeps, if none of them was disturbed: the longest may have been. */
  private get usualSweeping(): number {
    const { turns, sweeping, longest } = this;
    return turns === 1 ? sweeping : ((sweeping - longest) * turns) / (turns - 1);
  }

  private lengthen(): void {
    if (this.trying) this.patience = Math.min(this.patience * 2, MOST_PATIENCE);
    this.trying = false;
    this.level = Math.min(this.level + 1, MOST_LEVEL);
    this.goodWindows = 0;
    this.begin();
  }

  private good(): void {
    if (++this.goodWindows < this.patience) return;
    // Where shorter turns have lasted, the next trial comes as soon as the first did.
    if (this.trying) this.patience = PATIENCE;
    this.goodWindows = 0;
    if (this.level === 0) return;
    this.level--;
    this.trying = true;
  }

  private begin(): void {
    this.turns = this.allocated = this.grown = this.sweeping = this.longest = 0;
  }
}
