/** Loading batches ahead of where they are used. */

/**
 * What `load` makes of each job, in the jobs' order. While one result is used, the next `ahead` are being loaded, and
 * never more. An error comes where its result would have come, after the results before it; nothing new is begun
 * once something failed, or when the loop is left.
 */
export async function* prefetch<Job, Result>(
  jobs: Iterator<Job>,
  load: (job: Job) => Promise<Result>,
  ahead: number,
): AsyncGenerator<Result, void, undefined> {
  const pending: Promise<Result>[] = [];
  let ended = false;
  const begin = (): void => {
    try {
      const next = jobs.next();
      if (next.done) {
        ended = true;
        return;
      }
      pending.push(load(next.value));
    } catch (error) {
      pending.push(Promise.reject(error instanceof Error ? error : new Error(String(error))));
    }
    // The error is thrown where it belongs; until then it is no unhandled one.
    pending[pending.length - 1].catch(() => {
      ended = true;
    });
  };
  const fill = (count: number): void => {
    while (!ended && pending.length < count) begin();
  };
  try {
    for (;;) {
      fill(Math.max(1, ahead));
      const first = pending.shift();
      if (first === undefined) return;
      const result = await first;
      fill(ahead);
      yield result;
    }
  } finally {
    ended = true;
    jobs.return?.();
  }
}
