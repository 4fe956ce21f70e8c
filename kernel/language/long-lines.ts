/**
 * Texts with very long lines. The compiler draws its errors, and one whose mark lies beyond 65,535 columns of a line ends the process
 * (a panic of its drawing, which nothing can catch). So another process tries such a text first.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type * as Swc from '@swc/core';

/** A little less than it takes to end the process. */
const MOST_COLUMNS = 65_000;
/** A shorter line has no more columns, whatever it holds: a tab is four, the letters of some scripts two. */
const LONG_LINE = MOST_COLUMNS / 4;
/** The same text is read several times: as TypeScript, with JSX, for its names. */
const MOST_KEPT = 8;
const TIME_MS = 20_000;

const TRY = `
const { code, options } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
try { require(process.argv[1]).transformSync(code, options); } catch {}`;

const known = new Map<string, boolean>();

/** Whether the compiler would take the process along when it reads this text. */
export function endsProcess(code: string, options: Swc.Options): boolean {
  if (longLineAt(code) < 0) return false;
  const input = JSON.stringify({ code, options });
  const before = known.get(input);
  if (before !== undefined) return before;
  const compiler = createRequire(import.meta.url).resolve('@swc/core');
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const run = spawnSync(process.execPath, ['-e', TRY, compiler], {
    input,
    stdio: [...stdio],
    timeout: TIME_MS,
  });
  const ends = run.status !== 0;
  known.set(input, ends);
  if (known.size > MOST_KEPT) known.delete(known.keys().next().value ?? '');
  return ends;
}

/** Where the first long line begins; -1: there is none. */
export function longLineAt(code: string): number {
  for (let start = 0; start + LONG_LINE < code.length;) {
    const end = code.indexOf('\n', start);
    if (
      (end < 0 || end - start > LONG_LINE) &&
      columns(code, start, end < 0 ? code.length : end) > MOST_COLUMNS
    )
      return start;
    if (end < 0) return -1;
    start = end + 1;
  }
  return -1;
}

/** How many columns a part of a line takes at most. */
function columns(code: string, start: number, end: number): number {
  let sum = 2 * (end - start);
  for (let at = start; at < end; at++) {
    const each = code.charCodeAt(at);
    if (each === TAB) sum += 2;
    else if (each >= FIRST_PRINTED && each < FIRST_WIDE) sum--;
  }
  return sum;
}

const TAB = 9;
const FIRST_PRINTED = 32;
/** The first of what might be wider than a letter, or be shown in another way. */
const FIRST_WIDE = 127;
