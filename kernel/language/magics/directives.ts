/** Magics that the kernel process follows itself. */
import { scanMagics, type Magic } from './scan.js';

/** Type errors: shown when there is time to look for them, not looked for, shown before the cell ends, or a reason not to run it. */
export type TypecheckMode = 'auto' | 'off' | 'warn' | 'strict';

export interface Directives {
  /** The process of the cells shall start anew. */
  readonly reset: boolean;
  /** What `%typecheck` says; null when the cell says nothing (or something else, which is its error). */
  readonly typecheck: TypecheckMode | null;
}

export function directivesOf(code: string): Directives {
  const { magics, problem } = scanMagics(code);
  if (problem) return { reset: false, typecheck: null };
  const named = (name: string): Magic | undefined =>
    magics.findLast((magic) => magic.kind === 'line' && magic.name === name);
  const typecheck = named('typecheck');
  const mode = typecheck && code.slice(typecheck.args, typecheck.end).trim();
  return { reset: named('reset') !== undefined, typecheck: isTypecheckMode(mode) ? mode : null };
}

export function isTypecheckMode(text: string | undefined): text is TypecheckMode {
  return text === 'auto' || text === 'off' || text === 'warn' || text === 'strict';
}
