/**
 * What the compiler of local modules hands to those who run them. A module becomes the text of a script whose value
 * is a function:
 *
 * - of an ECMAScript module `function* (scope, require, module, exports, __filename, __dirname)`, whose first `next()`
 *   makes its exports known (functions can be called from then on, as in a cycle of imports) and whose second runs
 *   it; with top-level await an async function that does both. `scope` is a `ModuleScope`.
 * - of a CommonJS module the usual `function (exports, require, module, __filename, __dirname, scope)`.
 */

/** One import of a module. */
export interface ModuleRequest {
  readonly specifier: string;
  /** Where the file names it. */
  readonly offset: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** Names that it takes. Those that are not required may be types. */
  readonly names: readonly { readonly name: string; readonly required: boolean; readonly offset: number }[];
}

/** Where an export comes from: a variable of the module, or an export (`null`: the whole) of one of its requests. */
export type ExportSource =
  { readonly local: string } | { readonly request: number; readonly name: string | null };

export interface CompiledModule {
  readonly kind: 'esm' | 'commonjs';
  readonly js: string;
  /** Source map from `js` to the file; made when an error asks for it. */
  readonly map: () => string;
  readonly isAsync: boolean;
  readonly requests: readonly ModuleRequest[];
  readonly exports: ReadonlyMap<string, ExportSource>;
  /** Requests of which all is exported (`export * from`). */
  readonly stars: readonly number[];
}

/** A syntax error in a file. */
export interface ModuleFault {
  readonly message: string;
  /** 1-based line, 0-based column. */
  readonly position: { readonly line: number; readonly column: number };
}

/** What the code of a module calls. */
export interface ModuleScope {
  /** Stands for `import.meta`. */
  readonly meta: ImportMeta;
  /** The namespaces of its requests, as far as they are loaded. */
  modules(): readonly object[];
  /** Makes known how its exports are read. */
  exports(getters: Readonly<Record<string, () => unknown>>): void;
  /** A variable has been assigned after its declaration. */
  changed(local: string): void;
  import(specifier: unknown, options?: unknown): Promise<object>;
  /** A promise that fails when the cell that imports the module is interrupted. */
  wait(value: unknown): Promise<unknown>;
  /** The same for `for await`. */
  each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown>;
}
