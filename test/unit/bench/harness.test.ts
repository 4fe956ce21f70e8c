import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeArrays } from '../../bench/harness/arrays.js';
import { caseTable } from '../../bench/harness/family.js';
import { measureCase } from '../../bench/harness/rounds.js';
import { reasonOf } from '../../bench/harness/reason.js';
import { agree, median, quantile, spread, summarize } from '../../bench/harness/statistics.js';
import { arraysOf, seeded, trainingCases } from '../../bench/train/cases.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('statistics of repeated measurements', () => {
  test('quantiles are those of numpy.quantile', () => {
    // numpy.quantile([9, 1, 4, 2], [0.25, 0.5, 0.75])
    expect([0.25, 0.5, 0.75].map((share) => quantile([9, 1, 4, 2], share))).toEqual([1.75, 3, 5.25]);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([])).toBeNaN();
  });

  test('the spread is half the distance of the quartiles as a share of the median', () => {
    const summary = summarize([9, 1, 4, 2]);
    expect(summary).toEqual({ median: 3, low: 1.75, high: 5.25, best: 1, count: 4 });
    expect(spread(summary)).toBeCloseTo(1.75 / 3, 12);
  });

  test('computations agree when every number does, relative to numbers above one', () => {
    expect(agree([100.01, 0.5], [100, 0.5], 2e-4)).toBe(true);
    expect(agree([100.1, 0.5], [100, 0.5], 2e-4)).toBe(false);
    expect(agree([100], [100, 0.5], 2e-4)).toBe(false);
    expect(agree([NaN], [1], 1)).toBe(false);
  });
});

describe('contenders that take turns', () => {
  /** A process that computes `check` and says that each step takes `ms`, or fails. */
  function contender(name: string, check: readonly number[], ms: number, fails = '') {
    const file = path.join(folder, `${name}.mjs`);
    writeFileSync(
      file,
      `import { createInterface } from 'node:readline';
      createInterface({ input: process.stdin }).on('line', (line) => {
        const { do: what, steps } = JSON.parse(line);
        if (what === 'setup' && '${fails}' === 'exit') { console.error('no such library'); process.exit(3); }
        const answer = what === 'run' ? { ms: ${ms} * steps } : { check: ${JSON.stringify(check)}, about: { version: '1' } };
        console.log(JSON.stringify('${fails}' === what ? { error: 'cannot ' + what } : answer));
      });`,
    );
    return { name, command: process.execPath, args: [file] };
  }

  test('are timed by the step, compared in what they compute, and fail with their reason', async () => {
    const specs = [
      contender('first', [1, 2], 2),
      contender('slower', [1.00001, 2], 5),
      contender('other', [1, 3], 1),
      contender('refuses', [1, 2], 1, 'setup'),
      contender('breaks', [1, 2], 1, 'run'),
      contender('dies', [1, 2], 1, 'exit'),
      { name: 'missing', command: path.join(folder, 'nowhere'), args: [] },
    ];
    const measured = await measureCase(specs, { case: 'x' }, { rounds: 3, turn: 4, warmUp: 1 }, 1e-4);
    const table = Object.fromEntries(measured.map((entry) => [entry.name, entry]));
    expect(measured.map(({ name }) => name)).toEqual(specs.map(({ name }) => name));
    expect(table.first).toMatchObject({ agrees: true, about: { version: '1' } });
    expect(table.first.time?.median).toBeCloseTo(2, 12);
    expect(table.slower.time).toMatchObject({ median: 5, count: 3 });
    expect(table.other.time).toBeUndefined();
    expect(table.other.failed).toMatch(/computes something else: 1\.0*, 3\.0* … instead of 1\.0*, 2/);
    expect(table.refuses.failed).toBe('cannot setup');
    expect(table.breaks.failed).toBe('cannot run');
    expect(table.dies.failed).toBe('the process ended (exit 3): no such library');
    expect(table.missing.failed).toMatch(/ENOENT/);

    const text = caseTable({ name: 'x', title: 'a case', contenders: measured });
    expect(text).toMatch(/^a case +time +ratio +not measured because$/m);
    expect(text).toMatch(/^slower +5\.00 ms +±0 % +2\.50 x$/m);
    expect(text).toMatch(/^refuses +- +cannot setup$/m);
  });
});

test('reasons are one line, and name no folders of the machine', () => {
  expect(
    reasonOf(
      new Error("Cannot find module '/home/ada/nabla/x.mjs' imported from C:\\Users\\ada\\y.mjs\nat z"),
    ),
  ).toBe("Cannot find module 'x.mjs' imported from y.mjs");
  expect(reasonOf('spawn /usr/bin/python4 ENOENT')).toBe('spawn python4 ENOENT');
  expect(reasonOf('7 and/or 8 of https://example.org/a/b, 1/2')).toBe(
    '7 and/or 8 of https://example.org/a/b, 1/2',
  );
});

describe('what contenders begin with', () => {
  test('arrays lie in the file where it says, as numbers of 4 bytes', () => {
    const file = path.join(folder, 'arrays.bin');
    const { arrays } = writeArrays(file, {
      a: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      b: { shape: [3], data: Int32Array.of(5, -6, 7) },
    });
    const bytes = readFileSync(file);
    expect(arrays.b).toEqual({ shape: [3], dtype: 'int32', offset: 16 });
    expect(bytes.readFloatLE(12)).toBe(4);
    expect(bytes.readInt32LE(20)).toBe(-6);
    expect(bytes.length).toBe(28);
  });

  test('random numbers depend on the seed only', () => {
    // The published mulberry32: seed 1 begins with 0.6270739405881613.
    expect(seeded(1)()).toBe(0.6270739405881613);
  });

  test.each(trainingCases.map((entry) => [entry.name, entry] as const))(
    '%s: every array has as many numbers as its shape says',
    (_, entry) => {
      for (const { shape, data } of Object.values(arraysOf(entry)))
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
    },
  );
});
