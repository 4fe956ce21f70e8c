/** One chunk of a job. The function is also sent to the threads as text: it must not refer to anything outside it. */

export interface ChunkLayout {
  /** Words: where the number of chunks and arguments, the number of axes and the axes are. */
  readonly chunks: number;
  readonly argumentCount: number;
  readonly axes: number;
  readonly segments: number;
  readonly axis: number;
  readonly axisWords: number;
  readonly maxArguments: number;
}

/**
 * A function that gives the arguments of the chunk for a claim, in an array that the next call with as many arguments
 * uses again. Chunks are numbered along the first axis first. Claims in a row are chunks of different segments: what
 * threads write at the same time is to lie far apart, because each fetches ahead of what it works on, and would take it
 * from the other's cache.
 */
export function chunkArguments(
  words: Int32Array,
  numbers: Float64Array,
  at: ChunkLayout,
): (claim: number) => number[] {
  const byCount: number[][] = [];
  return (claim) => {
    const count = words[at.argumentCount];
    const values = (byCount[count] ??= new Array<number>(count).fill(0));
    for (let k = 0; k < count; k++) values[k] = numbers[k];
    const chunks = words[at.chunks];
    const segments = words[at.segments];
    const segment = claim % segments;
    const longer = chunks % segments;
    const least = (chunks - longer) / segments;
    let rest = segment * least + (segment < longer ? segment : longer) + (claim - segment) / segments;
    const axes = words[at.axes];
    for (let axis = 0; axis < axes; axis++) {
      const word = at.axis + axis * at.axisWords;
      const along = words[word];
      const place = rest % along;
      rest = (rest - place) / along;
      const steps = (axis + 1) * at.maxArguments;
      for (let k = 0; k < count; k++) values[k] += place * numbers[steps + k];
      const counter = words[word + 1];
      if (counter < 0) continue;
      const size = words[word + 2];
      const left = words[word + 3] - place * size;
      values[counter] = left < size ? left : size;
    }
    return values;
  };
}
