/** Training runs from their files, on one axis. */
import path from 'node:path';
import { listRuns, readRun } from '../../../core/tracking/index.js';
import { LineChart, type LineChartOptions } from './line-chart.js';

export interface CompareRunsOptions extends LineChartOptions {
  /** The folder below which runs are looked for; default `runs`. */
  logDir?: string;
  /** Only runs whose name holds this. */
  filter?: string | RegExp;
}

/**
 * Draws what runs have recorded under `tag` (`SummaryWriter.addScalar`), one curve a run. Runs of other notebooks and
 * programs count too: PyTorch's and TensorFlow's files are read as well.
 * @throws RangeError if no run has this tag; the error names those that there are.
 */
export function compareRuns(tag: string, options: CompareRunsOptions = {}): LineChart {
  const { logDir = 'runs', filter = '', ...chartOptions } = options;
  const wanted = (name: string): boolean =>
    typeof filter === 'string' ? name.includes(filter) : filter.test(name);
  const names = listRuns(logDir).filter(wanted);
  const read = (name: string, only?: (each: string) => boolean) =>
    readRun(path.join(logDir, name), name, only);
  const found = names
    .map((name) => read(name, (each) => each === tag))
    .filter(({ scalars }) => scalars.has(tag));
  if (found.length === 0) {
    const tags = new Set(names.flatMap((name) => [...read(name).scalars.keys()]));
    throw new RangeError(`compareRuns: ${nothing(tag, names.length, [...tags], logDir)}`);
  }
  const chart = new LineChart({ title: tag, yName: tag.split('/').at(-1) ?? tag, ...chartOptions });
  for (const { name, scalars } of found) {
    const run = chart.run(name);
    for (const { step, value } of scalars.get(tag) ?? []) run.add({ [tag]: value }, step);
  }
  return chart;
}

/** Tags that are named where the wanted one is missing. */
const MOST_NAMED = 20;

function nothing(tag: string, runs: number, tags: readonly string[], logDir: string): string {
  if (runs === 0) return `there are no runs in ${logDir}`;
  const named = tags.slice(0, MOST_NAMED).join(', ') || 'no numbers';
  const more = tags.length > MOST_NAMED ? ` and ${tags.length - MOST_NAMED} more` : '';
  return `no run in ${logDir} has recorded ${tag}; there are ${named}${more}`;
}
