/** The open comms: who is connected to what, and what happens to a message for nobody. */
import type { CommInfoReply } from '../protocol/comm.js';
import type { Incoming } from '../protocol/message.js';
import type { Output } from '../protocol/output.js';
import type { RequestContents } from '../protocol/requests.js';
import type { OutputFrame } from '../runtime/frames.js';
import type { Session } from '../session/session.js';

type CommFrame = Extract<OutputFrame, { type: 'comm' }>;

export class CommRegistry {
  readonly #targets = new Map<string, string>();

  /** A comm message of the user process, on its way to the clients. */
  fromUser(frame: CommFrame): Output {
    const { commId: comm_id, data } = frame;
    switch (frame.kind) {
      case 'open': {
        const target_name = frame.target ?? '';
        this.#targets.set(comm_id, target_name);
        return { type: 'comm_open', content: { comm_id, target_name, data } };
      }
      case 'msg':
        return { type: 'comm_msg', content: { comm_id, data } };
      case 'close':
        this.#targets.delete(comm_id);
        return { type: 'comm_close', content: { comm_id, data } };
    }
  }

  /**
   * A client opens a comm. The user process knows the targets; without one of that name, or without a user process
   * that takes comms, the answer is a close.
   */
  async open(
    content: RequestContents['comm_open'],
    { metadata, buffers }: Incoming,
    session: Session,
  ): Promise<Output | null> {
    const { comm_id, target_name, data } = content;
    this.#targets.set(comm_id, target_name);
    const packet = { kind: 'open', commId: comm_id, target: target_name, data, metadata, buffers } as const;
    if ((await session.comm?.(packet)) === true) return null;
    this.#targets.delete(comm_id);
    return { type: 'comm_close', content: { comm_id, data: {} } };
  }

  /** A client's message or close for an open comm; what is for an unknown one (closed in the meantime) is ignored. */
  async forward(
    kind: 'msg' | 'close',
    content: RequestContents['comm_msg'],
    { metadata, buffers }: Incoming,
    session: Session,
  ): Promise<void> {
    const { comm_id, data } = content;
    if (!this.#targets.has(comm_id)) return;
    if (kind === 'close') this.#targets.delete(comm_id);
    await session.comm?.({ kind, commId: comm_id, data, metadata, buffers });
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
    return ids.map((comm_id) => ({ type: 'comm_close', content: { comm_id, data: {} } }));
  }
}
