/**
 * Texts with very long lines. The compiler draws its errors, and one whose mark lies beyond 65,535 columns of a line ends the process
 * (a panic of its drawing, which nothing can catch). So another process tries such a text first.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type * as Swc from '@swc/core';

/** A tab is four columns, the letters of some scripts two. */
const LONG_LINE = 65_535 / 4;
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
    if (end < 0 || end - start > LONG_LINE) return start;
    start = end + 1;
  }
  return -1;
}
