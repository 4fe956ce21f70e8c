/** Completion after `%` and `%%`, and the help of a magic under the cursor. */
import { cellMagic, lineMagic, MAGICS, SHELL_HELP } from './catalog.js';
import { scanMagics } from './scan.js';

export interface MagicEntry {
  readonly text: string;
  readonly kind: 'magic';
  readonly detail: string;
}

/** What can follow the sign at the beginning of the line; null where the cursor is in no such word. */
export function magicCompletions(
  code: string,
  offset: number,
): { readonly start: number; readonly entries: readonly MagicEntry[] } | null {
  const lineStart = code.lastIndexOf('\n', offset - 1) + 1;
  const match = /^[ \t]*(%{1,2})(\w*)$/.exec(code.slice(lineStart, offset));
  if (!match) return null;
  // What stands there may be text of a template or a comment: then a name there is no magic.
  const start = offset - match[1].length - match[2].length;
  const isFirst = code.slice(0, start).trim() === '';
  if (!isFirst && !isMagicAt(code, start)) return null;
  const entries = MAGICS.flatMap(({ name, form, usage, help }): MagicEntry[] => {
    const signs = [...(form !== 'cell' ? ['%'] : []), ...(form !== 'line' && isFirst ? ['%%'] : [])];
    return signs.map((sign) => ({ text: sign + name, kind: 'magic', detail: `${usage}: ${help}` }));
  });
  const typed = match[1] + match[2];
  return { start, entries: entries.filter(({ text }) => text.startsWith(typed)) };
}

function isMagicAt(code: string, start: number): boolean {
  const { magics } = scanMagics(`${code.slice(0, start)}%who`);
  return magics.some((magic) => magic.start === start);
}

/** The last of the flags of `%timeit`, not yet with its number. */
const FLAG = /^\s*(?:-[nr]\s*\d+\s+)*(-[nr]?)$/;

/** Of a word before the cursor. */
const LONGEST = 1000;

/** What values of cells are as a rule, in the words of `%whos`. */
const TYPES = ['Array', 'Map', 'Set', 'Tensor', 'boolean', 'class', 'function', 'number', 'object', 'string'];

/** The words that a magic takes; null: names of files. */
const WORDS: Readonly<Partial<Record<string, () => readonly string[]>>> = {
  typecheck: () => ['auto', 'off', 'strict', 'warn'],
  npm: () => ['install', 'list', 'outdated', 'run', 'uninstall', 'update', 'view'],
  reset: () => ['-f'],
  who: () => TYPES,
  whos: () => TYPES,
  env: () => Object.keys(process.env).sort(),
};

/**
 * What can follow a magic or a command, from the beginning of the word before the cursor; null where the cursor is elsewhere, or
 * TypeScript follows.
 */
export function magicArgument(
  code: string,
  offset: number,
): { readonly words: readonly string[] | null; readonly start: number } | null {
  const before = code.slice(0, offset);
  const magic = scanMagics(before).magics.at(-1);
  if (magic?.end !== offset || (magic.kind !== 'line' && magic.kind !== 'shell')) return null;
  const { kind, name, args } = magic;
  // The name itself is not done yet.
  if (args > offset || (kind === 'line' && !/\s/.test(before[args - 1]))) return null;
  const takesFiles = kind === 'shell' || name === 'cd' || name === 'load';
  const flag = name === 'timeit' ? FLAG.exec(before.slice(args)) : null;
  if (flag) return { words: ['-n', '-r'], start: offset - flag[1].length };
  const takesCode = kind === 'line' && lineMagic(name)?.takes === 'code';
  if (takesCode) return null;
  // No name of a variable belongs where a magic takes words of its own.
  const words = takesFiles ? null : (WORDS[name]?.() ?? []);
  const typed = /(?:\\.|[^\s'"=;|&<>])*$/.exec(before.slice(Math.max(args, offset - LONGEST)))![0];
  const isFirst = before.slice(args).trim() === typed;
  if (words && !isFirst && words !== TYPES) return { words: [], start: offset };
  return { words, start: offset - typed.length };
}

/** The help of the magic whose name, sign included, surrounds `offset`. */
export function magicHelpAt(code: string, offset: number): string | null {
  for (const { kind, name, start, args } of scanMagics(code).magics) {
    if (offset < start || kind === 'help') continue;
    if (kind === 'shell' && offset <= start + 1) return SHELL_HELP;
    if (kind !== 'shell' && offset <= Math.min(args, start + name.length + 2)) return magicHelp(name);
  }
  return null;
}

/** What is said of a magic; `name` with or without its signs. */
export function magicHelp(name: string): string | null {
  const bare = name.replace(/^%+/, '');
  const found = lineMagic(bare) ?? cellMagic(bare);
  return found ? `${found.usage}\n\n${found.help}` : null;
}
