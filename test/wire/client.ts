/**
 * A Jupyter client for tests, written from the protocol's description: its own framing and signatures, and nothing of
 * the kernel's code, so that what it accepts is an outside truth.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { Dealer, Request, Subscriber } from 'zeromq';

export type Channel = 'shell' | 'control' | 'stdin' | 'iopub';

export interface Connection {
  transport: 'tcp' | 'ipc';
  ip: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  key: string;
  signature_scheme: string;
  curve_publickey?: string;
  curve_secretkey?: string;
}

/** A message from the kernel. */
export interface Received {
  readonly channel: Channel;
  readonly header: Record<string, unknown>;
  readonly parent: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
  readonly content: Record<string, unknown>;
  readonly buffers: Buffer[];
  readonly type: string;
  /** When it arrived: milliseconds of `performance.now()`. */
  readonly at: number;
  readonly topic: string;
}

export interface Outgoing {
  header: Record<string, unknown>;
  parent?: object;
  metadata?: object;
  content?: object;
  buffers?: Uint8Array[];
}

const WAIT_MS = 10_000;

export class Client {
  /** All that has arrived, in order. */
  readonly received: Received[] = [];
  readonly session = randomUUID();
  readonly #connection: Connection;
  readonly #dealers: Record<'shell' | 'control' | 'stdin', Dealer>;
  readonly #iopub: Subscriber;
  #watchers = new Set<() => void>();
  #sends: Promise<void> = Promise.resolve();

  constructor(connection: Connection, options: { identity?: string; topic?: string } = {}) {
    this.#connection = connection;
    const identity = options.identity ?? randomUUID();
    const dealer = (port: keyof Connection) => {
      const socket = new Dealer({ linger: 0, routingId: identity, reconnectInterval: 5 });
      this.#encrypt(socket);
      socket.connect(this.#address(port));
      return socket;
    };
    this.#dealers = {
      shell: dealer('shell_port'),
      control: dealer('control_port'),
      stdin: dealer('stdin_port'),
    };
    this.#iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0, reconnectInterval: 5 });
    this.#encrypt(this.#iopub);
    this.#iopub.subscribe(options.topic ?? '');
    this.#iopub.connect(this.#address('iopub_port'));
    for (const channel of ['shell', 'control', 'stdin'] as const)
      void this.#listen(channel, this.#dealers[channel]);
    void this.#listen('iopub', this.#iopub);
  }

  /** Sends a message; returns its id. */
  send(
    type: string,
    content: object = {},
    options: { channel?: 'shell' | 'control' | 'stdin'; buffers?: Uint8Array[]; parent?: object } = {},
  ): string {
    const header = this.header(type);
    const { channel = 'shell', ...rest } = options;
    this.sendFrames(channel, this.frames({ header, content, ...rest }));
    return header.msg_id;
  }

  header(type: string) {
    return {
      msg_id: randomUUID(),
      msg_type: type,
      session: this.session,
      username: 'tester',
      date: new Date().toISOString(),
      version: '5.4',
    };
  }

  /** The frames of a message, signed. */
  frames({
    header,
    parent = {},
    metadata = {},
    content = {},
    buffers = [],
  }: Outgoing): (string | Uint8Array)[] {
    const json = [header, parent, metadata, content].map((part) => JSON.stringify(part));
    return ['<IDS|MSG>', this.sign(json), ...json, ...buffers];
  }

  sign(json: (string | Uint8Array)[]): string {
    const { key } = this.#connection;
    if (key === '') return '';
    const hmac = createHmac('sha256', key);
    for (const part of json) hmac.update(part);
    return hmac.digest('hex');
  }

  sendFrames(channel: 'shell' | 'control' | 'stdin', frames: (string | Uint8Array)[]): void {
    this.#sends = this.#sends.then(() => this.#dealers[channel].send(frames));
  }

  /** The first message, arrived or yet to come, that the test accepts. */
  async until(what: string, accept: (message: Received) => boolean, wait = WAIT_MS): Promise<Received> {
    const end = performance.now() + wait;
    for (;;) {
      const found = this.received.find(accept);
      if (found) return found;
      const left = end - performance.now();
      if (left <= 0) throw new Error(`waited ${wait} ms for ${what}; have ${this.#summary()}`);
      await this.#change(left);
    }
  }

  /** The reply to a request. */
  reply(id: string, wait?: number): Promise<Received> {
    return this.until(
      `the reply to ${id}`,
      ({ channel, parent }) => (channel === 'shell' || channel === 'control') && parent.msg_id === id,
      wait,
    );
  }

  /** An IOPub message that belongs to a request. */
  output(id: string, type: string, wait?: number): Promise<Received> {
    return this.until(
      `${type} of ${id}`,
      (message) => message.channel === 'iopub' && message.type === type && message.parent.msg_id === id,
      wait,
    );
  }

  idle(id: string, wait?: number): Promise<Received> {
    return this.until(
      `idle of ${id}`,
      ({ channel, parent, content }) =>
        channel === 'iopub' && parent.msg_id === id && content.execution_state === 'idle',
      wait,
    );
  }

  /** Sends a request and waits for its reply and idle. */
  async ask(
    type: string,
    content: object = {},
    options: { channel?: 'shell' | 'control'; wait?: number } = {},
  ): Promise<Received> {
    const id = this.send(type, content, options);
    const reply = await this.reply(id, options.wait);
    await this.idle(id, options.wait);
    return reply;
  }

  /** Runs a cell to idle. */
  async execute(code: string, options: object = {}, wait?: number): Promise<Cell> {
    const id = this.send('execute_request', executeContent(code, options));
    return this.finish(id, wait);
  }

  /** Waits for a cell that was sent. */
  async finish(id: string, wait?: number): Promise<Cell> {
    const reply = await this.reply(id, wait);
    await this.idle(id, wait);
    const outputs = this.received.filter(
      ({ channel, parent }) => channel === 'iopub' && parent.msg_id === id,
    );
    const text = (name: string) =>
      outputs
        .filter(({ type, content }) => type === 'stream' && content.name === name)
        .map(({ content }) => String(content.text))
        .join('');
    const result = outputs.find(({ type }) => type === 'execute_result')?.content.data;
    const data = isObject(result) ? result : undefined;
    return {
      id,
      reply: reply.content,
      outputs,
      types: outputs.map(({ type, content }) => (type === 'status' ? String(content.execution_state) : type)),
      stdout: text('stdout'),
      stderr: text('stderr'),
      result: data === undefined ? undefined : String(data['text/plain']),
    };
  }

  /** Waits until the kernel hears this client on shell, and this client the kernel on IOPub. */
  async ready(wait = WAIT_MS): Promise<void> {
    await this.until('iopub_welcome', ({ type }) => type === 'iopub_welcome', wait);
    await this.ask('kernel_info_request', {}, { wait });
  }

  /** One beat of the heart; the time it took in milliseconds. */
  async ping(text = 'ping'): Promise<{ answer: string; ms: number }> {
    const socket = new Request({ linger: 0, receiveTimeout: 2000 });
    this.#encrypt(socket);
    socket.connect(this.#address('hb_port'));
    const start = performance.now();
    await socket.send(text);
    const [answer] = await socket.receive();
    socket.close();
    return { answer: String(answer), ms: performance.now() - start };
  }

  close(): void {
    for (const socket of [...Object.values(this.#dealers), this.#iopub]) socket.close();
  }

  #address(port: keyof Connection): string {
    const { transport, ip } = this.#connection;
    const number = String(this.#connection[port]);
    return transport === 'ipc' ? `ipc://${ip}-${number}` : `tcp://${ip}:${number}`;
  }

  #encrypt(socket: Dealer | Subscriber | Request): void {
    const { curve_publickey, curve_secretkey } = this.#connection;
    if (curve_publickey === undefined || curve_secretkey === undefined) return;
    socket.curvePublicKey = curve_publickey;
    socket.curveSecretKey = curve_secretkey;
    socket.curveServerKey = curve_publickey;
  }

  async #listen(channel: Channel, socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      this.received.push(this.#read(channel, frames));
      const watchers = this.#watchers;
      this.#watchers = new Set();
      for (const notify of watchers) notify();
    }
  }

  #read(channel: Channel, frames: Buffer[]): Received {
    const at = frames.findIndex((frame) => frame.toString() === '<IDS|MSG>');
    const [signature, ...rest] = frames.slice(at + 1);
    const json = rest.slice(0, 4);
    if (this.sign(json) !== signature.toString()) throw new Error(`${channel}: the kernel signed wrongly`);
    const [header, parent, metadata, content] = json.map((frame) => {
      const value: unknown = JSON.parse(frame.toString());
      if (!isObject(value)) throw new Error(`${channel}: a frame holds ${frame.toString()}, not an object`);
      return value;
    });
    const topic = frames.slice(0, at).map(String).join('');
    const type = String(header.msg_type);
    return {
      channel,
      header,
      parent,
      metadata,
      content,
      buffers: rest.slice(4),
      type,
      at: performance.now(),
      topic,
    };
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#watchers.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #summary(): string {
    const last = this.received.slice(-12);
    return last.map(({ channel, type, content }) => `${channel}:${type}${state(content)}`).join(' ');
  }
}

/** A cell that ended, as a client sees it. */
export interface Cell {
  id: string;
  reply: Record<string, unknown>;
  outputs: Received[];
  /** The types of its IOPub messages in order; a status by its state. */
  types: string[];
  stdout: string;
  stderr: string;
  result: string | undefined;
}

export function executeContent(code: string, options: object = {}): object {
  return {
    code,
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: true,
    stop_on_error: true,
    ...options,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function state(content: Record<string, unknown>): string {
  return typeof content.execution_state === 'string' ? `=${content.execution_state}` : '';
}
