/** Which compiled functions other threads can have too, and under which number. */
import type { LibraryFunction, ModuleFunction, SharedFunction } from './helper.js';

type Compiled = (...args: number[]) => void;

interface Origin {
  readonly module: WebAssembly.Module;
  readonly name: string;
  readonly hosts: Readonly<Record<string, string>>;
  shared: SharedFunction | undefined;
}

interface LibraryOrigin {
  readonly call: LibraryFunction;
  shared: SharedFunction | undefined;
}

const origins = new WeakMap<Compiled, Origin | LibraryOrigin>();
const moduleIds = new WeakMap<WebAssembly.Module, number>();
let modules = 0;

/** All that have been used by jobs, by their numbers. */
export const sharedFunctions: SharedFunction[] = [];

/** Names of functions of `Math`; undefined where a module calls others, which threads do not have. */
export function mathNames(
  imports: readonly { readonly name: string; readonly host: (...args: number[]) => number }[],
): Record<string, string> | undefined {
  const names: Record<string, string> = {};
  for (const { name, host } of imports) {
    if (Reflect.get(Math, host.name) !== host) return undefined;
    names[name] = host.name;
  }
  return names;
}

/** Notes where a function of a module comes from. */
export function noteOrigin(
  run: Compiled,
  module: WebAssembly.Module,
  name: string,
  hosts: Readonly<Record<string, string>>,
): void {
  origins.set(run, { module, name, hosts, shared: undefined });
}

/** Notes that a function calls a library, which other threads can call, too. */
export function noteLibrary(run: Compiled, call: LibraryFunction): void {
  origins.set(run, { call, shared: undefined });
}

/** What threads need to know of a function; undefined for those that they cannot have. */
export function sharedFunction(run: Compiled): SharedFunction | undefined {
  const origin = origins.get(run);
  if (origin === undefined) return undefined;
  if (origin.shared !== undefined) return origin.shared;
  const shared = { id: sharedFunctions.length, ...('call' in origin ? origin.call : placeOf(origin)) };
  sharedFunctions.push(shared);
  return (origin.shared = shared);
}

function placeOf({ module, name, hosts }: Origin): ModuleFunction {
  let moduleId = moduleIds.get(module);
  if (moduleId === undefined) moduleIds.set(module, (moduleId = modules++));
  return { module, moduleId, name, hosts };
}
