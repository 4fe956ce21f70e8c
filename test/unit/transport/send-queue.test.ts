import { expect, test } from 'vitest';
import { SendQueue } from '../../../kernel/transport/send-queue.js';

/** A socket that, like ZeroMQ's, refuses a second send before the first is done. */
class OneAtATime {
  readonly sent: string[] = [];
  #busy = false;

  async send(frames: (string | Uint8Array)[]): Promise<void> {
    if (this.#busy) throw new Error('Socket is busy writing');
    this.#busy = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.#busy = false;
    const text = frames.map(String).join('');
    if (text === 'bad') throw new Error('cannot');
    this.sent.push(text);
  }
}

test('messages go out one at a time, in order, also those pushed meanwhile', async () => {
  const socket = new OneAtATime();
  const queue = new SendQueue(socket, () => undefined);
  for (const text of ['a', 'b', 'c']) queue.push([text]);
  await new Promise((resolve) => setImmediate(resolve));
  queue.push(['d']);
  await queue.flushed();
  expect(socket.sent).toEqual(['a', 'b', 'c', 'd']);
  queue.push(['e']);
  await queue.flushed();
  expect(socket.sent).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a message that cannot be sent is logged, and the next ones go out', async () => {
  const socket = new OneAtATime();
  const log: string[] = [];
  const queue = new SendQueue(socket, (text) => log.push(text));
  for (const text of ['a', 'bad', 'b']) queue.push([text]);
  await queue.flushed();
  expect(socket.sent).toEqual(['a', 'b']);
  expect(log).toEqual(['could not send a message: cannot']);
});
