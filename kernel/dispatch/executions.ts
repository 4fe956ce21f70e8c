/** execute_request: the queue of cells, the counter, and the life of one cell from busy to idle. */
import { directivesOf, type TypecheckMode } from '../language/magics/index.js';
import type { ExecuteReply, ExecuteRequest, UserExpression } from '../protocol/execute.js';
import type { Incoming } from '../protocol/message.js';
import type { ErrorReport, ExecutionId, ExecutionOutcome } from '../runtime/frames.js';
import type { Session } from '../session/session.js';
import type { Channel } from '../transport/transport.js';
import { AbortWindow } from './abort-window.js';
import { ExecutionQueue } from './execution-queue.js';
import type { History } from './history.js';
import { inspect, pageRequest, type Language, type PageRequest } from './introspection.js';
import type { Mailbox } from './mailbox.js';
import type { Outputs } from './outputs.js';
import type { RightOfWay } from './right-of-way.js';
import type { StatusReporter } from './status.js';
import type { Stdin } from './stdin.js';
import { TypeChecks } from './type-checks.js';

/** How many executions are remembered, for an input() that comes after its cell has ended. */
const REMEMBERED = 256;

/** How long an interrupt is waited for, at most: by its reply, and by the next cell. */
const NOTICE_MS = 2000;

type Payload = Extract<ExecuteReply, { status: 'ok' }>['payload'][number];

export interface ExecutionParts {
  readonly mailbox: Mailbox;
  readonly outputs: Outputs;
  readonly history: History;
  readonly status: StatusReporter;
  readonly rightOfWay: RightOfWay;
  readonly stdin: Stdin;
  readonly session: () => Promise<Session>;
  readonly language: Language | null;
  /** What becomes of type errors at first. */
  readonly typecheck: TypecheckMode;
  /** The process of the cells is gone: what they have declared and opened is, too. */
  readonly reset: () => void;
}

interface Running {
  readonly id: ExecutionId;
  /** Ends the execution from outside: the user process is gone. */
  readonly die: (reason: ErrorReport) => void;
}

export class Executions {
  readonly #parts: ExecutionParts;
  readonly #queue = new ExecutionQueue();
  readonly #window = new AbortWindow();
  readonly #requests = new Map<ExecutionId, Incoming>();
  #running: Running | null = null;
  /** Resolves when the latest cell has ended, its idle included. */
  #ended: Promise<void> = Promise.resolve();
  #count = 0;
  readonly #types: TypeChecks;
  /** Calls off a cell that has not reached the user process yet. */
  #start = new AbortController();
  /** Settled when no interrupt is on its way. */
  #interrupting: Promise<unknown> = Promise.resolve();

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    const warn = (id: ExecutionId, text: string) =>
      parts.outputs.accept({ type: 'stream', id, name: 'stderr', text });
    this.#types = new TypeChecks(parts.language, warn, parts.typecheck);
  }

  /** The execution counter as it stands. */
  get count(): number {
    return this.#count;
  }

  push(channel: Channel, message: Incoming, request: ExecuteRequest): void {
    const arrived = Date.now();
    const abort = () =>
      this.#parts.status.during(message.header, () => {
        this.#reply(channel, message, { status: 'aborted', execution_count: this.#count });
      });
    if (this.#window.covers(message.header, arrived)) {
      abort();
      return;
    }
    this.#queue.push({
      abort,
      run: async () => {
        this.#parts.rightOfWay.cellBegins();
        const started = new Date();
        let replied = NaN;
        const execution = this.#parts.status.duringExecution(message.header, async () => {
          const reply = await this.#run(message, request, arrived).catch((error: unknown) =>
            this.#failed(internalError(error)),
          );
          // Before the reply: its client may send the next cell before this thread gets on.
          replied = Date.now();
          this.#reply(channel, message, reply, started);
          return reply;
        });
        this.#ended = execution.then(() => undefined);
        const reply = await execution;
        this.#parts.rightOfWay.cellEnded();
        if (reply.status !== 'error' || !request.stop_on_error) return false;
        this.#window.failed(message.header, arrived, replied);
        return true;
      },
    });
  }

  /**
   * Cells that wait will not run, and one that has not reached the user process yet will not either. What comes after
   * begins when the user process has taken notice (`done`), so that the interrupt cannot hit it. Resolves then, or when
   * it takes too long.
   */
  async interrupt(done: Promise<unknown>): Promise<void> {
    this.#start.abort();
    this.abortWaiting();
    const timeout = new Promise((resolve) => setTimeout(resolve, NOTICE_MS).unref());
    const settled = Promise.race([done, timeout]);
    this.#interrupting = Promise.allSettled([this.#interrupting, settled]);
    await this.#interrupting;
  }

  /** Nothing is looked for any more. */
  stop(): void {
    this.#types.stop();
  }

  abortWaiting(): void {
    this.#queue.abortWaiting();
  }

  /** The request behind an execution, while it is remembered. */
  requestOf(id: ExecutionId): Incoming | undefined {
    return this.#requests.get(id);
  }

  /**
   * The user process is gone and took `id` with it. When that ends a cell, the cell shows the reason and the promise
   * resolves after its reply and idle; null when no cell ends by it.
   */
  died(reason: ErrorReport, id: ExecutionId | null): Promise<void> | null {
    if (!this.#running || (id !== null && id !== this.#running.id)) return null;
    this.#running.die(reason);
    return this.#ended;
  }

  async #run(message: Incoming, request: ExecuteRequest, arrived: number): Promise<ExecuteReply> {
    const { mailbox, outputs, history, stdin } = this.#parts;
    const { code, silent } = request;
    if (request.store_history) this.#count++;
    const count = this.#count;
    if (!silent) {
      const content = { code, execution_count: count };
      mailbox.publish({ type: 'execute_input', content }, message.header);
    }
    const entry = request.store_history ? history.add(count, code, arrived) : null;
    const start = (this.#start = new AbortController());
    const session = await this.#parts.session();
    await this.#interrupting;
    const page = pageRequest(code);
    if (page?.isWholeCell) {
      entry?.end(null);
      const payload = [await this.#page(session, page)];
      return { status: 'ok', execution_count: count, payload, user_expressions: {} };
    }
    const { reset, typecheck } = directivesOf(code);
    if (reset) {
      entry?.end(null);
      await session.restart?.();
      this.#parts.reset();
      return { status: 'ok', execution_count: count, payload: [], user_expressions: {} };
    }
    this.#types.turn(typecheck);

    const id = session.reserve();
    const record = outputs.begin(id, message.header, silent);
    this.#remember(id, message);
    const types = { silent, stopped: start.signal };
    const { refused, checked } = await this.#types.begin(id, code, count, types);
    const died = new Promise<ExecutionOutcome>((resolve) => {
      const die = (reason: ErrorReport) => resolve({ status: 'error', ...reason });
      this.#running = { id, die };
    });
    const execution = {
      code,
      silent,
      storeHistory: request.store_history,
      allowStdin: request.allow_stdin,
      userExpressions: request.user_expressions,
      count,
    };
    const outcome = start.signal.aborted
      ? INTERRUPTED
      : (refused ?? (await Promise.race([died, executed(() => session.execute(id, execution))])));
    this.#running = null;
    stdin.cancel();
    if (outcome.status === 'error' && !record.errorShown) outputs.accept({ type: 'error', id, ...outcome });
    this.#types.end();
    if (checked) await checked;
    await outputs.drained(start.signal);
    outputs.flush();
    entry?.end(record.resultText);
    if (outcome.status === 'error') return this.#failed(outcome);
    return {
      status: 'ok',
      execution_count: count,
      payload: page ? [...outcome.payload, await this.#page(session, page)] : outcome.payload,
      user_expressions: answered(request.user_expressions, outcome.userExpressions),
    };
  }

  #failed({ ename, evalue, traceback }: ErrorReport): ExecuteReply {
    const error = { status: 'error', ename, evalue, traceback } as const;
    return { ...error, execution_count: this.#count, payload: [], user_expressions: {} };
  }

  /** `?name` or `name?`: what inspect_request knows of it, in the frontend's pager. */
  async #page(session: Session, { name, level }: PageRequest): Promise<Payload> {
    const request = { code: name, cursor_pos: name.length, detail_level: level };
    const { found, data } = await inspect(request, session, this.#parts.language);
    const missing = { 'text/plain': `There is no ${name} to look at.` };
    return { source: 'page', data: found ? data : missing, start: 0 };
  }

  #reply(channel: Channel, message: Incoming, reply: ExecuteReply, started?: Date): void {
    const { mailbox } = this.#parts;
    const metadata = {
      started: started?.toISOString(),
      dependencies_met: true,
      engine: mailbox.session,
      status: reply.status,
    };
    mailbox.send(channel, message, 'execute_reply', reply, metadata);
  }

  #remember(id: ExecutionId, message: Incoming): void {
    this.#requests.set(id, message);
    if (this.#requests.size <= REMEMBERED) return;
    for (const oldest of this.#requests.keys()) {
      this.#requests.delete(oldest);
      break;
    }
  }
}

/** An answer for each key that was asked: a client takes an empty one for an error of its own. */
function answered(
  asked: Record<string, string>,
  given: Record<string, UserExpression>,
): Record<string, UserExpression> {
  return Object.fromEntries(
    Object.keys(asked).map((key): [string, UserExpression] => {
      const missing = { ename: 'Error', evalue: 'the expression was not evaluated', traceback: [] };
      return [key, Object.hasOwn(given, key) ? given[key] : { status: 'error', ...missing }];
    }),
  );
}

/** How a cell ends that was interrupted before it began. */
const INTERRUPTED: ExecutionOutcome = {
  status: 'error',
  ename: 'KeyboardInterrupt',
  evalue: '',
  traceback: ['KeyboardInterrupt'],
};

/** A session that throws must not take the kernel with it. */
async function executed(execute: () => Promise<ExecutionOutcome>): Promise<ExecutionOutcome> {
  try {
    return await execute();
  } catch (error) {
    return internalError(error);
  }
}

function internalError(error: unknown): { status: 'error' } & ErrorReport {
  const evalue = error instanceof Error ? error.message : String(error);
  return { status: 'error', ename: 'KernelError', evalue, traceback: [`KernelError: ${evalue}`] };
}
