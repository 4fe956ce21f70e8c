/** V8's inspector in the user process, as the debugger sees it: commands, events, and the end of a process. */
import type { DebugMode, FromUser, ToUser } from '../runtime/frames.js';
import type { CellCompiler } from './compile.js';
import type { DebugEvents, DebugScript, DebugTarget } from './session.js';

type Reply = Extract<FromUser, { type: 'inspector_reply' }>;
type Event = Extract<FromUser, { type: 'inspector_event' | 'script' }>;

interface Waiting {
  readonly resolve: (result: object) => void;
  readonly reject: (error: Error) => void;
}

export class InspectorLink implements DebugTarget {
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();
  #events: DebugEvents | undefined;
  /** Questions for the main thread that wait until it can answer; null when it can. */
  #queued: ToUser[] | null = [];

  constructor(
    private readonly parts: {
      /** Sends to the user process; false when there is none. */
      send(frame: ToUser): boolean;
      compiler: CellCompiler;
      cwd: string;
    },
  ) {}

  listen(events: DebugEvents): void {
    this.#events = events;
  }

  setMode(mode: DebugMode): void {
    this.parts.send({ type: 'debug_mode', mode });
  }

  post(method: string, params: object): Promise<object> {
    const request = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      const frame: ToUser = { type: 'inspector', request, method, params };
      // The debugger itself is there from the first moment, before the first cell.
      if (method.startsWith('Runtime.') && this.#queued) {
        this.#queued.push(frame);
        return;
      }
      if (this.parts.send(frame)) return;
      this.#waiting.delete(request);
      reject(new Error('no process runs cells at present'));
    });
  }

  scriptName(name: string): string {
    return this.parts.compiler.scriptName?.(name) ?? name;
  }

  compile(code: string): DebugScript {
    const cell = this.parts.compiler.compile(code, { count: 0, cwd: this.parts.cwd, locals: false });
    if (cell.kind === 'syntax-error') throw new SyntaxError(cell.message);
    return cell;
  }

  /** The user process has loaded what answers. */
  processReady(): void {
    const queued = this.#queued ?? [];
    this.#queued = null;
    for (const frame of queued) this.parts.send(frame);
  }

  receive(frame: Reply | Event): void {
    if (frame.type === 'script') {
      const { file, ticket } = frame;
      const seen = (): void => void this.parts.send({ type: 'script_seen', ticket });
      if (this.#events) this.#events.script(file).then(seen, seen);
      else seen();
      return;
    }
    if (frame.type === 'inspector_event') {
      this.#events?.event(frame.method, frame.params);
      return;
    }
    const waiting = this.#waiting.get(frame.request);
    this.#waiting.delete(frame.request);
    if (frame.error === undefined) waiting?.resolve(frame.result ?? {});
    else waiting?.reject(new Error(frame.error));
  }

  /** Call it when another process is there, or none. */
  processEnded(): void {
    this.#queued = [];
    for (const { reject } of this.#waiting.values())
      reject(new Error('the process that ran cells has ended'));
    this.#waiting.clear();
    this.#events?.ended();
  }
}
