/**
 * A client's ZeroMQ sockets to one kernel: signs what is sent, checks what comes, and passes the four JSON parts and
 * the buffers of a message on as bytes.
 */
import { randomUUID } from 'node:crypto';
import { Dealer, Subscriber } from 'zeromq';
import { endpoint, type ConnectionInfo } from '../../transport/connection-file.js';
import { SendQueue } from '../../transport/send-queue.js';
import { Signer } from '../../transport/signature.js';
import type { ChannelName } from './connection.js';

/** Header, parent header, metadata and content as JSON text, then buffers. */
export type MessageParts = readonly Uint8Array[];

const DELIMITER = Buffer.from('<IDS|MSG>');
/** Milliseconds of reading without a pause. */
const LONGEST_TURN = 20;

const ignore = (): void => undefined;

export class Channels {
  readonly #sockets: (Dealer | Subscriber)[] = [];
  readonly #queues = new Map<ChannelName, SendQueue>();
  readonly #signer: Signer;
  #closed = false;

  /** `identity` must be the same for all channels of one client: the kernel addresses input requests by it. */
  constructor(
    connection: ConnectionInfo,
    identity: string,
    names: readonly ChannelName[],
    readonly onMessage: (channel: ChannelName, parts: MessageParts) => void,
  ) {
    this.#signer = new Signer(connection.key, connection.hash);
    const options = { linger: 0, receiveHighWaterMark: 0 };
    for (const name of names) {
      let socket: Dealer | Subscriber;
      if (name === 'iopub') {
        socket = new Subscriber(options);
        socket.subscribe();
      } else {
        socket = new Dealer({ ...options, sendHighWaterMark: 0, routingId: identity });
        // A message that cannot be sent is one to a kernel that has gone; that is reported elsewhere.
        this.#queues.set(name, new SendQueue(socket, ignore));
      }
      socket.connect(endpoint(connection, `${name}_port`));
      this.#sockets.push(socket);
      void this.#receive(name, socket);
    }
  }

  send(channel: ChannelName, parts: MessageParts): void {
    const queue = this.#queues.get(channel);
    if (queue === undefined) throw new Error(`nothing can be sent on channel ${channel}`);
    queue.push([DELIMITER, this.#signer.sign(parts.slice(0, 4)), ...parts]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of this.#sockets) socket.close();
  }

  async #receive(channel: ChannelName, socket: Dealer | Subscriber): Promise<void> {
    let turn = performance.now();
    try {
      for await (const frames of socket) {
        if (this.#closed) return;
        const parts = this.#open(frames);
        if (parts !== undefined) this.onMessage(channel, parts);
        // While messages wait, the iteration alone never lets timers, signals and saves have their turn.
        if (performance.now() - turn < LONGEST_TURN) continue;
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    } catch (error) {
      if (!this.#closed) throw error;
    }
  }

  /** The parts of a message that is well-formed and signed with our key. */
  #open(frames: Buffer[]): MessageParts | undefined {
    const start = frames.findIndex((frame) => frame.equals(DELIMITER));
    if (start < 0 || frames.length < start + 6) return undefined;
    const parts = frames.slice(start + 2);
    try {
      this.#signer.verify(frames[start + 1], parts.slice(0, 4));
      return parts;
    } catch {
      return undefined; // not from our kernel
    }
  }
}

/** A request made here rather than by the client: `kernel_info_request` while connecting, and what REST asks for. */
export function request(msgType: string, session: string, content: object): MessageParts {
  const header = {
    msg_id: randomUUID(),
    msg_type: msgType,
    session,
    username: '',
    date: new Date().toISOString(),
    version: '5.4',
  };
  return [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
}
