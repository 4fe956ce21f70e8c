/**
 * Runs cells. An execution is a generator of ours: it runs user code in slices and yields the promises it has to wait for, so
 * that between two slices nothing is on the stack, and an interrupt can be thrown in at any wait.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import v8 from 'node:v8';
import vm from 'node:vm';
import { formatValue, type Formatted } from '../display/format.js';
import { cellHelpers } from '../language/context.js';
import type { CellContext, CompiledCell } from '../language/cell.js';
import { announceScript } from './debug-hooks.js';
import { plainReport, reportError } from './errors.js';
import { onBehalfOf, type Execution } from './executions.js';
import type { ErrorReport, ExecutionId, ExecutionOutcome, ToUser, UserExpressionResult } from './frames.js';
import type { Aim, Guard, SliceResult } from './guard.js';
import { generatorPosition } from './inspection.js';
import { KeyboardInterrupt } from './keyboard-interrupt.js';
import { forgetHalfLoaded } from './module-loading.js';
import type { Modules } from './modules.js';
import type { Outlet } from './outlet.js';
import { endGroups } from './stdio.js';
import { callOffTimers } from './timers.js';
import { declareCellNames, type History } from './scope.js';
import { appendAwait, registerCell } from './stacks.js';

type ExecuteFrame = Extract<ToUser, { type: 'execute' }>;
type Settled =
  | { status: 'fulfilled'; value: unknown }
  | { status: 'rejected'; error: unknown }
  | { status: 'interrupted'; error: KeyboardInterrupt };
type Steps<T> = Generator<Promise<unknown>, T, Settled>;
type CellFunction = (context: CellContext) => unknown;
type CellGenerator = Generator<unknown, unknown>;
/** What a slice of a cell gave: its result, or what it waits for. */
type Progress = { done: true; value: unknown } | { done: false; promise: Promise<unknown> };

/** How long the end of a cell may wait for what has to be finished there (the last frame of a chart). */
const END_MS = 2000;

/** The executions of the user process: which one runs, which ended, which are not to start. */
export class Executions implements Aim {
  running: Execution | undefined;
  lastEnded: ExecutionId = 0;
  cancelled: ExecutionId | undefined;

  constructor(readonly owner: () => ExecutionId | null) {}

  standing(id: ExecutionId): 'running' | 'ended' | 'succeeded' | 'to come' {
    if (this.running?.id === id) return 'running';
    if (id > this.lastEnded) return 'to come';
    return this.running ? 'succeeded' : 'ended';
  }

  cancel(id: ExecutionId): void {
    this.cancelled = id;
  }

  readonly callOff = callOffTimers;
}

export class Evaluator {
  #steps: Steps<ExecutionOutcome> | undefined;
  /** Changes whenever the execution goes on, so that what it no longer waits for cannot wake it. */
  #turn = 0;
  #waits = false;
  readonly #context: CellContext;

  constructor(
    private readonly guard: Guard,
    private readonly executions: Executions,
    private readonly outlet: Outlet,
    private readonly history: History,
    private readonly modules: Modules,
    private readonly onEnd: (execution: Execution) => void,
  ) {
    this.#context = { ...cellHelpers, ...modules.context };
  }

  /**
   * Starts a cell; its end is told by a `done` frame. Call it from code inside `guard.enter`.
   * `fault` is an error from before that the cell shows.
   */
  start(frame: ExecuteFrame, fault?: { error: unknown }): void {
    const { id, count, silent, allowStdin } = frame;
    // What was asked for before was not for this cell: that would have cancelled it.
    this.guard.dropPending();
    this.executions.running = {
      id,
      count,
      silent,
      allowStdin,
      atEnd: [],
      beforeOutput: [],
      payload: [],
      ended: false,
    };
    this.#steps = this.#execute(this.executions.running, frame);
    if (fault) this.#output(id, this.report(fault.error));
    this.#advance({ status: 'fulfilled', value: undefined });
  }

  /** An interrupt takes effect in a macrotask of its own. True when it has had its effect. */
  settle(ticket: number, id: ExecutionId | null): boolean {
    const stopped = this.guard.settle(ticket);
    this.#recover();
    if (this.guard.isServed(ticket)) {
      this.guard.dropPending();
      return true;
    }
    const { running } = this.executions;
    // Between two callbacks it is the cell that waits which the interrupt was for.
    const isOther = stopped !== undefined && stopped.owner !== (running?.id ?? null);
    if (isOther && (stopped.isOwnerCertain || !running))
      this.#output(stopped.owner, this.report(stopped.error));
    const error = this.guard.takePending();
    if (running && error && (id === null || id === running.id)) this.#goOn({ status: 'interrupted', error });
    return true;
  }

  /**
   * Between two macrotasks an execution always waits for something. One that does not has lost our own code to a
   * termination that came too late to be caught: it ends here instead of never.
   */
  #recover(): void {
    const { running } = this.executions;
    if (!running || this.#waits) return;
    this.#fail(running, this.report(new KeyboardInterrupt()));
  }

  #fail(execution: Execution, report: ErrorReport): void {
    if (!execution.silent) this.#output(execution.id, report);
    this.#finish(execution, { status: 'error', ...report });
  }

  /** An error that nobody caught, from a timer, an event handler or a promise: shown where it began. */
  uncaught(error: unknown, origin: Execution | undefined): void {
    this.#output(origin?.id ?? null, this.report(error));
  }

  /** A handler was stopped; a cell that waits beside it was meant too. Call it from code inside `guard.enter`. */
  interrupted(error: KeyboardInterrupt, origin: Execution | undefined): void {
    if (this.executions.running && this.#waits) this.#goOn({ status: 'interrupted', error });
    else this.uncaught(error, origin);
  }

  report(error: unknown): ErrorReport {
    const result = this.guard.run(() => reportError(error));
    if (result.status === 'returned') return result.value;
    // The interrupt came after the error that it has caused (the end of a child process).
    if (result.status === 'interrupted') return plainReport(result.error.name, result.error.message);
    return plainReport('Error', 'An error was thrown that could not be read: reading its properties failed.');
  }

  #output(id: ExecutionId | null, report: ErrorReport): void {
    this.outlet.send({ type: 'error', id, ...report });
  }

  #advance(settled: Settled): void {
    const execution = this.executions.running;
    if (!execution || !this.#steps) return;
    const steps = this.#steps;
    onBehalfOf(execution, () => {
      try {
        const step = steps.next(settled);
        if (step.done) this.#finish(execution, step.value);
        else this.#wait(step.value);
      } catch (error) {
        // A fault of the kernel's own must not leave the cell without an end.
        this.#fail(execution, this.report(error));
      }
    });
  }

  #wait(promise: Promise<unknown>): void {
    const turn = ++this.#turn;
    this.#waits = true;
    const wake = (settled: Settled): void =>
      this.guard.enter(() => {
        if (turn !== this.#turn) return;
        const error = this.guard.takePending();
        this.#goOn(error ? { status: 'interrupted', error } : settled);
      });
    promise.then(
      (value) => wake({ status: 'fulfilled', value }),
      (error: unknown) => wake({ status: 'rejected', error }),
    );
  }

  #goOn(settled: Settled): void {
    this.#turn++;
    this.#waits = false;
    this.#advance(settled);
  }

  #finish(execution: Execution, outcome: ExecutionOutcome): void {
    this.#turn++;
    this.#waits = false;
    this.#steps = undefined;
    execution.ended = true;
    this.executions.running = undefined;
    this.executions.lastEnded = execution.id;
    this.guard.dropPending();
    this.onEnd(execution);
    if (outcome.status === 'error') endGroups();
    this.outlet.send({ type: 'done', id: execution.id, outcome });
  }

  *#execute(execution: Execution, frame: ExecuteFrame): Steps<ExecutionOutcome> {
    const cancelled = this.executions.cancelled === execution.id;
    if (frame.storeHistory && !frame.silent)
      this.history.input(execution.count, frame.cell.source, frame.cell.declares);
    const ran: SliceResult<unknown> = cancelled
      ? { status: 'interrupted', error: new KeyboardInterrupt() }
      : yield* this.#run(frame.cell);
    const failure = ran.status === 'returned' ? yield* this.#show(execution, frame, ran.value) : ran.error;
    let outcome: ExecutionOutcome;
    if (ran.status === 'returned' && failure === undefined) {
      const userExpressions: Record<string, UserExpressionResult> = {};
      for (const [key, cell] of Object.entries(frame.userExpressions))
        userExpressions[key] = yield* this.#userExpression(cell);
      outcome = { status: 'ok', userExpressions, payload: execution.payload };
    } else {
      const report = this.report(failure);
      if (!frame.silent) this.#output(execution.id, report);
      outcome = { status: 'error', ...report };
    }
    yield* this.#endOfCell(execution);
    return outcome;
  }

  /** Runs a compiled cell; the value is that of its last expression, boxed, or undefined. */
  *#run(cell: CompiledCell): Steps<SliceResult<unknown>> {
    const { guard, modules } = this;
    const owner = this.executions.running?.id;
    registerCell(cell);
    let generator: CellGenerator | undefined;
    let step: SliceResult<Progress> = guard.run(() => {
      declareCellNames(cell.declares);
      modules.beginCell(cell.declares);
      const result = compile(cell)(this.#context);
      if (!cell.suspends) return { done: true, value: result };
      generator = result as CellGenerator;
      return progress(generator.next());
    });
    for (;;) {
      if (step.status === 'interrupted') {
        forgetHalfLoaded();
        modules.abandon(owner, step.error);
      }
      if (step.status !== 'returned') return step;
      if (step.value.done) return { status: 'returned', value: step.value.value };
      const settled = yield step.value.promise;
      const suspended = generator!;
      if (settled.status === 'fulfilled') {
        step = guard.run(() => {
          modules.refresh();
          return progress(suspended.next(settled.value));
        });
        continue;
      }
      const { error } = settled;
      if (settled.status === 'interrupted') modules.abandon(owner, settled.error);
      // Nobody else can say at which await the cell was.
      const position = error instanceof Error ? generatorPosition(suspended) : undefined;
      step = guard.run(() => {
        if (error instanceof Error && position) appendAwait(error, cell, position);
        return progress(suspended.throw(error));
      });
    }
  }

  /** Formats a value, which may take user code and time. */
  *#format(value: unknown): Steps<SliceResult<Formatted>> {
    const first = this.guard.run(() => {
      const formatted = formatValue(value);
      return formatted instanceof Promise ? { promise: formatted } : { formatted };
    });
    if (first.status !== 'returned') return first;
    if (first.value.formatted) return { status: 'returned', value: first.value.formatted };
    const settled = yield first.value.promise;
    if (settled.status === 'fulfilled') return { status: 'returned', value: settled.value as Formatted };
    if (settled.status === 'interrupted') return settled;
    return { status: 'threw', error: settled.error };
  }

  /** Shows the result of a cell; gives what went wrong in doing so. */
  *#show(execution: Execution, frame: ExecuteFrame, boxed: unknown): Steps<unknown> {
    if (frame.silent || !isBox(boxed) || boxed.value === undefined) return undefined;
    const formatted = yield* this.#format(boxed.value);
    if (formatted.status !== 'returned') return formatted.error ?? new Error('Formatting the result failed.');
    if (frame.storeHistory) this.history.output(execution.count, boxed.value);
    if (Object.keys(formatted.value.data).length > 0)
      this.outlet.send({ type: 'result', id: execution.id, count: execution.count, ...formatted.value });
    return undefined;
  }

  *#userExpression(cell: CompiledCell): Steps<UserExpressionResult> {
    const ran = yield* this.#run(cell);
    if (ran.status !== 'returned') return { status: 'error', ...this.report(ran.error) };
    const formatted = yield* this.#format(isBox(ran.value) ? ran.value.value : undefined);
    if (formatted.status !== 'returned') return { status: 'error', ...this.report(formatted.error) };
    return { status: 'ok', ...formatted.value };
  }

  *#endOfCell(execution: Execution): Steps<void> {
    for (const callback of execution.atEnd.splice(0)) {
      const called = this.guard.run(() => callback());
      if (called.status === 'threw') this.#output(execution.id, this.report(called.error));
      if (called.status !== 'returned' || !(called.value instanceof Promise)) continue;
      const settled = yield withTimeLimit(called.value);
      if (settled.status === 'rejected') this.#output(execution.id, this.report(settled.error));
    }
  }
}

function compile(cell: CompiledCell): CellFunction {
  // V8's cache of compiled scripts would hold every cell for ever (Node 20), and no cell is found in it again.
  v8.setFlagsFromString('--no-compilation-cache');
  try {
    const script = new vm.Script(cell.js, {
      filename: cell.filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const body = script.runInThisContext() as CellFunction;
    announceScript(cell.filename);
    return body;
  } finally {
    v8.setFlagsFromString('--compilation-cache');
  }
}

function progress(step: IteratorResult<unknown, unknown>): Progress {
  if (step.done) return { done: true, value: step.value };
  return { done: false, promise: Promise.resolve(step.value) };
}

function isBox(value: unknown): value is { readonly value: unknown } {
  return typeof value === 'object' && value !== null && 'value' in value;
}

function withTimeLimit(promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, END_MS)));
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
