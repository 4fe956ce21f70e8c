/** How far drawing beside the training takes processors from it. */
import { availableParallelism } from 'node:os';

/** Shorter than this, the system's books of processor time are too coarse. */
const LEAST_MS = 100;
/**
 * What is lost even where a processor seems idle: threads that help with large operations do without it meanwhile (of two: a step of two
 * convolutions takes 8 ms then instead of 5), and memory and the last cache are shared.
 */
const ONE_OF_FEW = 0.4;
const ONE_OF_MANY = 0.1;

/** What is measured; tests pass their own. */
export interface LoadSource {
  /** Milliseconds. */
  now(): number;
  /** Milliseconds of processor time of all threads of this process. */
  used(): number;
  readonly processors: number;
}

const system: LoadSource = {
  now: () => performance.now(),
  used: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  processors: availableParallelism(),
};

/**
 * How much of a second of drawing the training loses, up to 1 (there is only one processor): with `n` processors of which `u` are used
 * on average beside the drawing, `(u + 1 - n) / u`, and no less than what those lose that might use the idle processor.
 */
export class Load {
  private readonly source: LoadSource;
  private last: { at: number; used: number; drawn: number } | null = null;
  private overlap: number;

  constructor(source: LoadSource = system) {
    this.source = source;
    this.overlap = lossOf(1, source.processors);
  }

  /** @param drawn milliseconds of processor time that pictures have taken on other threads so far */
  share(drawn: number): number {
    const at = this.source.now();
    if (this.last !== null && at - this.last.at < LEAST_MS) return this.overlap;
    const used = this.source.used();
    if (this.last !== null) {
      const busy = Math.max(0, used - this.last.used - (drawn - this.last.drawn)) / (at - this.last.at);
      // A thread that has to wait for others counts as one that runs.
      this.overlap = lossOf(Math.max(1, busy), this.source.processors);
    }
    this.last = { at, used, drawn };
    return this.overlap;
  }
}

function lossOf(threads: number, processors: number): number {
  const least = threads + 1 > processors / 2 ? ONE_OF_FEW : ONE_OF_MANY;
  return Math.min(1, Math.max(least, (threads + 1 - processors) / threads));
}
