/** Cells run one after the other, in the order of arrival, until one fails and takes the waiting ones with it. */

export interface Job {
  /** Runs to the end, reply included; never rejects. True: what waits is to be aborted. */
  run(): Promise<boolean>;
  /** Answers that the job will not run. */
  abort(): void;
}

export class ExecutionQueue {
  #waiting: Job[] = [];
  #running: Job | null = null;

  get isRunning(): boolean {
    return this.#running !== null;
  }

  push(job: Job): void {
    this.#waiting.push(job);
    if (!this.#running) void this.#work();
  }

  /** Aborts what waits; what runs is not touched. */
  abortWaiting(): void {
    const aborted = this.#waiting;
    this.#waiting = [];
    for (const job of aborted) job.abort();
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      this.#running = job;
      try {
        if (await job.run()) this.abortWaiting();
      } finally {
        this.#running = null;
      }
    }
  }
}
