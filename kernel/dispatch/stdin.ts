/** input(): asks the client that sent the cell, and knows which answer is to which question. */
import type { Incoming } from '../protocol/message.js';
import { decodeInputReply } from '../protocol/stdin.js';
import type { ExecutionId } from '../runtime/frames.js';
import type { Mailbox } from './mailbox.js';

interface Question {
  readonly execution: ExecutionId;
  readonly messageId: string;
}

export class Stdin {
  readonly #mailbox: Mailbox;
  #open: Question | null = null;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  /** Asks the client that sent `request`. */
  ask(execution: ExecutionId, request: Incoming, prompt: string, password: boolean): void {
    const messageId = this.#mailbox.send('stdin', request, 'input_request', { prompt, password });
    this.#open = { execution, messageId };
  }

  /**
   * The answer to the open question. A reply that names another question, or that comes when none is open, is left
   * over from a cell that was interrupted: null. Terminal clients name none.
   */
  answer(message: Incoming): { execution: ExecutionId; value: string } | null {
    if (!this.#open || message.header.msg_type !== 'input_reply') return null;
    if (message.parent && message.parent.msg_id !== this.#open.messageId) return null;
    const { execution } = this.#open;
    const { value } = decodeInputReply(message.content);
    this.#open = null;
    return { execution, value };
  }

  /** Nobody waits for an answer any more. */
  cancel(): void {
    this.#open = null;
  }
}
