/**
 * The threads, and how a job is given to them. A call is synchronous: the thread that calls takes chunks like every
 * other, and returns when all are done. Helpers block while they wait, so they are told about new functions by
 * messages that they fetch themselves.
 */
import { MOST_THREADS } from '../../memory.js';
import { onRepair, usage } from '../../slots.js';
import { recording, unrecorded } from '../recording.js';
import { chunkArguments } from './chunk.js';
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
import { note, threads } from './settings.js';
import { sharedFunction, sharedFunctions } from './shared-functions.js';
import { startHelper, type Helper } from './start.js';

/** Turns that a call looks whether the helpers are done before it sleeps. */
const MAIN_SPINS = 2_000;
/** Threads start when so many chunks were computed without them: what is done sooner does not need them. */
const CHUNKS_BEFORE_START = 32;
/** A call that had to wait for a helper that the system does not let run: no jobs are given for this many times that. */
const PAUSE_FACTOR = 20;
const LONGEST_PAUSE = 1000;
/** In milliseconds: less is no reason. */
const TOLERATED_LOSS = 0.05;

/** Users may put other clocks in its place. */
const now = performance.now.bind(performance);

interface Pool {
  readonly control: Control;
  readonly argumentsOf: (chunk: number) => number[];
  readonly helpers: Helper[];
}

let pool: Pool | undefined;
let broken = false;
/** Helpers ever started: each has a scratch memory of its own. */
let started = 0;
let chunksWithout = 0;
let pausedUntil = 0;
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

/**
 * `run(...args)`, divided into chunks for all threads; done when it returns. The kernel must give the same for parts
 * as for the whole (unless an axis says that it does not), because it is called once where there are no threads or
 * the work is one chunk. A chunk must not write what another reads or writes.
 *
 * @param axes at most 3; the number of chunks is the product of theirs
 */
export function parallel(
  run: (...args: number[]) => void,
  args: readonly number[],
  ...axes: readonly Axis[]
): void {
  if (unfinished) settleThreads();
  const { current } = recording;
  if (current !== null) {
    const again = (...values: number[]): void => unrecorded(() => parallel(run, values, ...axes));
    current.host('parallel', again, [...args]);
    return;
  }
  let chunks = 1;
  for (const axis of axes) chunks *= Math.ceil(totalOf(axis, args) / axis.size);
  const helpers = chunks < 2 ? 0 : helpersFor(chunks);
  const shared = helpers === 0 ? undefined : sharedFunction(run);
  if (shared === undefined || pool === undefined) {
    alone(run, args, axes);
    return;
  }
  const { words } = pool.control;
  writeJob(pool.control, shared.id, args, axes, chunks);
  tell(pool, shared.id, helpers);
  unfinished = true;
  usage.unfinished = true;
  Atomics.store(words, Word.lastHelper, pool.helpers[helpers - 1].index);
  Atomics.store(words, Word.left, chunks);
  wake(pool, Math.min(helpers, chunks - 1));
  takePart(pool, run, chunks);
  usage.unfinished = false;
  unfinished = false;
  const failed = Atomics.exchange(words, Word.failed, 0);
  if (failed !== 0) throw new Error(`threads: helper ${failed} could not compute its part`);
}

function totalOf({ count, total = 1 }: Axis, args: readonly number[]): number {
  return count === null ? total : args[count];
}

/** The same on this thread. */
function alone(run: (...args: number[]) => void, args: readonly number[], axes: readonly Axis[]): void {
  const axis = axes.find(({ apart, count }) => apart === true || count === null);
  if (axis === undefined) {
    run(...args);
    return;
  }
  const others = axes.filter((each) => each !== axis);
  const { count, size, steps } = axis;
  const total = totalOf(axis, args);
  for (let done = 0; done < total; done += size) {
    const part = args.map((value, k) => value + done * steps[k]);
    if (count !== null) part[count] = Math.min(size, total - done);
    alone(run, part, others);
  }
}

/** How many helpers would take part in a job of so many chunks now; 0 where it is done by one thread. */
export function helpersFor(chunks: number): number {
  const wanted = threads.count - 1;
  if (wanted === 0) return 0;
  if (pool === undefined || pool.helpers.length < wanted) {
    if (!broken && started < MOST_THREADS - 1) {
      if (pool === undefined && (chunksWithout += chunks) < CHUNKS_BEFORE_START) return 0;
      start(wanted);
    }
    if (pool === undefined) return 0;
  }
  if (pausedUntil > 0) {
    if (now() < pausedUntil) return 0;
    pausedUntil = 0;
  }
  return Math.min(wanted, pool.helpers.length);
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

/** Makes sure that helpers know a function when they find it in a job. */
function tell({ helpers }: Pool, id: number, count: number): void {
  for (let k = 0; k < count; k++) {
    const helper = helpers[k];
    while (helper.told <= id) helper.worker.postMessage(sharedFunctions[helper.told++]);
  }
}

function wake({ control: { words }, helpers }: Pool, count: number): void {
  const { asleep, awake } = HelperState;
  for (let k = 0; k < count; k++) {
    const own = Word.helper + helpers[k].index * Word.helperStride;
    if (Atomics.load(words, own) === asleep && Atomics.compareExchange(words, own, asleep, awake) === asleep)
      Atomics.notify(words, own);
  }
}

/** Computes chunks until none is left, and waits for those that helpers have in work. */
function takePart(
  { control: { words }, argumentsOf }: Pool,
  run: (...args: number[]) => void,
  chunks: number,
): void {
  let own = 0;
  const began = now();
  for (let left = Atomics.sub(words, Word.left, 1); left > 0; left = Atomics.sub(words, Word.left, 1)) {
    run(...argumentsOf(chunks - left));
    own++;
  }
  let turns = MAIN_SPINS;
  while (Atomics.load(words, Word.working) !== 0 && turns > 0) turns--;
  if (turns > 0) return;
  const ended = now();
  waitForHelpers(words);
  // What was lost is the time in which this thread waited, less that in which it would have done the others' part.
  const loss = now() - ended - ((ended - began) * (chunks - own)) / Math.max(own, 1);
  if (loss > TOLERATED_LOSS) pausedUntil = now() + Math.min(loss * PAUSE_FACTOR, LONGEST_PAUSE);
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
  Atomics.store(words, Word.left, 0);
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
      const helper = startHelper(pool.control, ++started);
      pool.helpers.push(helper);
      Atomics.store(pool.control.words, Word.helper + helper.index * Word.helperStride, HelperState.awake);
      Atomics.notify(pool.control.words, Word.helper + helper.index * Word.helperStride);
    }
  } catch (error) {
    broken = true;
    const reason = error instanceof Error ? error.message : String(error);
    note(`Threads could not be started (${reason}): tensors are computed on ${startedThreads()}.`);
  }
}

/** How many chunks each helper has computed so far. */
export function helperChunks(): number[] {
  if (pool === undefined) return [];
  const { words } = pool.control;
  return pool.helpers.map(({ index }) => Atomics.load(words, Word.helper + index * Word.helperStride + 1));
}

function startedThreads(): string {
  const count = 1 + (pool?.helpers.length ?? 0);
  return count === 1 ? 'one thread' : `${count} threads`;
}

function createPool(): Pool {
  const control = createControl(MOST_THREADS);
  return {
    control,
    argumentsOf: chunkArguments(control.words, control.numbers, CHUNK_LAYOUT),
    helpers: [],
  };
}
