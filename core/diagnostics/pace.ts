/** Decides at which training passes a model is looked at, so that looking takes no more than a small share of the time. */

import { Seldom } from './seldom.js';

export interface PaceOptions {
  /** Every how many training passes the model is looked at. Default: every pass that `share` allows. */
  every?: number;
  /** Share of the time that looking may take; a pass that would cost more is left out. Default 0.005; 1: no limit. */
  share?: number;
}

const SHARE = 0.005;
/** A look counts as no more than so many times the cheapest of the newest ones. */
const USUAL = 3;
const RECENT_COSTS = 5;
/**
 * After so many looks the next ones are so many milliseconds apart, unless the user says how many there are to be: pictures show
 * three a second, and what looking costs beside itself (what V8 compiled, what the caches held) is not seen by any clock.
 */
const ENOUGH = 8;
const LEAST_PAUSE = 150;
/** A short run must not end before the second look, which may therefore follow the first after thirty times its cost. */
const EARLY_SHARE = 0.03;

/** A pass that is looked at, in milliseconds: when it began, what looks had cost by then, how long passes before it took. */
export interface PassTime {
  began: number;
  spent: number;
  usual: number;
}

export class Pace {
  /** Milliseconds that looking has taken. */
  spent = 0;
  /** Looks that are complete. */
  sampled = 0;
  /** Milliseconds of `spent` that no rest has made up for. */
  private owed = 0;
  /** What the newest looks have cost. */
  private recent: readonly number[] = [];
  /** By how much the newest passes that were looked at took longer beside the looks. */
  private extras: readonly number[] = [];
  private nextLook = -Infinity;
  private readonly seldom = new Seldom();
  /** When looks were paid for last, how many passes there had been, and what looks had cost. */
  private rested = { at: Infinity, passes: 0, spent: 0 };

  constructor(
    private readonly options: PaceOptions,
    readonly now: () => number,
  ) {}

  /** Whether it is the turn of this training pass to be looked at. */
  isTurn(pass: number): boolean {
    const { every } = this.options;
    if (every !== undefined && every > 1 && pass % Math.floor(every) !== 0) return false;
    if (this.seldom.skips()) return false;
    const now = this.now();
    if (now < this.nextLook) {
      this.seldom.looked(now);
      return false;
    }
    // Asked again, the answer is the same.
    this.seldom.reset();
    return true;
  }

  spend(ms: number): void {
    this.spent += ms;
    this.owed += ms;
  }

  get isOwing(): boolean {
    return this.owed > 0;
  }

  /** A pass begins that is looked at; there were so many before. */
  begin(passes: number): PassTime {
    const began = this.now();
    const { at, passes: before, spent } = this.rested;
    const usual = Math.max(0, (began - at - (this.spent - spent)) / Math.max(1, passes - before));
    return { began, spent: this.spent, usual };
  }

  /**
   * What the pass took longer than others, beside the look: a compiled step ran as written, ops gave results that are fused otherwise.
   * No more than another pass takes, as what comes between two passes (a validation) may be anything.
   */
  extraOf({ began, spent, usual }: PassTime): number {
    const own = this.now() - began - (this.spent - spent);
    return Math.min(usual, Math.max(0, own - usual));
  }

  /** A look is complete; `extra` is what its pass took longer. */
  complete(extra: number, passes: number): void {
    this.sampled += 1;
    // What is always there shows in the least of the newest.
    this.extras = [...this.extras.slice(1 - RECENT_COSTS), extra];
    this.owed += Math.min(...this.extras);
    // The system may have taken the processor away in the middle of a look, which would have cost a step the same.
    this.recent = [...this.recent.slice(1 - RECENT_COSTS), this.owed];
    this.owed = Math.min(this.owed, USUAL * Math.min(...this.recent));
    this.rest(passes);
  }

  /** Puts the next look off until what looking has cost is a small share of the time. */
  rest(passes: number): void {
    const share = this.options.share ?? SHARE;
    const pause = this.owed / (this.sampled <= 1 ? Math.max(share, EARLY_SHARE) : share) - this.owed;
    const isFree = this.options.share === undefined && this.options.every === undefined;
    const least = isFree && this.sampled >= ENOUGH ? LEAST_PAUSE : 0;
    const now = this.now();
    this.nextLook = Math.max(this.nextLook, now) + Math.max(pause, least);
    this.owed = 0;
    this.rested = { at: now, passes, spent: this.spent };
  }
}
