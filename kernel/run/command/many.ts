/** `nabla run` of several notebooks, or of one with many settings: a line a run, a table in the end. */
import path from 'node:path';
import { ExitCode, RunError } from '../exit.js';
import {
  commonExitCode,
  exitCodeOf,
  messageOf,
  runMany,
  type ManyOptions,
  type ManyOutcome,
} from '../many/index.js';
import { saveNotebook } from '../notebook/index.js';
import type { RunOptions } from '../options.js';
import { writeReport } from '../report/index.js';
import { runNotebook } from '../run.js';
import {
  bestLine,
  csvOf,
  makeRunFolder,
  readSweep,
  runSweep,
  summaryNotebook,
  tableOf,
  textTable,
} from '../sweep/index.js';
import { duration, styleFor } from '../terminal/index.js';
import { JsonLinesReporter } from '../terminal/json-lines.js';
import { jobsOf, serversOf, type RunCommandOptions } from './options.js';
import { writeReports } from './reports.js';
import { shownProgress, untilSignal } from './terminal.js';

/** Runs all of `inputs`. The exit code is 0 when all went well, else that of the first which failed. */
export async function runManyCommand(
  inputs: readonly string[],
  shared: Omit<RunOptions, 'input'>,
  command: RunCommandOptions,
): Promise<ExitCode> {
  const { outDir } = command;
  if (outDir !== undefined) makeRunFolder(outDir);
  const runs = inputs.map((input) => ({
    ...shared,
    input,
    ...(outDir !== undefined && { output: path.join(outDir, `${path.parse(input).name}.ipynb`) }),
  }));
  refuseSameOutput(runs);
  const outcomes = await untilSignal((signal) =>
    runMany(
      runs,
      manyOptions(command, runs.length, signal, ({ input }) => input),
      runReported(command),
    ),
  );
  const failed = outcomes.filter((outcome) => exitCodeOf(outcome) !== ExitCode.ok).length;
  if (speaks(command))
    console.log(
      failed === 0 ? `all ${runs.length} notebooks ran` : `${failed} of ${runs.length} notebooks failed`,
    );
  await report(outcomes, command);
  return commonExitCode(outcomes);
}

/** Runs `base.input` with every setting of a sweep; notebooks and summaries go to `folder`. */
export async function sweepCommand(
  base: RunOptions,
  file: string,
  folder: string,
  command: RunCommandOptions,
): Promise<ExitCode> {
  const spec = readSweep(file);
  return untilSignal(async (signal) => {
    const many = manyOptions(command, undefined, signal, ({ output = '' }) => path.basename(output));
    const result = await runSweep(base, spec, folder, many, runReported(command));
    const table = tableOf(result, folder);
    writeReport(path.join(folder, 'summary.json'), `${JSON.stringify(result.rows, null, 2)}\n`);
    writeReport(path.join(folder, 'summary.csv'), csvOf(table));
    if (speaks(command)) console.log(`\n${textTable(table)}\n${bestLine(result) ?? ''}`);
    await report(result.outcomes, command);
    const exitCode = commonExitCode(result.outcomes);
    if (exitCode !== ExitCode.interrupted)
      await writeSummary(summaryNotebook(result, base.input, folder), folder);
    if (speaks(command)) console.log(`executed notebooks and summary.{ipynb,csv,json}: ${folder}`);
    return exitCode;
  });
}

/** Runs the notebook that shows the table and the charts, in this machine's kernel, wherever the runs were. */
async function writeSummary(notebook: ReturnType<typeof summaryNotebook>, folder: string): Promise<void> {
  const file = path.join(folder, 'summary.ipynb');
  try {
    await saveNotebook(notebook, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${file}: the summary cannot be written: ${reason}`, ExitCode.usage);
  }
  await runNotebook({ input: file, inPlace: true });
}

const speaks = (command: RunCommandOptions): boolean => !['none', 'json'].includes(shownProgress(command));

function manyOptions(
  command: RunCommandOptions,
  total: number | undefined,
  signal: AbortSignal,
  nameOf: (options: RunOptions) => string,
): ManyOptions {
  const { dim, red, green } = styleFor(process.stdout);
  const of = (index: number): string => dim(`[${index + 1}${total === undefined ? '' : `/${total}`}]`);
  const shown = speaks(command);
  return {
    jobs: jobsOf(command),
    servers: serversOf(command),
    signal,
    started: (options, index) => {
      if (shown) console.log(`${of(index)} ${nameOf(options)} ${dim('…')}`);
    },
    moved: (options, index, reason) => {
      if (shown)
        console.log(
          `${of(index)} ${nameOf(options)} ${red(reason)}; trying ${options.server?.url.replace(/\?.*/, '') ?? ''}`,
        );
    },
    ended: (outcome, index) => {
      if (!shown) return;
      const ok = exitCodeOf(outcome) === ExitCode.ok;
      const time = 'result' in outcome ? duration(outcome.result.seconds) : '';
      const records =
        'result' in outcome ? [...outcome.result.records].map(([name, value]) => `${name} ${value}`) : [];
      const said = [time, ...records, messageOf(outcome)].filter(Boolean).join('  ');
      console.log(`${of(index)} ${nameOf(outcome.options)} ${ok ? green('✓') : red('✗')} ${said}`);
    },
  };
}

/** With `--progress json`, events carry the notebook that they are of. */
function runReported(command: RunCommandOptions): typeof runNotebook {
  if (shownProgress(command) !== 'json') return runNotebook;
  return (options) => {
    const fields = { notebook: options.output ?? options.input };
    const reporter = new JsonLinesReporter((line) => void process.stdout.write(line), fields);
    return runNotebook({ ...options, reporter });
  };
}

function report(outcomes: readonly ManyOutcome[], command: RunCommandOptions): Promise<void> {
  const runs = outcomes.map((outcome) => ({ ...outcome, input: outcome.options.input }));
  return writeReports(runs, command, (summaries) => ({
    exitCode: commonExitCode(outcomes),
    runs: summaries,
  }));
}

function refuseSameOutput(runs: readonly RunOptions[]): void {
  const inputs = new Map<string, string>();
  for (const { input, output } of runs) {
    if (output === undefined) continue;
    const other = inputs.get(output);
    if (other !== undefined)
      throw new RunError(`${other} and ${input} would both be written to ${output}`, ExitCode.usage);
    inputs.set(output, input);
  }
}
