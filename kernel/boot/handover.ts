/** What a process or thread starts before its bundle is loaded, and hands over to it. */
import type { WatchdogThread } from '../runtime/watchdog-thread.js';
import type { StartedProcess } from '../session/spawn.js';

export interface Handover {
  /** In the kernel process: the user process, which boots meanwhile. */
  user?: StartedProcess;
  /** In the user process: its watchdog. */
  watchdog?: WatchdogThread;
  /** Keeps what V8 has compiled for the next start, where it is not kept yet. */
  saveCode?: () => void;
}

const KEY = Symbol.for('nabla.handover');

/** What is added later is seen by whoever has taken over. */
export function handOver(things: Handover): void {
  Object.defineProperty(globalThis, KEY, { value: things, configurable: true });
}

/** Once only: nothing of it stays where a person's code could find it. */
export function takeOver(): Handover {
  const things = Reflect.get(globalThis, KEY) as Handover | undefined;
  Reflect.deleteProperty(globalThis, KEY);
  return things ?? {};
}
