/**
 * A client's ZeroMQ sockets to one kernel: signs what is sent, checks what comes, and passes the four JSON parts and
 * the buffers of a message on as bytes.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { Dealer, Subscriber } from 'zeromq';
import { address, type ChannelName, type ConnectionInfo } from './connection.js';

/** Header, parent header, metadata and content as JSON text, then buffers. */
export type MessageParts = readonly Uint8Array[];

const DELIMITER = Buffer.from('<IDS|MSG>');

export class Channels {
  readonly #sockets = new Map<ChannelName, Dealer | Subscriber>();
  readonly #sending = new Map<ChannelName, Promise<void>>();
  readonly #key: string;
  #closed = false;

  /** `identity` must be the same for all channels of one client: the kernel addresses input requests by it. */
  constructor(
    connection: ConnectionInfo,
    identity: string,
    names: readonly ChannelName[],
    readonly onMessage: (channel: ChannelName, parts: MessageParts) => void,
  ) {
    this.#key = connection.key;
    for (const name of names) {
      const socket = openSocket(name, identity);
      socket.connect(address(connection, name));
      this.#sockets.set(name, socket);
      void this.#receive(name, socket);
    }
  }

  /** Queues a message; a ZeroMQ socket takes one `send` at a time. */
  send(channel: ChannelName, parts: MessageParts): void {
    const socket = this.#sockets.get(channel);
    if (!(socket instanceof Dealer)) throw new Error(`nothing can be sent on channel ${channel}`);
    const frames = [DELIMITER, Buffer.from(this.#sign(parts)), ...parts];
    const sent = (this.#sending.get(channel) ?? Promise.resolve())
      .then(() => socket.send(frames))
      .catch(() => undefined /* closed meanwhile: the kernel's end is reported elsewhere */);
    this.#sending.set(channel, sent);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of this.#sockets.values()) socket.close();
  }

  async #receive(channel: ChannelName, socket: Dealer | Subscriber): Promise<void> {
    try {
      for await (const frames of socket) {
        if (this.#closed) return;
        const parts = this.#open(frames);
        if (parts !== undefined) this.onMessage(channel, parts);
      }
    } catch (error) {
      if (!this.#closed) throw error;
    }
  }

  /** The parts of a message that is well-formed and signed with our key. */
  #open(frames: Buffer[]): MessageParts | undefined {
    const start = frames.findIndex((frame) => frame.equals(DELIMITER));
    if (start < 0 || frames.length < start + 6) return undefined;
    const signature = frames[start + 1];
    const parts = frames.slice(start + 2);
    const expected = Buffer.from(this.#sign(parts));
    const genuine = signature.length === expected.length && timingSafeEqual(signature, expected);
    return genuine ? parts : undefined;
  }

  #sign(parts: MessageParts): string {
    if (this.#key === '') return '';
    const hmac = createHmac('sha256', this.#key);
    for (const part of parts.slice(0, 4)) hmac.update(part);
    return hmac.digest('hex');
  }
}

function openSocket(channel: ChannelName, identity: string): Dealer | Subscriber {
  const options = { linger: 0, receiveHighWaterMark: 0 };
  if (channel !== 'iopub') return new Dealer({ ...options, sendHighWaterMark: 0, routingId: identity });
  const socket = new Subscriber(options);
  socket.subscribe();
  return socket;
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
