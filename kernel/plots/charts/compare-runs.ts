/** Training runs from their files, on one axis. */
import { readRuns, type LoggedRun } from '../../../core/tracking/index.js';
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
  const runs = readRuns(logDir).filter(({ name }) => wanted(name));
  const found = runs.filter(({ scalars }) => scalars.has(tag));
  if (found.length === 0) throw new RangeError(`compareRuns: ${nothing(tag, runs, logDir)}`);
  const chart = new LineChart({ title: tag, yName: tag.split('/').at(-1) ?? tag, ...chartOptions });
  for (const { name, scalars } of found) {
    const run = chart.run(name);
    for (const { step, value } of scalars.get(tag) ?? []) run.add({ [tag]: value }, step);
  }
  return chart;
}

function nothing(tag: string, runs: readonly LoggedRun[], logDir: string): string {
  if (runs.length === 0) return `there are no runs in ${logDir}`;
  const tags = [...new Set(runs.flatMap(({ scalars }) => [...scalars.keys()]))];
  return `no run in ${logDir} has recorded ${tag}; there are ${tags.join(', ') || 'no numbers'}`;
}
