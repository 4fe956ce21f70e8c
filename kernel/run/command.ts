/** `nabla run`: a run in the terminal, ended by an exit code. */
import path from 'node:path';
import { ExitCode, RunError } from './exit.js';
import { readNotebook } from './notebook/index.js';
import {
  parametersOf,
  parametersTable,
  readParametersFile,
  splitParameter,
  type GivenParameters,
} from './parameters/index.js';
import { runNotebook, type RunResult } from './run.js';
import { styleFor, terminalReporter } from './terminal/index.js';

export interface RunCommandOptions {
  /** Ends with what the lesson arrived at and how to open it (`npm start`). */
  lesson?: boolean;
  /** Each `name=value`. */
  parameter?: string[];
  /** JSON files with values; later ones win, and `parameter` wins over all. */
  parametersFile?: string[];
  /** Prints what can be given and runs nothing. */
  inspectParams?: boolean;
}

/** Runs the notebook, shows it on stdout, and returns the exit code. */
export async function runCommand(
  input: string,
  output: string | undefined,
  options: RunCommandOptions,
): Promise<ExitCode> {
  try {
    if (options.inspectParams) return await inspect(input);
    return await runShown(input, output, options, givenParameters(options));
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    printError(error.message);
    return error.exitCode;
  }
}

async function inspect(input: string): Promise<ExitCode> {
  const parameters = await parametersOf(readNotebook(input));
  for (const line of parametersTable(parameters)) console.log(line);
  return ExitCode.ok;
}

function givenParameters({ parameter = [], parametersFile = [] }: RunCommandOptions): GivenParameters {
  const values: Record<string, unknown> = {};
  for (const file of parametersFile) Object.assign(values, readParametersFile(file));
  return { values, texts: Object.fromEntries(parameter.map(splitParameter)) };
}

async function runShown(
  input: string,
  output: string | undefined,
  options: RunCommandOptions,
  parameters: GivenParameters,
): Promise<ExitCode> {
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
      input,
      output,
      reporter: terminalReporter(process.stdout),
      signal: abort.signal,
      parameters,
    });
    if (result.message !== undefined) printError(result.message);
    console.log(options.lesson && result.exitCode === ExitCode.ok ? lessonEnd(result) : savedAs(result));
    return result.exitCode;
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

const savedAs = ({ output }: RunResult): string => `executed notebook: ${output}`;

/** What the lesson recorded (`record('final loss', …)`) and, in two lines, how to look at it. */
function lessonEnd({ records, output }: RunResult): string {
  const { bold } = styleFor(process.stdout);
  const file = path.relative(process.cwd(), output);
  return [
    '',
    ...[...records].map(([name, value]) => bold(`${name}: ${value}`)),
    `Open ${file} with its charts in JupyterLab:  npm run lab`,
    `or in VS Code, with the Jupyter extension:  npx nabla install && code ${file}`,
  ].join('\n');
}
