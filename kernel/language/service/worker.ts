/** The thread of the language service as a worker of Node. */
import { Worker } from 'node:worker_threads';
import type { Thread, ThreadEvents } from './client.js';
import type { FromThread } from './messages.js';

/** `file` is the built entry of the thread. */
export function startWorker(file: string, events: ThreadEvents): Thread {
  const worker = new Worker(file, {
    name: 'types',
    // What starts this process with an inspector or a loader does not mean this thread.
    execArgv: [],
  });
  worker.on('message', (each: FromThread) => events.message(each));
  worker.on('error', () => events.ended());
  worker.on('exit', () => events.ended());
  // A kernel that wants to end does not wait for it.
  worker.unref();
  return {
    post: (each) => worker.postMessage(each),
    end: () => void worker.terminate(),
  };
}
