/** `nabla run`: a run in the terminal, ended by an exit code. */
import path from 'node:path';
import { runOptions, type RunCommandOptions } from './command-options.js';
import { ExitCode, RunError } from './exit.js';
import { readNotebook } from './notebook/index.js';
import type { RunOptions, RunResult } from './options.js';
import { parametersOf, parametersTable } from './parameters/index.js';
import {
  junitReport,
  summaryOf,
  summaryOfFailure,
  writeReport,
  type JUnitRun,
  type RunSummary,
} from './report/index.js';
import { runNotebook } from './run.js';
import { styleFor, terminalReporter } from './terminal/index.js';

/** Runs the notebook, shows it on stdout, and returns the exit code. */
export async function runCommand(
  input: string,
  output: string | undefined,
  options: RunCommandOptions,
): Promise<ExitCode> {
  try {
    if (options.inspectParams) return await inspect(input);
    return await reported(input, options, () => runShown({ input, output, ...runOptions(options) }, options));
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    printError(error.message);
    return error.exitCode;
  }
}

/** Runs, and writes the reports that were asked for, also of a run that could not begin. */
async function reported(
  input: string,
  { json, junit }: RunCommandOptions,
  run: () => Promise<RunResult>,
): Promise<ExitCode> {
  const write = (summary: RunSummary, report: JUnitRun): void => {
    if (json !== undefined) writeReport(json, `${JSON.stringify(summary, null, 2)}\n`);
    if (junit !== undefined) writeReport(junit, junitReport([report]));
  };
  try {
    const result = await run();
    write(summaryOf(input, result), { input, result });
    return result.exitCode;
  } catch (error) {
    if (error instanceof RunError) write(summaryOfFailure(input, error), { input, failure: error });
    throw error;
  }
}

async function inspect(input: string): Promise<ExitCode> {
  const parameters = await parametersOf(readNotebook(input));
  for (const line of parametersTable(parameters)) console.log(line);
  return ExitCode.ok;
}

async function runShown(
  options: RunOptions,
  { lesson, progress = 'auto', json, junit }: RunCommandOptions,
): Promise<RunResult> {
  // A report on stdout is all that is on stdout.
  const shown = json === '-' || junit === '-' ? 'none' : progress;
  const abort = new AbortController();
  const onSignal = (): void => {
    // The second time it is meant: what has run is saved every few seconds, kernels end with this process.
    if (abort.signal.aborted) process.exit(ExitCode.interrupted);
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // `nabla run … | head`: nobody reads any more, but the notebook still runs and is saved.
  process.stdout.on('error', ignoreBrokenPipe);
  try {
    const result = await runNotebook({
      ...options,
      reporter: terminalReporter(process.stdout, shown),
      signal: abort.signal,
    });
    if (result.message !== undefined) printError(result.message);
    if (lesson && result.exitCode === ExitCode.ok) console.log(lessonEnd(result));
    else if (shown !== 'none' && shown !== 'json' && result.output !== undefined)
      console.log(`executed notebook: ${result.output}`);
    return result;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  }
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function printError(message: string): void {
  const { red } = styleFor(process.stderr);
  process.stderr.write(`${red('nabla:')} ${message}\n`);
}

/** What the lesson recorded (`record('final loss', …)`) and, in two lines, how to look at it. */
function lessonEnd({ records, output = '' }: RunResult): string {
  const { bold } = styleFor(process.stdout);
  const file = path.relative(process.cwd(), output);
  return [
    '',
    ...[...records].map(([name, value]) => bold(`${name}: ${value}`)),
    `Open ${file} with its charts in JupyterLab:  npm run lab`,
    `or in VS Code, with the Jupyter extension:  npx nabla install && code ${file}`,
  ].join('\n');
}
