/** Makes the kernel's messages: headers, parents, the kernel's own session id. Everything that is sent goes through it. */
import { randomUUID } from 'node:crypto';
import { PROTOCOL_VERSION, type Header, type Incoming } from '../protocol/message.js';
import type { Output } from '../protocol/output.js';
import type { Channel, Transport } from '../transport/transport.js';

interface PublishOptions {
  metadata?: object;
  buffers?: readonly Uint8Array[];
  topic?: Uint8Array;
}

export class Mailbox {
  /** Fresh for each kernel: clients tell a restarted kernel from the old one by it. */
  readonly session = randomUUID();
  readonly #transport: Transport;
  #sent = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Publishes on IOPub; `parent` is the header of the request that caused it. */
  publish(output: Output, parent: Header | null, options: PublishOptions = {}): void {
    const topic = output.type === 'stream' ? `stream.${output.content.name}` : output.type;
    this.#transport.publish(options.topic ?? `kernel.${this.session}.${topic}`, {
      header: this.#header(output.type),
      parent,
      metadata: options.metadata ?? {},
      content: output.content,
      buffers: options.buffers ?? [],
    });
  }

  /** Sends to the client that sent `to`, with it as the parent; returns the id of the message. */
  send(channel: Channel, to: Incoming, type: string, content: object, metadata: object = {}): string {
    const header = this.#header(type);
    this.#transport.send(channel, to.identities, {
      header,
      parent: to.header,
      metadata,
      content,
      buffers: [],
    });
    return header.msg_id;
  }

  #header(type: string): Header {
    return {
      msg_id: `${this.session}_${++this.#sent}`,
      msg_type: type,
      session: this.session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    };
  }
}
