/** Runs one notebook with many settings of its parameters. */
import path from 'node:path';
import { makeFolder } from '../../files/make-folder.js';
import { ExitCode, RunError } from '../exit.js';
import { exitCodeOf, messageOf, runMany, type ManyOptions, type ManyOutcome } from '../many/index.js';
import { readNotebook } from '../notebook/index.js';
import { checkParameters, parametersOf } from '../parameters/index.js';
import type { RunOptions, RunResult } from '../options.js';
import type { RecordedValue } from '../records.js';
import { budgets, settingsOf, type Setting } from './settings.js';
import type { SweepSpec } from './spec.js';

/** One run of a sweep, as a row of its table. */
export interface SweepRow {
  run: number;
  setting: Setting;
  /** What the metric came to; null when the run failed or recorded none. */
  metric: number | null;
  exitCode: ExitCode;
  message: string | null;
  seconds: number;
  records: Record<string, RecordedValue>;
  /** The executed notebook. */
  notebook: string;
}

export interface SweepResult {
  /** What runs were compared by: the metric of the spec, or the only number that they all recorded. */
  metric: string | undefined;
  goal: SweepSpec['goal'];
  /** In the order in which they were started. */
  rows: SweepRow[];
  outcomes: ManyOutcome[];
}

/**
 * Runs `base.input` once for each setting; executed notebooks go to `folder`. With `halving`, the best settings of a
 * round go on to the next with a larger budget. A run that fails does not end the sweep.
 */
export async function runSweep(
  base: Omit<RunOptions, 'output'>,
  spec: SweepSpec,
  folder: string,
  many: ManyOptions,
  run: (options: RunOptions) => Promise<RunResult>,
): Promise<SweepResult> {
  const settings = settingsOf(spec);
  await checkSettings(base, settings, spec);
  makeRunFolder(folder);
  const rows: SweepRow[] = [];
  const outcomes: ManyOutcome[] = [];
  let { metric } = spec;
  const round = async (settings: readonly Setting[]): Promise<SweepRow[]> => {
    const first = rows.length + 1;
    const files = settings.map((_, i) =>
      path.join(folder, `run-${String(first + i).padStart(3, '0')}.ipynb`),
    );
    const runs = settings.map((setting, i) => ({
      ...base,
      output: files[i],
      parameters: joined(base, setting),
    }));
    const done = await runMany(runs, offset(many, rows.length), run);
    outcomes.push(...done);
    metric ??= onlyNumber(done);
    const added = done.map((outcome, i) => rowOf(outcome, first + i, settings[i], metric, files[i]));
    rows.push(...added);
    return added;
  };
  if (spec.method !== 'halving' || spec.budget === undefined) {
    await round(settings);
  } else {
    let left = settings;
    const { name, factor } = spec.budget;
    for (const budget of budgets(spec.budget)) {
      const ranked = ranking(await round(left.map((setting) => ({ ...setting, [name]: budget }))), spec.goal);
      if (many.signal?.aborted || ranked.length === 0) break;
      left = ranked.slice(0, Math.max(1, Math.floor(ranked.length / factor))).map(({ setting }) => setting);
    }
  }
  return { metric, goal: spec.goal, rows, outcomes };
}

/** A name or a type that is wrong is wrong in every run. Throws `RunError` (exit code 2). */
async function checkSettings(
  base: Omit<RunOptions, 'output'>,
  settings: readonly Setting[],
  { budget }: SweepSpec,
): Promise<void> {
  const declared = await parametersOf(readNotebook(base.input, { sourcesOnly: true }));
  const fixed = budget === undefined ? {} : { [budget.name]: budget.max };
  for (const setting of settings) checkParameters(declared, joined(base, { ...setting, ...fixed }) ?? {});
}

/** Throws `RunError` (exit code 2) when there can be no such folder. */
export function makeRunFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${folder}: no folder for the runs can be made: ${reason}`, ExitCode.usage);
  }
}

/** What the command line gives to all runs is checked with the setting of each. */
function joined({ parameters }: Pick<RunOptions, 'parameters'>, setting: Setting): RunOptions['parameters'] {
  const texts = Object.entries(parameters?.texts ?? {}).filter(([name]) => !(name in setting));
  return { values: { ...parameters?.values, ...setting }, texts: Object.fromEntries(texts) };
}

/** Runs are counted through all rounds. */
const offset = (many: ManyOptions, by: number): ManyOptions => ({
  ...many,
  started: (options, index) => many.started?.(options, index + by),
  moved: (options, index, reason) => many.moved?.(options, index + by, reason),
  ended: (outcome, index) => many.ended?.(outcome, index + by),
});

function rowOf(
  outcome: ManyOutcome,
  run: number,
  setting: Setting,
  metric: string | undefined,
  notebook: string,
): SweepRow {
  const result = 'result' in outcome ? outcome.result : undefined;
  const value = metric === undefined ? undefined : numberOf(result?.records.get(metric));
  return {
    run,
    setting,
    metric: value === undefined || Number.isNaN(value) ? null : value,
    exitCode: exitCodeOf(outcome),
    message: messageOf(outcome) ?? null,
    seconds: Math.round((result?.seconds ?? 0) * 1000) / 1000,
    records: Object.fromEntries(result?.records ?? []),
    notebook,
  };
}

/** JSON has no infinities: they are recorded as text. */
function numberOf(value: RecordedValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

/** Without a metric in the spec: the one name under which every run that ended well recorded a number. */
function onlyNumber(outcomes: readonly ManyOutcome[]): string | undefined {
  const recorded = outcomes.flatMap((outcome) => ('result' in outcome ? [outcome.result.records] : []));
  const names = new Set(
    recorded.flatMap((records) =>
      [...records].filter(([, value]) => typeof value === 'number').map(([name]) => name),
    ),
  );
  return names.size === 1 ? [...names][0] : undefined;
}

/** Runs that ended well with a metric, the best first; equals in the order in which they were started. */
export function ranking(rows: readonly SweepRow[], goal: SweepSpec['goal']): SweepRow[] {
  const sign = goal === 'minimize' ? 1 : -1;
  return rows
    .filter(({ exitCode, metric }) => exitCode === ExitCode.ok && metric !== null)
    .toSorted((a, b) => sign * ((a.metric ?? 0) - (b.metric ?? 0)) || a.run - b.run);
}
