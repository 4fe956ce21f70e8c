/**
 * Which top-level names of a cell live in its own function as long as it runs, because a loop is several times faster
 * with them there (of numbers that are no small integers), and the code that brings them back.
 */
import { LOCALS_FUNCTION } from './cell.js';
import type { CellScope, NameKind } from './scope.js';

/** Those that hold values which change in loops, or are computed with there. */
const KINDS: ReadonlySet<NameKind | undefined> = new Set<NameKind>(['let', 'const', 'var']);
/** What runs a text sees the script scope, and nobody knows which names are in the text. */
const RUNS_TEXT: ReadonlySet<string> = new Set(['eval', 'Function']);
const RUNS_TEXT_OF_VM = /\brunInThisContext\b/;

/** The names of a session that may be locals: those that no function of any cell refers to. */
export class Locals {
  private readonly captured = new Set<string>();
  private runsText = false;

  reset(): void {
    this.captured.clear();
    this.runsText = false;
  }

  /** Call it with each cell, whether it will run or not. */
  add(scope: CellScope, js: string): void {
    for (const { name, captured } of scope.references) {
      if (captured) this.captured.add(scope.aliases.get(name) ?? name);
      this.runsText ||= RUNS_TEXT.has(name);
    }
    this.runsText ||= RUNS_TEXT_OF_VM.test(js);
  }

  /** The locals of a cell, among the names that it declares: outside of loops nothing is to be gained. */
  of(scope: CellScope, except: ReadonlySet<string>): string[] {
    if (this.runsText) return [];
    const looped = scope.references.filter(({ looped }) => looped);
    const names = new Set(looped.map(({ name }) => scope.aliases.get(name) ?? name));
    return [...names].filter(
      (name) => KINDS.has(scope.names.get(name)) && !except.has(name) && !this.captured.has(name),
    );
  }
}

/** The parts of a function that has locals. */
export interface LocalFrame {
  readonly functionName: string;
  readonly begin: string;
  readonly end: string;
  /** What stands before and after a promise that the cell waits for. */
  readonly waiting: readonly [string, string];
  readonly keep: string;
}

/**
 * `let` in a block hides the variables of the script scope under the same names, so that the cell's code is the same as without.
 * They begin with what the names held, which is not held twice meanwhile; an interrupt cannot come before they
 * do, as nothing up to there is a loop or a call. `prefix` begins no identifier of the cell.
 */
export function localFrame(names: readonly string[], prefix: string): LocalFrame {
  const old = names.map((_, index) => `${prefix}${index}`);
  const keep = `${prefix}Keep`;
  const each = (code: (name: string, index: number) => string): string => names.map(code).join(' ');
  const list = names.join(', ');
  return {
    functionName: prefix.replace('$cell', LOCALS_FUNCTION),
    begin:
      ` let ${names.map((name, index) => `${old[index]} = ${name}`).join(', ')};` +
      ` const ${keep} = (${prefix}Value, ${old.join(', ')}) => {` +
      ` ${each((name, index) => `${name} = ${old[index]};`)} return ${prefix}Value; };` +
      ` ${each((name) => `${name} = void 0;`)}` +
      ` { let ${names.map((name, index) => `${name} = ${old[index]}`).join(', ')};` +
      ` ${each((_, index) => `${old[index]} = void 0;`)} try {`,
    end: `} finally { ${keep}(void 0, ${list}); } }`,
    waiting: [`(yield ${keep}(`, `, ${list}))`],
    keep: `${keep}(void 0, ${list})`,
  };
}
