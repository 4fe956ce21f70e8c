/** A kernel whose client was killed must not live on. */

const POLL_MS = 1000;

/** Calls `gone` once the process that JPY_PARENT_PID names has ended. Without a usable pid nothing is watched. */
export function watchParent(pid: string | undefined, gone: () => void): void {
  const parent = Number(pid);
  if (!Number.isSafeInteger(parent) || parent <= 0) return;
  // A direct child notices by its new parent, even when the pid has been given to another process.
  const isChild = process.ppid === parent;
  const timer = setInterval(() => {
    if (isChild ? process.ppid === parent : isAlive(parent)) return;
    clearInterval(timer);
    gone();
  }, POLL_MS);
  timer.unref();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
