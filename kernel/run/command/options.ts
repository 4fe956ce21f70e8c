/** What the command line of `nabla run` can say, and what it means. */
import { ExitCode, RunError } from '../exit.js';
import { installedKernel } from '../installed.js';
import type { RunOptions, ServerAddress } from '../options.js';
import { bytesIn } from '../output-limit.js';
import { readParametersFile, splitParameter, type GivenParameters } from '../parameters/index.js';
import type { Progress } from '../terminal/index.js';
import { milliseconds } from '../timeouts.js';

export interface RunCommandOptions {
  /** Ends with what the lesson arrived at and how to open it (`npm start`). */
  lesson?: boolean;
  /** Each `name=value`. */
  parameter?: string[];
  /** JSON or YAML files with values; later ones win, and `parameter` wins over all. */
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
  resume?: boolean;
  retries?: string;
  maxOutputBytes?: string;
  /** Compares with the stored outputs. */
  check?: boolean;
  tolerance?: string;
  /** Files for reports; `-` is stdout. */
  json?: string;
  junit?: string;
  html?: string;
  /** How many notebooks run at the same time. */
  jobs?: string;
  /** The folder for executed notebooks. */
  outDir?: string;
  /** A file that says which parameters to try. */
  sweep?: string;
  /** The name of an installed kernel, or of one of the server's. */
  kernel?: string;
  /** The URLs of Jupyter servers, and the token that they ask for. */
  server?: string[];
  token?: string;
}

function givenParameters({ parameter = [], parametersFile = [] }: RunCommandOptions): GivenParameters {
  const values: Record<string, unknown> = {};
  for (const file of parametersFile) Object.assign(values, readParametersFile(file));
  return { values, texts: Object.fromEntries(parameter.map(splitParameter)) };
}

/** What the command line says, checked. Throws `RunError` (exit code 2). */
export function runOptions(options: RunCommandOptions): Omit<RunOptions, 'input'> {
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
    seed: seed === undefined ? undefined : wholeNumber(seed, '--seed'),
    resume: options.resume,
    retries: options.retries === undefined ? undefined : wholeNumber(options.retries, '--retries'),
    maxOutputBytes: options.maxOutputBytes === undefined ? undefined : outputBytes(options.maxOutputBytes),
    check: checkOptions(options),
  };
}

/** The kernel of this machine or of a server; of several servers, the first. */
function kernelOptions(options: RunCommandOptions): Pick<RunOptions, 'kernel' | 'server'> {
  const server = serversOf(options).at(0);
  const { kernel, token } = options;
  if (server !== undefined) return { server };
  if (token !== undefined)
    throw new RunError('--token is for a server: give its URL with --server', ExitCode.usage);
  return kernel === undefined ? {} : { kernel: installedKernel(kernel) };
}

export function serversOf({ kernel, server = [], token }: RunCommandOptions): ServerAddress[] {
  return server.map((url) => ({ url, token, kernelName: kernel }));
}

/** How many runs at the same time; several servers have at least one each. */
export function jobsOf(options: RunCommandOptions): number {
  const least = Math.max(1, options.server?.length ?? 0);
  if (options.jobs === undefined) return least;
  const jobs = wholeNumber(options.jobs, '--jobs');
  if (jobs < least)
    throw new RunError(
      `--jobs ${jobs}: give ${least} or more${least > 1 ? ', one for each server' : ''}`,
      ExitCode.usage,
    );
  return jobs;
}

function checkOptions({ check, tolerance }: RunCommandOptions): RunOptions['check'] {
  if (tolerance === undefined) return check ? {} : undefined;
  const value = Number(tolerance);
  if (!check) throw new RunError('--tolerance is for --check', ExitCode.usage);
  if (tolerance.trim() === '' || !(value >= 0 && value < Infinity))
    throw new RunError(
      `--tolerance ${tolerance}: give the share by which numbers may differ, such as 1e-3`,
      ExitCode.usage,
    );
  return { tolerance: value };
}

function outputBytes(text: string): number {
  const bytes = bytesIn(text);
  if (bytes !== undefined) return bytes;
  throw new RunError(`--max-output-bytes ${text}: give a size such as 200000, 200k or 5M`, ExitCode.usage);
}

function wholeNumber(text: string, option: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new RunError(`${option} ${text}: give a whole number from 0 to 2^53 - 1`, ExitCode.usage);
}
