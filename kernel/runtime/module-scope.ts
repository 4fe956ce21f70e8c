/** What the code of a local module calls. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModuleScope } from '../language/compiled-module.js';
import type { LocalModule } from './local-module.js';
import type { ModuleGraph } from './module-graph.js';
import type { Pass } from './module-pass.js';
import type { Found } from './module-resolve.js';

export class LocalScope implements ModuleScope {
  readonly meta: ImportMeta;

  constructor(
    private readonly graph: ModuleGraph,
    private readonly module: LocalModule,
    private readonly pass: Pass,
  ) {
    this.meta = metaOf(module.file, graph);
  }

  modules(): readonly object[] {
    return this.module.views();
  }

  exports(getters: Readonly<Record<string, () => unknown>>): void {
    this.module.setGetters(getters);
  }

  changed(local: string): void {
    this.module.changed(local);
  }

  import(specifier: unknown, options?: unknown): Promise<object> {
    return this.graph.dynamicImport(specifier, this.module.file, options);
  }

  wait(value: unknown): Promise<unknown> {
    return this.pass.wait(value);
  }

  each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown> {
    return this.pass.each(iterable);
  }
}

/** `import.meta` of a file. */
export function metaOf(file: string, graph: ModuleGraph): ImportMeta {
  const meta = {
    dirname: path.dirname(file),
    filename: file,
    url: pathToFileURL(file).href,
    resolve: (specifier: string): string => {
      // As in Node, paths need not lead to anything.
      const isPath = /^(?:\.{0,2}\/|file:)/.test(specifier);
      const found = isPath ? findPath(graph, specifier, file) : graph.resolve(specifier, file, 'import');
      if (found === undefined) return new URL(specifier, pathToFileURL(file)).href;
      if (found.type === 'local') return pathToFileURL(found.file).href + found.query;
      if (found.type === 'builtin') return found.id.startsWith('node:') ? found.id : `node:${found.id}`;
      return found.url;
    },
    main: false,
  };
  return Object.setPrototypeOf(meta, null) as ImportMeta;
}

function findPath(graph: ModuleGraph, specifier: string, file: string): Found | undefined {
  try {
    return graph.resolve(specifier, file, 'import');
  } catch {
    return undefined;
  }
}
