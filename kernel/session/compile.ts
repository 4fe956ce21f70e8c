/** The cell transform as the session uses it, and its failures as errors of a cell. */
import type { CellSyntaxError, CompiledCell, CompileOptions } from '../language/cell.js';
import type { ErrorReport } from '../runtime/frames.js';

export interface CellCompiler {
  compile(code: string, options: CompileOptions): CompiledCell | CellSyntaxError;
}

export function reportSyntaxError({ message, excerpt }: CellSyntaxError): ErrorReport {
  const ename = 'SyntaxError';
  const headline = `\x1b[1m\x1b[31m${ename}\x1b[0m\x1b[1m: ${message}\x1b[0m`;
  return { ename, evalue: message, traceback: [...excerpt.split('\n'), '', headline] };
}
