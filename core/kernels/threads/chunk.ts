/** Chunks of a job. The functions are also sent to the threads as text: they must not refer to anything outside them. */

export interface ChunkLayout {
  /** Words: where the number of chunks and arguments, the number of axes and the axes are. */
  readonly chunks: number;
  readonly argumentCount: number;
  readonly axes: number;
  readonly segments: number;
  /** Where the words of threads begin, how many each has, and which of them counts what is left of its segment. */
  readonly helper: number;
  readonly helperStride: number;
  readonly unclaimed: number;
  readonly axis: number;
  readonly axisWords: number;
  readonly maxArguments: number;
}

/**
 * A function that claims a chunk for the thread with a number, and says which: -1 when there is none. Each thread begins
 * with a segment of its own, the same one in every job with as many threads: what it reads and writes is what it wrote
 * in the job before, and what threads write at the same time lies far apart. What one processor has written another reads
 * slowly, and each fetches ahead of what it works on.
 */
export function chunkClaims(words: Int32Array, at: ChunkLayout): (thread: number) => number {
  return (thread) => {
    const segments = words[at.segments];
    for (let k = 0; k < segments; k++) {
      const segment = (thread + k) % segments;
      const word = at.helper + segment * at.helperStride + at.unclaimed;
      if (Atomics.load(words, word) <= 0) continue;
      const left = Atomics.sub(words, word, 1);
      if (left <= 0) continue;
      // Only now it is certain to which job these belong.
      const parts = words[at.segments];
      const longer = words[at.chunks] % parts;
      const least = (words[at.chunks] - longer) / parts;
      const isLonger = segment < longer;
      return segment * least + (isLonger ? segment : longer) + least + (isLonger ? 1 : 0) - left;
    }
    return -1;
  };
}

/**
 * A function that gives the arguments of a chunk, in an array that the next call with as many arguments uses again. Chunks
 * are numbered along the first axis first.
 */
export function chunkArguments(
  words: Int32Array,
  numbers: Float64Array,
  at: ChunkLayout,
): (chunk: number) => number[] {
  const byCount: number[][] = [];
  const places: number[] = [];
  return (chunk) => {
    const count = words[at.argumentCount];
    // Of an array that V8 knows as one of doubles, a call would make an object of each argument; see `mixedNumbers`.
    const values = (byCount[count] ??= new Array<unknown>(count).fill(null) as number[]);
    let rest = chunk;
    const axes = words[at.axes];
    for (let axis = 0; axis < axes; axis++) {
      const along = words[at.axis + axis * at.axisWords];
      places[axis] = rest % along;
      rest = (rest - places[axis]) / along;
    }
    for (let k = 0; k < count; k++) {
      let value = numbers[k];
      for (let axis = 0; axis < axes; axis++)
        value += places[axis] * numbers[(axis + 1) * at.maxArguments + k];
      const word = value | 0;
      values[k] = Object.is(word, value) ? word : value;
    }
    for (let axis = 0; axis < axes; axis++) {
      const word = at.axis + axis * at.axisWords;
      const counter = words[word + 1];
      if (counter < 0) continue;
      const size = words[word + 2];
      const left = words[word + 3] - places[axis] * size;
      values[counter] = left < size ? left : size;
    }
    return values;
  };
}
