/**
 * Collects what many small cells leave behind. Each one compiles a script, which V8 puts straight into the old part of
 * the heap and, while that is small, leaves there: tens of megabytes over thousands of cells.
 */
import { heapCollector } from '../boot/heap-collector.js';

const EVERY = 500;
/** V8 collects a large heap often enough by itself, and there it would be a pause that one notices. */
const LARGEST = 64 * 2 ** 20;

export class HeapTidier {
  #count = 0;
  #collect: (() => void) | undefined;

  /** To be called when a cell has ended and its answer is on its way. */
  cellEnded(): void {
    if (++this.#count % EVERY !== 0 || process.memoryUsage().heapUsed > LARGEST) return;
    (this.#collect ??= heapCollector())();
  }
}
