/**
 * What the cell transform hands to the evaluator: JavaScript that the user process can run, and all it needs to
 * report positions in the cell's own text. The transform runs in the kernel process, the result crosses a pipe, so
 * everything here is plain data.
 */

/** A cell that compiled. */
export interface CompiledCell {
  readonly kind: 'compiled';
  /**
   * The text of one script. Its completion value is a function of one parameter, the cell's context (see
   * `CellContext`): a plain function when `suspends` is false, a generator function when it is true, where each
   * top-level `await x` has become `(yield (x))`. The place of a `yield` leads back to the `await`.
   */
  readonly js: string;
  /** Source map (version 3, as JSON) from `js` to the cell's own text. */
  readonly map: string;
  /** The cell's text as the person wrote it. */
  readonly source: string;
  /** Where the script claims to be: `<folder of the notebook>/cell-N.ts`, so that imports resolve from the folder. */
  readonly filename: string;
  /** The name that people see for it: `Cell [N]`. */
  readonly title: string;
  /**
   * Top-level names of this cell that must exist as script-scope `let` before it runs (all, not just new ones). A name
   * that a global had when the kernel began (`URL`) comes here renamed.
   */
  readonly declares: readonly string[];
  /** Whether the cell has a top-level await (or a static import, which is one). */
  readonly suspends: boolean;
  /** What the person should know beside the result: faults of the `tsconfig.json`. */
  readonly warnings: readonly string[];
  /**
   * An expression that puts the cell's locals where all cells see them. It means something only in the frame of the
   * cell's function, which is then called `LOCALS_FUNCTION`: the cell does this itself at its end and where it waits,
   * and the watchdog does it for a cell that it is about to stop.
   */
  readonly keep?: string;
}

/** The function of a cell that has locals is called so, perhaps with underscores after it. */
export const LOCALS_FUNCTION = '$cellBody';

/** A cell that did not compile. */
export interface CellSyntaxError {
  readonly kind: 'syntax-error';
  readonly message: string;
  /** 1-based line, 0-based column (UTF-16) in the cell's own text. */
  readonly position: SourcePosition;
  readonly source: string;
  readonly title: string;
  /** The excerpt with a caret under the place, with ANSI colours, ready for a traceback. */
  readonly excerpt: string;
}

/** 1-based line, 0-based column in UTF-16 units, as in source maps. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** What a cell is compiled with. */
export interface CompileOptions {
  /** The execution counter that people see: `Cell [N]`. */
  readonly count: number;
  /** The folder of the notebook: the script claims to lie in it, so that imports resolve from there. */
  readonly cwd: string;
  /** False: no name may be a local (a user expression, which the watchdog does not know of). */
  readonly locals?: boolean;
}

/** One name that a cell imports. */
export interface ImportedName {
  /** The name that the module exports it under. */
  readonly name: string;
  /** The variable of the script scope that holds it. */
  readonly local: string;
  /** False when it may be missing, because nothing says whether it is a value or only a type. */
  readonly required: boolean;
  readonly set: (value: unknown) => void;
}

/** Drives `for await`: one step is `more(yield next())`, and `close()` is yielded when the loop was left early. */
export interface AsyncLoop {
  readonly value: unknown;
  /** Whether leaving the loop now must close the iterator. */
  readonly open: boolean;
  next(): unknown;
  more(result: unknown): boolean;
  /** The body threw: an error of `close` must not replace the error of the body. */
  fail(): void;
  close(): Promise<void>;
}

/**
 * What the script's function receives; the transform refers to its members. `cellHelpers` (`context.ts`) has all of
 * them but `meta`, `importModule` and `dynamicImport`, which the evaluator supplies:
 * `const context: CellContext = { ...cellHelpers, meta, importModule, dynamicImport }`.
 * The function must be called with `this` undefined.
 */
export interface CellContext {
  /** Wraps the value of the last expression so that a promise is a result and is not awaited. */
  box(value: unknown): { readonly value: unknown };
  /** Stands for `import.meta`. */
  readonly meta: ImportMeta;
  /** Loads a module as a static import does; the evaluator adds reloading of changed local files. */
  importModule(
    specifier: string,
    attributes?: Record<string, string>,
  ): Record<string, unknown> | Promise<Record<string, unknown>>;
  /** What `import()` in a cell becomes. */
  dynamicImport(specifier: unknown, options?: unknown): Promise<Record<string, unknown>>;
  /** Sets the names that an import takes from a loaded module; a missing one is a SyntaxError, as in a module. */
  importNames(module: Record<string, unknown>, specifier: string, names: readonly ImportedName[]): void;
  /** `for await` over an async or a synchronous iterable. */
  asyncLoop(iterable: unknown): AsyncLoop;
}

/** The answer to is_complete_request. */
export type Completeness =
  | { readonly status: 'complete' | 'invalid' | 'unknown' }
  | { readonly status: 'incomplete'; readonly indent: string };
