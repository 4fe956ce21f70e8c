/**
 * Local modules: loads them with what they import, runs them in order, and loads anew those that were edited and those
 * that import them. All others keep their state.
 */
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import type { CompiledModule } from '../language/compiled-module.js';
import { currentExecution } from './executions.js';
import type { ExecutionId } from './frames.js';
import type { SliceResult } from './guard.js';
import type { KeyboardInterrupt } from './keyboard-interrupt.js';
import { LocalModule, MissingExport, type Dependency } from './local-module.js';
import { emptyNamespace, fillFromValue, type Namespace } from './module-namespace.js';
import { Pass } from './module-pass.js';
import { resolveModule, type Found, type ImportKind } from './module-resolve.js';
import { LocalScope } from './module-scope.js';
import { pathsOf, placeInText, projectOf, readModule, scriptOf } from './module-source.js';

export interface GraphHost {
  /** Runs code of the person's that the event loop has called, so that it can be stopped. */
  slice<T>(body: () => T): SliceResult<T>;
  /** Loads what is not local as Node does. */
  importPackage(url: string, attributes: Attributes): Promise<Namespace>;
  /** The library, once it is loaded. */
  library(url: string): Namespace | undefined;
}

export type Attributes = Readonly<Record<string, string>>;
type Local = Extract<Found, { type: 'local' }>;
type Steps = Generator<Promise<unknown>, void, unknown>;
type Require = ReturnType<typeof createRequire>;

export class ModuleGraph {
  readonly #modules = new Map<string, LocalModule>();
  readonly #byNamespace = new WeakMap<object, LocalModule>();
  readonly #external = new Map<string, Namespace>();
  readonly #passes = new Set<Pass>();

  constructor(private readonly host: GraphHost) {}

  resolve(specifier: string, parent: string, kind: ImportKind): Found {
    return resolveModule(specifier, parent, kind, pathsOf);
  }

  /** Loads and runs a module; at once, if nothing that it needs must be waited for. */
  import(specifier: string, parent: string, attributes: Attributes = {}): Namespace | Promise<Namespace> {
    const found = this.resolve(specifier, parent, 'import');
    if (found.type !== 'local') return this.#externalNow(found) ?? this.#loadExternal(found, attributes);
    const pass = this.#begin(false);
    const module = this.#prepare(found, attributes);
    const steps = this.#run(module, pass);
    const first = steps.next();
    if (first.done !== true) return this.#goOn(steps, first.value, pass).then(() => module.namespace);
    this.#passes.delete(pass);
    return module.namespace;
  }

  /** As `import()` in code does it: never at once. */
  async dynamicImport(specifier: unknown, parent: string, options: unknown): Promise<Namespace> {
    const name = String(specifier);
    const attributes = attributesOf(options);
    await Promise.resolve();
    const imported = this.host.slice(() => this.import(name, parent, attributes));
    if (imported.status === 'interrupted') this.abandon(currentExecution()?.id, imported.error);
    if (imported.status !== 'returned') throw imported.error;
    return await imported.value;
  }

  /** The `require` of a file. `importer` is the module in it, if it is one. */
  requireFor(parent: string, importer?: LocalModule): Require {
    const native = createRequire(parent);
    const require = (request: string): unknown => this.#require(request, parent, native, importer);
    const resolve = (request: string, options?: { paths?: string[] }): string => {
      if (options) return native.resolve(request, options);
      const found = this.resolve(request, parent, 'require');
      if (found.type === 'builtin') return found.id;
      return found.type === 'local' ? found.file : fileURLToPath(found.url);
    };
    const paths = (request: string): string[] | null => native.resolve.paths(request);
    return Object.assign(require, { ...native, resolve: Object.assign(resolve, { paths }) });
  }

  /** Calls back when an export of a local module is assigned; null when the namespace is none of a local module. */
  watch(
    namespace: object,
    name: string,
    callback: (value: unknown) => void,
  ): (() => void) | undefined | null {
    const module = this.#byNamespace.get(namespace);
    return module ? module.watch(name, callback) : null;
  }

  /** The cell that has begun these imports was interrupted: what has not run to its end is forgotten. */
  abandon(owner: ExecutionId | undefined, error: KeyboardInterrupt): void {
    for (const pass of this.#passes) {
      if (pass.owner !== owner) continue;
      pass.abort(error);
      this.#passes.delete(pass);
    }
    for (const module of this.#modules.values()) {
      const isLost = module.state === 'loading' || (module.state === 'running' && module.pass?.aborted);
      if (isLost) this.#forget(module);
    }
  }

  #begin(isSync: boolean): Pass {
    const pass = new Pass(isSync, currentExecution()?.id);
    this.#passes.add(pass);
    return pass;
  }

  #require(request: string, parent: string, native: Require, importer: LocalModule | undefined): unknown {
    const found = this.resolve(request, parent, 'require');
    if (found.type === 'library') return this.#externalNow(found) ?? native(request);
    if (found.type === 'builtin') return native(found.id);
    if (found.type === 'package') return native(fileURLToPath(found.url));
    const module = this.#prepare(found, {});
    if (importer?.state === 'running') importer.required.add(module);
    if (module.state === 'running') return module.value;
    const pass = this.#begin(true);
    const steps = this.#run(module, pass);
    const step = steps.next();
    this.#passes.delete(pass);
    if (step.done !== true)
      steps.throw(
        Object.assign(
          new Error(
            `require('${request}'): the module has to wait for something; use await import('${request}')`,
          ),
          { code: 'ERR_REQUIRE_ASYNC_MODULE' },
        ),
      );
    return module.value;
  }

  /** The module of a file as the file is now, with all that it imports, ready to run. */
  #prepare({ file, query }: Local, attributes: Attributes): LocalModule {
    const form = formOf(file, attributes);
    const key = form === 'text' ? `${file}${query}\0text` : file + query;
    const known = this.#modules.get(key);
    if (known) this.#refresh(known);
    const fresh: LocalModule[] = [];
    const module = this.#load(file, key, form, fresh);
    for (const each of fresh) each.link();
    for (const each of fresh) this.#attempt(each, () => each.checkNames());
    return module;
  }

  /** Forgets those of the modules below `entry` that were edited, and all that import them. */
  #refresh(entry: LocalModule): void {
    const importers = new Map<LocalModule, LocalModule[]>([[entry, []]]);
    for (const module of importers.keys())
      for (const local of module.locals) {
        const known = importers.get(local);
        if (known) known.push(module);
        else importers.set(local, [module]);
      }
    const stale = new Set<LocalModule>();
    const spoil = (module: LocalModule): void => {
      if (stale.has(module)) return;
      stale.add(module);
      importers.get(module)?.forEach(spoil);
    };
    for (const module of importers.keys())
      if (this.#modules.get(module.key) !== module || hasChanged(module)) spoil(module);
    for (const module of stale)
      if (this.#modules.get(module.key) === module) this.#modules.delete(module.key);
  }

  #load(file: string, key: string, form: Form, fresh: LocalModule[]): LocalModule {
    const known = this.#modules.get(key);
    if (known) return known;
    const module = readModule(file, key, form);
    this.#modules.set(key, module);
    this.#byNamespace.set(module.namespace, module);
    fresh.push(module);
    this.#attempt(module, () => {
      for (const { specifier, attributes, offset } of module.compiled?.requests ?? [])
        module.dependencies.push(this.#dependency(module, specifier, attributes, offset, fresh));
    });
    module.state = 'linked';
    return module;
  }

  #dependency(
    importer: LocalModule,
    specifier: string,
    attributes: Attributes,
    offset: number,
    fresh: LocalModule[],
  ): Dependency {
    let found: Found;
    try {
      found = this.resolve(specifier, importer.file, 'import');
    } catch (error) {
      throw error instanceof Error ? placeInText(error, importer.text, offset) : error;
    }
    if (found.type !== 'local') return { found, attributes };
    const form = formOf(found.file, attributes);
    const key = form === 'text' ? `${found.file}${found.query}\0text` : found.file + found.query;
    const local = this.#load(found.file, key, form, fresh);
    return { found, attributes, local, namespace: local.namespace };
  }

  /** A module that fails is forgotten, so that the next import tries again. */
  #attempt(module: LocalModule, body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#forget(module);
      throw placed(error);
    }
  }

  #forget(module: LocalModule): void {
    module.state = 'failed';
    if (this.#modules.get(module.key) === module) this.#modules.delete(module.key);
  }

  /** Runs a module after all that it imports. Yields what has to be waited for. */
  *#run(module: LocalModule, pass: Pass): Steps {
    if (module.state === 'done') return;
    if (module.state === 'running') {
      if (pass.isSync || module.pass === undefined || pass.isAwaitedBy(module.pass)) return;
      pass.waitsFor = module.pass;
      try {
        yield module.ended ?? Promise.resolve();
        if (module.failure) throw module.failure.error;
      } finally {
        pass.waitsFor = undefined;
      }
      return;
    }
    module.state = 'running';
    module.pass = pass;
    let end: () => void = () => undefined;
    module.ended = new Promise((resolve) => (end = resolve));
    try {
      const code = this.#instantiate(module, pass);
      for (const dependency of module.dependencies)
        if (dependency.local) yield* this.#run(dependency.local, pass);
        else yield* this.#provide(dependency, pass);
      module.link();
      module.checkNames();
      const promise = code();
      if (promise) yield promise;
      module.state = 'done';
      end();
    } catch (error) {
      this.#forget(module);
      const shown = placed(error);
      // Those who wait for it find that it has failed.
      module.failure = { error: shown };
      end();
      throw shown;
    }
  }

  /** Makes the functions of a module callable; gives what runs it. */
  #instantiate(module: LocalModule, pass: Pass): () => Promise<unknown> | undefined {
    const { compiled, file } = module;
    if (!compiled) return () => undefined;
    const scope = new LocalScope(this, module, pass);
    const script = scriptOf(module, compiled) as (...args: unknown[]) => unknown;
    const require = this.requireFor(file, module);
    const whole = nodeModule(file, require);
    const folder = path.dirname(file);
    if (compiled.kind === 'commonjs') {
      module.module = whole;
      return () => {
        Reflect.apply(script, whole.exports, [whole.exports, require, whole, file, folder, scope]);
        whole.loaded = true;
        module.fill(whole.exports);
        return undefined;
      };
    }
    const exports: unknown = whole.exports;
    const given: unknown[] = writesExports(compiled) ? [whole, exports] : [undefined, undefined];
    const call = (): unknown => Reflect.apply(script, undefined, [scope, require, ...given, file, folder]);
    const finish = (): void => {
      if (whole.exports === exports && Object.keys(exports as object).length === 0) return;
      // `export =` and `module.exports` beside imports.
      module.module = whole;
      module.fill(whole.exports);
    };
    if (compiled.isAsync) return () => (call() as Promise<unknown>).then(finish);
    const body = call() as Generator<void>;
    body.next();
    return () => {
      body.next();
      finish();
      return undefined;
    };
  }

  /** Loads a package that a module imports. */
  *#provide(dependency: Dependency, pass: Pass): Steps {
    if (dependency.namespace) return;
    const { found, attributes } = dependency;
    dependency.namespace = this.#externalNow(found);
    if (dependency.namespace) return;
    if (pass.isSync && found.type === 'package') dependency.namespace = requirePackage(found.url);
    else dependency.namespace = (yield this.#loadExternal(found, attributes)) as Namespace;
  }

  #externalNow(found: Found): Namespace | undefined {
    if (found.type === 'library') return this.host.library(found.url);
    if (found.type === 'local') return undefined;
    const key = found.type === 'builtin' ? found.id : found.url;
    const known = this.#external.get(key);
    if (known || found.type === 'package') return known;
    const namespace = emptyNamespace();
    fillFromValue(namespace, createRequire(import.meta.url)(found.id));
    this.#external.set(key, namespace);
    return namespace;
  }

  async #loadExternal(found: Found, attributes: Attributes): Promise<Namespace> {
    const url = found.type === 'builtin' ? found.id : found.type === 'local' ? found.file : found.url;
    const namespace = await this.host.importPackage(url, attributes);
    this.#external.set(url, namespace);
    return namespace;
  }

  async #goOn(steps: Steps, first: Promise<unknown>, pass: Pass): Promise<void> {
    let promise = first;
    try {
      for (;;) {
        const settled = await pass.wait(promise).then(
          (value) => () => steps.next(value),
          (error: unknown) => () => steps.throw(error),
        );
        const step = this.host.slice(settled);
        if (step.status === 'interrupted') this.abandon(pass.owner, step.error);
        if (step.status !== 'returned') throw step.error;
        if (step.value.done === true) return;
        promise = step.value.value;
      }
    } finally {
      this.#passes.delete(pass);
    }
  }
}

type Form = 'code' | 'json' | 'text';

function formOf(file: string, { type }: Attributes): Form {
  if (type === 'text') return 'text';
  if (type === 'json' && path.extname(file) !== '.json')
    throw new TypeError(`${file} is imported with { type: 'json' }, but it is no .json file`);
  return path.extname(file) === '.json' ? 'json' : 'code';
}

function hasChanged(module: LocalModule): boolean {
  if (module.text.hasChanged()) return true;
  return module.project !== undefined && module.project !== projectOf(module.file);
}

function attributesOf(options: unknown): Attributes {
  const given: unknown =
    typeof options === 'object' && options !== null
      ? (Reflect.get(options, 'with') ?? Reflect.get(options, 'assert'))
      : undefined;
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));
}

function nodeModule(file: string, require: Require): Module {
  const module = new Module(file);
  module.filename = file;
  const lookIn: unknown = Reflect.get(Module, '_nodeModulePaths');
  if (typeof lookIn === 'function')
    module.paths = Reflect.apply(lookIn, Module, [path.dirname(file)]) as string[];
  module.require = require;
  return module;
}

function writesExports({ js }: CompiledModule): boolean {
  return /\bmodule\.exports\b|\bexports\.\w+ =/.test(js);
}

/** A package for a module that is being required. */
function requirePackage(url: string): Namespace {
  const file = fileURLToPath(url);
  const value: unknown = createRequire(file)(file);
  if (types.isModuleNamespaceObject(value)) return value as Namespace;
  const namespace = emptyNamespace();
  fillFromValue(namespace, value);
  return namespace;
}

function placed(error: unknown): unknown {
  return error instanceof MissingExport ? placeInText(error.error, error.importer.text, error.offset) : error;
}
