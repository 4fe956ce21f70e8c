/**
 * Listeners of the process that the kernel cannot do without: with none, the first uncaught error or SIGINT ends the process.
 * Libraries that remove all listeners (test runners do) take them along, so each cell begins with them in place.
 */
import type { EventEmitter } from 'node:events';

type Listener = (...args: unknown[]) => void;

const emitter: Pick<EventEmitter, 'on' | 'listeners'> = process;
/** Node's own ones first: they make a listener of a signal take effect. */
const kept: (readonly [event: string, listener: Listener])[] = ['newListener', 'removeListener'].flatMap(
  (event) => emitter.listeners(event).map((listener) => [event, listener as Listener] as const),
);

export function listenAlways(
  event: 'SIGINT' | 'uncaughtException' | 'unhandledRejection',
  listener: Listener,
): void {
  kept.push([event, listener]);
  emitter.on(event, listener);
}

export function restoreListeners(): void {
  for (const [event, listener] of kept)
    if (!emitter.listeners(event).includes(listener)) emitter.on(event, listener);
}
