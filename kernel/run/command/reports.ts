/** The files that tell what became of runs. */
import type { RunError } from '../exit.js';
import type { RunResult } from '../options.js';
import { junitReport, summaryOf, summaryOfFailure, writeReport, type RunSummary } from '../report/index.js';
import type { RunCommandOptions } from './options.js';

/** A run, or why it did not begin. */
export type Reported = { input: string } & ({ result: RunResult } | { failure: RunError });

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
