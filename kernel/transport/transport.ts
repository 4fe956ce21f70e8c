/** How messages reach the kernel and leave it. The kernel does not know what is behind: sockets, or memory in a test. */
import type { Incoming, Message } from '../protocol/message.js';

/** The channels on which clients send messages. */
export type Channel = 'shell' | 'control' | 'stdin';

export interface TransportEvents {
  message(channel: Channel, message: Incoming): void;
  /** A client subscribed to IOPub messages that begin with `topic`. */
  subscribed(topic: Uint8Array): void;
}

export interface Transport {
  /** Begins to listen; rejects with `ConnectionError` when it cannot. */
  open(events: TransportEvents): Promise<void>;
  /** Sends to the client with these identities. Order is kept. */
  send(channel: Channel, identities: readonly Uint8Array[], message: Message): void;
  /** Sends to every subscriber of a beginning of `topic`. Order is kept. */
  publish(topic: string | Uint8Array, message: Message): void;
  /** Stops to listen; resolves when what was sent is on its way. */
  close(): Promise<void>;
}
