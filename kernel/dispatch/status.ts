/** busy and idle: the one place that says them. */
import type { Header } from '../protocol/message.js';
import type { ExecutionState } from '../protocol/output.js';
import type { Mailbox } from './mailbox.js';

/** Nobody sees that a kernel was busy for less. */
const SEEN_MS = 30;

export class StatusReporter {
  readonly #mailbox: Mailbox;
  /** The request of the cell that runs. */
  #executing: Header | null = null;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  /** Handles a request: busy, `body`, idle. */
  during(request: Header, body: () => Promise<void>): Promise<void>;
  during(request: Header, body: () => void): void;
  during(request: Header, body: () => void | Promise<void>): void | Promise<void> {
    this.say('busy', request);
    const idle = () => this.#idle(request);
    let pending: void | Promise<void>;
    try {
      pending = body();
    } catch (error) {
      idle();
      throw error;
    }
    if (pending instanceof Promise) return pending.finally(idle);
    idle();
  }

  /**
   * Handles a question, which is answered in a moment as a rule: then busy, the answer and idle go out together, and wake everybody
   * once. `work` never rejects and resolves to what sends the answer.
   */
  async duringQuestion(request: Header, work: () => Promise<() => void>): Promise<void> {
    let isSaid = false;
    const busy = (): void => {
      if (!isSaid) this.say('busy', request);
      isSaid = true;
    };
    const timer = setTimeout(busy, SEEN_MS);
    const send = await work();
    clearTimeout(timer);
    busy();
    send();
    this.#idle(request);
  }

  #idle(request: Header): void {
    this.say('idle', request);
    // Frontends show the last status they saw: a completion must not make a running cell look idle.
    if (this.#executing) this.say('busy', this.#executing);
  }

  /** Runs a cell: busy, `body`, idle, and busy all the while. */
  async duringExecution<T>(request: Header, body: () => Promise<T>): Promise<T> {
    this.say('busy', request);
    this.#executing = request;
    try {
      return await body();
    } finally {
      this.#executing = null;
      this.say('idle', request);
    }
  }

  say(execution_state: ExecutionState, parent: Header | null): void {
    this.#mailbox.publish({ type: 'status', content: { execution_state } }, parent);
  }
}
