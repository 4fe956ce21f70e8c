/**
 * The levels that function transforms (`vmap`, `jvp`, `vjp`, …) put tensors on, so that they can be nested in any order.
 * A transform opens a level and wraps the tensors it hands to the function; an operation with wrapped operands is
 * carried out by the highest of their levels, which computes its own part (a batch, a tangent, a recorded graph) with
 * the same operation on the wrapped tensors one level below. Plain tensors are level 0. The idea is that of
 * "You can have grad and vmap too" (functorch), there from Dex and JAX.
 */
import { Tensor } from '../../tensor.js';
import { gradMode } from '../mode.js';
import type { TracedKernel } from './tracing.js';

export type Operand = Tensor | number;

/** One operation as levels see it. */
export interface Step {
  readonly name: string;
  readonly inputs: readonly Operand[];
  /** The same operation on other operands. */
  readonly call: (inputs: readonly Operand[]) => Tensor;
  /** The output's tangent; null where it is 0. At least one tangent is given. */
  readonly jvp: (
    primals: readonly Operand[],
    tangents: readonly (Tensor | null)[],
    output: Tensor,
  ) => Tensor | null;
  /** The operation on operands whose first dimension is a batch (where `batched`); null where only a loop does it. */
  readonly batch: BatchRule | null;
  /** The kernel that it is, where it is one. */
  readonly kernel?: TracedKernel;
}

/** Computes a whole batch at once; the result has the batch as its first dimension. */
export type BatchRule = (inputs: readonly Operand[], batched: readonly boolean[], size: number) => Tensor;

export abstract class Level {
  /** The level below. */
  outer: Level | null = null;
  /** How many levels there are with this one. */
  depth = 0;
  /** Whether the transform has returned: its tensors must not be used any more. */
  closed = true;
  /** Whether operations are recorded one level below. */
  private recording = true;

  /** Whether it computes nothing and notes what is called instead. */
  readonly traces: boolean = false;

  /** As users know it: `vmap`. */
  abstract readonly transform: string;

  /** Carries out an operation of which at least one operand is of this level. */
  abstract run(step: Step): Tensor;

  /** Runs `fn` in this level, which is open meanwhile. */
  within<T>(fn: () => T): T {
    const { top } = state;
    // A level that is opened again, as by the function that vjp returns, may lie on others than before.
    const { outer, depth, closed, recording } = this;
    this.outer = top;
    this.depth = (top?.depth ?? 0) + 1;
    this.closed = false;
    this.recording = gradMode.enabled;
    state.top = this;
    try {
      const result = fn();
      if (result instanceof Promise) {
        throw new TypeError(
          `${this.transform} takes a synchronous function: what runs after an await would be outside of it`,
        );
      }
      return result;
    } finally {
      state.top = top;
      this.closed = closed;
      this.outer = outer;
      this.depth = depth;
      this.recording = recording;
    }
  }

  /** Runs `fn` one level below. */
  below<T>(fn: () => T): T {
    const { top } = state;
    const { enabled } = gradMode;
    state.top = this.outer;
    gradMode.enabled = this.recordsBelow(enabled, this.recording);
    try {
      return fn();
    } finally {
      state.top = top;
      gradMode.enabled = enabled;
    }
  }

  /** Whether operations are recorded below, given whether they are here and whether they were around the transform. */
  protected abstract recordsBelow(here: boolean, outside: boolean): boolean;
}

interface State {
  top: Level | null;
}

/** The innermost open level. Read on the path of every op, so it is a plain object. */
const state: State = { top: null };
export const levels: Readonly<State> = state;

/** For when nothing runs: an interrupt cuts code off without its `finally`. */
export function unwindLevels(): void {
  state.top = null;
}

/** A tensor of a level above 0. */
export abstract class Wrapped extends Tensor {
  abstract readonly of: Level;

  override get level(): number {
    return this.of.depth;
  }

  /** The tensor this one stands for, one level below. */
  abstract get value(): Tensor;

  /** Replaces the elements in place by those of a tensor of this level or one below. */
  abstract write(result: Tensor): void;

  override get ptr(): number {
    if (this.of.closed) throw closedError(this.of);
    return this.readFrom(this.value);
  }

  override start(shift: number): number {
    return this.ptr >>> shift;
  }

  protected readFrom(value: Tensor): number {
    return value.ptr;
  }
}

export function closedError(level: Level): Error {
  return new Error(
    `${level.transform}: a tensor of a function that ${level.transform} ran is used after it returned; return it from the ` +
      'function instead of keeping it in a variable outside',
  );
}

/** The highest level among operands (looking into arrays and options, too); null if all are plain. */
export function highest(values: readonly unknown[]): Level | null {
  let found: Level | null = null;
  for (const value of values) {
    let level: Level | null = null;
    if (value instanceof Wrapped) level = value.of;
    else if (Array.isArray(value)) level = highest(value);
    else if (isPlainObject(value)) level = highest(Object.values(value));
    if (level !== null && (found === null || level.depth > found.depth)) found = level;
  }
  if (found?.closed) throw closedError(found);
  return found;
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Where the gradient of an operand goes in the graph of an output: nowhere if that is on another level. */
export function edgeAt(input: Tensor, level: number): ReturnType<Tensor['edge']> {
  return input.level === level ? input.edge() : null;
}
