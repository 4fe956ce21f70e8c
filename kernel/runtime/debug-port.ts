/**
 * The debugger's inspector session, in the watchdog thread. It is opened when a debugger attaches, and is another one than
 * the session that interrupts: the kernel process speaks V8's protocol through it. An interrupt comes before all pauses.
 */
import inspector from 'node:inspector';
import type { DebugMode, FromUser, ToUser } from './frames.js';
import { DEBUG_MODE, SCRIPTS_SEEN, SEES_EXCEPTIONS, SEES_SCRIPTS } from './link.js';
import { LOCALS_FUNCTION } from '../language/cell.js';

type InspectorFrame = Extract<ToUser, { type: 'inspector' }>;
type Paused = inspector.Debugger.PausedEventDataType;

export class DebugPort {
  #session: inspector.Session | undefined;
  #paused: Paused | undefined;
  #isAttached = false;

  constructor(
    private readonly flags: Int32Array,
    private readonly report: (frame: FromUser) => void,
  ) {}

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** The main thread stands still. */
  get isPaused(): boolean {
    return this.#paused !== undefined;
  }

  handle(frame: InspectorFrame): void {
    const { request, method, params } = frame;
    this.#open().post(method, params, (error, result) => {
      if (error === null) this.report({ type: 'inspector_reply', request, result: result ?? {} });
      else this.report({ type: 'inspector_reply', request, error: error.message });
    });
  }

  setMode({ isAttached, seesScripts, seesExceptions }: DebugMode): void {
    this.#isAttached = isAttached;
    Atomics.store(
      this.flags,
      DEBUG_MODE,
      (seesScripts ? SEES_SCRIPTS : 0) + (seesExceptions ? SEES_EXCEPTIONS : 0),
    );
    // Whoever waits looks again.
    Atomics.notify(this.flags, SCRIPTS_SEEN);
    if (isAttached || !this.#session) return;
    const session = this.#session;
    this.#session = undefined;
    this.#paused = undefined;
    // What is paused goes on.
    session.post('Debugger.disable', () => session.disconnect());
  }

  /** The debugger has set its breakpoints in a script. */
  scriptSeen(ticket: number): void {
    Atomics.store(this.flags, SCRIPTS_SEEN, Math.max(ticket, Atomics.load(this.flags, SCRIPTS_SEEN)));
    Atomics.notify(this.flags, SCRIPTS_SEEN);
  }

  /** Puts the locals of the paused cell where all see them, for what looks at values meanwhile. */
  async keep(expression: string): Promise<void> {
    const frame = this.#paused?.callFrames.findLast(({ functionName }) =>
      functionName.startsWith(LOCALS_FUNCTION),
    );
    if (!frame) return;
    const params = { callFrameId: frame.callFrameId, expression, silent: true };
    await this.#post('Debugger.evaluateOnCallFrame', params);
  }

  /** From here on nothing pauses: an interrupt is on its way. Ends with `allowPauses`. */
  preventPauses(): void {
    if (this.#session) void this.#post('Debugger.setSkipAllPauses', { skip: true });
  }

  allowPauses(): void {
    if (this.#session) void this.#post('Debugger.setSkipAllPauses', { skip: false });
  }

  resume(): void {
    if (this.#paused) void this.#post('Debugger.resume', {});
  }

  #post(method: string, params: object): Promise<void> {
    return new Promise((resolve) => {
      if (this.#session) this.#session.post(method, params, () => resolve());
      else resolve();
    });
  }

  #open(): inspector.Session {
    if (this.#session) return this.#session;
    const session = (this.#session = new inspector.Session());
    session.connectToMainThread();
    session.on('Debugger.paused', ({ params }) => {
      this.#paused = params;
      this.report({ type: 'inspector_event', method: 'Debugger.paused', params });
    });
    session.on('Debugger.resumed', () => {
      this.#paused = undefined;
      this.report({ type: 'inspector_event', method: 'Debugger.resumed', params: {} });
    });
    session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
      if (!url.startsWith('file:')) return;
      this.report({ type: 'inspector_event', method: 'Debugger.scriptParsed', params: { scriptId, url } });
    });
    return session;
  }
}
