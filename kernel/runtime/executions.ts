/**
 * Which execution the code that runs now belongs to. The answer follows timers, promises and event handlers, so that
 * what they print, and what they throw, goes to the cell that started them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionId } from './frames.js';

export interface Execution {
  readonly id: ExecutionId;
  readonly count: number;
  readonly silent: boolean;
  readonly allowStdin: boolean;
  /** What wants to run when the cell has ended in any way. */
  readonly atEnd: (() => void | Promise<void>)[];
  ended: boolean;
}

const store = new AsyncLocalStorage<Execution>();
let latest: Execution | undefined;

/** Runs `body` on behalf of `execution`, and everything that it starts. */
export function onBehalfOf<T>(execution: Execution, body: () => T): T {
  latest = execution;
  return store.run(execution, body);
}

/** The execution that began the code that runs, or the latest one where that is not known. */
export function currentExecution(): Execution | undefined {
  return store.getStore() ?? latest;
}
