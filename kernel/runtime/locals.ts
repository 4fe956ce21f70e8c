/**
 * Brings the locals of a running cell to where all cells see them, from the watchdog thread. A termination runs no
 * `finally`, so they would be lost with the frame; the debugger can read them there, in optimized code too.
 */
import type inspector from 'node:inspector';
import { LOCALS_FUNCTION } from '../language/cell.js';

type Paused = inspector.Debugger.PausedEventDataType;

/** The pause comes right after it was acknowledged (40 ms later for each 1,000 frames on the stack), unless the code has just ended. */
const PAUSE_MS = 2000;

export class LocalKeeper {
  /** The debugger is in use by one at a time. */
  #last: Promise<void> = Promise.resolve();
  #onPaused: ((paused: Paused) => void) | undefined;

  constructor(private readonly session: inspector.Session) {
    session.on('Debugger.paused', ({ params }) => {
      if (this.#onPaused) this.#onPaused(params);
      // A `debugger` statement, or a pause that came too late: nobody else would end it.
      else session.post('Debugger.resume');
    });
  }

  /**
   * Pauses the main thread, which must be in a slice of user code, and evaluates `keep` in the frame of the cell, if it is on the stack. The cell goes on when the
   * result is called; what was posted before takes effect first.
   */
  async pause(keep: string): Promise<() => void> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise((resolve) => (release = resolve));
    await before;
    await this.#keep(keep);
    return () => {
      this.#onPaused = undefined;
      this.session.post('Debugger.resume');
      this.session.post('Debugger.disable');
      release();
    };
  }

  async #keep(expression: string): Promise<void> {
    const paused = new Promise<Paused>((resolve) => (this.#onPaused = resolve));
    this.session.post('Debugger.enable');
    await this.#post('Debugger.pause');
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), PAUSE_MS)));
    const event = await Promise.race([paused, limit]);
    clearTimeout(timer);
    // The outermost one, should a person have given the name to a function.
    const frame = event?.callFrames.findLast(({ functionName }) => functionName.startsWith(LOCALS_FUNCTION));
    if (!frame) return;
    const { callFrameId } = frame;
    await this.#post('Debugger.evaluateOnCallFrame', { callFrameId, expression, silent: true });
  }

  #post(method: string, params: object = {}): Promise<void> {
    return new Promise((resolve) => this.session.post(method, params, () => resolve()));
  }
}
