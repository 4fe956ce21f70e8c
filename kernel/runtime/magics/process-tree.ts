/** What /proc tells of a command and the processes that it has started. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Numbers of the system call `read`. */
const READ: Partial<Record<NodeJS.Architecture, string>> = { x64: '0', arm64: '63' };

/** A process and all below it; alone where there is no /proc. */
export function processTree(root: number): number[] {
  const found = [root];
  for (const pid of found) found.push(...childrenOf(pid));
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Whether one of them waits in `read` for the standard input that `root` was given; null where that cannot be known. */
export function isReadingInput(root: number): boolean | null {
  const read = READ[process.arch];
  if (process.platform !== 'linux' || read === undefined) return null;
  let isKnown = false;
  try {
    const given = readlinkSync(`/proc/${root}/fd/0`);
    for (const pid of processTree(root)) {
      const [call, descriptor] = systemCall(pid);
      isKnown ||= call !== undefined;
      if (call === read && descriptor === '0x0' && readlinkSync(`/proc/${pid}/fd/0`) === given) return true;
    }
  } catch {
    // It has ended meanwhile, or may not be looked at.
  }
  return isKnown ? false : null;
}

function systemCall(pid: number): (string | undefined)[] {
  try {
    return readFileSync(`/proc/${pid}/syscall`, 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}
