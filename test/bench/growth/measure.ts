/** The time of a step, and the memory that it needs. */
import type { Nabla, Series } from './series.js';

export interface Point {
  readonly size: number;
  /** Median of a step. */
  readonly milliseconds: number;
  /** The least limit on the memory of tensors under which a step runs: parameters, data, state and what lies between. */
  readonly bytes: number;
}

/** Milliseconds of steps at each size, and how many at least. */
const BUDGET = 400;
const LEAST = 5;
/** The memory is found to this share. */
const PRECISION = 0.01;

export function measurePoint(nabla: Nabla, { create }: Series, size: number, quick: boolean): Point {
  const step = create(nabla, size);
  const budget = quick ? BUDGET / 4 : BUDGET;
  runFor(step, budget / 4);
  const milliseconds = median(runFor(step, budget));
  return { size, milliseconds, bytes: memoryOf(nabla, step) };
}

function runFor(step: () => void, budget: number): number[] {
  const times: number[] = [];
  const until = performance.now() + budget;
  while (times.length < LEAST || performance.now() < until) {
    const start = performance.now();
    step();
    times.push(performance.now() - start);
  }
  return times;
}

/**
 * What is allocated at most depends on when dead tensors are found. What is needed does not: with less, a step ends in an
 * OutOfMemoryError although everything dead was given back.
 */
function memoryOf(nabla: Nabla, step: () => void): number {
  const { memory, OutOfMemoryError, reclaimMemory, setMemoryLimit } = nabla;
  const runs = (limit: number): boolean => {
    reclaimMemory();
    setMemoryLimit(limit);
    try {
      step();
      return true;
    } catch (error) {
      if (error instanceof OutOfMemoryError) return false;
      throw error;
    } finally {
      setMemoryLimit(memory().reserved);
    }
  };
  reclaimMemory();
  let low = memory().allocated;
  let high = 2 * low;
  while (!runs(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > PRECISION * high) {
    const middle = Math.round((low + high) / 2);
    if (runs(middle)) high = middle;
    else low = middle;
  }
  reclaimMemory();
  return high;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
