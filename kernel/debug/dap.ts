/** The messages of the Debug Adapter Protocol that are used here, and what Jupyter adds to them. */

export interface SourceBreakpoint {
  line: number;
  column?: number;
  condition?: string;
  hitCondition?: string;
  logMessage?: string;
}

export interface Breakpoint {
  id: number;
  verified: boolean;
  line: number;
  column?: number;
  source: { path: string };
  message?: string;
}

export interface StackFrame {
  id: number;
  name: string;
  source?: { name: string; path: string };
  line: number;
  column: number;
  presentationHint?: 'normal' | 'label' | 'subtle';
}

export interface Scope {
  name: 'Locals' | 'Closure' | 'Globals';
  presentationHint?: 'locals';
  variablesReference: number;
  expensive: boolean;
}

export interface Variable {
  name: string;
  value: string;
  /** What JupyterLab shows instead of the value, unless it is the name of one of Python's simple types. */
  type?: string;
  /** How to write it in an expression; empty where there is no way. */
  evaluateName: string;
  /** 0: there is nothing in it. */
  variablesReference: number;
  indexedVariables?: number;
  namedVariables?: number;
}

/** An event, as it goes out on IOPub. */
export interface DebugEvent {
  type: 'event';
  event: string;
  body: object;
}

/** The request failed for a reason that its sender should read. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
}

/** The only thread that cells run on. */
export const THREAD = 1;
