/**
 * The `WebSocket` that a kernel client of `@jupyterlab/services` opens, as a server would answer it: it is open once
 * the kernel has answered on both shell and IOPub, carries every channel, and reports the kernel's death.
 */
import { Channels, request } from './channels.js';
import type { MessageParts } from './channels.js';
import type { ChannelName } from './connection.js';
import { fromWebSocket, toWebSocket, WEBSOCKET_PROTOCOL } from './frames.js';
import type { KernelProcess } from './process.js';

type CloseEvent = Parameters<NonNullable<WebSocket['onclose']>>[0];

class SocketClosed extends Event implements CloseEvent {
  readonly wasClean: boolean;
  constructor(
    readonly code: number,
    readonly reason: string,
  ) {
    super('close');
    this.wasClean = code === 1000;
  }
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

/** How long the last messages of a kernel that has ended may take through its sockets. */
const DRAIN_MS = 100;

export class KernelSocket extends EventTarget implements WebSocket {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = 2;
  static readonly CLOSED = CLOSED;
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = 2;
  readonly CLOSED = CLOSED;

  binaryType: WebSocket['binaryType'] = 'arraybuffer';
  readonly bufferedAmount = 0;
  readonly extensions = '';
  readonly protocol = WEBSOCKET_PROTOCOL;
  onopen: WebSocket['onopen'] = null;
  onmessage: WebSocket['onmessage'] = null;
  onclose: WebSocket['onclose'] = null;
  onerror: WebSocket['onerror'] = null;

  #state = CONNECTING;
  #channels: Channels | undefined;
  /** The header of the latest message, for the session under which the kernel's death is reported. */
  #lastHeader: Uint8Array | undefined;
  #probe: { shell: boolean; iopub: boolean; answered: () => void } | undefined;

  constructor(
    readonly url: string,
    kernel: KernelProcess | undefined,
  ) {
    super();
    // Handlers are set after construction.
    queueMicrotask(() => {
      if (this.#state !== CONNECTING) return;
      if (kernel === undefined) this.#end(1011, 'no such kernel');
      else void this.#run(kernel);
    });
  }

  get readyState(): number {
    return this.#state;
  }

  send(data: Parameters<WebSocket['send']>[0]): void {
    if (this.#state !== OPEN || this.#channels === undefined)
      throw new Error('the kernel socket is not open');
    if (!(data instanceof ArrayBuffer)) throw new TypeError('the kernel socket carries binary messages only');
    const { channel, parts } = fromWebSocket(data);
    if (channel !== 'shell' && channel !== 'control' && channel !== 'stdin')
      throw new RangeError(`no messages are sent on channel "${channel}"`);
    this.#channels.send(channel, parts);
  }

  close(code = 1000, reason = ''): void {
    this.#end(code, reason);
  }

  async #run(kernel: KernelProcess): Promise<void> {
    const session = new URL(this.url).searchParams.get('session_id') ?? '';
    const channels = new Channels(
      kernel.connection,
      session,
      ['iopub', 'shell', 'control', 'stdin'],
      this.#receive,
    );
    this.#channels = channels;
    void kernel.exited.then(({ expected }) => (expected ? undefined : this.#afterDeath()));
    if (kernel.exit !== undefined) return;
    await this.#untilAnswered(channels);
    if (this.#state !== CONNECTING) return;
    kernel.hasAnswered = true;
    this.#state = OPEN;
    this.#emit(new Event('open'));
  }

  /**
   * Asks for kernel_info again and again until both shell and IOPub have brought something: what is published before
   * the subscription has reached the kernel is lost.
   */
  async #untilAnswered(channels: Channels): Promise<void> {
    let pause = 50;
    let timer: NodeJS.Timeout | undefined;
    const ask = (): void => {
      channels.send('shell', request('kernel_info_request', 'bridge', {}));
      timer = setTimeout(ask, pause);
      pause = Math.min(500, pause * 1.5);
    };
    await new Promise<void>((answered) => {
      this.#probe = { shell: false, iopub: false, answered };
      ask();
    });
    clearTimeout(timer);
    this.#probe = undefined;
  }

  readonly #receive = (channel: ChannelName, parts: MessageParts): void => {
    this.#lastHeader = parts[0];
    if (this.#state === OPEN) {
      this.#emit(new MessageEvent('message', { data: toWebSocket(channel, parts) }));
      return;
    }
    const probe = this.#probe;
    if (probe === undefined || (channel !== 'shell' && channel !== 'iopub')) return;
    probe[channel] = true;
    if (probe.shell && probe.iopub) probe.answered();
  };

  /** Lets what the kernel still sent through, then says that it is dead, as a server does. */
  async #afterDeath(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    // Before the kernel has answered, the client asks for the reason when the socket closes.
    if (this.#state === CONNECTING) this.#end(1011, 'the kernel ended before it answered');
    if (this.#state === OPEN) {
      const header: unknown =
        this.#lastHeader === undefined ? {} : JSON.parse(Buffer.from(this.#lastHeader).toString());
      const hasSession = typeof header === 'object' && header !== null && 'session' in header;
      // Under another session the client would take the messages that it has yet to handle for stale ones.
      const session = hasSession && typeof header.session === 'string' ? header.session : '';
      const dead = request('status', session, { execution_state: 'dead' });
      this.#emit(new MessageEvent('message', { data: toWebSocket('iopub', dead) }));
    }
  }

  #end(code: number, reason: string): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#probe?.answered();
    this.#channels?.close();
    this.#emit(new SocketClosed(code, reason));
  }

  #emit(event: Event | MessageEvent | SocketClosed): void {
    if (event instanceof MessageEvent) this.onmessage?.(event);
    else if (event instanceof SocketClosed) this.onclose?.(event);
    else this.onopen?.(event);
    this.dispatchEvent(event);
  }
}
