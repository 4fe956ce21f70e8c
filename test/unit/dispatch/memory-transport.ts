/** A transport without sockets: a test plays the client. */
import { randomUUID } from 'node:crypto';
import type { Header, Message } from '../../../kernel/protocol/message.js';
import type { Channel, Transport, TransportEvents } from '../../../kernel/transport/transport.js';

/** A message that the kernel sent, as a test looks at it. */
export interface Sent {
  readonly channel: Channel | 'iopub';
  readonly type: string;
  readonly content: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
  readonly parent: string | null;
  readonly to: string | null;
  readonly message: Message;
}

export class MemoryTransport implements Transport {
  readonly sent: Sent[] = [];
  isClosed = false;
  #events: TransportEvents | null = null;
  #watchers: (() => void)[] = [];

  open(events: TransportEvents): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  send(channel: Channel, identities: readonly Uint8Array[], message: Message): void {
    this.#record(channel, Buffer.concat(identities).toString(), message);
  }

  publish(_topic: string | Uint8Array, message: Message): void {
    this.#record('iopub', null, message);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  subscribe(topic: string): void {
    this.#events?.subscribed(Buffer.from(topic));
  }

  /** Sends a request to the kernel; returns its id. */
  request(
    type: string,
    content: Record<string, unknown> = {},
    options: { channel?: Channel; header?: Partial<Header>; parent?: Header | null; client?: string } = {},
  ): string {
    const header: Header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: 'client',
      username: 'test',
      date: new Date().toISOString(),
      version: '5.4',
      ...options.header,
    };
    this.#events?.message(options.channel ?? 'shell', {
      header,
      parent: options.parent ?? null,
      metadata: {},
      content,
      buffers: [],
      identities: [Buffer.from(options.client ?? 'client')],
    });
    return header.msg_id;
  }

  /** Resolves with the first message, sent already or yet to come, that the test accepts. */
  async until(accept: (sent: Sent) => boolean): Promise<Sent> {
    for (;;) {
      const found = this.sent.find(accept);
      if (found) return found;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** The reply to a request, once it and idle are there. */
  async reply(id: string): Promise<Sent> {
    const reply = await this.until(({ channel, parent }) => channel !== 'iopub' && parent === id);
    await this.until((sent) => sent.parent === id && sent.content.execution_state === 'idle');
    return reply;
  }

  /** What was sent with this parent, in order: types, with the state of a status. */
  story(id: string): string[] {
    return this.sent
      .filter(({ parent }) => parent === id)
      .map(({ type, content }) => (type === 'status' ? String(content.execution_state) : type));
  }

  #record(channel: Channel | 'iopub', to: string | null, message: Message): void {
    // As a client sees it: through JSON.
    const content = JSON.parse(JSON.stringify(message.content)) as Record<string, unknown>;
    const metadata = JSON.parse(JSON.stringify(message.metadata)) as Record<string, unknown>;
    const { msg_type: type } = message.header;
    this.sent.push({ channel, type, content, metadata, parent: message.parent?.msg_id ?? null, to, message });
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const notify of watchers) notify();
  }
}
