/** A ZeroMQ socket takes one send at a time: the queue before it. */
import type { Frame } from './framing.js';

interface Writable {
  send(frames: Frame[]): Promise<void>;
}

export class SendQueue {
  readonly #socket: Writable;
  readonly #log: (text: string) => void;
  #waiting: Frame[][] = [];
  #sending = false;
  #drained: Promise<void> = Promise.resolve();

  constructor(socket: Writable, log: (text: string) => void) {
    this.#socket = socket;
    this.#log = log;
  }

  push(frames: Frame[]): void {
    this.#waiting.push(frames);
    if (this.#sending) return;
    this.#sending = true;
    this.#drained = this.#drain();
  }

  /** Resolves when all that was pushed has been handed to ZeroMQ. */
  async flushed(): Promise<void> {
    await this.#drained;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const frames of batch) {
        try {
          await this.#socket.send(frames);
        } catch (error) {
          this.#log(`could not send a message: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    this.#sending = false;
  }
}
