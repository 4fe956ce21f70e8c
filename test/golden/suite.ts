/** Runs the cases of a folder of reference files, and prints how many passed, failed and are not supported. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { groupFolder } from './folder.js';

/** Thrown by a case of something that does not exist here. */
export class Unsupported extends Error {}

/** One case: its name, and what says why it went wrong (null if it did not). */
export interface Case {
  readonly name: string;
  readonly run: () => string | null;
}

/**
 * Makes the tests of one group, a test a file; `NABLA_GOLDEN` names another folder that contains the group's.
 * @param casesOf the cases of a file, given its name without ending and its content
 */
export function goldenSuite(
  group: string,
  casesOf: (file: string, content: unknown) => readonly Case[],
): void {
  const folder = groupFolder(group);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const failed: string[] = [];
  const unsupported: string[] = [];
  let passed = 0;

  describe(`${group} agree with PyTorch`, () => {
    it('finds the reference files', () => expect(names.length).toBeGreaterThan(0));

    it.each(names)('%s', (name) => {
      const content: unknown = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
      const cases = casesOf(name.replace(/\.json$/, ''), content);
      expect(cases.length).toBeGreaterThan(0);
      const problems: string[] = [];
      for (const { name: caseName, run } of cases) {
        try {
          const problem = run();
          if (problem === null) passed++;
          else problems.push(`${caseName}: ${problem}`);
        } catch (error) {
          if (error instanceof Unsupported) unsupported.push(`${caseName} (${error.message})`);
          else
            problems.push(
              `${caseName}: threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
            );
        }
      }
      failed.push(...problems);
      expect(problems, problems.join('\n')).toEqual([]);
    });

    afterAll(() => {
      const lines = [
        `${group}: ${passed} passed, ${failed.length} failed, ${unsupported.length} unsupported`,
      ];
      for (const problem of failed) lines.push(`  failed: ${problem.split('\n')[0]}`);
      for (const name of unsupported) lines.push(`  unsupported: ${name}`);
      console.log(lines.join('\n'));
    });
  });
}
