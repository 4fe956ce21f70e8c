import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvOf, readSweep, textTable } from '../../../kernel/run/sweep/index.js';
import { budgets, settingsOf } from '../../../kernel/run/sweep/settings.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-sweep-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function spec(yaml: string): ReturnType<typeof readSweep> {
  const file = path.join(folder, 'sweep.yaml');
  writeFileSync(file, yaml);
  return readSweep(file);
}

describe('the settings of a sweep', () => {
  it('are all combinations of a grid, the last parameter changing fastest', () => {
    expect(settingsOf(spec('parameters: {lr: [0.1, 0.01], act: [relu, tanh], n: 3}'))).toEqual([
      { lr: 0.1, act: 'relu', n: 3 },
      { lr: 0.1, act: 'tanh', n: 3 },
      { lr: 0.01, act: 'relu', n: 3 },
      { lr: 0.01, act: 'tanh', n: 3 },
    ]);
  });

  it('step through a range with its end', () => {
    expect(settingsOf(spec('parameters: {lr: {min: 0.1, max: 0.5, step: 0.1}}')).map(({ lr }) => lr)).toEqual(
      [0.1, 0.2, 0.3, 0.4, 0.5],
    );
  });

  it('are drawn at random, the same for the same seed', () => {
    const text = (seed: number): string =>
      `{method: random, samples: 200, seed: ${seed}, parameters: {lr: {min: 1e-4, max: 1, log: true}, k: {min: 1, max: 3, integer: true}, act: [relu, tanh]}}`;
    const drawn = settingsOf(spec(text(1)));
    expect(drawn).toEqual(settingsOf(spec(text(1))));
    expect(drawn).not.toEqual(settingsOf(spec(text(2))));
    const rates = drawn.map(({ lr }) => Number(lr));
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1);
    // Evenly in the logarithm: a half lies below the geometric mean of the ends.
    const below = rates.filter((rate) => rate < 1e-2).length;
    expect(below).toBeGreaterThan(70);
    expect(below).toBeLessThan(130);
    expect(new Set(drawn.map(({ k }) => k))).toEqual(new Set([1, 2, 3]));
    expect(new Set(drawn.map(({ act }) => act))).toEqual(new Set(['relu', 'tanh']));
  });

  it('get a growing budget, and the whole of it in the end', () => {
    expect(budgets({ name: 'epochs', min: 1, max: 27, factor: 3 })).toEqual([1, 3, 9, 27]);
    expect(budgets({ name: 'epochs', min: 2, max: 10, factor: 2 })).toEqual([2, 4, 8, 10]);
    expect(budgets({ name: 'epochs', min: 5, max: 5, factor: 3 })).toEqual([5]);
  });
});

describe('what is wrong with a sweep is said', () => {
  it.each([
    ['parameters: {}', 'parameters must name at least one parameter'],
    ['{parameters: {lr: []}}', 'lr has no values'],
    ['{parameters: {lr: [1]}, metod: grid}', 'a sweep has no field metod'],
    ['{parameters: {lr: [1]}, method: best}', 'method must be one of grid, random, halving'],
    ['{parameters: {lr: {min: 0, max: 1}}}', 'a grid needs the values of lr in a list, or min, max and step'],
    ['{method: random, parameters: {lr: {min: 0, max: 1, log: true}}}', 'a logarithmic range begins above 0'],
    ['{method: random, parameters: {lr: {min: 2, max: 1}}}', 'min and max must be numbers'],
    ['{parameters: {lr: {min: 0, max: 1, step: 0}}}', 'step must be a number above 0'],
    ['{method: random, samples: many, parameters: {lr: [1]}}', 'samples must be a whole number'],
    ['{method: halving, parameters: {lr: [1]}}', 'halving needs a metric, and a budget'],
    ['{goal: best, parameters: {lr: [1]}}', 'goal must be minimize or maximize'],
    [
      '{method: halving, metric: m, budget: {name: lr, min: 1, max: 3}, parameters: {lr: [1]}}',
      'lr is the budget, so it has no values',
    ],
  ])('%s', (yaml, message) => expect(() => spec(yaml)).toThrow(message));

  it('also that a grid is too large', () => {
    const range = '{min: 1, max: 200, step: 1}';
    expect(() => settingsOf(spec(`parameters: {a: ${range}, b: ${range}}`))).toThrow(
      'the grid has 40000 settings, and 10000 are the most',
    );
  });
});

describe('the table of a sweep', () => {
  const table = [
    { run: 1, act: 'relu, "six"', loss: 0.123456789, note: null },
    { run: 2, act: 'tanh', loss: null, note: 'a' },
  ];

  it('is CSV for programs', () => {
    expect(csvOf(table)).toBe('run,act,loss,note\n1,"relu, ""six""",0.123456789,\n2,tanh,,a\n');
  });

  it('has aligned columns for people', () => {
    expect(textTable(table)).toBe(
      ['run  act             loss  note', '  1  relu, "six"  0.12346', '  2  tanh                  a'].join(
        '\n',
      ),
    );
  });
});
