/** `nabla run` of one notebook: shown while it runs, reported when it has ended. */
import path from 'node:path';
import { ExitCode, RunError } from '../exit.js';
import type { RunOptions, RunResult } from '../options.js';
import type { Reported } from '../report/index.js';
import { runNotebook } from '../run.js';
import { styleFor, terminalReporter } from '../terminal/index.js';
import type { RunCommandOptions } from './options.js';
import { writeReports } from './reports.js';
import { printError, shownProgress, untilSignal } from './terminal.js';

/** Runs the notebook, and writes the reports that were asked for, also of a run that could not begin. */
export async function runOneCommand(options: RunOptions, command: RunCommandOptions): Promise<ExitCode> {
  const { input } = options;
  const report = (run: Reported): Promise<void> => writeReports([run], command, ([summary]) => summary);
  let result: RunResult;
  try {
    result = await runShown(options, command);
  } catch (error) {
    if (error instanceof RunError) await report({ input, failure: error });
    throw error;
  }
  await report({ input, result });
  return result.exitCode;
}

async function runShown(options: RunOptions, command: RunCommandOptions): Promise<RunResult> {
  const progress = shownProgress(command);
  const result = await untilSignal((signal) =>
    runNotebook({ ...options, reporter: terminalReporter(process.stdout, progress), signal }),
  );
  if (result.message !== undefined) printError(result.message);
  if (command.lesson && result.exitCode === ExitCode.ok) console.log(lessonEnd(result));
  else if (progress !== 'none' && progress !== 'json' && result.output !== undefined)
    console.log(`executed notebook: ${result.output}`);
  return result;
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
