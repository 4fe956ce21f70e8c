/** No display shows more than four pictures in any second: three while a loop runs, and the one that its cell keeps. */

const SECOND_MS = 1000;
const WHILE_IT_RUNS = 3;

/** Between two pictures of a loop. */
export const MIN_INTERVAL_MS = Math.ceil(SECOND_MS / WHILE_IT_RUNS);

export class Rate {
  /** When the newest pictures were sent. */
  private times: readonly number[] = [];

  /** Whether a picture may be sent that is not the cell's last. */
  hasRoom(now: number): boolean {
    const { times } = this;
    if (times.length > 0 && now < times[times.length - 1] + MIN_INTERVAL_MS) return false;
    return times.length < WHILE_IT_RUNS || now >= times[0] + SECOND_MS;
  }

  sent(now: number): void {
    this.times = [...this.times, now].slice(-WHILE_IT_RUNS);
  }
}
