/**
 * What the watchdog thread and the main thread of the user process say to each other, and the memory they share.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ExecutionId, ToUser } from './frames.js';

/** File descriptors that the kernel process opens for the user process, beside 0 to 2. */
export const OUTPUT_FD = 3;
export const CONTROL_FD = 4;
export const REPORT_FD = 5;

export interface WatchdogData {
  port: MessagePort;
  inputPort: MessagePort;
  statePort: MessagePort;
  shared: SharedArrayBuffer;
}

/** Indices into the shared Int32Array. */
export const TERMINATE_POSTED = 0;
export const INPUTS_POSTED = 1;
export const STATES_POSTED = 2;
/** What the debugger wants, in bits (`DebugMode` in `frames.ts`). */
export const DEBUG_MODE = 3;
export const SEES_SCRIPTS = 1;
export const SEES_EXCEPTIONS = 2;
/** Up to which ticket scripts may run. */
export const SCRIPTS_SEEN = 4;
export const SHARED_BYTES = 20;

/** Every message is numbered: one that a termination swallowed is noticed by the gap and sent again. */
export type ToMain = { seq: number } & (
  | { type: 'frame'; frame: ToUser }
  /** Comes as a macrotask of its own: throw into a cell that waits, tidy up after a termination, and acknowledge. */
  | { type: 'settle'; ticket: number; id: ExecutionId | null }
);

export interface FromMain {
  type: 'settled';
  ticket: number;
  /** The interrupt has had its effect. */
  served: boolean;
  /** Messages that never arrived. */
  lost: number[];
}

/** A script exists and has not run: main thread to watchdog. It waits until `SCRIPTS_SEEN` reaches the ticket. */
export interface ScriptMessage {
  type: 'script';
  ticket: number;
  file: string;
}

export interface InputMessage {
  id: ExecutionId;
  value: string;
}

/** What the main thread answers when the watchdog looks in. */
export type ProbeAnswer =
  /** The interrupt has had its effect, or what it aimed at has ended or is marked not to start. */
  | 'served'
  /** Code of ours runs and must not be stopped half-way; ask again soon. */
  | 'busy'
  /** User code runs: terminate it. */
  | 'running'
  /** Nothing on the stack: the cell waits for a promise, or the queue of microtasks is being drained. */
  | 'waiting';

/** The hidden global through which the watchdog and the slices reach the runtime. */
export const RUNTIME_KEY = 'nabla.runtime';
