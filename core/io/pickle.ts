/**
 * A reader of Python's pickles that cannot run anything. It knows the opcodes that PyTorch's checkpoints are made of
 * and, of the globals (names of Python's functions and classes), those that the caller allows. Every other opcode or
 * global is an error that names it.
 *
 * A pickle is a program for a machine with a stack and a memo; Python's `pickletools` describes the opcodes.
 */
import { describeValue, Global, type PickleValue } from './pickle-value.js';

export interface PickleOptions {
  /** How errors call the pickle. */
  readonly where: string;
  /** What a global stands for; null for those that are not allowed. */
  readonly findGlobal: (module: string, name: string) => Global | null;
  /** What a persistent id stands for. */
  readonly persistent: (id: PickleValue) => PickleValue;
}

const HIGHEST_PROTOCOL = 5;

/** Opcodes that are refused, by name: they call code, or nothing that is read here is made with them. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['i', 'INST'],
  ['o', 'OBJ'],
  ['\x81', 'NEWOBJ'],
  ['\x92', 'NEWOBJ_EX'],
  ['\x82', 'EXT1'],
  ['\x83', 'EXT2'],
  ['\x84', 'EXT4'],
  ['P', 'PERSID'],
]);

/** The value of a pickle. @throws Error for what is malformed, and for opcodes and globals that are not allowed */
export function readPickle(bytes: Uint8Array, options: PickleOptions): PickleValue {
  return new Machine(bytes, options).run();
}

class Machine {
  /** The values since each mark; the last list is the one being filled. */
  readonly #marked: PickleValue[][] = [];
  #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #view: DataView;
  /** The position of the next byte, and that of the opcode that is being carried out. */
  #at = 0;
  #begin = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly options: PickleOptions,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (;;) {
      this.#begin = this.#at;
      const opcode = String.fromCharCode(this.#unsigned(1));
      if (opcode === '.') return this.#stop();
      if (!this.#constant(opcode) && !this.#structure(opcode)) throw this.#unknown(opcode);
    }
  }

  #stop(): PickleValue {
    const value = this.#pop();
    if (this.#stack.length > 0 || this.#marked.length > 0) throw this.#error('ends with values left over');
    return value;
  }

  /** Opcodes that push a value which is written in the pickle. */
  #constant(opcode: string): boolean {
    switch (opcode) {
      case 'N': // NONE
        return this.#push(null);
      case '\x88': // NEWTRUE
        return this.#push(true);
      case '\x89': // NEWFALSE
        return this.#push(false);
      case 'K': // BININT1
        return this.#push(this.#unsigned(1));
      case 'M': // BININT2
        return this.#push(this.#unsigned(2));
      case 'J': // BININT
        return this.#push(this.#unsigned(4) | 0);
      case '\x8a': // LONG1
        return this.#push(this.#long(this.#unsigned(1)));
      case 'G': // BINFLOAT
        this.#take(8);
        return this.#push(this.#view.getFloat64(this.#at - 8, false));
      case 'X': // BINUNICODE
        return this.#push(this.#text(this.#unsigned(4)));
      case '\x8c': // SHORT_BINUNICODE
        return this.#push(this.#text(this.#unsigned(1)));
      case 'B': // BINBYTES
        return this.#push(this.#take(this.#unsigned(4)).slice());
      case 'C': // SHORT_BINBYTES
        return this.#push(this.#take(this.#unsigned(1)).slice());
      default:
        return false;
    }
  }

  /** Opcodes that make something of what is on the stack. */
  #structure(opcode: string): boolean {
    switch (opcode) {
      case '\x80': // PROTO
        return this.#protocol(this.#unsigned(1));
      case '\x95': // FRAME
        this.#take(8);
        return true;
      case ')': // EMPTY_TUPLE
      case ']': // EMPTY_LIST
        return this.#push([]);
      case '}': // EMPTY_DICT
        return this.#push(new Map());
      case '(': // MARK
        this.#marked.push(this.#stack);
        this.#stack = [];
        return true;
      case 't': // TUPLE
        return this.#push(this.#toMark());
      case '\x85': // TUPLE1
        return this.#push(this.#popMany(1));
      case '\x86': // TUPLE2
        return this.#push(this.#popMany(2));
      case '\x87': // TUPLE3
        return this.#push(this.#popMany(3));
      case 'a': // APPEND
        return this.#append(this.#popMany(1));
      case 'e': // APPENDS
        return this.#append(this.#toMark());
      case 's': // SETITEM
        return this.#setItems(this.#popMany(2));
      case 'u': // SETITEMS
        return this.#setItems(this.#toMark());
      case 'q': // BINPUT
        return this.#remember(this.#unsigned(1));
      case 'r': // LONG_BINPUT
        return this.#remember(this.#unsigned(4));
      case '\x94': // MEMOIZE
        return this.#remember(this.#memo.size);
      case 'h': // BINGET
        return this.#recall(this.#unsigned(1));
      case 'j': // LONG_BINGET
        return this.#recall(this.#unsigned(4));
      case 'c': // GLOBAL
        return this.#global(this.#line(), this.#line());
      case '\x93': {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        return this.#global(module, name);
      }
      case 'Q': // BINPERSID
        return this.#push(this.options.persistent(this.#pop()));
      case 'R': // REDUCE
        return this.#reduce();
      case 'b': // BUILD
        return this.#build();
      default:
        return false;
    }
  }

  #protocol(version: number): true {
    if (version > HIGHEST_PROTOCOL)
      throw this.#error(`has protocol ${version}; up to ${HIGHEST_PROTOCOL} is read`);
    return true;
  }

  #append(items: readonly PickleValue[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#error(`appends to ${describeValue(list)}`);
    for (const item of items) list.push(item);
    return true;
  }

  #setItems(items: readonly PickleValue[]): true {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw this.#error(`sets items of ${describeValue(dict)}`);
    if (items.length % 2 !== 0) throw this.#error('has a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    return true;
  }

  #global(module: PickleValue, name: PickleValue): true {
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.#error('names a global by what is no string');
    const found = this.options.findGlobal(module, name);
    if (found !== null) return this.#push(found);
    throw this.#error(
      `uses the global ${JSON.stringify(`${module}.${name}`.slice(0, 200))}, which is not allowed, because loading it could run code. ` +
        'Only tensors, parameters, numbers, strings, lists and dicts are read; save a state dict: torch.save(model.state_dict(), path)',
    );
  }

  #reduce(): true {
    const [callable, args] = this.#popMany(2);
    if (!(callable instanceof Global) || callable.call === null) {
      throw this.#error(`uses REDUCE to call ${describeValue(callable)}, which cannot be called`);
    }
    if (!Array.isArray(args)) throw this.#error(`calls ${callable.description} with ${describeValue(args)}`);
    return this.#push(callable.call(args));
  }

  /** Python sets attributes here. State dicts have one, `_metadata`, of versions of modules, that nothing needs. */
  #build(): true {
    const [target, state] = this.#popMany(2);
    if (
      !(target instanceof Map) ||
      !(state instanceof Map) ||
      [...state.keys()].some((key) => key !== '_metadata')
    ) {
      throw this.#error(`uses BUILD to give ${describeValue(target)} the state ${describeValue(state)}`);
    }
    return this.#push(target);
  }

  #remember(index: number): true {
    this.#memo.set(index, this.#top());
    return true;
  }

  #recall(index: number): true {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#error(`recalls ${index}, which it never remembered`);
    return this.#push(value);
  }

  #push(value: PickleValue): true {
    this.#stack.push(value);
    return true;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#error('takes a value from an empty stack');
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) throw this.#error('takes a value from an empty stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  /** The values since the last mark. */
  #toMark(): PickleValue[] {
    const values = this.#stack;
    const below = this.#marked.pop();
    if (below === undefined) throw this.#error('has no mark where one is needed');
    this.#stack = below;
    return values;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.bytes.length) throw this.#error('ends too early');
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    let value = 0;
    let scale = 1;
    for (const byte of this.#take(bytes)) {
      value += byte * scale;
      scale *= 256;
    }
    return value;
  }

  /** An integer of any size in two's complement: a number where that is exact. */
  #long(length: number): number | bigint {
    let value = 0n;
    const bytes = this.#take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.#error('has a string that is not UTF-8');
    }
  }

  #line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#error('ends too early');
    const line = this.#text(end - this.#at);
    this.#at = end + 1;
    return line;
  }

  #unknown(opcode: string): Error {
    const refused = REFUSED.get(opcode);
    const hex = opcode.charCodeAt(0).toString(16).padStart(2, '0');
    return this.#error(
      refused === undefined
        ? `has the opcode 0x${hex}, which PyTorch's checkpoints do not use`
        : `has the opcode ${refused}, which can call code; it is not carried out`,
    );
  }

  #error(problem: string): Error {
    return new Error(`${this.options.where}: the pickle, at byte ${this.#begin}, ${problem}`);
  }
}
