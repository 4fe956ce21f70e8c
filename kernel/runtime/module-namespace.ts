/** What `import * as` of a local module gives: the exports of a module, live, as those of Node's own modules are. */
import { inspect, type InspectOptions } from 'node:util';

export type Namespace = Record<string, unknown>;

/**
 * A namespace without names. It begins with a class of its own: V8 turns objects that began alike and differ in their
 * accessors into dictionaries, which are slow.
 */
export function emptyNamespace(): Namespace {
  const namespace: Namespace = new (class {
    [name: string]: unknown;
  })();
  Object.setPrototypeOf(namespace, null);
  Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' });
  Object.defineProperty(namespace, inspect.custom, { value: inspectNamespace });
  return namespace;
}

/** Adds the names that are new, in the order that the standard gives them. */
export function fillNamespace(namespace: Namespace, getters: ReadonlyMap<string, () => unknown>): void {
  for (const name of [...getters.keys()].sort((a, b) => (a < b ? -1 : 1)))
    if (!(name in namespace))
      Object.defineProperty(namespace, name, {
        get: getters.get(name),
        enumerable: true,
        configurable: true,
      });
}

/** A namespace over values that stay: of a CommonJS module, or of JSON. `whole` is the default export. */
export function fillFromValue(namespace: Namespace, whole: unknown): void {
  const getters = new Map<string, () => unknown>([['default', () => whole]]);
  const hasNames = (typeof whole === 'object' && whole !== null) || typeof whole === 'function';
  // Node calls the whole so, too, for the sake of modules that another compiler has made.
  if (hasNames && !Array.isArray(whole))
    for (const name of Object.keys(whole))
      if (name !== 'default') getters.set(name, () => Reflect.get(whole, name) as unknown);
  fillNamespace(namespace, getters);
}

function inspectNamespace(this: Namespace, depth: number, options: InspectOptions): string {
  const values: Namespace = Object.create(null) as Namespace;
  for (const name of Object.keys(this))
    try {
      values[name] = this[name];
    } catch {
      values[name] = NOT_YET;
    }
  const text = inspect(values, { ...options, depth });
  return text.replace('[Object: null prototype]', '[Module: null prototype]');
}

const NOT_YET = { [inspect.custom]: (): string => '<uninitialized>' };
