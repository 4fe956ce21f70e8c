/** The priority of one thread, where the system has such a thing. */
import { readlinkSync } from 'node:fs';
import os from 'node:os';

/** A tenth of the share of a thread with the usual priority, when both want the same processor. */
export const LOW = 10;
export const USUAL = 0;

/**
 * Gives the thread that calls a priority: the higher the number, the less it gets. Back to the usual one needs a right that only some
 * have.
 *
 * @returns whether it has it
 */
export function setThreadPriority(nice: number): boolean {
  try {
    // Linux counts threads as it counts processes; elsewhere nothing tells one from the other.
    const thread = /(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1];
    if (thread === undefined) return false;
    os.setPriority(Number(thread), nice);
    return true;
  } catch {
    // There is no such thing here, or it is not allowed.
    return false;
  }
}
