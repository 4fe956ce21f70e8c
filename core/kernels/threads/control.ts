/**
 * What threads share besides the tensor memory: one small array of words for the order of the day. It lies outside the
 * tensor memory, so that a kernel that writes past its output cannot corrupt it.
 *
 * The protocol. The chunks of a job are in segments, one a thread, each with a word that says how many of its chunks
 * nobody has claimed. The main thread writes a job, then these words, then `open`. Whoever wants a chunk subtracts 1 from
 * the word of its own segment, and of the others when that is used up, and has one if it was positive; only then it reads
 * the job, which cannot be replaced while a chunk of it is in work. Helpers count themselves in `working` around that, so
 * when nothing is left and nobody works the job is done. The main thread is not counted: it may be terminated in the
 * middle of its own chunk.
 */

/** Words of 32 bits; those that different threads write lie in cache lines of their own. */
export const Word = {
  /** The number of the job of which there may be chunks that nobody has claimed; 0 when there is none. */
  open: 0,
  /** Helpers that have a chunk or try to get one. */
  working: 32,
  /** Not 0 while the main thread sleeps until nobody works. */
  mainSleeps: 33,
  /** Not 0 when a helper failed; which one has the reason. */
  failed: 34,
  /** How many functions helpers were told of. */
  told: 35,
  /** The job: its function, how many chunks and arguments it has, and the number of the last helper that takes part. */
  job: 64,
  chunks: 65,
  argumentCount: 66,
  lastHelper: 67,
  axes: 68,
  /** Parts of the work, one a thread. */
  segments: 69,
  /** Per axis: its number of chunks, the argument that counts (or -1), how many are in a chunk, and in all. */
  axis: 72,
  /** Per thread (the main thread is 0): of a helper its state, and how many chunks it has computed. */
  helper: 96,
  helperStride: 64,
  /** Where in a thread's words it says how many chunks of its segment nobody has claimed; 0 or less when there are none. */
  unclaimed: 32,
} as const;

export const HelperState = {
  /** Not yet ready, which takes some ten milliseconds. */
  starting: 0,
  awake: 1,
  asleep: 2,
} as const;

export const MAX_ARGUMENTS = 24;
export const MAX_AXES = 3;
export const AXIS_WORDS = 4;

/** Behind the words, in numbers of 64 bits: the arguments, and per axis how much a chunk adds to each. */
const NUMBERS = MAX_ARGUMENTS * (1 + MAX_AXES);

export interface Control {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly numbers: Float64Array<SharedArrayBuffer>;
}

export function createControl(maxThreads: number): Control {
  const at = Word.helper + Word.helperStride * maxThreads;
  const buffer = new SharedArrayBuffer(at * 4 + NUMBERS * 8);
  return { words: new Int32Array(buffer, 0, at), numbers: new Float64Array(buffer, at * 4, NUMBERS) };
}
