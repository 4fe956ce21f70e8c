/**
 * `setImmediate` as cells have it. Node takes all immediates of a turn out of its queue before it calls the first: when that
 * one has to be stopped by a termination the others are lost, those of other cells too, and the event loop never rests again
 * as they are still counted. Here Node's queue holds one at a time, and the others wait in ours.
 */
import { AsyncResource } from 'node:async_hooks';
import { clearImmediate as clearNative, setImmediate as orderNative } from 'node:timers';

type Callback = (...args: unknown[]) => unknown;

/** What keeps code of ours that user code calls from being cut in half by a termination: the guard. */
interface Protection {
  critical<T>(body: () => T): T;
}

let protection: Protection = { critical: (body) => body() };

/** Half an entry into an asynchronous context would make Node abort the process. */
export function protectImmediates(guard: Protection): void {
  protection = guard;
}

const queue = new Set<Immediate>();
let armed: { immediate: Immediate; native: NodeJS.Immediate } | undefined;

/** What `setImmediate` gives: Node's has the same methods. */
export class Immediate {
  readonly #scope = new AsyncResource('Immediate', { requireManualDestroy: true });
  readonly #call: () => unknown;
  #isReferenced = true;

  constructor(callback: Callback, args: readonly unknown[]) {
    this.#call = () => Reflect.apply(callback, this, args);
    // Node's own `clearImmediate` lets it alone: it is not in Node's queue.
    Object.defineProperty(this, '_destroyed', { value: true });
    queue.add(this);
    arm();
  }

  /** The process of a notebook lives on in any case. */
  ref(): this {
    this.#isReferenced = true;
    return this;
  }

  unref(): this {
    this.#isReferenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isReferenced && queue.has(this);
  }

  [Symbol.dispose](): void {
    clearImmediate(this);
  }

  /** Puts it into Node's queue, in the context in which it was ordered. */
  static order(immediate: Immediate): NodeJS.Immediate {
    return immediate.#scope.runInAsyncScope(() => orderNative(fire));
  }

  static call(immediate: Immediate): unknown {
    return immediate.#call();
  }
}

export function setImmediate(callback: Callback, ...args: unknown[]): Immediate {
  return protection.critical(() => new Immediate(callback, args));
}

/** Clears any immediate, Node's own too. */
export function clearImmediate(immediate: unknown): void {
  if (!(immediate instanceof Immediate)) {
    clearNative(immediate as NodeJS.Immediate);
    return;
  }
  protection.critical(() => {
    if (!queue.delete(immediate) || armed?.immediate !== immediate) return;
    clearNative(armed.native);
    armed = undefined;
    arm();
  });
}

function arm(): void {
  const next = queue.values().next();
  if (!armed && !next.done) armed = { immediate: next.value, native: Immediate.order(next.value) };
}

function fire(): unknown {
  const immediate = armed?.immediate;
  armed = undefined;
  if (immediate) queue.delete(immediate);
  // Before the call: it may not return.
  arm();
  return immediate && Immediate.call(immediate);
}
