/** The open comms: who is connected to what, and what happens to a message for nobody. */
import type { CommInfoReply } from '../protocol/comm.js';
import type { Incoming, Header } from '../protocol/message.js';
import type { Output } from '../protocol/output.js';
import type { RequestContents } from '../protocol/requests.js';
import type { CommPacket, OutputFrame } from '../runtime/frames.js';
import type { Session } from '../session/session.js';
import {
  isStateUpdate,
  WIDGET_CONTROL_TARGET,
  WIDGET_TARGET,
  WidgetStates,
  type Packet,
} from './widget-states.js';

type CommFrame = Extract<OutputFrame, { type: 'comm' }>;

/**
 * How long the idle of a widget's message waits for its handlers. A frontend holds the next move of a slider back until
 * it hears that the last one was taken in, and a loop that never awaits takes it in without any handler.
 */
const HANDLERS_MS = 30;

export interface CommParts {
  readonly session: () => Promise<Session>;
  /** Publishes what the registry itself answers. */
  readonly publish: (output: Output, parent: Header, buffers: readonly Uint8Array[]) => void;
}

export class CommRegistry {
  readonly #parts: CommParts;
  readonly #targets = new Map<string, string>();
  readonly #widgets = new WidgetStates();

  constructor(parts: CommParts) {
    this.#parts = parts;
  }

  /** A comm message of the user process, on its way to the clients. */
  fromUser(frame: CommFrame): Output {
    const { commId: comm_id, data, buffers = [] } = frame;
    switch (frame.kind) {
      case 'open': {
        const target_name = frame.target ?? '';
        this.#targets.set(comm_id, target_name);
        if (target_name === WIDGET_TARGET) this.#widgets.open(comm_id, { data, buffers });
        return { type: 'comm_open', content: { comm_id, target_name, data } };
      }
      case 'msg':
        this.#widgets.update(comm_id, { data, buffers });
        return { type: 'comm_msg', content: { comm_id, data } };
      case 'close':
        this.#forget(comm_id);
        return { type: 'comm_close', content: { comm_id, data } };
    }
  }

  /**
   * A client opens a comm. The user process knows the targets; without one of that name, or without a user process
   * that takes comms, the answer is a close.
   */
  async open(content: RequestContents['comm_open'], message: Incoming): Promise<void> {
    const { comm_id, target_name, data } = content;
    const { header, metadata, buffers } = message;
    this.#targets.set(comm_id, target_name);
    // Questions about all widgets are answered here: they may come while a cell spins.
    if (target_name === WIDGET_CONTROL_TARGET) return;
    const session = await this.#parts.session();
    const packet = { kind: 'open', commId: comm_id, target: target_name, data, metadata, buffers } as const;
    if ((await session.comm?.(packet)) === true) return;
    this.#targets.delete(comm_id);
    this.#parts.publish({ type: 'comm_close', content: { comm_id, data: {} } }, header, []);
  }

  /** A client's message or close for an open comm; what is for an unknown one (closed in the meantime) is ignored. */
  async forward(
    kind: 'msg' | 'close',
    { comm_id, data }: RequestContents['comm_msg'],
    message: Incoming,
  ): Promise<void> {
    const { header, metadata, buffers } = message;
    const target = this.#targets.get(comm_id);
    if (target === undefined) return;
    if (kind === 'close') this.#forget(comm_id);
    if (target === WIDGET_CONTROL_TARGET) {
      if (kind === 'msg') this.#answer(comm_id, this.#widgets.answerAll(data), header);
      return;
    }
    const packet: CommPacket = { kind, commId: comm_id, data, metadata, buffers };
    if (target !== WIDGET_TARGET || kind === 'close') {
      await (await this.#parts.session()).comm?.(packet);
      return;
    }
    this.#answer(comm_id, this.#widgets.answer(comm_id, data), header);
    this.#answer(comm_id, this.#widgets.update(comm_id, { data, buffers }), header);
    const session = await this.#parts.session();
    const handled = session.comm?.(isStateUpdate(data) ? { ...packet, live: true } : packet);
    await Promise.race([handled, new Promise((resolve) => setTimeout(resolve, HANDLERS_MS))]);
  }

  info(target: string | undefined): CommInfoReply {
    const open = [...this.#targets].filter(([, name]) => target === undefined || name === target);
    return {
      status: 'ok',
      comms: Object.fromEntries(open.map(([id, target_name]) => [id, { target_name }])),
    };
  }

  /** The user process is gone, and its ends of the comms with it. */
  clear(): Output[] {
    const ids = [...this.#targets.keys()];
    this.#targets.clear();
    this.#widgets.clear();
    return ids.map((comm_id) => ({ type: 'comm_close', content: { comm_id, data: {} } }));
  }

  #answer(comm_id: string, packet: Packet | null, parent: Header): void {
    if (!packet) return;
    const { data, buffers } = packet;
    this.#parts.publish({ type: 'comm_msg', content: { comm_id, data } }, parent, buffers);
  }

  #forget(id: string): void {
    this.#targets.delete(id);
    this.#widgets.close(id);
  }
}
