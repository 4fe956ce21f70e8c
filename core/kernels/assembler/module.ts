/** WebAssembly modules of functions over the tensor memory. */
import { memoryIsShared, memoryPages, wasmMemory } from '../../memory.js';
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

  /** The function's body as the binary format has it. */
  body(out: ByteWriter): void {
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
      inner.append(this.code.bytes);
      inner.byte(0x0b);
    });
  }
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

/** A compiled kernel. Addresses are byte offsets; anything past 2^31 wraps to the same 32 bits. */
export type WasmFunction = (...args: number[]) => void;

export class ModuleBuilder {
  private readonly functions: Definition[] = [];
  private readonly imports: Import[] = [];

  /**
   * Makes a function of the host callable, before any is defined. V8 calls `Math.sin`, `pow` and their like directly,
   * without a detour over JavaScript.
   */
  import(name: string, host: HostFunction, parameterCount: number): FunctionHandle {
    if (this.functions.length > 0) throw new Error('assembler: import functions before defining any');
    this.imports.push({ name, host, parameters: new Array<ValueType>(parameterCount).fill('f64') });
    return { index: this.imports.length - 1 };
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
    const handle = { index: this.imports.length + this.functions.length };
    this.functions.push(definition);
    body(builder, parameterLocals(signature));
    return handle;
  }

  /** The binary module. */
  assemble(): Uint8Array {
    const out = new ByteWriter();
    out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, write: (inner: ByteWriter) => void): void => {
      out.byte(id);
      out.sized(write);
    };
    section(1, (types) => {
      types.unsigned(this.imports.length + this.functions.length);
      const write = (parameters: readonly ValueType[], results: readonly ValueType[]): void => {
        types.byte(0x60);
        for (const list of [parameters, results]) {
          types.unsigned(list.length);
          types.append(list.map((type) => TYPE_CODES[type]));
        }
      };
      for (const { parameters } of this.imports) write(parameters, ['f64']);
      for (const { parameters } of this.functions) write(parameters, []);
    });
    section(2, (imports) => {
      imports.unsigned(1 + this.imports.length);
      this.imports.forEach(({ name }, index) => {
        imports.name('host');
        imports.name(name);
        imports.byte(0);
        imports.unsigned(index);
      });
      imports.name('env');
      imports.name('memory');
      imports.byte(2);
      imports.byte(memoryIsShared ? 3 : 1);
      imports.unsigned(memoryPages);
      imports.unsigned(memoryPages);
    });
    section(3, (declarations) => {
      declarations.unsigned(this.functions.length);
      this.functions.forEach((_, index) => declarations.unsigned(this.imports.length + index));
    });
    section(7, (exports) => {
      exports.unsigned(this.functions.length);
      this.functions.forEach(({ name }, index) => {
        exports.name(name);
        exports.byte(0);
        exports.unsigned(this.imports.length + index);
      });
    });
    section(10, (code) => {
      code.unsigned(this.functions.length);
      for (const { builder } of this.functions) builder.body(code);
    });
    return Uint8Array.from(out.bytes);
  }

  /** Compiles the module; its functions by name. */
  compile(): Record<string, WasmFunction> {
    const module = new WebAssembly.Module(this.assemble());
    const host: Record<string, HostFunction> = {};
    for (const one of this.imports) host[one.name] = one.host;
    const { exports } = new WebAssembly.Instance(module, { env: { memory: wasmMemory }, host });
    const functions: Record<string, WasmFunction> = {};
    for (const { name } of this.functions) {
      const compiled = exports[name];
      if (isWasmFunction(compiled)) functions[name] = compiled;
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
