/** Starts a thread of the pool, unseen: it keeps no process alive, prints nothing and is announced to nobody. */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { helperScratch, wasmMemory } from '../../memory.js';
import { HelperState, Word, type Control } from './control.js';
import { CHUNK_LAYOUT, HELPER_SCRIPT, type HelperData } from './helper.js';

type WorkerThreads = typeof import('node:worker_threads');

export interface Helper {
  readonly worker: Worker;
  readonly index: number;
  /** How many of the shared functions it was told of. */
  told: number;
}

/** For how many ms a helper looks for the next job before it sleeps, and how often between two looks at the clock. */
const PATIENCE = 0.1;
const SPINS = 500;

let library: WorkerThreads | undefined;

/** Loaded when it is needed: it takes longer than most modules of Node. */
function workerThreads(): WorkerThreads {
  return (library ??= createRequire(import.meta.url)('node:worker_threads') as WorkerThreads);
}

/**
 * Starts the helper of a number from 1 on. When it is ready it sleeps until it is woken for the first time.
 *
 * @throws Error when the system gives no more threads
 */
export function startHelper({ words }: Control, index: number): Helper {
  const { Worker } = workerThreads();
  const workerData: HelperData = {
    buffer: words.buffer,
    memory: wasmMemory,
    numbersAt: words.length,
    index,
    scratch: helperScratch(index),
    spins: SPINS,
    patience: PATIENCE,
    words: Word,
    states: HelperState,
    layout: CHUNK_LAYOUT,
  };
  const worker = unannounced(
    () =>
      new Worker(HELPER_SCRIPT, {
        eval: true,
        workerData,
        // Nothing of the process's options, preloaded modules and loaders, and no pipes to its streams.
        execArgv: [],
        argv: [],
        env: {},
        stdin: false,
        stdout: true,
        stderr: true,
        name: 'nabla',
      }),
  );
  worker.unref();
  return { worker, index, told: 0 };
}

/** Node tells `process.on('worker')` of each new thread, in the next tick: nobody listens in that one. */
function unannounced(create: () => Worker): Worker {
  const listeners = process.rawListeners('worker');
  if (listeners.length === 0) return create();
  process.nextTick(() => {
    process.removeAllListeners('worker');
  });
  const worker = create();
  process.nextTick(() => {
    for (const listener of listeners) process.on('worker', listener as (worker: Worker) => void);
  });
  return worker;
}
