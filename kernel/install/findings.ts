/** How `nabla doctor` prints what it found. */
import type { Finding } from './doctor.js';

const MARKS = { ok: '✓', broken: '✗', absent: '–' } as const;
const COLOURS = { ok: 32, broken: 31, absent: 33 } as const;

export function printFinding({ state, text, advice }: Finding): void {
  const colours = process.stdout.isTTY && process.stdout.hasColors();
  const mark = colours ? `\x1b[${COLOURS[state]}m${MARKS[state]}\x1b[39m` : MARKS[state];
  console.log(`${mark} ${text}`);
  if (advice !== undefined) console.log(`  → ${advice}`);
}
