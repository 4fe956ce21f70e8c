/** The user process as an object: starts it, runs cells in it one at a time, stops them, and starts it again when it dies. */
import os from 'node:os';
import { distFile } from '../install/paths.js';
import type {
  CommPacket,
  ExecutionId,
  ExecutionOutcome,
  FromUser,
  UserExpressionResult,
} from '../runtime/frames.js';
import type { CompiledCell } from '../language/cell.js';
import { distinctFiles, reportSyntaxError, type CellCompiler } from './compile.js';
import { reportDeath, reportFailedStart } from './death.js';
import { InspectorLink } from './inspector.js';
import { HeapTidier } from '../runtime/tidy-heap.js';
import type { ExecuteRequest, Session, SessionEvents, ValueInfo } from './session.js';
import { spawnUserProcess, type StartedProcess } from './spawn.js';
import { UserProcess, type ProcessEnd } from './user-process.js';

export interface SessionOptions {
  /** The notebook's folder. */
  cwd: string;
  events: SessionEvents;
  /** Makes scripts of cells. */
  compiler: CellCompiler;
  /** Environment of the user process; this process's own when missing. */
  env?: NodeJS.ProcessEnv;
  /** A user process that was started already, in `cwd` and `env`; the ones after it are the session's own. */
  first?: StartedProcess;
  /** How long the user process may take to start. */
  startMs?: number;
  /** How long a shutdown waits before it uses force. */
  graceMs?: number;
}

/** A slow disk and a busy machine are given their time; what takes longer than this hangs. */
const START_MS = 60_000;

const USER_PROCESS = 'kernel/runtime/main.js';

/** How long completion waits for the user process, and how long for one that is starting. */
const LOOK_MS = 500;
const FIRST_LOOK_MS = 5000;

interface Running {
  id: ExecutionId;
  /** User expressions that did not compile. */
  failed: Record<string, UserExpressionResult>;
  finish: (outcome: ExecutionOutcome) => void;
}

/** Starts the user process at once; the first `execute` need not wait for it to be ready. */
export function createSession(options: SessionOptions): Session {
  return new ProcessSession(options);
}

class ProcessSession implements Session {
  #process: UserProcess | undefined;
  #ready = false;
  #closing = false;
  #lastId: ExecutionId = 0;
  #lastTicket = 0;
  #running: Running | undefined;
  /** The execution that native output is most likely from. */
  #latest: ExecutionId | null = null;
  #lastLook = 0;
  #lastComm = 0;
  readonly #comms = new Map<number, (known: boolean) => void>();
  readonly #looks = new Map<number, (answer: ValueInfo | null) => void>();
  readonly #compiler: CellCompiler;
  readonly #interrupts = new Map<number, () => void>();
  readonly #heap = new HeapTidier();
  readonly debug: InspectorLink;
  #startTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SessionOptions) {
    this.#start(options.first);
    this.#compiler = distinctFiles(options.compiler);
    this.debug = new InspectorLink({
      send: (frame) => {
        this.#process?.send(frame);
        return this.#process !== undefined;
      },
      compiler: this.#compiler,
      cwd: options.cwd,
    });
  }

  reserve(): ExecutionId {
    return ++this.#lastId;
  }

  execute(id: ExecutionId, request: ExecuteRequest): Promise<ExecutionOutcome> {
    if (this.#running) throw new Error('Session.execute: a cell is running; run the next when it has ended');
    const { code, count, silent, storeHistory, allowStdin } = request;
    const { cwd, events } = this.options;
    const cell = this.#compiler.compile(code, { count, cwd });
    if (cell.kind === 'syntax-error') {
      const report = reportSyntaxError(cell);
      if (!silent) events.output({ type: 'error', id, ...report });
      return Promise.resolve({ status: 'error', ...report });
    }
    if (!silent)
      for (const warning of cell.warnings)
        events.output({ type: 'stream', id, name: 'stderr', text: `${warning}\n` });
    const { compiled: userExpressions, failed } = this.#compileExpressions(request);
    const process = this.#process ?? this.#start();
    this.#latest = id;
    return new Promise((resolve) => {
      this.#running = { id, failed, finish: resolve };
      const flags = { silent, storeHistory, allowStdin };
      process.send({ type: 'execute', id, count, cell, userExpressions, ...flags });
    });
  }

  async interrupt(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    const ticket = ++this.#lastTicket;
    const handled = new Promise<void>((resolve) => this.#interrupts.set(ticket, resolve));
    process.send({ type: 'interrupt', id: this.#running?.id ?? null, ticket });
    await handled;
  }

  inputReply(id: ExecutionId, value: string): void {
    this.#process?.send({ type: 'input_reply', id, value });
  }

  look(path: readonly string[], prefix: string | null): Promise<ValueInfo | null> {
    const process = this.#process;
    if (!process) return Promise.resolve(null);
    const request = ++this.#lastLook;
    const inScript = path.map((name, index) =>
      index === 0 ? (this.#compiler.scriptName?.(name) ?? name) : name,
    );
    return new Promise((resolve) => {
      const limit = this.#ready ? LOOK_MS : FIRST_LOOK_MS;
      const timer = setTimeout(() => this.#looks.get(request)?.(null), limit);
      this.#looks.set(request, (answer) => {
        clearTimeout(timer);
        this.#looks.delete(request);
        resolve(answer && path.length === 0 ? { ...answer, members: cellNames(answer.members) } : answer);
      });
      process.send({ type: 'look', request, path: inScript, prefix });
    });
  }

  comm(message: CommPacket): Promise<boolean> {
    const process = this.#process;
    if (!process) return Promise.resolve(false);
    const request = ++this.#lastComm;
    return new Promise((resolve) => {
      this.#comms.set(request, resolve);
      process.send({ type: 'comm', request, ...message });
    });
  }

  async restart(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await process?.end(this.options.graceMs ?? 300);
    this.#compiler.reset?.();
    this.debug.processEnded();
    if (!this.#closing) this.#start();
  }

  async shutdown(): Promise<void> {
    this.#closing = true;
    const process = this.#process;
    this.#process = undefined;
    await process?.end(this.options.graceMs ?? 300);
  }

  #compileExpressions({ userExpressions, count }: ExecuteRequest): {
    compiled: Record<string, CompiledCell>;
    failed: Record<string, UserExpressionResult>;
  } {
    const { cwd } = this.options;
    const compiled: Record<string, CompiledCell> = {};
    const failed: Record<string, UserExpressionResult> = {};
    for (const [key, code] of Object.entries(userExpressions)) {
      const cell = this.#compiler.compile(code, { count, cwd, locals: false });
      if (cell.kind === 'compiled') compiled[key] = cell;
      else failed[key] = { status: 'error', ...reportSyntaxError(cell) };
    }
    return { compiled, failed };
  }

  #start(first?: StartedProcess): UserProcess {
    this.#ready = false;
    const { cwd, env = globalThis.process.env } = this.options;
    const process = first ?? spawnUserProcess(distFile(USER_PROCESS), cwd || os.homedir(), env);
    const started: UserProcess = new UserProcess(process, {
      frame: (frame) => this.#receive(started, frame),
      nativeOutput: (name, text) =>
        this.options.events.output({ type: 'stream', id: this.#latest, name, text }),
      closed: (end) => this.#closed(started, end),
    });
    this.#process = started;
    const limit = this.options.startMs ?? START_MS;
    this.#startTimer = setTimeout(() => started.kill(`it was not ready after ${limit / 1000} s.`), limit);
    this.#startTimer.unref();
    return started;
  }

  #receive(from: UserProcess, frame: FromUser): void {
    const { events } = this.options;
    switch (frame.type) {
      case 'ready':
        clearTimeout(this.#startTimer);
        this.#ready = true;
        this.debug.processReady();
        // The first cell finds the compiler loaded, and the start of the process did not wait for it.
        this.#compiler.warmUp?.();
        break;
      case 'input_request':
        events.inputRequest(frame.id, frame.prompt, frame.password);
        break;
      case 'done':
        void from.drained().then(() => this.#done(frame.id, frame.outcome));
        break;
      case 'interrupt_handled':
        this.#interrupts.get(frame.ticket)?.();
        this.#interrupts.delete(frame.ticket);
        break;
      case 'look_reply':
        this.#looks.get(frame.request)?.(frame.answer);
        break;
      case 'comm_handled':
        this.#comms.get(frame.request)?.(frame.known);
        this.#comms.delete(frame.request);
        break;
      case 'inspector_reply':
      case 'inspector_event':
      case 'script':
        if (from === this.#process) this.debug.receive(frame);
        break;
      case 'log':
        break;
      default:
        events.output(frame);
    }
  }

  #done(id: ExecutionId, outcome: ExecutionOutcome): void {
    const running = this.#running;
    if (running?.id !== id) return;
    this.#running = undefined;
    if (outcome.status === 'ok') Object.assign(outcome.userExpressions, running.failed);
    running.finish(outcome);
    setImmediate(() => this.#heap.cellEnded());
  }

  #closed(process: UserProcess, end: ProcessEnd): void {
    clearTimeout(this.#startTimer);
    const expected = this.#closing || process !== this.#process;
    const started = this.#ready;
    const running = this.#running;
    this.#running = undefined;
    for (const resolve of this.#interrupts.values()) resolve();
    this.#interrupts.clear();
    for (const answer of [...this.#looks.values()]) answer(null);
    // The end of the process closes its comms.
    for (const resolve of this.#comms.values()) resolve(true);
    this.#comms.clear();
    if (expected) {
      running?.finish({ status: 'error', ...reportDeath(end) });
      return;
    }
    this.#process = undefined;
    const reason = started ? reportDeath(end) : reportFailedStart(end);
    // A process that cannot start is tried again with the next cell only.
    this.#compiler.reset?.();
    if (started) this.#start();
    this.debug.processEnded();
    this.options.events.died(reason, running?.id ?? null);
    running?.finish({ status: 'error', ...reason });
  }
}

/** The names as cells write them: the script scope keeps those that packages look for under other ones. */
function cellNames(members: ValueInfo['members']): ValueInfo['members'] {
  return members.map(({ name, kind }) => ({ name: name.replace(/\$cell$/, ''), kind }));
}
