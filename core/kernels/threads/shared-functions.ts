/** Which compiled functions other threads can have too, and under which number. */
import type { SharedFunction } from './helper.js';

type Compiled = (...args: number[]) => void;

interface Origin {
  readonly module: WebAssembly.Module;
  readonly name: string;
  readonly hosts: Readonly<Record<string, string>>;
  shared: SharedFunction | undefined;
}

const origins = new WeakMap<Compiled, Origin>();
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

/** What threads need to know of a function; undefined for those that they cannot have. */
export function sharedFunction(run: Compiled): SharedFunction | undefined {
  const origin = origins.get(run);
  if (origin === undefined) return undefined;
  if (origin.shared !== undefined) return origin.shared;
  const { module, name, hosts } = origin;
  let moduleId = moduleIds.get(module);
  if (moduleId === undefined) moduleIds.set(module, (moduleId = modules++));
  const shared = { id: sharedFunctions.length, module, moduleId, name, hosts };
  sharedFunctions.push(shared);
  return (origin.shared = shared);
}
