/** WebAssembly modules of functions over the tensor memory. */
import {
  MAX_RECORD_ARGUMENTS,
  memoryIsShared,
  memoryPages,
  RECORD_ARGUMENTS,
  RECORD_FLAG,
  SCRATCH_BEGIN,
  wasmMemory,
} from '../../memory.js';
import { onKernelCall, registerKernel, reserveKernelNumber } from '../recording.js';
import { mathNames, noteOrigin } from '../threads/shared-functions.js';
import { ByteWriter } from './bytes.js';
import {
  int,
  type Expression,
  type F64,
  type I32,
  type I32Like,
  type V128,
  type ValueType,
} from './expressions.js';

const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const NO_RESULT = 0x40;
const SIMD = 0xfd;

/** A variable of a function; using it reads it. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

type Signature = Readonly<Record<string, ValueType>>;
type Parameters<S extends Signature> = { readonly [K in keyof S]: Local<S[K]> };

/** The code of one function, statement by statement. */
export class FunctionBuilder {
  readonly code = new ByteWriter();
  /** The functions of the module that this one calls, by index. */
  readonly calls = new Set<number>();
  private readonly localTypes: ValueType[] = [];
  /** Variables of scopes that have ended, to be used again, and those of the scope that is open. */
  private readonly spare: Local<ValueType>[] = [];
  private scoped: Local<ValueType>[] | undefined;

  constructor(private readonly parameterCount: number) {}

  /** A new variable, zero at the start of the function. */
  local<T extends ValueType>(type: T): Local<T> {
    const index = this.parameterCount + this.localTypes.length;
    this.localTypes.push(type);
    return readLocal(type, index);
  }

  /** A new variable that holds the value of an expression. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.reuse(value.type) ?? this.local(value.type);
    this.scoped?.push(local);
    this.set(local, value);
    return local;
  }

  /** The variables that `let` makes inside are free for other uses afterwards: fewer to set up at each call. */
  scope(body: () => void): void {
    const outer = this.scoped;
    this.scoped = [];
    body();
    this.spare.push(...this.scoped);
    this.scoped = outer;
  }

  private reuse<T extends ValueType>(type: T): Local<T> | undefined {
    const at = this.spare.findIndex((local) => local.type === type);
    if (at < 0) return undefined;
    const [{ index }] = this.spare.splice(at, 1);
    return readLocal(type, index);
  }

  set<T extends ValueType>(local: Local<T>, value: Expression<T>): void {
    value.emit(this.code);
    this.code.byte(0x21);
    this.code.unsigned(local.index);
  }

  /** local += amount */
  advance(local: Local<'i32'>, amount: I32Like): void {
    local.emit(this.code);
    int(amount).emit(this.code);
    this.code.byte(0x6a);
    this.code.byte(0x21);
    this.code.unsigned(local.index);
  }

  store(address: I32, value: V128, offset = 0): void {
    address.emit(this.code);
    value.emit(this.code);
    this.code.byte(SIMD);
    this.code.unsigned(11);
    this.code.unsigned(0);
    this.code.unsigned(offset);
  }

  /** Stores one lane of a vector, of 1, 4 or 8 bytes. */
  storeLane(bytes: 1 | 4 | 8, address: I32, value: V128, lane = 0, offset = 0): void {
    address.emit(this.code);
    value.emit(this.code);
    this.code.byte(SIMD);
    this.code.unsigned(bytes === 1 ? 88 : bytes === 4 ? 90 : 91);
    this.code.unsigned(0);
    this.code.unsigned(offset);
    this.code.byte(lane);
  }

  storeI32(address: I32, value: I32, offset = 0): void {
    address.emit(this.code);
    value.emit(this.code);
    this.code.byte(0x36);
    this.code.unsigned(0);
    this.code.unsigned(offset);
  }

  storeI8(address: I32, value: I32, offset = 0): void {
    address.emit(this.code);
    value.emit(this.code);
    this.code.byte(0x3a);
    this.code.unsigned(0);
    this.code.unsigned(offset);
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    condition.emit(this.code);
    this.code.byte(0x04);
    this.code.byte(NO_RESULT);
    then();
    if (otherwise) {
      this.code.byte(0x05);
      otherwise();
    }
    this.code.byte(0x0b);
  }

  /** Repeats while the condition holds; it is tested once before and then at the end of each turn. */
  while(condition: I32, body: () => void): void {
    this.if(condition, () => this.doWhile(body, condition));
  }

  doWhile(body: () => void, condition: I32): void {
    this.code.byte(0x03);
    this.code.byte(NO_RESULT);
    body();
    condition.emit(this.code);
    this.code.byte(0x0d);
    this.code.unsigned(0);
    this.code.byte(0x0b);
  }

  /** Calls a function of the same module. */
  call(target: FunctionHandle, ...args: readonly (Expression<ValueType> | number)[]): void {
    for (const argument of args) (typeof argument === 'number' ? int(argument) : argument).emit(this.code);
    this.code.byte(0x10);
    this.code.unsigned(target.index);
    this.calls.add(target.index);
  }

  /** Copies bytes; the ranges may overlap. */
  copyBytes(to: I32, from: I32, bytes: I32): void {
    to.emit(this.code);
    from.emit(this.code);
    bytes.emit(this.code);
    this.code.append([0xfc, 10, 0, 0]);
  }

  fillBytes(to: I32, value: I32Like, bytes: I32): void {
    to.emit(this.code);
    int(value).emit(this.code);
    bytes.emit(this.code);
    this.code.append([0xfc, 11, 0]);
  }

  /** The function's body as the binary format has it, after what is to come first. */
  body(out: ByteWriter, first: readonly number[]): void {
    out.sized((inner) => {
      // Runs of locals of one type are declared together.
      const runs: { type: ValueType; count: number }[] = [];
      for (const type of this.localTypes) {
        const last = runs.at(-1);
        if (last?.type === type) last.count++;
        else runs.push({ type, count: 1 });
      }
      inner.unsigned(runs.length);
      for (const { type, count } of runs) {
        inner.unsigned(count);
        inner.byte(TYPE_CODES[type]);
      }
      inner.append(first);
      inner.append(this.code.bytes);
      inner.byte(0x0b);
    });
  }
}

/** The import that reports a kernel's call is each module's first. */
const REPORT = 0;
/** Imports and types in front of the module's own. */
const LEADING = 1;

/** The code that reports a call, where anybody looks: see `recording.ts`. */
function reporting(types: readonly ValueType[], number: number): readonly number[] {
  if (types.length > MAX_RECORD_ARGUMENTS) throw new Error('assembler: a kernel with too many arguments');
  const code = new ByteWriter();
  const constant = (value: number): void => {
    code.byte(0x41);
    code.signed(value);
  };
  constant(RECORD_FLAG);
  code.append([0x28, 2, 0, 0x04, NO_RESULT]);
  types.forEach((type, i) => {
    constant(RECORD_ARGUMENTS + 8 * i);
    code.byte(0x20);
    code.unsigned(i);
    if (type === 'i32') code.byte(0xb8);
    else if (type === 'f32') code.byte(0xbb);
    code.append([0x39, 3, 0]);
  });
  constant(number);
  code.byte(0x10);
  code.unsigned(REPORT);
  code.byte(0x0b);
  return code.bytes;
}

function readLocal<T extends ValueType>(type: T, index: number): Local<T> {
  return {
    type,
    index,
    emit: (code) => {
      code.byte(0x20);
      code.unsigned(index);
    },
  };
}

export interface FunctionHandle {
  readonly index: number;
}

/** The result of an imported function. */
export function callHost(target: FunctionHandle, ...args: readonly F64[]): F64 {
  return {
    type: 'f64',
    emit: (code) => {
      for (const argument of args) argument.emit(code);
      code.byte(0x10);
      code.unsigned(target.index);
    },
  };
}

/** A function of the host, of float64 numbers. */
type HostFunction = (...args: number[]) => number;

interface Import {
  readonly name: string;
  readonly host: HostFunction;
  readonly parameters: readonly ValueType[];
}

interface Definition {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly builder: FunctionBuilder;
}

/** A function as it is exported. */
interface Entry {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  /** What it reports its calls under. */
  readonly number: number;
  /** The function that computes, and the one that is exported; mostly the same. */
  readonly target: number;
  readonly index: number;
}

/** A compiled kernel. Addresses are byte offsets; anything past 2^31 wraps to the same 32 bits. */
export type WasmFunction = (...args: number[]) => void;

export class ModuleBuilder {
  private readonly functions: Definition[] = [];
  private readonly imports: Import[] = [];
  private usesScratch = false;

  /**
   * Makes a function of the host callable, before any is defined. V8 calls `Math.sin`, `pow` and their like directly,
   * without a detour over JavaScript.
   */
  import(name: string, host: HostFunction, parameterCount: number): FunctionHandle {
    if (this.functions.length > 0) throw new Error('assembler: import functions before defining any');
    this.imports.push({ name, host, parameters: new Array<ValueType>(parameterCount).fill('f64') });
    return { index: LEADING + this.imports.length - 1 };
  }

  /** An address in the scratch memory of the thread that calls: that many bytes after its beginning. */
  scratch(offset = 0): I32 {
    this.usesScratch = true;
    return {
      type: 'i32',
      emit: (code) => {
        code.byte(0x23);
        code.unsigned(0);
        if (offset === 0) return;
        int(offset).emit(code);
        code.byte(0x6a);
      },
    };
  }

  /** Adds an exported function without result; `body` writes its code. */
  define<S extends Signature>(
    name: string,
    signature: S,
    body: (f: FunctionBuilder, parameters: Parameters<S>) => void,
  ): FunctionHandle {
    const types = Object.values(signature);
    const builder = new FunctionBuilder(types.length);
    const definition = { name, parameters: types, builder };
    const handle = { index: LEADING + this.imports.length + this.functions.length };
    this.functions.push(definition);
    body(builder, parameterLocals(signature));
    return handle;
  }

  /**
   * The functions as they are called from outside, each with the number that it reports its calls under. Those that
   * others of the module call get a second body for that, because only calls from outside are reported.
   */
  private entries(): readonly Entry[] {
    const called = new Set(this.functions.flatMap(({ builder }) => [...builder.calls]));
    const first = LEADING + this.imports.length;
    let next = first + this.functions.length;
    return this.functions.map(({ name, parameters }, i) => {
      const number = reserveKernelNumber();
      const target = first + i;
      return { name, parameters, number, target, index: called.has(target) ? next++ : target };
    });
  }

  /** The binary module. */
  assemble(entries: readonly Entry[] = this.entries()): Uint8Array {
    const own = LEADING + this.imports.length;
    const relays = entries.filter(({ index, target }) => index !== target);
    const out = new ByteWriter();
    out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, write: (inner: ByteWriter) => void): void => {
      out.byte(id);
      out.sized(write);
    };
    section(1, (types) => {
      types.unsigned(own + this.functions.length);
      const write = (parameters: readonly ValueType[], results: readonly ValueType[]): void => {
        types.byte(0x60);
        for (const list of [parameters, results]) {
          types.unsigned(list.length);
          types.append(list.map((type) => TYPE_CODES[type]));
        }
      };
      write(['i32'], []);
      for (const { parameters } of this.imports) write(parameters, ['f64']);
      for (const { parameters } of this.functions) write(parameters, []);
    });
    section(2, (imports) => {
      imports.unsigned(1 + own + (this.usesScratch ? 1 : 0));
      imports.name('env');
      imports.name('report');
      imports.byte(0);
      imports.unsigned(REPORT);
      this.imports.forEach(({ name }, index) => {
        imports.name('host');
        imports.name(name);
        imports.byte(0);
        imports.unsigned(LEADING + index);
      });
      imports.name('env');
      imports.name('memory');
      imports.byte(2);
      imports.byte(memoryIsShared ? 3 : 1);
      imports.unsigned(memoryPages);
      imports.unsigned(memoryPages);
      if (!this.usesScratch) return;
      imports.name('env');
      imports.name('scratch');
      imports.append([3, TYPE_CODES.i32, 0]);
    });
    section(3, (declarations) => {
      declarations.unsigned(this.functions.length + relays.length);
      this.functions.forEach((_, index) => declarations.unsigned(own + index));
      // A function's type has its number.
      for (const { target } of relays) declarations.unsigned(target);
    });
    section(7, (exports) => {
      exports.unsigned(entries.length);
      for (const { name, index } of entries) {
        exports.name(name);
        exports.byte(0);
        exports.unsigned(index);
      }
    });
    section(10, (code) => {
      code.unsigned(this.functions.length + relays.length);
      this.functions.forEach(({ builder }, i) => {
        const { parameters, number, target, index } = entries[i];
        builder.body(code, index === target ? reporting(parameters, number) : []);
      });
      for (const { parameters, number, target } of relays) {
        const relay = new FunctionBuilder(parameters.length);
        relay.call({ index: target }, ...parameters.map((type, i) => readLocal(type, i)));
        relay.body(code, reporting(parameters, number));
      }
    });
    return Uint8Array.from(out.bytes);
  }

  /** Compiles the module; its functions by name. */
  compile(): Record<string, WasmFunction> {
    const entries = this.entries();
    const module = new WebAssembly.Module(this.assemble(entries));
    const host: Record<string, HostFunction> = {};
    for (const one of this.imports) host[one.name] = one.host;
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory: wasmMemory, report: onKernelCall, scratch: SCRATCH_BEGIN },
      host,
    });
    const hostNames = mathNames(this.imports);
    const functions: Record<string, WasmFunction> = {};
    for (const { name, number, parameters } of entries) {
      const compiled = exports[name];
      if (!isWasmFunction(compiled)) continue;
      functions[name] = compiled;
      registerKernel(number, { run: compiled, types: parameters });
      if (hostNames !== undefined) noteOrigin(compiled, module, name, hostNames);
    }
    return functions;
  }
}

function isWasmFunction(value: unknown): value is WasmFunction {
  return typeof value === 'function';
}

/** Keyed as the signature is: the mapped type says which local has which type. */
function parameterLocals<S extends Signature>(signature: S): Parameters<S> {
  const locals: Partial<Record<keyof S, Local<ValueType>>> = {};
  (Object.keys(signature) as (keyof S)[]).forEach((name, index) => {
    locals[name] = readLocal(signature[name], index);
  });
  return locals as Parameters<S>;
}
