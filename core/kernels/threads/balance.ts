/**
 * Whether helpers are worth it. Where other processes have the processors a helper may be taken off its own in the
 * middle of a chunk, for which a call then waits, or take turns with the thread that calls. So the books are kept: how
 * long work takes with helpers and how long it takes alone. What helpers win is put by, up to a limit, and what a moment
 * of other work costs is taken from there: helpers only rest for as long as such a moment is likely to last. What goes
 * beyond is paid back: for many times as long everything is done alone.
 */

/** How many times what is owed, at first and for debts in a row; the longest (ms). */
const PAUSE_FACTOR = 20;
const MOST_PAUSE_FACTOR = 320;
const LONGEST_PAUSE = 1000;
/** What was won before is set against losses, up to this many ms: a chart is drawn, a message passed on. */
const MOST_CREDIT = 20;
/** What share of a pause may be lost to find out that helpers are worth it again: the first jobs after it are slow. */
const STAKE = 0.01;
/** How many times a loss that was set against what was won: whatever has the processor is rarely done at once. */
const REST_FACTOR = 3;
/** Losses up to this (ms) are borne: waking helpers that sleep takes some of it, and pays with the next work. */
const TOLERATED = 0.15;
/** Work of less than this (ms) is sometimes done alone, to know how long that takes; so long is the answer good. */
const SHORT = 3;
const VALID = 1000;
const MOST_RECORDS = 256;

/** Users may put other clocks in its place. */
export const now = performance.now.bind(performance);

interface Times {
  /** How long it takes alone; negative when that is not known. */
  alone: number;
  together: number;
  /** When it was last done alone. */
  when: number;
}

const records = new Map<number, Times>();
/** What is owed (ms); less than 0 is put by. */
let debt = 0;
/** How much of what is put by was not won. */
let stake = 0;
let pauseFactor = PAUSE_FACTOR;
let pausedUntil = 0;

/** Tests let helpers take part whether they are worth it or not. */
export const books = { kept: true };

/** Until when (ms, of `now`) a thread of this process that does something else has one of the processors. */
const lent = { until: -Infinity, isBack: (): boolean => true };

/**
 * Says that another thread of this process is at work until `isBack()`, and for so many milliseconds at most. Until then one helper
 * less takes part: both would take turns on one processor.
 *
 * @param isBack asked before each large operation meanwhile
 */
export function lendProcessor(milliseconds: number, isBack: () => boolean): void {
  lent.until = now() + milliseconds;
  lent.isBack = isBack;
}

/** Whether something else has a processor at this time. */
export function isLent(time: number): boolean {
  if (time >= lent.until) return false;
  if (lent.isBack()) lent.until = -Infinity;
  return time < lent.until;
}

/** Numbers among arguments that are sizes and not addresses; addresses of tensors are above. */
const MOST_SIZE = 4096;

/**
 * A number for work that takes equally long: the same function, of as many chunks, by the same sizes. Two convolutions may
 * differ by their channels alone, and one takes many times as long as the other.
 */
export function kindOf(id: number, chunks: number, args: readonly number[]): number {
  let kind = Math.imul(id, 0x9e3779b1) ^ chunks;
  for (let k = 0; k < args.length; k++) {
    const x = args[k];
    if (x >= 0 && x < MOST_SIZE && x === Math.floor(x))
      kind = Math.imul(kind ^ (x + k), 0x9e3779b1) ^ (kind >>> 15);
  }
  return kind;
}

/** Whether work of this kind is to be given to helpers now. */
export function helpPays(kind: number, time: number): boolean {
  if (!books.kept) return true;
  if (time < pausedUntil) return false;
  const times = records.get(kind);
  if (times === undefined || times.together > SHORT) return true;
  return times.alone >= 0 && time - times.when < VALID;
}

function timesOf(kind: number): Times {
  let times = records.get(kind);
  if (times === undefined) {
    if (records.size >= MOST_RECORDS) records.clear();
    records.set(kind, (times = { alone: -1, together: 0, when: 0 }));
  }
  return times;
}

export function tookAlone(kind: number, milliseconds: number, time: number): void {
  const times = timesOf(kind);
  // A processor lost in between is not to count for much.
  if (times.alone < 0) times.alone = milliseconds;
  else times.alone += 0.125 * (Math.min(milliseconds, 2 * times.alone) - times.alone);
  times.when = time;
}

/** @param estimate how long it might have taken alone, from the parts that this thread computed */
export function tookTogether(kind: number, milliseconds: number, estimate: number, time: number): void {
  const times = timesOf(kind);
  times.together = milliseconds;
  const loss = milliseconds - (times.alone < 0 ? estimate : times.alone);
  debt = Math.max(debt + loss, -MOST_CREDIT);
  if (debt <= TOLERATED) {
    if (debt === -MOST_CREDIT) {
      pauseFactor = PAUSE_FACTOR;
      stake = 0;
    }
    if (loss > TOLERATED) pausedUntil = time + REST_FACTOR * loss;
    return;
  }
  const pause = Math.min((debt + stake) * pauseFactor, LONGEST_PAUSE);
  pausedUntil = time + pause;
  pauseFactor = Math.min(2 * pauseFactor, MOST_PAUSE_FACTOR);
  stake = STAKE * pause;
  debt = -stake;
}
