/** Standard input of cells: the question goes to the frontend, the answer comes through the watchdog. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { InputHost, InputOptions } from '../display/input.js';
import { currentExecution, type Execution } from './executions.js';
import { INPUTS_POSTED, type InputMessage } from './link.js';
import type { Outlet } from './outlet.js';

export class Inputs implements InputHost {
  readonly #flags: Int32Array;
  readonly #waiting: { id: number; resolve: (value: string) => void }[] = [];

  constructor(
    private readonly port: MessagePort,
    shared: SharedArrayBuffer,
    private readonly outlet: Outlet,
  ) {
    this.#flags = new Int32Array(shared);
    port.on('message', (message: InputMessage) => this.#answer(message));
  }

  async ask(prompt: string, options: InputOptions): Promise<string> {
    const { id } = this.#request(prompt, options);
    return new Promise((resolve) => this.#waiting.push({ id, resolve }));
  }

  askSync(prompt: string, options: InputOptions): string {
    const { id } = this.#request(prompt, options);
    for (;;) {
      const posted = Atomics.load(this.#flags, INPUTS_POSTED);
      const received = receiveMessageOnPort(this.port);
      if (received) {
        const message = received.message as InputMessage;
        if (message.id === id) return message.value;
        this.#answer(message);
      } else Atomics.wait(this.#flags, INPUTS_POSTED, posted);
    }
  }

  /** The cell has ended: nobody waits for its lines any more. */
  forget(id: number): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--)
      if (this.#waiting[index].id === id) this.#waiting.splice(index, 1);
  }

  #request(prompt: string, options: InputOptions): Execution {
    const execution = currentExecution();
    if (!execution?.allowStdin)
      throw new Error('input: this frontend cannot ask for input (it ran the cell with allow_stdin false).');
    if (execution.ended)
      throw new Error('input: the cell that asks has ended; await the answer in the cell.');
    this.outlet.send({
      type: 'input_request',
      id: execution.id,
      prompt,
      password: options.password === true,
    });
    return execution;
  }

  #answer({ id, value }: InputMessage): void {
    const index = this.#waiting.findIndex((waiter) => waiter.id === id);
    if (index >= 0) this.#waiting.splice(index, 1)[0].resolve(value);
  }
}
