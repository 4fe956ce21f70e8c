/**
 * Which execution the code that runs now belongs to. The answer follows timers, promises and event handlers, so that
 * what they print, and what they throw, goes to the cell that started them.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Payload } from '../display/host.js';
import type { ExecutionId } from './frames.js';

export interface Execution {
  readonly id: ExecutionId;
  readonly count: number;
  readonly silent: boolean;
  readonly allowStdin: boolean;
  /** What wants to run when the cell has ended in any way. */
  readonly atEnd: (() => void | Promise<void>)[];
  /** What wants to run before the next output of the cell. */
  readonly beforeOutput: (() => void)[];
  /** What the frontend is asked to do at the end. */
  readonly payload: Payload[];
  ended: boolean;
}

/** How many executions are known after they have ended. */
const REMEMBERED = 4096;

// The store holds the id and not the object: Node keeps it in promises, where a person who prints one would see it.
const store = new AsyncLocalStorage<ExecutionId>();
const known = new Map<ExecutionId, Execution>();
let latest: Execution | undefined;

/** Runs `body` on behalf of `execution`, and everything that it starts. */
export function onBehalfOf<T>(execution: Execution, body: () => T): T {
  if (latest === undefined || execution.id > latest.id) remember(execution);
  return store.run(execution.id, body);
}

/** What has waited for it runs: the execution is about to print or show something. */
export function beforeOutput(execution: Execution | undefined): void {
  if (execution === undefined || execution.beforeOutput.length === 0) return;
  for (const callback of execution.beforeOutput.splice(0)) callback();
}

/** The execution that began the code that runs, or the latest one where that is not known. */
export function currentExecution(): Execution | undefined {
  const id = store.getStore();
  return id === undefined ? latest : (known.get(id) ?? latest);
}

function remember(execution: Execution): void {
  latest = execution;
  known.set(execution.id, execution);
  if (known.size > REMEMBERED) for (const id of [...known.keys()].slice(0, REMEMBERED / 2)) known.delete(id);
}
