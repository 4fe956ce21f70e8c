/**
 * Comms: two-way channels between a cell and the frontend, by which widgets live. Either side opens one to a *target*
 * of the other side, and both send JSON with binary buffers through it until one closes it.
 */
import { randomUUID } from 'node:crypto';

/** What goes through a comm, in either direction. */
interface Packet {
  kind: 'open' | 'msg' | 'close';
  commId: string;
  target?: string;
  data: unknown;
  metadata?: object;
  buffers?: readonly Uint8Array[];
  /** `takeStates` gives its data as well, and earlier. */
  live?: boolean;
}

/** Something that arrived from the frontend. */
export interface CommEvent {
  /** JSON. */
  readonly data: unknown;
  readonly metadata: object;
  /** Each lies at the beginning of memory of its own: `new Float32Array(buffers[0].buffer)`. */
  readonly buffers: readonly Uint8Array[];
}

export interface CommOptions {
  metadata?: object;
  buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
}

/** Where packets go. The user process installs one that sends them to the frontend. */
export interface CommHost {
  send(packet: Packet): void;
  /** A function that calls `handler` on behalf of the code that runs now, and shows what it throws. */
  bind<Args extends unknown[]>(handler: (...args: Args) => unknown): (...args: Args) => void;
  /** Calls `body`, which calls handlers, when the code that runs now waits for something. */
  later(body: () => void): void;
  /** Gives the states of widgets that have arrived since the last time, also in the midst of a loop. */
  takeStates(take: (state: Pick<Packet, 'commId' | 'data' | 'buffers'>) => void): void;
}

const NOWHERE: CommHost = {
  send: ({ target }) => {
    const what = target === undefined ? 'Comm.send' : `comms.open('${target}')`;
    throw new Error(`${what}: no frontend is connected; comms work in cells of a notebook`);
  },
  bind: (handler) => handler,
  later: () => undefined,
  takeStates: () => undefined,
};

type Handler = (event: CommEvent) => unknown;
type StateHandler = (data: unknown, buffers: readonly Uint8Array[]) => void;
type TargetHandler = (comm: Comm, event: CommEvent) => unknown;

/** Messages that wait for somebody to hear them; of more the oldest are dropped. */
const MOST_WAITING = 100;

let host = NOWHERE;
const open = new Map<string, Comm>();
const targets = new Map<string, (comm: Comm, event: CommEvent) => void>();

export function setCommHost(next: CommHost): void {
  host = next;
}

/** One channel. */
export class Comm {
  readonly #messageHandlers = new Set<(event: CommEvent) => void>();
  readonly #closeHandlers = new Set<(event: CommEvent) => void>();
  /** What came before the first handler. */
  readonly #waiting: CommEvent[] = [];
  #stateHandler: StateHandler | undefined;

  constructor(
    readonly id: string,
    readonly target: string,
  ) {}

  get isClosed(): boolean {
    return open.get(this.id) !== this;
  }

  /**
   * Sends JSON, and buffers beside it, at once: also from inside a loop that never awaits.
   * @throws Error when the comm is closed, TypeError when `data` is not JSON.
   */
  send(data: unknown, options: CommOptions = {}): void {
    if (this.isClosed) throw new Error(`Comm.send: the comm to '${this.target}' is closed`);
    host.send({ kind: 'msg', commId: this.id, data, ...sendable(options) });
  }

  /** Closes it for both sides; the second time nothing happens. */
  close(data: unknown = {}, options: CommOptions = {}): void {
    if (this.isClosed) return;
    open.delete(this.id);
    host.send({ kind: 'close', commId: this.id, data, ...sendable(options) });
  }

  /**
   * Calls `handler` with each message: between two cells, and whenever a cell that runs awaits something. What it
   * prints belongs to the cell that called this. The first handler also gets what has arrived before it.
   * @returns a function that takes the handler away again.
   */
  onMessage(handler: Handler): () => void {
    if (this.#waiting.length > 0 && this.#messageHandlers.size === 0) host.later(() => this.#catchUp());
    return add(this.#messageHandlers, host.bind(handler));
  }

  /** Calls `handler` when the frontend closes the comm. */
  onClose(handler: Handler): () => void {
    return add(this.#closeHandlers, host.bind(handler));
  }

  /** @internal Calls `handler` with each message before any other handler, and with a widget's state as soon as it is read. */
  static onState(comm: Comm, handler: StateHandler): void {
    comm.#stateHandler = handler;
  }

  /** @internal */
  static takeState(comm: Comm, data: unknown, buffers: readonly Uint8Array[]): void {
    comm.#stateHandler?.(data, buffers);
  }

  /** @internal */
  static deliver(comm: Comm, kind: 'msg' | 'close', event: CommEvent): void {
    if (kind === 'msg' && (comm.#messageHandlers.size === 0 || comm.#waiting.length > 0)) comm.#keep(event);
    else
      for (const handler of [...(kind === 'msg' ? comm.#messageHandlers : comm.#closeHandlers)])
        handler(event);
  }

  /** The state of a widget holds what its messages said. */
  #keep(event: CommEvent): void {
    if (this.#stateHandler) return;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  #catchUp(): void {
    for (const event of this.#waiting.splice(0)) Comm.deliver(this, 'msg', event);
  }
}

/** What the frontend may open comms to. */
export const comms = {
  /**
   * Lets the frontend open comms: `handler` gets each one, with what it was opened with. A second handler of the same
   * name takes the place of the first.
   * @returns a function that takes the target away again.
   */
  registerTarget(name: string, handler: TargetHandler): () => void {
    const bound = host.bind(handler);
    targets.set(name, bound);
    return () => {
      if (targets.get(name) === bound) targets.delete(name);
    };
  },

  /**
   * Opens a comm to a target of the frontend. When the frontend has no such target it closes the comm.
   * @throws Error outside of a notebook.
   */
  open(
    target: string,
    data: unknown = {},
    metadata: object = {},
    buffers: CommOptions['buffers'] = [],
  ): Comm {
    const comm = new Comm(randomUUID(), target);
    host.send({ kind: 'open', commId: comm.id, target, data, ...sendable({ metadata, buffers }) });
    open.set(comm.id, comm);
    return comm;
  },
};

/** Takes in the states of widgets that have arrived while the code that runs did not await anything. */
export function takeStates(): void {
  host.takeStates(({ commId, data, buffers = [] }) => {
    const comm = open.get(commId);
    if (comm) Comm.takeState(comm, data, buffers);
  });
}

/** Whether a frontend may be there to send to. */
export function hasCommHost(): boolean {
  return host !== NOWHERE;
}

/** A packet from the frontend. Returns whether there is such a target, or such a comm. */
export function receiveComm(packet: Packet): boolean {
  const { kind, commId, target = '', data, metadata = {}, buffers = [] } = packet;
  const event = { data, metadata, buffers };
  if (kind === 'open') {
    const handler = targets.get(target);
    if (!handler) return false;
    const comm = new Comm(commId, target);
    open.set(commId, comm);
    handler(comm, event);
    return true;
  }
  const comm = open.get(commId);
  if (!comm) return false;
  if (kind === 'close') open.delete(commId);
  if (packet.live === true) takeStates();
  else if (kind === 'msg') Comm.takeState(comm, data, buffers);
  Comm.deliver(comm, kind, event);
  return true;
}

function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}

function sendable({ metadata = {}, buffers = [] }: CommOptions): { metadata: object; buffers: Uint8Array[] } {
  return {
    metadata,
    buffers: buffers.map((buffer) =>
      ArrayBuffer.isView(buffer)
        ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
        : new Uint8Array(buffer),
    ),
  };
}
