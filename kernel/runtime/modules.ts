/**
 * Modules as a cell sees them: packages, JSON and local files resolve from the notebook's folder, and `nabla` is the
 * library that the built-in names come from, whether or not the folder has it installed.
 */
import Module, { register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { distFile } from '../install/paths.js';
import type { CellContext, ImportedName } from '../language/cell.js';
import { cellHelpers } from '../language/context.js';
import type { Guard } from './guard.js';
import type { ExecutionId } from './frames.js';
import type { KeyboardInterrupt } from './keyboard-interrupt.js';
import { LiveImports } from './live-imports.js';
import { ModuleGraph, type Attributes } from './module-graph.js';
import type { LibraryUrls } from './module-hooks.js';
import type { Namespace } from './module-namespace.js';
import { LIBRARY } from './module-resolve.js';
import { metaOf } from './module-scope.js';
import { defineNames } from './scope.js';

type Importer = (url: string, attributes: Attributes | undefined) => Promise<Namespace>;

export class Modules {
  readonly #graph: ModuleGraph;
  readonly #live: LiveImports;
  /** What of the cells' context concerns modules. */
  readonly context: Pick<CellContext, 'meta' | 'importModule' | 'dynamicImport' | 'importNames'>;
  #library: Namespace | undefined;
  /** Where cells claim to be. */
  #filename: string;

  constructor(cwd: string, guard: Guard) {
    this.#filename = path.join(cwd, 'cell.ts');
    const filename = this.#filename;
    const importer = importerFor(filename);
    this.#graph = new ModuleGraph({
      slice: (body) => guard.enter(() => guard.run(body)),
      library: (url) => (url === pathToFileURL(LIBRARY.nabla).href ? this.#library : undefined),
      importPackage: (url, attributes) => {
        ensureHooks();
        const isJson = !Object.hasOwn(attributes, 'type') && /\.json(?:[?#]|$)/.test(url);
        return importer(url, isJson ? { ...attributes, type: 'json' } : attributes);
      },
    });
    this.#live = new LiveImports(this.#graph);
    this.context = {
      meta: metaOf(filename, this.#graph),
      importModule: (specifier, attributes) => this.#graph.import(specifier, this.#filename, attributes),
      dynamicImport: (specifier, options) => this.#graph.dynamicImport(specifier, this.#filename, options),
      importNames: (module: Namespace, specifier: string, names: readonly ImportedName[]) => {
        cellHelpers.importNames(module, specifier, names);
        this.#live.bind(module, names);
      },
    };
    this.moveTo(cwd);
  }

  /** From now on the cells' imports resolve from this folder. */
  moveTo(folder: string): void {
    this.#filename = path.join(folder, 'cell.ts');
    defineNames({
      require: this.#graph.requireFor(this.#filename),
      __dirname: folder,
      __filename: this.#filename,
    });
  }

  /** Takes the library, once it is loaded. */
  provide(library: Namespace): void {
    this.#library = library;
    provideToRequire(library);
  }

  /** A cell that declares these names begins. */
  beginCell(declares: readonly string[]): void {
    this.#live.release(declares);
    this.#live.refresh();
  }

  /** A cell goes on after it has waited. */
  refresh(): void {
    this.#live.refresh();
  }

  /** A cell was interrupted while it may have been importing. */
  abandon(owner: ExecutionId | undefined, error: KeyboardInterrupt): void {
    this.#graph.abandon(owner, error);
  }
}

let isHooked = false;

/** Lets packages import the library. Where that costs a thread, only the import of a package asks for it. */
function ensureHooks(): void {
  if (isHooked) return;
  isHooked = true;
  const urls: LibraryUrls = Object.fromEntries(
    Object.entries(LIBRARY).map(([name, file]) => [name, pathToFileURL(file).href]),
  );
  const registerHooks: unknown = Reflect.get(Module, 'registerHooks');
  if (typeof registerHooks !== 'function') {
    register(pathToFileURL(distFile('kernel/runtime/module-hooks.js')), { data: urls });
    return;
  }
  const resolve = (specifier: string, context: unknown, next: (...given: unknown[]) => unknown): unknown =>
    Object.hasOwn(urls, specifier)
      ? { url: urls[specifier], format: 'module', shortCircuit: true }
      : next(specifier, context);
  Reflect.apply(registerHooks, Module, [{ resolve }]);
}

/** `require('nabla')` in CommonJS packages. */
function provideToRequire(library: Namespace): void {
  const load: unknown = Reflect.get(Module, '_load');
  if (typeof load !== 'function') return;
  Reflect.set(Module, '_load', function (this: unknown, request: string, ...rest: unknown[]): unknown {
    const isLibrary = typeof request === 'string' && /^nabla(?:\/core)?$/.test(request);
    return isLibrary ? library : (Reflect.apply(load, this, [request, ...rest]) as unknown);
  });
}

/** An `import()` that resolves from `filename`. */
function importerFor(filename: string): Importer {
  const script = new vm.Script('(url, attributes) => import(url, attributes && { with: attributes })', {
    filename,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext() as Importer;
}
