/** The code of one function: statements over typed expressions, and its variables. */
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

/** How the binary format names types. */
export const TYPE_CODES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
export const NO_RESULT = 0x40;
const SIMD = 0xfd;

/** A variable of a function; using it reads it. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

/**
 * Code in which constant vectors of loops become variables that are set once: compilers that leave them where they are
 * (V8's from Node 24 on) make each anew in every turn, by four instructions.
 */
class CodeWriter extends ByteWriter {
  /** How many loops the code is in that is being written. */
  depth = 0;
  /** The variables by the bytes of their constants. */
  readonly constants = new Map<string, { readonly bytes: Uint8Array; readonly index: number }>();

  constructor(private readonly newLocal: () => number) {
    super();
  }

  override vector(bytes: Uint8Array): void {
    if (this.depth === 0 || bytes.every((byte) => byte === bytes[0])) {
      super.vector(bytes);
      return;
    }
    const key = String.fromCharCode(...bytes);
    let constant = this.constants.get(key);
    if (constant === undefined) this.constants.set(key, (constant = { bytes, index: this.newLocal() }));
    this.byte(0x20);
    this.unsigned(constant.index);
  }
}

/** The code of one function, statement by statement. */
export class FunctionBuilder {
  readonly code = new CodeWriter(() => this.local('v128').index);
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
    this.code.depth++;
    body();
    condition.emit(this.code);
    this.code.depth--;
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
      for (const { bytes, index } of this.code.constants.values()) {
        inner.vector(bytes);
        inner.byte(0x21);
        inner.unsigned(index);
      }
      inner.append(this.code.bytes);
      inner.byte(0x0b);
    });
  }
}

/** A variable by its number: parameters first. */
export function readLocal<T extends ValueType>(type: T, index: number): Local<T> {
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
