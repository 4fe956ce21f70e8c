/** The files that tell what became of runs. */
import {
  junitReport,
  summaryOf,
  summaryOfFailure,
  writeReport,
  type Reported,
  type RunSummary,
} from '../report/index.js';
import type { RunCommandOptions } from './options.js';

/** Writes what was asked for; `json` makes the data of the summaries. */
export async function writeReports(
  runs: readonly Reported[],
  { json, junit, html }: RunCommandOptions,
  data: (summaries: RunSummary[]) => unknown,
): Promise<void> {
  if (json !== undefined) {
    const summaries = runs.map((run) =>
      'result' in run ? summaryOf(run.input, run.result) : summaryOfFailure(run.input, run.failure),
    );
    writeReport(json, `${JSON.stringify(data(summaries), null, 2)}\n`);
  }
  if (junit !== undefined) writeReport(junit, junitReport(runs));
  if (html !== undefined) {
    // Parsers of Markdown, formulas and code take a while to load.
    const { htmlReport } = await import('../report/html/page.js');
    writeReport(html, htmlReport(runs));
  }
}
