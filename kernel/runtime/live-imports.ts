/**
 * Imported names of cells that change when the module assigns them. Cells have them as variables of their own, so that
 * they can be declared again and loops over them are fast; what the module does to them is carried over.
 */
import type { ImportedName } from '../language/cell.js';
import type { ModuleGraph } from './module-graph.js';
import type { Namespace } from './module-namespace.js';

/** A name from a package: nobody says when it changes. */
interface Polled {
  readonly namespace: Namespace;
  readonly name: string;
  readonly set: (value: unknown) => void;
  value: unknown;
}

export class LiveImports {
  readonly #stops = new Map<string, () => void>();
  readonly #polled = new Map<string, Polled>();

  constructor(private readonly graph: ModuleGraph) {}

  bind(namespace: Namespace, names: readonly ImportedName[]): void {
    for (const { name, local, set } of names) {
      this.release([local]);
      const stop = this.graph.watch(namespace, name, set);
      if (stop) this.#stops.set(local, stop);
      else if (stop === null && name in namespace)
        this.#polled.set(local, { namespace, name, set, value: namespace[name] });
    }
  }

  /** The names mean something else from now on. */
  release(names: readonly string[]): void {
    for (const name of names) {
      this.#stops.get(name)?.();
      this.#stops.delete(name);
      this.#polled.delete(name);
    }
  }

  /** Takes over what packages have assigned since the last time. */
  refresh(): void {
    for (const polled of this.#polled.values()) {
      const value = polled.namespace[polled.name];
      if (Object.is(value, polled.value)) continue;
      polled.value = value;
      polled.set(value);
    }
  }
}
