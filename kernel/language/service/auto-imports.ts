/**
 * Names that a module exports and the cell does not import yet. A frontend replaces one range with one text and knows no
 * further edits, so such an entry replaces the statement up to the cursor: the import, then what stood
 * there, then the name. That is offered only where nothing in scope goes on from the word, as all entries of an answer
 * share their range: names in scope keep their short texts.
 *
 * The server reads all packages for it, and again whatever changes while it offers such names: it is told to only for one question.
 */
import { wordBefore } from './completions.js';
import type { CompletionEntry } from './contract.js';
import { namesOf } from './names.js';
import { kindWord } from './kinds.js';
import type { Item } from './items.js';

/** How a name is exported: the server's number of it. */
const CLAUSES = [(name: string) => `{ ${name} }`, (name: string) => name, (name: string) => `* as ${name}`];
/** Shorter words go on in hundreds of ways. */
const SHORTEST = 3;
const MOST = 20;

/** The word that could be such a name; null where none is offered. */
export function importableWord(code: string, offset: number): string | null {
  // A magic for the cell must stay its first line.
  if (/^\s*%%/.test(code)) return null;
  const word = wordBefore(code, offset);
  return word.length < SHORTEST ? null : word;
}

/** @param code with its magics, which stand where `items` know blanks */
export function autoImports(
  items: readonly Item[],
  code: string,
  offset: number,
  word: string,
  /** Where the import is written. */
  start = 0,
): CompletionEntry[] {
  const offered = items.filter(({ text, from }) => from === null && text.startsWith(word));
  const modules = new Map<string, { name: string; kind: number; line: string; from: string }>();
  for (const { text: name, kind, auto } of offered) {
    const clause = auto && CLAUSES.at(auto.kind);
    // What other cells declare is there already.
    if (!auto || !clause || auto.module.startsWith('./nabla-cell')) continue;
    const line = `import ${clause(name)} from '${auto.module}';`;
    modules.set(`${name} ${auto.module}`, { name, kind, line, from: auto.module });
  }
  const before = code.slice(start, offset - word.length);
  // A magic must begin its line.
  const isPlainLine = !before.includes('\n') && !/^\s*[%!?]/.test(before);
  return (
    [...modules.values()]
      // Node's own modules go by one name.
      .filter(({ name, from }) => !modules.has(`${name} node:${from}`))
      .sort(
        (a, b) => a.name.length - b.name.length || (`${a.name} ${a.from}` < `${b.name} ${b.from}` ? -1 : 1),
      )
      .slice(0, MOST)
      .map(({ name, kind, line, from }): CompletionEntry => {
        const text = `${line}\n${before}${name}`;
        const inOneLine = isPlainLine ? { line: `${line} ${before}${name}` } : {};
        return { text, ...inOneLine, kind: kindWord(kind), detail: `from '${from}'` };
      })
  );
}

/** A line that begins so may go on with the statement before it. */
const GOES_ON =
  /^\s*(?:[-+*/%&|^<>=?:.,)\]([`}]|(?:else|catch|finally|while|in|of|instanceof|as|satisfies|extends|from)\b)/;
/** So many lines are tried. */
const MOST_LINES = 40;

/** Where the statement of the top level begins whose line the cursor is in; the beginning of the cell where that is not certain. */
export function importStart(code: string, offset: number): number {
  let start = code.lastIndexOf('\n', offset - 1) + 1;
  for (
    let tried = 0;
    tried < MOST_LINES && start > 0;
    tried++, start = code.lastIndexOf('\n', start - 2) + 1
  ) {
    const before = code.slice(0, start);
    if (!GOES_ON.test(code.slice(start)) && namesOf(before).isValid) return start;
  }
  return 0;
}
