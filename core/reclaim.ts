/**
 * Finds out *inside* a synchronous loop which objects are dead. FinalizationRegistry callbacks wait for the event
 * loop, and a WeakRef keeps what it was made from or asked for alive until the current job ends. Evaluating a script
 * in a context whose microtasks run after each evaluation ends a job as far as V8 is concerned, and `gc()` collects
 * at once. Verified on Node 20, 22, 24 and 26.
 */
import v8 from 'node:v8';
import vm from 'node:vm';

interface Machinery {
  readonly emptyScript: vm.Script;
  readonly context: vm.Context;
  readonly collect: (() => void) | undefined;
}

let machinery: Machinery | undefined;

function start(): Machinery {
  return (machinery ??= {
    emptyScript: new vm.Script('0'),
    context: vm.createContext({}, { microtaskMode: 'afterEvaluate' }),
    collect: garbageCollector(),
  });
}

function garbageCollector(): (() => void) | undefined {
  v8.setFlagsFromString('--expose-gc');
  const gc: unknown = vm.runInNewContext('gc');
  v8.setFlagsFromString('--no-expose-gc');
  return isCollector(gc) ? gc : undefined;
}

function isCollector(value: unknown): value is () => void {
  return typeof value === 'function';
}

/** Lets go of the objects that WeakRefs of the current job keep alive (some microseconds). */
export function clearKeptObjects(): void {
  const { emptyScript, context } = start();
  emptyScript.runInContext(context);
}

/** Afterwards a WeakRef whose target is unreachable answers undefined (some milliseconds). */
export function collectGarbage(): void {
  clearKeptObjects();
  start().collect?.();
}
