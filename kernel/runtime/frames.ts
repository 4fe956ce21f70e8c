/**
 * The messages between the kernel process and the user process. Each is one length-prefixed frame of JSON, followed
 * by its binary buffers when it has any. The kernel process reads and writes them in `session/`, the user process in
 * `runtime/`; nothing else knows that there is a pipe.
 */
import type { CompiledCell } from '../language/cell.js';
import type { Payload } from '../display/host.js';
import type { MimeBundle, MimeMetadata } from '../display/mime.js';

/** Identifies one execution: the session makes it, outputs carry it, also long after the cell has ended. */
export type ExecutionId = number;

/** Kernel process to user process. */
export type ToUser =
  | {
      type: 'execute';
      id: ExecutionId;
      cell: CompiledCell;
      count: number;
      silent: boolean;
      storeHistory: boolean;
      allowStdin: boolean;
      userExpressions: Record<string, CompiledCell>;
    }
  /** Tickets count up; an interrupt aims at one execution, or at whatever user code runs. */
  | { type: 'interrupt'; id: ExecutionId | null; ticket: number }
  | { type: 'input_reply'; id: ExecutionId; value: string }
  /** Answered by `comm_handled` when its handlers have run. */
  | ({ type: 'comm'; request: number } & CommPacket)
  /** Answered by the watchdog, also while a cell runs. With a prefix the names that begin so, else the value itself. */
  | { type: 'look'; request: number; path: readonly string[]; prefix: string | null }
  /** A command of V8's inspector protocol; answered by `inspector_reply`. */
  | { type: 'inspector'; request: number; method: string; params: object }
  | { type: 'debug_mode'; mode: DebugMode }
  | { type: 'script_seen'; ticket: number }
  | { type: 'shutdown' };

/** User process to kernel process. */
export type FromUser =
  | { type: 'ready'; pid: number; nodeVersion: string }
  | OutputFrame
  | { type: 'input_request'; id: ExecutionId; prompt: string; password: boolean }
  | { type: 'done'; id: ExecutionId; outcome: ExecutionOutcome }
  | { type: 'log'; level: 'debug' | 'warn' | 'error'; text: string }
  /** From the watchdog: an interrupt with this ticket has taken effect, or found nothing to stop. */
  | { type: 'interrupt_handled'; ticket: number }
  | { type: 'look_reply'; request: number; answer: LookAnswer | null }
  | { type: 'inspector_reply'; request: number; result?: object; error?: string }
  | { type: 'inspector_event'; method: string; params: object }
  /** A script waits to run until the debugger has seen it: `script_seen`. */
  | { type: 'script'; ticket: number; file: string }
  /** `known`: there is such a target, or such a comm. */
  | { type: 'comm_handled'; request: number; known: boolean };

/** What the debugger wants; with `isAttached` false nothing. */
export interface DebugMode {
  isAttached: boolean;
  /** Each new script is shown to it before it runs. */
  seesScripts: boolean;
  /** Exceptions pause. */
  seesExceptions: boolean;
}

/** What can follow a value's name, and the value in words. */
export interface LookAnswer {
  members: readonly { name: string; kind: 'function' | 'class' | 'property' | 'variable' }[];
  data: MimeBundle;
  callable?: boolean;
  folder?: string;
}

/** What goes through a comm, in either direction. */
export interface CommPacket {
  kind: 'open' | 'msg' | 'close';
  commId: string;
  /** Of `open` only. */
  target?: string;
  data: unknown;
  metadata?: object;
  buffers?: readonly Uint8Array[];
  /** A client has changed a widget's state: a loop that never awaits reads the new one. */
  live?: boolean;
}

/** The state in a `live` packet, on its way past the event loop. */
export type LiveState = Pick<CommPacket, 'commId' | 'data' | 'buffers'>;

/** Something that a person sees; `id` is the execution that caused it (null: none is known). */
export type OutputFrame =
  | { type: 'stream'; id: ExecutionId | null; name: 'stdout' | 'stderr'; text: string }
  | {
      type: 'display';
      id: ExecutionId | null;
      data: MimeBundle;
      metadata: MimeMetadata;
      displayId?: string;
      update: boolean;
    }
  | { type: 'result'; id: ExecutionId; count: number; data: MimeBundle; metadata: MimeMetadata }
  | ({ type: 'error'; id: ExecutionId | null } & ErrorReport)
  | { type: 'clear_output'; id: ExecutionId | null; wait: boolean }
  | ({ type: 'comm'; id: ExecutionId | null } & CommPacket);

/** An error as Jupyter shows it. */
export interface ErrorReport {
  ename: string;
  evalue: string;
  /** Lines with ANSI colours. */
  traceback: string[];
}

/** How an execution ended. */
export type ExecutionOutcome =
  | { status: 'ok'; userExpressions: Record<string, UserExpressionResult>; payload: Payload[] }
  | ({ status: 'error' } & ErrorReport);

export type UserExpressionResult =
  { status: 'ok'; data: MimeBundle; metadata: MimeMetadata } | ({ status: 'error' } & ErrorReport);
