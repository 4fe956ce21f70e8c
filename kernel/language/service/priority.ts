/** The language server works when nothing else wants the processor: cells come first. */
import { existsSync, writeFileSync } from 'node:fs';
import os from 'node:os';

/** A tenth of the share of a process with the usual priority, when both want the same processor. */
const NICE = 10;

/**
 * How a program is begun with less priority. On Linux a priority is that of one thread, which later threads take over from
 * the one that starts them; lowered only when the program runs, some threads of it would already be there with the old one.
 */
export function withLowPriority(executable: string, args: string[]): readonly [string, string[]] {
  const nice = ['/usr/bin/nice', '/bin/nice'].find((file) => existsSync(file));
  return nice === undefined ? [executable, args] : [nice, ['-n', String(NICE), executable, ...args]];
}

/** For systems on which a program cannot be begun so. */
export function lowerPriority(pid: number): void {
  try {
    os.setPriority(pid, NICE);
  } catch {
    // It has ended already, which is told elsewhere.
  }
}

/**
 * The same for a program that leads a session of its own, where Linux shares processors among sessions first: a priority
 * counts within its session only, and this one is the session's.
 */
export function lowerSession(leader: number): void {
  try {
    const session = `/proc/${leader}/autogroup`;
    if (existsSync(session)) writeFileSync(session, String(NICE));
  } catch {
    // It has ended already, or it is not allowed.
  }
}
