/** From the server's list to what a frontend inserts: one range for all, filtered by what is typed, ranked. */
import { likelihood } from './common-names.js';
import type { CompletionEntry, Completions } from './contract.js';
import type { Item } from './items.js';
import { declaredWord, isType, isTypeOnly, KEYWORD, kindWord } from './kinds.js';
import type { Place } from './positions.js';
import type { KnownName } from './program.js';

export interface Cursor {
  readonly code: string;
  readonly offset: number;
  /** Where the word begins that an entry without a range replaces; that of `code` when it is left out. */
  readonly start?: number;
  /** The offset in the cell of a place in its document. */
  offsetAt(place: Place): number;
}

const WORD_BEFORE = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
/** Longer names are none; and to look for the beginning of one takes a time that grows with the square of its length. */
const LONGEST_NAME = 1000;

/** What is typed of a name before the cursor. */
export function wordBefore(code: string, offset: number): string {
  return WORD_BEFORE.exec(code.slice(Math.max(0, offset - LONGEST_NAME), offset))?.[0] ?? '';
}

/** What every function has: of a layer, which can be called, it is hardly ever meant. */
const OF_FUNCTIONS = new Set(['apply', 'arguments', 'bind', 'call', 'caller', 'length', 'name', 'prototype']);

/** And what every object has. */
const OF_OBJECTS = new Set([
  'constructor',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  'toString',
  'valueOf',
]);

/** The server's rank of names that all modules have. */
const GLOBAL = '15';

const NAME = /^#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

export function completionsFrom(
  offered: readonly Item[],
  cursor: Cursor,
  known: Iterable<KnownName>,
  libraryKind: (name: string) => string,
  /** How many cells of the notebook mention a name. */
  uses: (name: string) => number = () => 0,
): Completions {
  const { code, offset } = cursor;
  const word = wordBefore(code, offset);
  const items = offered.filter(({ auto }) => auto === null);
  const wordStart = cursor.start ?? offset - word.length;
  const starts = items.map(({ from }) => (from ? cursor.offsetAt(from) : wordStart));
  const start = mostCommon(starts) ?? wordStart;
  const before = code.slice(0, start);
  const labels = new Set(items.filter(({ kind }) => kind === KEYWORD).map(({ label }) => label));
  const isValue = labels.has('await') || labels.has('function');
  const isScope = isValue || labels.has('string') || items.some(({ label }) => label === 'globalThis');
  const place = /\.\s*$/.test(before) && !/\.\.\.\s*$/.test(before) ? 'members' : isScope ? 'scope' : 'text';

  const isTensor = place === 'members' && items.some(({ label }) => label === 'matmul');
  const isCallable = place === 'members' && items.some(({ label }) => label === 'bind');

  const found = new Map<string, CompletionEntry & { rank: string }>();
  for (const [index, { text, kind, sort, detail }] of items.entries()) {
    if (starts[index] !== start || (place !== 'text' && !NAME.test(text))) continue;
    const isRare = place === 'members' && (OF_OBJECTS.has(text) || (isCallable && OF_FUNCTIONS.has(text)));
    const isCommon = place === 'scope' && sort === GLOBAL && likelihood(text, place, 0) > 0;
    const rank = kind === KEYWORD ? '14' : isRare ? '17' : isCommon ? '13' : sort;
    if (!found.has(text)) found.set(text, { text, kind: kindWord(kind), detail, rank });
  }
  if (place === 'scope')
    for (const { name, kind } of known) {
      const word = kind === 'library' ? libraryKind(name) : kind;
      if (found.get(name)?.rank === '11' || (isValue ? isTypeOnly(word) : !isType(word))) continue;
      const rank = kind === 'library' ? '13' : '12';
      found.set(name, { text: name, kind: declaredWord(word), detail: '', rank });
    }
  const typed = code.slice(start, offset);
  const likely = (text: string): number =>
    place === 'text' ? 0 : likelihood(text, isTensor ? 'tensors' : place, uses(text));
  const entries = matching([...found.values()], typed)
    .map((entry) => ({ ...entry, rank: rankOf(entry), likely: likely(entry.text) }))
    .sort((a, b) => compare(a.rank, b.rank) || b.likely - a.likely || compare(a.text, b.text))
    .map(({ text, kind, detail }) => ({ text, kind, detail }));
  return { start, place, entries };
}

/** Those that go on from what is typed; in another case only when there are no others. */
function matching<T extends { text: string }>(entries: T[], typed: string): T[] {
  const exact = entries.filter(({ text }) => text.startsWith(typed));
  if (exact.length > 0) return exact;
  const lower = typed.toLowerCase();
  return entries.filter(({ text }) => text.toLowerCase().startsWith(lower));
}

/** Names that begin with an underscore are rarely meant. Among those of a rank the likelier ones come first (`common-names.ts`). */
function rankOf({ text, rank }: { text: string; rank: string }): string {
  return `${text.startsWith('_') ? '9' : '0'}${rank}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function mostCommon(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
