/** The commands of V8's inspector protocol that the debugger sends, with the types of their answers. */
import type { Debugger, Runtime } from 'node:inspector';
import type { DebugTarget } from '../session/session.js';

export type CallFrame = Debugger.CallFrame;
export type Location = Debugger.Location;
export type Paused = Debugger.PausedEventDataType;
export type RemoteObject = Runtime.RemoteObject;
export type Property = Runtime.PropertyDescriptor;

/** What Node's types of an evaluation lack. */
export interface Evaluation {
  result: RemoteObject;
  exceptionDetails?: Runtime.ExceptionDetails;
}

interface PropertiesAnswer {
  result: Property[];
  internalProperties?: Runtime.InternalPropertyDescriptor[];
  privateProperties?: { name: string; value?: RemoteObject }[];
}

interface Answers {
  'Debugger.enable': object;
  'Debugger.pause': object;
  'Debugger.resume': object;
  'Debugger.stepInto': object;
  'Debugger.stepOut': object;
  'Debugger.stepOver': object;
  'Debugger.setBlackboxPatterns': object;
  'Debugger.setPauseOnExceptions': object;
  'Debugger.setBreakpoint': { breakpointId: string; actualLocation: Location };
  'Debugger.removeBreakpoint': object;
  'Debugger.getPossibleBreakpoints': { locations: Debugger.BreakLocation[] };
  'Debugger.getScriptSource': { scriptSource: string };
  'Debugger.evaluateOnCallFrame': Evaluation;
  'Runtime.evaluate': Evaluation;
  'Runtime.callFunctionOn': Evaluation;
  'Runtime.getProperties': PropertiesAnswer;
  'Runtime.globalLexicalScopeNames': { names: string[] };
  'Runtime.releaseObjectGroup': object;
}

/** Sends a command; rejects with the error that the inspector gives. */
export async function send<Method extends keyof Answers>(
  target: DebugTarget,
  method: Method,
  params: object = {},
): Promise<Answers[Method]> {
  return (await target.post(method, params)) as Answers[Method];
}

/** The functions of `runtime/debug-hooks.ts`, as text for an expression. */
export const HOOKS = `globalThis[Symbol.for('nabla.debug')]`;
/** Values that a person looks at are held in this group until the program goes on. */
export const GROUP = 'nabla.debug';
/** What a person asked for may run this long: it cannot be interrupted. */
export const PATIENCE_MS = 5000;

/** Evaluates something of ours at the top level and gives its value, which JSON must be able to hold. */
export async function ask(target: DebugTarget, expression: string): Promise<unknown> {
  const { result, exceptionDetails } = await send(target, 'Runtime.evaluate', {
    expression,
    returnByValue: true,
    silent: true,
    disableBreaks: true,
  });
  if (exceptionDetails) throw new Error(result.description ?? exceptionDetails.text);
  return result.value as unknown;
}
