/** Messages that are wrong in every way that a client, a network or an attacker may get them wrong; seeded. */
import type { Client } from './client.js';

export type Frames = (string | Uint8Array)[];

export interface Malformed {
  readonly kind: string;
  readonly channel: 'shell' | 'control' | 'stdin';
  readonly frames: Frames;
  /** `dropped`: with one line in the log; `answered`: by busy and idle, and an error where a reply is due. */
  readonly effect: 'dropped' | 'answered' | 'ignored';
}

/** Mulberry32: numbers from 0 to 1 that are the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Contents that are not what their type demands. */
const WRONG_CONTENTS: readonly [type: string, content: object][] = [
  ['execute_request', {}],
  ['execute_request', { code: 1 }],
  ['execute_request', { code: ['1'] }],
  ['execute_request', { code: '1', silent: 'yes' }],
  ['execute_request', { code: '1', user_expressions: { a: 1 } }],
  ['execute_request', { code: '1', user_expressions: [] }],
  ['execute_request', { code: '1', stop_on_error: 2 }],
  ['complete_request', { cursor_pos: 1 }],
  ['complete_request', { code: 'a', cursor_pos: 'end' }],
  ['complete_request', { code: 'a', cursor_pos: 1.5 }],
  ['inspect_request', { code: {}, cursor_pos: 0 }],
  ['inspect_request', { code: 'a', cursor_pos: 0, detail_level: [] }],
  ['is_complete_request', { code: null }],
  ['history_request', { hist_access_type: 'everything' }],
  ['history_request', { hist_access_type: 'tail', n: 'all' }],
  ['history_request', { hist_access_type: 'search', pattern: {} }],
  ['comm_info_request', { target_name: 5 }],
  ['debug_request', { seq: 'one' }],
  ['shutdown_request', { restart: 'maybe' }],
];

const WRONG_COMMS: readonly [type: string, content: object][] = [
  ['comm_open', {}],
  ['comm_open', { comm_id: 'c', target_name: 3 }],
  ['comm_open', { comm_id: 'c', target_name: 't', data: 'text' }],
  ['comm_msg', { data: {} }],
  ['comm_msg', { comm_id: [], data: {} }],
  ['comm_close', { comm_id: 1 }],
];

const UNKNOWN_TYPES = [
  'made_up_request',
  '__proto__',
  'constructor',
  'toString',
  'execute_reply',
  'status',
  '∇',
];
const NOT_OBJECTS = ['[]', '1', '"text"', 'true', 'null', '[{}]'];
const NOT_UTF8 = [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0xaf]];

/** Makes them one after the other, all kinds in turn. */
export class MalformedMessages {
  readonly #client: Client;
  readonly #random: () => number;
  /** Rightly signed messages that the kernel has received, and those on their way. */
  #recorded: Frames[] = [];
  #sent: Frames[] = [];
  #count = 0;

  constructor(client: Client, seed: number) {
    this.#client = client;
    this.#random = randomNumbers(seed);
  }

  next(): Malformed {
    const [kind, make] = this.#kinds[this.#count++ % this.#kinds.length];
    return { kind, ...make() };
  }

  /** All that was made has been received: what is sent again from now on is a replay. */
  settled(): void {
    this.#recorded = this.#sent.splice(0);
  }

  /** One above the limit of a message's JSON. */
  oversized(): Malformed {
    const [header, parent, metadata] = this.#json({ msg_type: 'made_up_request' });
    const frames = this.#signed([header, parent, metadata, `{"code":"${'x'.repeat(64 * 1024 * 1024)}"}`]);
    return { kind: 'oversized JSON', channel: 'shell', frames, effect: 'dropped' };
  }

  /** One above the limit of a message's buffers, in two of them. */
  oversizedBuffers(): Malformed {
    const half = Buffer.alloc(64 * 1024 * 1024 + 1);
    const frames = [...this.#message('comm_msg', { comm_id: 'c', data: {} }), half, half];
    return { kind: 'oversized buffers', channel: 'shell', frames, effect: 'dropped' };
  }

  readonly #kinds: readonly [kind: string, make: () => Omit<Malformed, 'kind'>][] = [
    ['wrong signature', () => this.#dropped(this.#withSignature())],
    ['flipped bit', () => this.#dropped(this.#flipped())],
    ['unknown type', () => this.#unknownType()],
    ['replay', () => this.#dropped(this.#replayed())],
    ['missing frames', () => this.#dropped(this.#valid().slice(0, 1 + this.#below(5)))],
    ['no delimiter', () => this.#dropped(this.#valid().slice(1))],
    ['random frames', () => this.#dropped(Array.from({ length: 1 + this.#below(8) }, () => this.#bytes(64)))],
    ['not UTF-8', () => this.#dropped(this.#withFrame((text) => this.#broken(text)))],
    ['cut JSON', () => this.#dropped(this.#withFrame((text) => text.slice(0, this.#below(text.length))))],
    ['no object', () => this.#dropped(this.#withFrame(() => this.#pick(NOT_OBJECTS), [0, 2, 3]))],
    ['deep JSON', () => this.#dropped(this.#withFrame(() => this.#deep()))],
    ['wrong header', () => this.#dropped(this.#wrongHeader())],
    ['wrong content', () => this.#wrongContent()],
    ['wrong comm', () => this.#dropped(this.#message(...this.#pick(WRONG_COMMS)), 'shell')],
    ['comm of nobody', () => this.#commOfNobody()],
    ['unknown on stdin', () => this.#dropped(this.#message('execute_request', { code: '1' }), 'stdin')],
    ['answer to no question', () => this.#answer()],
    ['too many buffers', () => this.#dropped([...this.#valid(), ...new Array<string>(4097).fill('')])],
  ];

  #unknownType(): Omit<Malformed, 'kind'> {
    const buffers = Array.from({ length: this.#below(4) }, () => this.#bytes(5000));
    const frames = this.#message(this.#pick(UNKNOWN_TYPES), { a: this.#random() });
    this.#sent.push(frames);
    return { channel: this.#pick(['shell', 'control']), frames: [...frames, ...buffers], effect: 'answered' };
  }

  #wrongContent(): Omit<Malformed, 'kind'> {
    const frames = this.#message(...this.#pick(WRONG_CONTENTS));
    return { channel: this.#pick(['shell', 'control']), frames, effect: 'answered' };
  }

  #commOfNobody(): Omit<Malformed, 'kind'> {
    const type = this.#pick(['comm_msg', 'comm_close']);
    const frames = this.#message(type, { comm_id: `nobody ${this.#random()}`, data: { x: null } });
    return { channel: 'shell', frames: [...frames, this.#bytes(5000)], effect: 'answered' };
  }

  #answer(): Omit<Malformed, 'kind'> {
    return { channel: 'stdin', frames: this.#message('input_reply', { value: 'x' }), effect: 'ignored' };
  }

  #dropped(frames: Frames, channel = this.#pick(['shell', 'control', 'stdin'] as const)) {
    return { channel, frames, effect: 'dropped' } as const;
  }

  #withSignature(): Frames {
    const [delimiter, signature, ...rest] = this.#valid();
    const right = String(signature);
    const at = this.#below(right.length);
    const wrong = [
      '',
      right.slice(0, at),
      right.toUpperCase() === right ? `${right}0` : right.toUpperCase(),
      `${right}0`,
      right.slice(0, at) + (right[at] === '0' ? '1' : '0') + right.slice(at + 1),
      this.#bytes(64),
    ];
    return [delimiter, this.#pick(wrong), ...rest];
  }

  #flipped(): Frames {
    const frames = this.#valid().map((frame) => Buffer.from(frame));
    const frame = this.#pick(frames.filter(({ length }) => length > 0));
    frame[this.#below(frame.length)] ^= 1 << this.#below(8);
    return frames;
  }

  #replayed(): Frames {
    return this.#recorded.length > 0 ? this.#pick(this.#recorded) : this.#withSignature();
  }

  /** A message with one of its JSON frames changed, signed as if it were right. */
  #withFrame(change: (text: string) => string | Uint8Array, frames = [0, 1, 2, 3]): Frames {
    const json: Frames = this.#json();
    const at = this.#pick(frames);
    json[at] = change(String(json[at]));
    return this.#signed(json);
  }

  #broken(text: string): Uint8Array {
    const bytes = Buffer.from(text);
    const at = this.#below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(this.#pick(NOT_UTF8)), bytes.subarray(at)]);
  }

  #deep(): string {
    const depth = this.#pick([501, 1000, 10_000, 100_000]);
    return this.#pick([
      `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
      `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
      `{"a":"\\"[","b":${'['.repeat(depth)}`,
    ]);
  }

  #wrongHeader(): Frames {
    const wrong = this.#pick([
      { msg_id: undefined },
      { msg_id: '' },
      { msg_id: 7 },
      { msg_type: undefined },
      { msg_type: '' },
      { msg_type: ['execute_request'] },
      { msg_type: null, msg_id: null },
    ]);
    return this.#signed(this.#json(wrong));
  }

  #valid(): Frames {
    return this.#message('kernel_info_request', { pad: 'é∇'.repeat(this.#below(20)) });
  }

  #message(type: string, content: object): Frames {
    return this.#signed(this.#json({ msg_type: type }, content));
  }

  #json(header: object = {}, content: object = {}): string[] {
    const whole = { ...this.#client.header('kernel_info_request'), ...header };
    return [whole, {}, {}, content].map((part) => JSON.stringify(part));
  }

  #signed(json: Frames): Frames {
    return ['<IDS|MSG>', this.#client.sign(json), ...json];
  }

  #bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(most) }, () => this.#below(256)));
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)];
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
