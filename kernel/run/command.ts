/** `nabla run`: a run in the terminal, ended by an exit code. */
import path from 'node:path';
import { ExitCode, RunError } from './exit.js';
import { installedKernel } from './installed.js';
import { readNotebook } from './notebook/index.js';
import {
  parametersOf,
  parametersTable,
  readParametersFile,
  splitParameter,
  type GivenParameters,
} from './parameters/index.js';
import type { RunOptions, RunResult } from './options.js';
import { runNotebook } from './run.js';
import { styleFor, terminalReporter, type Progress } from './terminal/index.js';
import { milliseconds } from './timeouts.js';

export interface RunCommandOptions {
  /** Ends with what the lesson arrived at and how to open it (`npm start`). */
  lesson?: boolean;
  /** Each `name=value`. */
  parameter?: string[];
  /** JSON files with values; later ones win, and `parameter` wins over all. */
  parametersFile?: string[];
  /** Prints what can be given and runs nothing. */
  inspectParams?: boolean;
  timeout?: string;
  cellTimeout?: string;
  startupTimeout?: string;
  allowErrors?: boolean;
  from?: string;
  until?: string;
  cwd?: string;
  inplace?: boolean;
  stripOutputs?: boolean;
  seed?: string;
  progress?: Progress;
  assert?: string[];
  /** The name of an installed kernel, or of one of the server's. */
  kernel?: string;
  /** The URL of a Jupyter server, and the token that it asks for. */
  server?: string;
  token?: string;
}

/** Runs the notebook, shows it on stdout, and returns the exit code. */
export async function runCommand(
  input: string,
  output: string | undefined,
  options: RunCommandOptions,
): Promise<ExitCode> {
  try {
    if (options.inspectParams) return await inspect(input);
    return await runShown({ input, output, ...runOptions(options) }, options);
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

/** What the command line says, checked. Throws `RunError` (exit code 2). */
function runOptions(options: RunCommandOptions): Omit<RunOptions, 'input'> {
  const { allowErrors, from, until, cwd, seed } = options;
  const time = (text: string | undefined, option: string): number | undefined =>
    text === undefined ? undefined : milliseconds(text, option);
  return {
    parameters: givenParameters(options),
    timeout: time(options.timeout, '--timeout'),
    cellTimeout: time(options.cellTimeout, '--cell-timeout'),
    startupTimeout: time(options.startupTimeout, '--startup-timeout'),
    allowErrors,
    from,
    until,
    cwd,
    assertions: options.assert,
    ...kernelOptions(options),
    inPlace: options.inplace,
    stripOutputs: options.stripOutputs,
    seed: seed === undefined ? undefined : seedOf(seed),
  };
}

/** The kernel of this machine or of a server. */
function kernelOptions({ kernel, server, token }: RunCommandOptions): Pick<RunOptions, 'kernel' | 'server'> {
  if (server !== undefined) return { server: { url: server, token, kernelName: kernel } };
  if (token !== undefined)
    throw new RunError('--token is for a server: give its URL with --server', ExitCode.usage);
  return kernel === undefined ? {} : { kernel: installedKernel(kernel) };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed;
  throw new RunError(`--seed ${text}: give a whole number from 0 to 2^53 - 1`, ExitCode.usage);
}

async function runShown(options: RunOptions, { lesson, progress }: RunCommandOptions): Promise<ExitCode> {
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
      reporter: terminalReporter(process.stdout, progress),
      signal: abort.signal,
    });
    if (result.message !== undefined) printError(result.message);
    if (lesson && result.exitCode === ExitCode.ok) console.log(lessonEnd(result));
    else if (progress !== 'none') console.log(savedAs(result));
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
