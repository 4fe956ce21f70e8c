/** Which settings a sweep tries. */
import { Generator } from '../../../core/random/generator.js';
import { ExitCode, RunError } from '../exit.js';
import type { Range, SweepSpec } from './spec.js';

/** Values of parameters by name. */
export type Setting = Record<string, unknown>;

const MOST = 10_000;

/** Every combination of a grid, or the samples of the others: the same for the same seed. */
export function settingsOf(spec: SweepSpec): Setting[] {
  return spec.method === 'grid' ? grid(spec) : drawn(spec);
}

function grid({ ranges }: SweepSpec): Setting[] {
  const lists = [...ranges].map(([name, range]) => ({ name, values: 'values' in range ? range.values : [] }));
  const count = lists.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST)
    throw new RunError(
      `the grid has ${count} settings, and ${MOST} are the most: use method random with samples`,
      ExitCode.usage,
    );
  return lists.reduce<Setting[]>(
    (settings, { name, values }) =>
      settings.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

function drawn({ ranges, samples, seed }: SweepSpec): Setting[] {
  const generator = new Generator().manualSeed(seed);
  const draw = (range: Range): unknown => {
    const uniform = generator.random() / 2 ** 32;
    if ('values' in range) return range.values[Math.floor(uniform * range.values.length)];
    const { min, max, log, integer } = range;
    if (integer && !log) return Math.floor(min + uniform * (max + 1 - min));
    const value = log ? Math.exp(Math.log(min) + uniform * Math.log(max / min)) : min + uniform * (max - min);
    return integer ? Math.min(max, Math.max(min, Math.round(value))) : Number(value.toPrecision(6));
  };
  return Array.from({ length: samples }, () =>
    Object.fromEntries([...ranges].map(([name, range]) => [name, draw(range)])),
  );
}

/**
 * The rounds of successive halving (Jamieson and Talwalkar, 2016): each gives the settings that are left `factor` times
 * the budget of the last and keeps the best `1 / factor` of them, until the budget is at its greatest.
 */
export function budgets({ min, max, factor }: NonNullable<SweepSpec['budget']>): number[] {
  const rounds: number[] = [];
  for (let budget = min; budget < max; budget *= factor) rounds.push(Math.round(budget));
  return [...new Set([...rounds, max])];
}
