/**
 * Lets user code be stopped anywhere without losing the process.
 *
 * User code runs in *slices*: inside a `Runtime.evaluate` of an inspector session on this same thread, the one place
 * where a termination can be caught and JavaScript goes on afterwards. Our own code is marked *busy*, so that a frame is never
 * cut in half. The watchdog asks `probe` what is going on, and only when user code runs does it terminate. From that answer on until
 * the termination has come, none of our code may do anything: it parks.
 */
import inspector from 'node:inspector';
import { DEBUG_MODE, RUNTIME_KEY, SEES_EXCEPTIONS, TERMINATE_POSTED, type ProbeAnswer } from './link.js';
import { KeyboardInterrupt } from './keyboard-interrupt.js';
import { resumeAsyncChecks, suspendAsyncChecks } from './async-hooks.js';
import { userCodeOnStack } from './stacks.js';
import { namesInScope } from './scope-names.js';
import type { ExecutionId } from './frames.js';

export type SliceResult<T> =
  | { status: 'returned'; value: T }
  | { status: 'threw'; error: unknown }
  | { status: 'interrupted'; error: KeyboardInterrupt };

/** What the guard must know of executions to aim an interrupt. */
export interface Aim {
  /**
   * The execution that an interrupt for `id` would stop: it runs, has ended, has ended and another runs, or is still to come.
   * Who asked for the interrupt of one that has ended may not have known, and meant what is seen to go on: a callback.
   */
  standing(id: ExecutionId): 'running' | 'ended' | 'succeeded' | 'to come';
  /** It shall end with a KeyboardInterrupt as soon as it starts. */
  cancel(id: ExecutionId): void;
  /** What it has ordered for later shall not come. */
  callOff(id: ExecutionId): void;
  /** Who began the code that runs right now. */
  owner(): ExecutionId | null;
}

/** What a termination has stopped. */
export interface Stopped {
  readonly error: KeyboardInterrupt;
  readonly owner: ExecutionId | null;
  /** False between two callbacks: then the owner may be one of long ago (Node 24). */
  readonly isOwnerCertain: boolean;
}

/** How long to wait for a termination that was announced; only ever reached when the watchdog is starved. */
const PATIENCE_MS = 5000;

export class Guard {
  readonly #session = new inspector.Session();
  readonly #shared: Int32Array;
  readonly #aim: Aim;
  #job: () => void = () => undefined;
  #busy = 0;
  #depth = 0;
  /** Which termination it is, counted from 1, that has been announced and has not come yet, or 0. */
  #announced = 0;
  #wanted = 0;
  /** The last ticket for which a termination was announced. */
  #told = 0;
  #served = 0;
  #interrupt: (Stopped & { inSlice: boolean }) | undefined;

  constructor(shared: SharedArrayBuffer, aim: Aim) {
    this.#shared = new Int32Array(shared);
    this.#aim = aim;
    this.#session.connect();
    const hidden = Object.freeze({
      slice: () => this.#job(),
      park: () => this.#park(),
      inSlice: () => this.#depth > 0,
      names: (prefix: string) => namesInScope(prefix),
      probe: (ticket: number, id: ExecutionId | null, force: boolean) => this.#probe(ticket, id, force),
    });
    Object.defineProperty(globalThis, Symbol.for(RUNTIME_KEY), { value: hidden });
  }

  /** Runs user code so that it can be stopped. Call it from code inside `enter`. */
  run<T>(body: () => T): SliceResult<T> {
    if (this.#depth > 0) return attempt(body);
    let result: SliceResult<T> | undefined;
    const late = this.#evaluate(() => {
      result = attempt(body);
    });
    // An interrupt that came after the last line of the user's stays wanted, and finds what comes next. But an error
    // that came with it is its effect (the SIGINT has ended a child process that the cell was waiting for).
    if (result !== undefined && !(late && hasThrown(result))) return result;
    return { status: 'interrupted', error: this.#takeInterrupt() };
  }

  /** As `enter`, in a macrotask of its own: whatever a termination has left behind is over. */
  macrotask<T>(body: () => T): T {
    this.#busy = 0;
    this.#depth = 0;
    return this.enter(body);
  }

  /** Runs code of ours that was called by the event loop: it is not stopped half-way. */
  enter<T>(body: () => T): T {
    const before = this.#busy;
    this.#busy = before + 1;
    if (this.#announced !== 0 && before === 0) this.#absorb();
    try {
      return body();
    } finally {
      this.#busy = before;
    }
  }

  /** Runs code of ours that user code called: an interrupt that comes meanwhile takes effect at its end. */
  critical<T>(body: () => T): T {
    if (this.#busy > 0) return body();
    if (this.#announced !== 0) this.#park();
    this.#busy = 1;
    try {
      return body();
    } finally {
      this.#busy = 0;
      // Not twice: what was asked for may have stopped another callback already, and is not served before its macrotask.
      if (this.#wanted > Math.max(this.#served, this.#told)) {
        this.#announce();
        this.#park();
      }
    }
  }

  /** An interrupt that was asked for and has not had its effect; taking it is its effect. */
  takePending(): KeyboardInterrupt | undefined {
    return this.#wanted > this.#served ? this.#takeInterrupt() : undefined;
  }

  /** Whatever was asked for so far has lost its object. */
  dropPending(): void {
    this.#served = Math.max(this.#served, this.#wanted);
    this.#interrupt = undefined;
  }

  /** In a fresh macrotask after a termination: who was stopped outside of any slice, if anyone was. */
  settle(ticket: number): Stopped | undefined {
    resumeAsyncChecks();
    this.#wanted = Math.max(this.#wanted, ticket);
    const stopped = this.#interrupt;
    return stopped && !stopped.inSlice ? stopped : undefined;
  }

  isServed(ticket: number): boolean {
    return this.#served >= ticket;
  }

  /** Runs `body` where a termination is caught; tells whether one was announced. */
  #evaluate(body: () => void): boolean {
    const before = this.#busy;
    let announced = false;
    this.#job = () => {
      this.#depth++;
      this.#busy = 0;
      body();
      this.#busy = before + 1;
      // Nothing more is announced from here on. What was comes here, where it is caught.
      announced = this.#announced !== 0;
      if (announced) this.#park();
    };
    // What is evaluated silently pauses at no exception.
    const silent = (Atomics.load(this.#shared, DEBUG_MODE) & SEES_EXCEPTIONS) === 0;
    this.#session.post('Runtime.evaluate', { expression: SLICE, silent }, (error) => {
      announced ||= error !== null;
    });
    this.#busy = before;
    this.#depth = 0;
    this.#announced = 0;
    return announced;
  }

  /** A termination was announced and what it aimed at has ended: let it come where it does no harm. */
  #absorb(): void {
    this.#session.post('Runtime.evaluate', { expression: PARK, silent: true }, () => undefined);
    this.#announced = 0;
  }

  /** Waits for the termination that was announced. Returns only if it has been and gone. */
  #park(): void {
    const number = this.#announced;
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const posted = Atomics.load(this.#shared, TERMINATE_POSTED);
      if (posted >= number || performance.now() > end) break;
      Atomics.wait(this.#shared, TERMINATE_POSTED, posted, 100);
    }
    // It was posted before this thread could see that it was: it comes at one of the next stack checks.
    for (let turn = 0; turn < 1000; turn++) performance.now();
    this.#announced = 0;
  }

  #announce(): void {
    this.#announced = Atomics.load(this.#shared, TERMINATE_POSTED) + 1;
    this.#told = this.#wanted;
    const owner = this.#aim.owner();
    const isOwnerCertain = userCodeOnStack();
    const inSlice = this.#depth > 0;
    this.#interrupt = { error: new KeyboardInterrupt(), owner, isOwnerCertain, inSlice };
    if (inSlice) return;
    suspendAsyncChecks();
    // Now and not afterwards: Node calls the next immediate before anything else.
    if (isOwnerCertain && owner !== null) this.#aim.callOff(owner);
  }

  #takeInterrupt(): KeyboardInterrupt {
    const error = this.#interrupt?.error ?? new KeyboardInterrupt();
    this.dropPending();
    return error;
  }

  /**
   * Runs on this thread in the midst of whatever runs; called by the watchdog. Must not call user code.
   * `force`: the event loop does not turn, so something runs even though the stack looks empty.
   */
  #probe(ticket: number, id: ExecutionId | null, force: boolean): ProbeAnswer {
    const standing = id === null ? 'running' : this.#aim.standing(id);
    // Another cell runs already: it was not meant.
    if (standing === 'succeeded') return 'served';
    if (ticket <= this.#served) return force && id !== null ? this.#probeRest(id) : 'served';
    if (standing === 'to come') this.#aim.cancel(id!);
    if (this.#announced !== 0) return 'running';
    if (this.#busy > 0) {
      this.#wanted = ticket;
      return 'busy';
    }
    if (force || this.#depth > 0 || userCodeOnStack()) {
      this.#wanted = ticket;
      this.#announce();
      return 'running';
    }
    if (standing === 'to come') return 'served';
    if (standing === 'ended') {
      this.dropPending();
      return 'served';
    }
    this.#wanted = ticket;
    return 'waiting';
  }

  /**
   * The interrupt has had its effect, and yet the event loop stands still. When it is by what the same cell had ordered
   * before, that was meant, too; a callback of another cell has its time.
   */
  #probeRest(id: ExecutionId): ProbeAnswer {
    if (this.#announced !== 0) return 'running';
    if (this.#busy > 0) return 'busy';
    if (!userCodeOnStack()) return 'waiting';
    if (this.#aim.owner() !== id) return 'served';
    this.#announce();
    return 'running';
  }
}

const HIDDEN = `globalThis[Symbol.for(${JSON.stringify(RUNTIME_KEY)})]`;
const SLICE = `${HIDDEN}.slice()`;
const PARK = `${HIDDEN}.park()`;

function hasThrown<T>(result: SliceResult<T>): boolean {
  return result.status === 'threw';
}

function attempt<T>(body: () => T): SliceResult<T> {
  try {
    return { status: 'returned', value: body() };
  } catch (error) {
    return { status: 'threw', error };
  }
}
