/**
 * The states of widgets that come past the event loop: the watchdog posts them, and the main thread takes them when user
 * code reads a widget, also in the midst of a loop that never awaits.
 */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { LiveState } from './frames.js';
import type { Guard } from './guard.js';
import { STATES_POSTED } from './link.js';

export class LiveStates {
  readonly #flags: Int32Array;
  #seen = 0;

  constructor(
    private readonly port: MessagePort,
    shared: SharedArrayBuffer,
    private readonly guard: Guard,
  ) {
    this.#flags = new Int32Array(shared);
    port.unref();
  }

  /** Gives what has arrived since the last time, in order. `take` must not run user code. */
  take(take: (state: LiveState) => void): void {
    // A loop that reads a slider a million times pays for this line only.
    const posted = Atomics.load(this.#flags, STATES_POSTED);
    if (posted === this.#seen) return;
    this.guard.critical(() => {
      this.#seen = posted;
      for (let next = receiveMessageOnPort(this.port); next; next = receiveMessageOnPort(this.port))
        take(next.message as LiveState);
    });
  }
}
