/** The table of kernel/README.md: each rule of the protocol has the tests that it says, by number. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const text = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

/** How many rules there are. */
const RULES = 31;

test('every rule of the protocol has tests that bear its number, where the README says', () => {
  const rows = [...text('kernel/README.md').matchAll(/^\| +(\d+) +\|[^|]*\| (.*?) +\|$/gm)];
  expect(rows.map(([, number]) => Number(number))).toEqual(
    Array.from({ length: RULES }, (_, index) => index + 1),
  );
  for (const [, number, files] of rows) {
    const named = [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => file);
    expect(named.length).toBeGreaterThan(0);
    for (const file of named)
      expect(text(`test/${file}.test.ts`), `${file}: protocol ${number}`).toMatch(
        new RegExp(`(?:test|describe)(?:\\.each\\(.*\\))?\\(\\s*['"\`]protocol ${number}: `),
      );
  }
});
