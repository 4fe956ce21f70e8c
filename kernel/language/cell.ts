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
   * top-level `await x` has become `(yield (x))`.
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
  /** Top-level names of this cell that must exist as script-scope `let` before it runs (all, not just new ones). */
  readonly declares: readonly string[];
  /** Whether the cell has a top-level await (or a static import, which is one). */
  readonly suspends: boolean;
  /** Original positions of the awaits in order of appearance, to restore `at async` lines. */
  readonly awaits: readonly SourcePosition[];
}

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

export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** What the script's function receives; the transform refers to its members, the evaluator supplies them. */
export interface CellContext {
  /** Wraps the value of the last expression so that a promise is a result and is not awaited. */
  box(value: unknown): { readonly value: unknown };
  /** Stands for `import.meta`. */
  readonly meta: ImportMeta;
  /** Loads a module as a static import does; the evaluator adds reloading of changed local files. */
  importModule(specifier: string, attributes?: Record<string, string>): Promise<Record<string, unknown>>;
}
