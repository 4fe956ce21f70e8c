/** debug_request: one after the other, with a debugger that is loaded for the first of them. */
import type { DebugAdapter } from '../debug/index.js';
import type { DebugEvent, DebugReply, DebugRequest } from '../protocol/debug.js';
import type { Session } from '../session/session.js';

interface DebuggingParts {
  readonly publish: (event: DebugEvent) => void;
  readonly log: (text: string) => void;
}

export class Debugging {
  #adapter: Promise<DebugAdapter> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #seq = 0;

  constructor(private readonly parts: DebuggingParts) {}

  /** Answers a request when those before it have been answered, each between its own busy and idle. */
  inTurn(answer: () => Promise<void>): void {
    this.#last = this.#last.then(answer, answer);
  }

  async answer(request: DebugRequest, session: Session): Promise<DebugReply> {
    if (!session.debug) return unavailable(request);
    this.#adapter ??= this.#load(session.debug);
    return (await this.#adapter).handle(request);
  }

  async #load(target: NonNullable<Session['debug']>): Promise<DebugAdapter> {
    const { DebugAdapter } = await import('../debug/index.js');
    const emit = (event: Omit<DebugEvent, 'seq'>): void => this.parts.publish({ ...event, seq: ++this.#seq });
    return new DebugAdapter(target, emit, this.parts.log);
  }
}

function unavailable({ seq, command }: DebugRequest): DebugReply {
  return {
    status: 'ok',
    type: 'response',
    seq: 0,
    request_seq: seq,
    success: false,
    command,
    message: 'This session has no debugger',
    body: {},
  };
}
