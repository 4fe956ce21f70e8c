/**
 * Cells come before questions about code. Most cells are done in two milliseconds, in which a question would take the same
 * thread, and the processors that the cell needs; it waits for such a cell, a few milliseconds at most, which nobody sees. One that
 * runs for longer is not waited for. Where cells come one after the other, questions that come without a pause are spread out.
 */

/** What is waited for a cell. */
const SHORT_MS = 5;
/** The next cell is likely to come within this time of the last one, if that came so soon, too. */
const SUCCESSION_MS = 100;
/** Then so much time lies between two questions, from the beginning of one to that of the next. */
const PACE_MS = 10;

export class RightOfWay {
  /** When the cell that runs has begun; null when none runs. */
  #began: number | null = null;
  #ended = -Infinity;
  #asked = -Infinity;
  #isSuccession = false;
  #waiting: (() => void)[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  cellBegins(): void {
    const now = this.now();
    this.#isSuccession = now - this.#ended < SUCCESSION_MS;
    this.#began = now;
  }

  cellEnded(): void {
    this.#began = null;
    this.#ended = this.now();
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // The next cell begins before that, if there is one.
    setImmediate(() => waiting.forEach((go) => go()));
  }

  /** Resolves when a question may begin. */
  async question(): Promise<void> {
    await this.turn();
    const now = this.now();
    const wait = this.#isSuccession && now - this.#ended < SUCCESSION_MS ? this.#asked + PACE_MS - now : 0;
    this.#asked = now + Math.max(0, wait);
    if (wait <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
    await this.turn();
  }

  /** Whether no cell runs, and none is likely to come soon. */
  get isQuiet(): boolean {
    return this.#began === null && this.now() - this.#ended > SUCCESSION_MS;
  }

  /** Resolves when no cell is in the way. */
  async turn(): Promise<void> {
    const until = this.now() + SHORT_MS;
    while (this.#isShort() && this.now() < until) await this.#passed(until - this.now());
  }

  #isShort(): boolean {
    return this.#began !== null && this.now() - this.#began < SHORT_MS;
  }

  #passed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(go, Math.ceil(ms));
      this.#waiting.push(go);
    });
  }
}
