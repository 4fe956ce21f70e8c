/** How far drawing beside the training takes processors from it. */
import { availableParallelism } from 'node:os';

/** Shorter than this, the system's books of processor time are too coarse. */
const LEAST_MS = 100;

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
 * How much of a second of drawing the training loses, from 0 (a processor is idle, as where one thread trains on two) to 1
 * (there is only one): with `n` processors of which `u` are used on average beside the drawing, `(u + 1 - n) / u`.
 */
export class Load {
  private readonly source: LoadSource;
  private last: { at: number; used: number; drawn: number } | null = null;
  private overlap: number;

  constructor(source: LoadSource = system) {
    this.source = source;
    this.overlap = source.processors > 1 ? 0 : 1;
  }

  /** @param drawn milliseconds of processor time that pictures have taken on other threads so far */
  share(drawn: number): number {
    const at = this.source.now();
    if (this.last !== null && at - this.last.at < LEAST_MS) return this.overlap;
    const used = this.source.used();
    if (this.last !== null) {
      const busy = Math.max(0, used - this.last.used - (drawn - this.last.drawn)) / (at - this.last.at);
      // A thread that has to wait for others counts as one that runs.
      const threads = Math.max(1, busy);
      this.overlap = Math.min(1, Math.max(0, threads + 1 - this.source.processors) / threads);
    }
    this.last = { at, used, drawn };
    return this.overlap;
  }
}
