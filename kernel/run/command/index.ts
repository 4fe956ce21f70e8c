/** `nabla run`: runs in the terminal, ended by an exit code. */
import path from 'node:path';
import { ExitCode, RunError } from '../exit.js';
import { inputsOf } from '../many/index.js';
import { readNotebook } from '../notebook/index.js';
import { parametersOf, parametersTable } from '../parameters/index.js';
import { runOneCommand } from './one.js';
import { runOptions, type RunCommandOptions } from './options.js';
import { printError } from './terminal.js';

export type { RunCommandOptions } from './options.js';

/** Runs the notebooks that are named, shows them on stdout, and returns the exit code. */
export async function runCommand(names: readonly string[], options: RunCommandOptions): Promise<ExitCode> {
  try {
    return await run(names, options);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    printError(error.message);
    return error.exitCode;
  }
}

async function run(names: readonly string[], options: RunCommandOptions): Promise<ExitCode> {
  const asMany = options.outDir !== undefined || options.jobs !== undefined;
  const { inputs, output } = inputsOf(names, asMany && options.sweep === undefined);
  const [input] = inputs;
  if (options.inspectParams) return inspect(inputs);
  const shared = runOptions(options);
  if (options.sweep !== undefined) {
    if (inputs.length > 1) throw new RunError('--sweep runs one notebook with many settings', ExitCode.usage);
    const { sweepCommand } = await import('./many.js');
    const { dir, name } = path.parse(input);
    const folder = options.outDir ?? output ?? path.join(dir, `${name}.sweep`);
    return sweepCommand({ ...shared, input }, options.sweep, folder, options);
  }
  if (inputs.length === 1 && !asMany) {
    if ((options.server?.length ?? 0) > 1)
      throw new RunError('several servers are for several notebooks: one runs on one server', ExitCode.usage);
    return runOneCommand({ ...shared, input, output }, options);
  }
  const { runManyCommand } = await import('./many.js');
  return runManyCommand(inputs, shared, options);
}

async function inspect(inputs: readonly string[]): Promise<ExitCode> {
  for (const input of inputs) {
    const parameters = await parametersOf(readNotebook(input, { sourcesOnly: true }));
    for (const line of parametersTable(parameters)) console.log(line);
  }
  return ExitCode.ok;
}
