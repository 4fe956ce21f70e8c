/**
 * The user process seen from the kernel process: what `dispatch/` may ask of it. It knows no socket and no Jupyter
 * message, so a test can put a fake in its place.
 */
import type { MimeBundle } from '../display/mime.js';
import type {
  CommPacket,
  DebugMode,
  ExecutionId,
  ExecutionOutcome,
  OutputFrame,
  ErrorReport,
} from '../runtime/frames.js';

export interface ExecuteRequest {
  code: string;
  silent: boolean;
  storeHistory: boolean;
  allowStdin: boolean;
  userExpressions: Record<string, string>;
  /** The execution counter to show for this cell. */
  count: number;
}

export interface SessionEvents {
  /** Every output, with the execution that caused it (possibly one that has ended). Order is the order of writing. */
  output(frame: OutputFrame): void;
  /** User code waits for a line of input. */
  inputRequest(id: ExecutionId, prompt: string, password: boolean): void;
  /** The user process ended by itself; the session is starting a new one. `running` is what it took with it. */
  died(reason: ErrorReport, running: ExecutionId | null): void;
}

export interface Session {
  /** Reserves the id under which the next `execute` reports, so that outputs can be routed from the first frame. */
  reserve(): ExecutionId;
  /** Runs a cell. One at a time: the caller keeps the queue. Resolves when the cell has ended and its outputs are out. */
  execute(id: ExecutionId, request: ExecuteRequest): Promise<ExecutionOutcome>;
  /** Interrupts what runs; a no-op when nothing does. Resolves when the user process has taken notice. */
  interrupt(): Promise<void>;
  inputReply(id: ExecutionId, value: string): void;
  /**
   * Looks at a value of the user process, for completion and inspection: `path` is the names from the global scope
   * on (empty: the scope itself). With a `prefix` its names that begin so are told, else what it is. Runs no user code
   * (no getter, no proxy trap). Resolves to null when there is no such value, or after 500 ms when a running cell keeps the user process from answering.
   */
  look?(path: readonly string[], prefix: string | null): Promise<ValueInfo | null>;
  /**
   * Hands a client's comm message to the user process, in the order of arrival. Resolves when its handlers have run:
   * false, when there is no such target or comm.
   */
  comm?(message: CommPacket): Promise<boolean>;
  /** Ends the user process and starts another one. Call it between cells; resolves when the first is gone. */
  restart?(): Promise<void>;
  /** V8's inspector in the user process, for the debugger. */
  readonly debug?: DebugTarget;
  /** Ends the user process and everything it started; resolves when they are gone. */
  shutdown(): Promise<void>;
}

export interface DebugTarget {
  /** Whom to tell what happens; the last one that asked. */
  listen(events: DebugEvents): void;
  /** When no debugger is attached any more the inspector is closed, and what is paused goes on. */
  setMode(mode: DebugMode): void;
  /** Sends a command of V8's inspector protocol; rejects with its error, or when the process ends. */
  post(method: string, params: object): Promise<object>;
  /** The name in the script scope of a name in cells. */
  scriptName(name: string): string;
  /** Compiles what a person typed as a cell; throws a SyntaxError. */
  compile(code: string): DebugScript;
}

export interface DebugEvents {
  /** An event of the inspector protocol. */
  event(method: string, params: object): void;
  /** A script waits to run until this is over. */
  script(file: string): Promise<void>;
  /** The user process is gone; another one may be starting. */
  ended(): void;
}

/** A function of a cell's context, as text. */
export interface DebugScript {
  readonly js: string;
  readonly declares: readonly string[];
  readonly suspends: boolean;
}

/** A value as completion and inspection see it. */
export interface ValueInfo {
  /** The names that may follow: own and inherited properties, or the names in scope. */
  members: readonly { name: string; kind: 'function' | 'class' | 'property' | 'variable' }[];
  /** The value described for a person: text/plain at least (signature or type, then the value). */
  data: MimeBundle;
  /** It is a function or a class: `data` has its source. */
  callable?: boolean;
  /** Of the scope: the folder that the cells are in. */
  folder?: string;
}
