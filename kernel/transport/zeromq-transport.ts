/** The transport of a real kernel: ZeroMQ sockets and signed frames. */
import type { Router, XPublisher } from 'zeromq';
import { MalformedMessage, type Message } from '../protocol/message.js';
import type { ConnectionInfo } from './connection-file.js';
import { decode, encode } from './framing.js';
import { Heartbeat } from './heartbeat.js';
import { SendQueue } from './send-queue.js';
import { Signer } from './signature.js';
import { bindSockets, closeSockets, type Sockets } from './sockets.js';
import type { Channel, Transport, TransportEvents } from './transport.js';

interface Open {
  readonly sockets: Sockets;
  readonly queues: Readonly<Record<Channel | 'iopub', SendQueue>>;
  readonly heartbeat: Heartbeat;
}

export class ZeroMqTransport implements Transport {
  readonly #info: ConnectionInfo;
  readonly #signer: Signer;
  readonly #log: (text: string) => void;
  #open: Open | null = null;

  /** `log` gets one line for each message that is dropped. */
  constructor(info: ConnectionInfo, log: (text: string) => void) {
    this.#info = info;
    this.#signer = new Signer(info.key, info.hash);
    this.#log = log;
  }

  async open(events: TransportEvents): Promise<void> {
    const sockets = await bindSockets(this.#info);
    const queue = (socket: Router | XPublisher) => new SendQueue(socket, this.#log);
    this.#open = {
      sockets,
      queues: {
        shell: queue(sockets.shell),
        control: queue(sockets.control),
        stdin: queue(sockets.stdin),
        iopub: queue(sockets.iopub),
      },
      heartbeat: await Heartbeat.start(sockets.heartbeat),
    };
    void this.#receive('control', sockets.control, events);
    void this.#receive('shell', sockets.shell, events);
    void this.#receive('stdin', sockets.stdin, events);
    void this.#welcome(sockets.iopub, events);
  }

  send(channel: Channel, identities: readonly Uint8Array[], message: Message): void {
    this.#open?.queues[channel].push(encode(identities, message, this.#signer));
  }

  publish(topic: string | Uint8Array, message: Message): void {
    const identity = typeof topic === 'string' ? Buffer.from(topic) : topic;
    this.#open?.queues.iopub.push(encode([identity], message, this.#signer));
  }

  async close(): Promise<void> {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    await Promise.all(Object.values(open.queues).map((queue) => queue.flushed()));
    await open.heartbeat.stop();
    closeSockets(open.sockets);
  }

  async #receive(channel: Channel, socket: Router, events: TransportEvents): Promise<void> {
    for await (const frames of socket) {
      try {
        events.message(channel, decode(frames, this.#signer));
      } catch (error) {
        const reason =
          error instanceof MalformedMessage ? error.message : error instanceof Error ? error.stack : error;
        // One line, and nothing in it that a terminal would obey.
        this.#log(`dropped a message on ${channel}: ${String(reason).replace(/\p{Cc}+/gu, ' ')}`);
      }
    }
  }

  /** What an XPUB socket receives: a byte that says subscribe (1) or unsubscribe (0), then the topic. */
  async #welcome(socket: XPublisher, events: TransportEvents): Promise<void> {
    for await (const [frame] of socket) if (frame[0] === 1) events.subscribed(frame.subarray(1));
  }
}
