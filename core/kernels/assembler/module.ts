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
import { int, type I32, type ValueType } from './expressions.js';
import {
  FunctionBuilder,
  NO_RESULT,
  readLocal,
  TYPE_CODES,
  type FunctionHandle,
  type Local,
} from './function.js';

type Signature = Readonly<Record<string, ValueType>>;
type Parameters<S extends Signature> = { readonly [K in keyof S]: Local<S[K]> };

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
