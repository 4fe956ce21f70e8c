/** The cell transform as the session uses it, and its failures as errors of a cell. */
import type { CellSyntaxError, CompiledCell, CompileOptions } from '../language/cell.js';
import type { ErrorReport } from '../runtime/frames.js';

export interface CellCompiler {
  compile(code: string, options: CompileOptions): CompiledCell | CellSyntaxError;
  /** Loads now what the first cell would load. */
  warmUp?(): void;
  /** The name in the script scope of a name in cells. */
  scriptName?(name: string): string;
  /** The cells so far are forgotten: the user process has started anew. */
  reset?(): void;
}

/**
 * Gives every script a file name of its own. Cells that are not stored share their number with the next one, and positions
 * are looked up by file name.
 */
export function distinctFiles(compiler: CellCompiler): CellCompiler {
  const used = new Map<string, number>();
  return {
    compile: (code, options) => {
      const cell = compiler.compile(code, options);
      if (cell.kind === 'syntax-error') return cell;
      const times = (used.get(cell.filename) ?? 0) + 1;
      used.set(cell.filename, times);
      if (times === 1) return cell;
      return { ...cell, filename: cell.filename.replace(/(\.\w+)?$/, `-${times}$1`) };
    },
    warmUp: () => compiler.warmUp?.(),
    scriptName: (name) => compiler.scriptName?.(name) ?? name,
    reset: () => compiler.reset?.(),
  };
}

export function reportSyntaxError({ message, excerpt, title, position }: CellSyntaxError): ErrorReport {
  const ename = 'SyntaxError';
  const headline = `\x1b[1m\x1b[31m${ename}\x1b[0m\x1b[1m: ${message}\x1b[0m`;
  const place = `\x1b[36m${title}:${position.line}:${position.column + 1}\x1b[0m`;
  return { ename, evalue: message, traceback: [place, ...excerpt.split('\n'), '', headline] };
}
