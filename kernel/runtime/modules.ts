/**
 * Modules as a cell sees them: packages, JSON and local files resolve from the notebook's folder, and `nabla` is the
 * library that the built-in names come from, whether or not the folder has it installed.
 */
import { createRequire, register } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import vm from 'node:vm';
import { distFile } from '../install/paths.js';
import { defineNames } from './scope.js';
import { registerSource } from './stacks.js';
import type { LoadedSource, LoaderData } from './module-hooks.js';

type Namespace = Record<string, unknown>;
type Importer = (specifier: string, attributes: Record<string, string> | undefined) => Promise<Namespace>;

let loaderPort: MessagePort | undefined;

export class Modules {
  readonly #import: Importer;
  readonly meta: ImportMeta;

  constructor(cwd: string) {
    const filename = path.join(cwd, 'cell.ts');
    this.#import = importerFor(filename);
    const require = createRequire(filename);
    this.meta = {
      url: pathToFileURL(filename).href,
      filename,
      dirname: cwd,
      resolve: (specifier) =>
        specifier.startsWith('node:') ? specifier : pathToFileURL(require.resolve(specifier)).href,
    };
    defineNames({ require, __dirname: cwd, __filename: filename });
  }

  /** What a static import in a cell becomes. */
  readonly importModule = (specifier: string, attributes?: Record<string, string>): Promise<Namespace> => {
    ensureHooks();
    const json = specifier.endsWith('.json') && attributes === undefined;
    return this.#import(specifier, json ? { type: 'json' } : attributes);
  };
}

/** Installs the resolver and the loader for TypeScript; costs a thread, so only a cell that imports asks for it. */
export function ensureHooks(): void {
  if (loaderPort) return;
  const { port1, port2 } = new MessageChannel();
  loaderPort = port1;
  port1.on('message', takeSource);
  port1.unref();
  const data: LoaderData = {
    library: { nabla: distFile('kernel/api.js'), 'nabla/core': distFile('core/index.js') },
    port: port2,
  };
  register(pathToFileURL(distFile('kernel/runtime/module-hooks.js')), { data, transferList: [port2] });
}

/** Takes in the source maps of modules that were loaded a moment ago, for a stack that is wanted at once. */
export function takeLoadedSources(): void {
  if (!loaderPort) return;
  for (;;) {
    const received = receiveMessageOnPort(loaderPort);
    if (!received) return;
    takeSource(received.message as LoadedSource);
  }
}

function takeSource({ file, title, source, map }: LoadedSource): void {
  registerSource(file, { title, source, map });
}

/** An `import()` that resolves from `filename`. */
function importerFor(filename: string): Importer {
  const script = new vm.Script(
    '(specifier, attributes) => import(specifier, attributes && { with: attributes })',
    { filename, importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
  );
  return script.runInThisContext() as Importer;
}
