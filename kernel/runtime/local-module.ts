/** One local module: its text, what it imports, and how its exports are read. */
import type Module from 'node:module';
import type { CompiledModule, ExportSource } from '../language/compiled-module.js';
import { exportOf, missingExport } from '../language/context.js';
import type { Project } from '../language/tsconfig.js';
import type { FileText } from './module-file.js';
import { emptyNamespace, fillFromValue, fillNamespace, type Namespace } from './module-namespace.js';
import type { Found } from './module-resolve.js';
import type { Pass } from './module-pass.js';

/** What an import leads to. `namespace` is missing as long as a package is not loaded. */
export interface Dependency {
  readonly found: Found;
  readonly attributes: Readonly<Record<string, string>>;
  readonly local?: LocalModule;
  namespace?: Namespace;
}

const NOTHING: Namespace = emptyNamespace();

interface Reader {
  get: () => unknown;
}
interface Resolved {
  readonly module: LocalModule;
  readonly local: string;
}

export class LocalModule {
  /** `failed` modules are forgotten: the next import tries again. */
  state: 'loading' | 'linked' | 'running' | 'done' | 'failed' = 'loading';
  readonly namespace: Namespace = emptyNamespace();
  readonly dependencies: Dependency[] = [];
  /** Local modules that its code has required while it ran. */
  readonly required = new Set<LocalModule>();
  /** Who runs it, and resolved when that is over. */
  pass: Pass | undefined;
  ended: Promise<void> | undefined;
  failure: { readonly error: unknown } | undefined;
  /** Of a CommonJS module. */
  module: Module | undefined;
  readonly #readers = new Map<string, Reader>();
  readonly #watchers = new Map<string, Set<(value: unknown) => void>>();

  constructor(
    readonly key: string,
    readonly text: FileText,
    /** Undefined for what is no code. */
    readonly project: Project | undefined,
    readonly compiled: CompiledModule | null,
  ) {}

  get file(): string {
    return this.text.file;
  }

  get locals(): LocalModule[] {
    const locals = this.dependencies.flatMap(({ local }) => (local ? [local] : []));
    return [...locals, ...this.required];
  }

  /** The value that `require` gives. */
  get value(): unknown {
    if (this.module) return this.module.exports as unknown;
    return this.compiled ? this.namespace : this.namespace.default;
  }

  /** Defines the names of the namespace, as far as they are known. */
  link(): void {
    if (this.compiled?.kind !== 'esm') return;
    const getters = new Map<string, () => unknown>();
    for (const name of this.#names(new Set())) {
      const read = this.#reader(name, new Set());
      if (read) getters.set(name, read);
    }
    fillNamespace(this.namespace, getters);
  }

  /** Takes what a CommonJS module or a JSON file has given. */
  fill(whole: unknown): void {
    fillFromValue(this.namespace, whole);
  }

  /** From now on the variables can be read. */
  setGetters(getters: Readonly<Record<string, () => unknown>>): void {
    for (const [local, get] of Object.entries(getters)) this.#slot(local).get = get;
  }

  /** What its code sees of its imports: namespaces, and where one lacks a name that its value has, a view. */
  views(): Namespace[] {
    return this.dependencies.map(({ namespace = NOTHING, local }, index) => {
      if (local?.compiled?.kind === 'esm') return namespace;
      const names = this.compiled?.requests[index].names ?? [];
      if (names.every(({ name }) => name in namespace)) return namespace;
      const view = emptyNamespace();
      const getters = names.map(({ name }) => [name, () => exportOf(namespace, name)?.value] as const);
      fillNamespace(view, new Map(getters));
      return view;
    });
  }

  /** Throws the SyntaxError of a name that an import asks for in vain. */
  checkNames(): void {
    for (const [index, { specifier, names }] of (this.compiled?.requests ?? []).entries()) {
      const { namespace, local } = this.dependencies[index];
      // What is in a cycle has only the names that are known before it runs.
      if (!namespace || (local && local.compiled?.kind !== 'esm' && local.state !== 'done')) continue;
      for (const { name, required, offset } of names)
        if (required && !has(namespace, name, local))
          throw new MissingExport(missingExport(namespace, specifier, name), this, offset);
    }
  }

  /** Calls back whenever an export is assigned anew; gives how to stop that. */
  watch(name: string, callback: (value: unknown) => void): (() => void) | undefined {
    const origin = this.#origin(name, new Set());
    if (!origin) return undefined;
    const { module, local } = origin;
    const watchers = module.#watchers.get(local) ?? new Set();
    module.#watchers.set(local, watchers.add(callback));
    return () => watchers.delete(callback);
  }

  changed(local: string): void {
    const watchers = this.#watchers.get(local);
    if (!watchers || watchers.size === 0) return;
    const value = this.#slot(local).get();
    for (const callback of watchers) callback(value);
  }

  #slot(local: string): Reader {
    let slot = this.#readers.get(local);
    if (!slot) {
      const get = (): never => {
        throw new ReferenceError(`Cannot access '${local}' before initialization`);
      };
      this.#readers.set(local, (slot = { get }));
    }
    return slot;
  }

  #names(seen: Set<LocalModule>): Set<string> {
    const names = new Set<string>();
    if (seen.has(this)) return names;
    seen.add(this);
    if (this.compiled?.kind !== 'esm') return new Set(Object.keys(this.namespace));
    for (const name of this.compiled.exports.keys()) names.add(name);
    for (const index of this.compiled.stars) {
      const { local, namespace } = this.dependencies[index];
      const passed = local ? local.#names(seen) : Object.keys(namespace ?? {});
      for (const name of passed) if (name !== 'default') names.add(name);
    }
    return names;
  }

  #reader(name: string, seen: Set<LocalModule>): (() => unknown) | undefined {
    if (seen.has(this)) return undefined;
    seen.add(this);
    if (this.compiled?.kind !== 'esm') return name in this.namespace ? () => this.namespace[name] : undefined;
    const source = this.compiled.exports.get(name);
    if (source) return this.#sourceReader(source, seen);
    for (const index of this.compiled.stars) {
      const { local, namespace } = this.dependencies[index];
      if (local) {
        const read = name === 'default' ? undefined : local.#reader(name, seen);
        if (read) return read;
      } else if (namespace && name in namespace) return () => namespace[name];
    }
    return undefined;
  }

  #sourceReader(source: ExportSource, seen: Set<LocalModule>): (() => unknown) | undefined {
    if ('local' in source) {
      const slot = this.#slot(source.local);
      return () => slot.get();
    }
    const { name } = source;
    const dependency = this.dependencies[source.request];
    if (name === null) return () => dependency.namespace;
    if (dependency.local?.compiled?.kind === 'esm') return dependency.local.#reader(name, seen);
    return () => {
      const { namespace } = dependency;
      return namespace && exportOf(namespace, name)?.value;
    };
  }

  #origin(name: string, seen: Set<LocalModule>): Resolved | undefined {
    if (seen.has(this) || this.compiled?.kind !== 'esm') return undefined;
    seen.add(this);
    const source = this.compiled.exports.get(name);
    if (source && 'local' in source) return { module: this, local: source.local };
    const from = source ? [source.request] : this.compiled.stars;
    const sought = source ? source.name : name;
    for (const index of from) {
      const { local } = this.dependencies[index];
      const origin = local && sought !== null ? local.#origin(sought, seen) : undefined;
      if (origin) return origin;
    }
    return undefined;
  }
}

/** A missing export with the place of the import. */
export class MissingExport extends Error {
  constructor(
    readonly error: SyntaxError,
    readonly importer: LocalModule,
    readonly offset: number,
  ) {
    super(error.message);
  }
}

/** What Node loads, and CommonJS, may have names that only the value has. */
function has(namespace: Namespace, name: string, local: LocalModule | undefined): boolean {
  return local?.compiled?.kind === 'esm' ? name in namespace : exportOf(namespace, name) !== undefined;
}
