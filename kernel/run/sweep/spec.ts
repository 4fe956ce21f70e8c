/** What a sweep is asked for, in a YAML or JSON file. */
import { ExitCode, RunError } from '../exit.js';
import { readParametersFile } from '../parameters/index.js';
import { isRecord } from '../parameters/types.js';

/** The values that one parameter takes. */
export type Range =
  | { values: readonly unknown[] }
  /** Drawn between the two, evenly or evenly in the logarithm. */
  | { min: number; max: number; log: boolean; integer: boolean };

export interface SweepSpec {
  method: 'grid' | 'random' | 'halving';
  ranges: Map<string, Range>;
  /** How many settings are drawn by `random` and `halving`. */
  samples: number;
  seed: number;
  /** What a run records and is judged by, and which end of it is good. */
  metric: string | undefined;
  goal: 'minimize' | 'maximize';
  /** The parameter that says how long a run of `halving` may train. */
  budget: { name: string; min: number; max: number; factor: number } | undefined;
}

const METHODS = ['grid', 'random', 'halving'] as const;
const FIELDS = ['method', 'parameters', 'samples', 'seed', 'metric', 'goal', 'budget'];

/** Reads a sweep. Throws `RunError` (exit code 2) that names the file and the field. */
export function readSweep(file: string): SweepSpec {
  const given = readParametersFile(file);
  const refuse = (reason: string): never => {
    throw new RunError(`${file}: ${reason}`, ExitCode.usage);
  };
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) refuse(`a sweep has no field ${unknown}; it has ${FIELDS.join(', ')}`);
  const method = METHODS.find((one) => one === (given.method ?? 'grid'));
  if (method === undefined) return refuse(`method must be one of ${METHODS.join(', ')}`);
  if (!isRecord(given.parameters) || Object.keys(given.parameters).length === 0)
    return refuse('parameters must name at least one parameter with its values, as in lr: [0.1, 0.01]');
  const ranges = new Map(
    Object.entries(given.parameters).map(([name, value]) => [name, rangeOf(name, value, refuse)]),
  );
  const open = [...ranges].find(([, range]) => !('values' in range));
  if (method === 'grid' && open !== undefined)
    refuse(`a grid needs the values of ${open[0]} in a list, or min, max and step`);
  const count = (field: 'samples' | 'seed', otherwise: number): number => {
    const value = given[field] ?? otherwise;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : refuse(`${field} must be a whole number`);
  };
  const goal = given.goal ?? 'minimize';
  if (goal !== 'minimize' && goal !== 'maximize') return refuse('goal must be minimize or maximize');
  const { metric } = given;
  if (metric !== undefined && typeof metric !== 'string')
    return refuse('metric must be the name of a recorded value');
  const budget = given.budget === undefined ? undefined : budgetOf(given.budget, refuse);
  if (method === 'halving' && (budget === undefined || metric === undefined))
    refuse(
      'halving needs a metric, and a budget such as {name: epochs, min: 1, max: 27}: the parameter that says how long a run trains',
    );
  if (budget !== undefined && ranges.has(budget.name))
    refuse(`${budget.name} is the budget, so it has no values`);
  return { method, ranges, samples: count('samples', 16), seed: count('seed', 0), metric, goal, budget };
}

type Refuse = (reason: string) => never;

function rangeOf(name: string, given: unknown, refuse: Refuse): Range {
  if (Array.isArray(given)) return given.length > 0 ? { values: given } : refuse(`${name} has no values`);
  if (!isRecord(given) || !('min' in given && 'max' in given)) return { values: [given] };
  const { min, max, step, log = false, integer = false } = given;
  if (typeof min !== 'number' || typeof max !== 'number' || !(min < max))
    return refuse(`${name}: min and max must be numbers, the first below the second`);
  if (step !== undefined) {
    if (typeof step !== 'number' || !(step > 0)) return refuse(`${name}: step must be a number above 0`);
    const steps = Math.floor((max - min) / step + 1e-9);
    if (steps > 1e6) return refuse(`${name}: ${steps} steps are too many`);
    // Twelve digits: 0.1 + 2 · 0.1 is meant as 0.3.
    return { values: Array.from({ length: steps + 1 }, (_, i) => Number((min + i * step).toPrecision(12))) };
  }
  if (log === true && min <= 0) return refuse(`${name}: a logarithmic range begins above 0`);
  return { min, max, log: log === true, integer: integer === true };
}

function budgetOf(given: unknown, refuse: Refuse): NonNullable<SweepSpec['budget']> {
  const wanted = 'budget must be {name: epochs, min: 1, max: 27}, with a factor (3) if need be';
  if (!isRecord(given)) return refuse(wanted);
  const { name, min, max, factor = 3 } = given;
  if (
    typeof name !== 'string' ||
    typeof min !== 'number' ||
    typeof max !== 'number' ||
    typeof factor !== 'number'
  )
    return refuse(wanted);
  if (!(min > 0 && min <= max)) return refuse('budget: min must be above 0 and not above max');
  if (!(factor > 1)) return refuse('budget: factor must be above 1');
  return { name, min, max, factor };
}
