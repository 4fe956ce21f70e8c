/**
 * The threads, and how a job is given to them. A call is synchronous: the thread that calls takes chunks like every
 * other, and returns when all are done. Helpers block while they wait, so they are told about new functions by
 * messages that they fetch themselves.
 */
import { MOST_THREADS } from '../../memory.js';
import { onRepair, usage } from '../../slots.js';
import { onLists, recordedKernel, recording, unrecorded } from '../recording.js';
import { inParts, totalOf } from './alone.js';
import { helpPays, isLent, kindOf, now, tookAlone, tookTogether } from './balance.js';
import { chunkArguments, chunkClaims } from './chunk.js';
import {
  AXIS_WORDS,
  createControl,
  HelperState,
  MAX_ARGUMENTS,
  MAX_AXES,
  Word,
  type Control,
} from './control.js';
import { CHUNK_LAYOUT } from './helper.js';
import { note, processors, threads } from './settings.js';
import { sharedFunction, sharedFunctions } from './shared-functions.js';
import { startHelper, type Helper } from './start.js';

/** Turns between two looks at the clock, and ms that a call waits awake beside the time of a chunk. */
const MAIN_SPINS = 300;
const MAIN_WAITS = 0.02;
/** Threads start when so many chunks were computed without them: what is done sooner does not need them. */
const CHUNKS_BEFORE_START = 32;
/** Waking a helper takes some microseconds, for which a job must have so many chunks, or be one of so many. */
const WORTH_WAKING = 8;
const SMALL_JOBS = 4;
const MOST_JOBS = 2 ** 31 - 1;

interface Pool {
  readonly control: Control;
  readonly claim: (thread: number) => number;
  readonly argumentsOf: (chunk: number) => number[];
  readonly helpers: Helper[];
}

let pool: Pool | undefined;
let broken = false;
/** Helpers ever started: each has a scratch memory of its own. */
let started = 0;
let chunksWithout = 0;
let smallJobs = 0;
/** Of the work that is being done: how many helpers take part, and how long it might have taken alone. */
let taking = 0;
/** A variable would be an object anew for each number. */
const estimate = new Float64Array(1);
/** True from before a job is given until it is done; still true at the next call when an interrupt cut it off. */
let unfinished = false;

/** One direction in which the work of a kernel is divided. */
export interface Axis {
  /** Which argument says how many rows (elements, matrices …) there are; null where the kernel is for one of them. */
  readonly count: number | null;
  /** How many there are where no argument says it. */
  readonly total?: number;
  /** How many of them are a chunk. It must follow from the size of the work alone, never from the number of threads. */
  readonly size: number;
  /** How much each argument moves from one of them to the next (bytes, for addresses). */
  readonly steps: readonly number[];
  /** The parts together are not what one call for all of them gives: never to be done in one. */
  readonly apart?: boolean;
}

export type Run = (...args: number[]) => void;
export type Work = (args: readonly number[]) => void;

/**
 * `run(...args)`, divided into chunks for all threads; done when it returns. The kernel must give the same for parts
 * as for the whole (unless an axis says that it does not), because it is called once where there are no threads or
 * the work is one chunk. A chunk must not write what another reads or writes.
 *
 * @param axes at most 3; the number of chunks is the product of theirs
 */
export function parallel(run: Run, args: readonly number[], ...axes: readonly Axis[]): void {
  const { current } = recording;
  if (current !== null) {
    const kernel = recordedKernel(run);
    if (kernel !== undefined && chunksOf(args, axes) > 1) {
      current.divided(kernel, args, axes, () => parallel(run, args, ...axes));
      return;
    }
  }
  prepared(run, args, axes)(args);
}

/** `parallel` for who makes the same call again and again, with other addresses: nothing is made anew for each. */
export function prepared(run: Run, args: readonly number[], axes: readonly Axis[]): Work {
  const chunks = chunksOf(args, axes);
  const shared = chunks < 2 ? undefined : sharedFunction(run);
  const single = inParts(run, axes);
  if (shared === undefined) return single;
  const { id } = shared;
  const together = (given: readonly number[]): void => job(run, given, ...axes);
  return (given) => jointly(kindOf(id, chunks, given), chunks, given, single, together);
}

/**
 * Work that is more than one job for helpers, or that is done otherwise by one thread: calls `together`, which calls
 * `job`, or `single`.
 *
 * @param kind a number for work that takes equally long
 * @param chunks how many there will be
 * @param args addresses and numbers, which both are called with
 */
export function jointly(
  kind: number,
  chunks: number,
  args: readonly number[],
  single: Work,
  together: Work,
): void {
  if (unfinished) settleThreads();
  const { current } = recording;
  if (current !== null) {
    const again = (...values: number[]): void =>
      unrecorded(() => jointly(kind, chunks, values, single, together));
    onLists.set(again, (values) => jointly(kind, chunks, values, single, together));
    current.host('parallel', again, [...args]);
    return;
  }
  if (threads.count === 1 || !isReady(chunks)) {
    single(args);
    return;
  }
  const began = now();
  taking = helpPays(kind, began) ? helpersFor(chunks, isLent(began)) : 0;
  if (taking === 0) {
    single(args);
    const ended = now();
    tookAlone(kind, ended - began, ended);
    return;
  }
  estimate[0] = 0;
  // Who wakes is to stay awake, whatever `restHelpers` left there.
  Atomics.store(pool!.control.words, Word.open, 0);
  wake(pool!, taking);
  together(args);
  const ended = now();
  tookTogether(kind, ended - began, estimate[0], ended);
}

/** `run(...args)` in chunks, for the helpers that `jointly` found. */
export function job(run: Run, args: readonly number[], ...axes: readonly Axis[]): void {
  const chunks = chunksOf(args, axes);
  const shared = chunks < 2 || taking === 0 ? undefined : sharedFunction(run);
  if (shared === undefined || pool === undefined) {
    inParts(run, axes)(args);
    return;
  }
  const { words } = pool.control;
  writeJob(pool.control, shared.id, args, axes, chunks);
  tell(pool, shared.id, taking);
  unfinished = true;
  usage.unfinished = true;
  // Nobody is to look for chunks while it is not said who takes part (`restHelpers` leaves it so).
  Atomics.store(words, Word.open, 0);
  Atomics.store(words, Word.lastHelper, pool.helpers[taking - 1].index);
  offer(words, chunks, taking + 1);
  wake(pool, Math.min(taking, chunks - 1));
  takePart(pool, run, chunks);
  usage.unfinished = false;
  unfinished = false;
  const failed = Atomics.exchange(words, Word.failed, 0);
  if (failed !== 0) throw new Error(`threads: helper ${failed} could not compute its part`);
}

function chunksOf(args: readonly number[], axes: readonly Axis[]): number {
  let chunks = 1;
  for (const axis of axes) chunks *= Math.ceil(totalOf(axis, args) / axis.size);
  return chunks;
}

/** Whether the threads have been started; starts them when there has been enough work for them. */
function isReady(chunks: number): boolean {
  const wanted = threads.count - 1;
  if (pool !== undefined && pool.helpers.length >= wanted) return true;
  if (!broken && started < MOST_THREADS - 1) {
    if (pool === undefined && (chunksWithout += chunks) < CHUNKS_BEFORE_START) return false;
    start(wanted);
  }
  return pool !== undefined && pool.helpers.length > 0;
}

/**
 * How many helpers are to take part in so many chunks; 0 where waking them would take too long.
 *
 * @param lent whether something else has a processor; there may be one more than threads
 */
function helpersFor(chunks: number, lent: boolean): number {
  if (pool === undefined) return 0;
  const { control, helpers } = pool;
  const state = (k: number): number => Atomics.load(control.words, stateOf(helpers[k]));
  const wanted = threads.count - (lent && threads.count >= processors ? 2 : 1);
  let count = Math.min(wanted, helpers.length, chunks - 1);
  while (count > 0 && state(count - 1) === HelperState.starting) count--;
  if (count <= 0) return 0;
  if (chunks >= WORTH_WAKING || state(0) === HelperState.awake) return count;
  // Small jobs that follow each other closely are worth it too.
  smallJobs = (smallJobs + 1) % SMALL_JOBS;
  return smallJobs === 0 ? count : 0;
}

function writeJob(
  { words, numbers }: Control,
  id: number,
  args: readonly number[],
  axes: readonly Axis[],
  chunks: number,
): void {
  if (args.length > MAX_ARGUMENTS || axes.length > MAX_AXES)
    throw new Error(
      `threads: at most ${MAX_ARGUMENTS} arguments and ${MAX_AXES} axes, got ${args.length}, ${axes.length}`,
    );
  words[Word.job] = id;
  words[Word.chunks] = chunks;
  words[Word.argumentCount] = args.length;
  words[Word.axes] = axes.length;
  words[Word.segments] = taking + 1;
  for (let k = 0; k < args.length; k++) numbers[k] = args[k];
  for (let axis = 0; axis < axes.length; axis++) {
    const { count, size, steps } = axes[axis];
    const total = totalOf(axes[axis], args);
    const word = Word.axis + axis * AXIS_WORDS;
    words[word] = Math.ceil(total / size);
    words[word + 1] = count ?? -1;
    words[word + 2] = size;
    words[word + 3] = total;
    const at = (axis + 1) * MAX_ARGUMENTS;
    for (let k = 0; k < args.length; k++) numbers[at + k] = steps[k] * size;
  }
}

/** Numbers of jobs: never 0. */
let jobs = 0;

function nextJob(): number {
  return (jobs = jobs === MOST_JOBS ? 1 : jobs + 1);
}

/** Lets threads claim the chunks of a job that is written. */
function offer(words: Int32Array, chunks: number, segments: number): void {
  const longer = chunks % segments;
  const least = (chunks - longer) / segments;
  for (let thread = 0; thread < segments; thread++)
    Atomics.store(words, unclaimedOf(thread), thread < longer ? least + 1 : least);
  Atomics.store(words, Word.open, nextJob());
}

function unclaimedOf(thread: number): number {
  return Word.helper + thread * Word.helperStride + Word.unclaimed;
}

/** Makes sure that helpers know a function when they find it in a job. */
function tell({ control: { words }, helpers }: Pool, id: number, count: number): void {
  for (let k = 0; k < count; k++) {
    const helper = helpers[k];
    while (helper.told <= id) {
      // An interrupt in between sends it twice, which does no harm.
      helper.worker.postMessage(sharedFunctions[helper.told]);
      helper.told++;
    }
  }
  if (words[Word.told] !== sharedFunctions.length) Atomics.store(words, Word.told, sharedFunctions.length);
}

function stateOf({ index }: Helper): number {
  return Word.helper + index * Word.helperStride;
}

function wake({ control: { words }, helpers }: Pool, count: number): void {
  const { asleep, awake } = HelperState;
  for (let k = 0; k < count; k++) {
    const own = stateOf(helpers[k]);
    if (Atomics.load(words, own) === asleep && Atomics.compareExchange(words, own, asleep, awake) === asleep)
      Atomics.notify(words, own);
  }
}

/** Computes chunks until none is left, and waits for those that helpers have in work. */
function takePart({ control: { words }, claim, argumentsOf }: Pool, run: Run, chunks: number): void {
  let own = 0;
  let longest = 0;
  const joined = now();
  let last = joined;
  for (let chunk = claim(0); chunk >= 0; chunk = claim(0)) {
    run(...argumentsOf(chunk));
    own++;
    const time = now();
    if (time - last > longest) longest = time - last;
    last = time;
  }
  Atomics.store(words, Word.open, 0);
  // A helper that runs is done soon, sooner than the system would wake this thread.
  const patience = last + longest + MAIN_WAITS;
  while (Atomics.load(words, Word.working) !== 0)
    if (!isDoneWithin(words, MAIN_SPINS) && now() > patience) waitForHelpers(words);
  // Without the longest, because this thread may have lost its processor in it.
  if (own > 1) estimate[0] += (chunks * (last - joined - longest)) / (own - 1);
  else estimate[0] += own === 1 ? chunks * longest : now() - joined;
}

function isDoneWithin(words: Int32Array, turns: number): boolean {
  for (let turn = 0; turn < turns; turn++) if (Atomics.load(words, Word.working) === 0) return true;
  return false;
}

function waitForHelpers(words: Int32Array): void {
  Atomics.store(words, Word.mainSleeps, 1);
  for (let count = Atomics.load(words, Word.working); count !== 0; count = Atomics.load(words, Word.working))
    Atomics.wait(words, Word.working, count);
  Atomics.store(words, Word.mainSleeps, 0);
}

/** After an interrupt that cut a job off: nothing of it is begun any more, and what was begun is waited for. */
export function settleThreads(): void {
  if (!unfinished || pool === undefined) return;
  const { words } = pool.control;
  Atomics.store(words, Word.open, 0);
  for (let thread = 0; thread < MOST_THREADS; thread++) Atomics.store(words, unclaimedOf(thread), 0);
  waitForHelpers(words);
  Atomics.store(words, Word.failed, 0);
  unfinished = false;
}

// The next allocation finds out that an interrupt cut a job off.
onRepair(settleThreads);

/** Starts helpers up to so many. */
function start(count: number): void {
  try {
    pool ??= createPool();
    while (pool.helpers.length < count && started < MOST_THREADS - 1) {
      // An interrupt may lose a helper that has just begun: its number and scratch memory are no other's then.
      pool.helpers.push(startHelper(pool.control, ++started));
    }
  } catch (error) {
    broken = true;
    const reason = error instanceof Error ? error.message : String(error);
    note(`Threads could not be started (${reason}): tensors are computed on ${startedThreads()}.`);
  }
}

/**
 * Sends helpers to sleep that look for the next job: others compute now, on as many processors. They see work in which
 * none of them takes part.
 */
export function restHelpers(): void {
  if (pool === undefined) return;
  if (unfinished) settleThreads();
  const { words } = pool.control;
  const { awake } = HelperState;
  if (pool.helpers.every((helper) => Atomics.load(words, stateOf(helper)) !== awake)) return;
  Atomics.store(words, Word.open, 0);
  Atomics.store(words, Word.lastHelper, 0);
  Atomics.store(words, Word.open, nextJob());
}

/** How many chunks each helper has computed so far. */
export function helperChunks(): number[] {
  if (pool === undefined) return [];
  const { words } = pool.control;
  return pool.helpers.map((helper) => Atomics.load(words, stateOf(helper) + 1));
}

function startedThreads(): string {
  const count = 1 + (pool?.helpers.length ?? 0);
  return count === 1 ? 'one thread' : `${count} threads`;
}

function createPool(): Pool {
  const control = createControl(MOST_THREADS);
  return {
    control,
    claim: chunkClaims(control.words, CHUNK_LAYOUT),
    argumentsOf: chunkArguments(control.words, control.numbers, CHUNK_LAYOUT),
    helpers: [],
  };
}
