#!/usr/bin/env node
/** The `nabla` command. Each subcommand's code is loaded only when it runs. */
import { Command, CommanderError, Option } from 'commander';
import { pathToFileURL } from 'node:url';
import type { RunCommandOptions } from './run/command/index.js';
import { distFile, packageVersion } from './install/paths.js';

/** Wrong arguments, or a request that cannot be met. */
const USAGE_ERROR = 2;

/** An option that may be given several times. */
const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];

interface DestinationOptions {
  user?: boolean;
  sysPrefix?: boolean;
  prefix?: string;
  name?: string;
}

// `nabla run … | head`: whoever reads has heard enough, the notebook still runs and is saved. On a full disk it does
// too, but what should be on stdout is missing then.
let isOutputMissing = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isOutputMissing) return;
  isOutputMissing = true;
  process.stderr.write(`nabla: standard output cannot be written: ${error.message}\n`);
});
process.stderr.on('error', () => undefined); // nobody is left to tell
process.on('exit', (code) => {
  if (isOutputMissing && code === 0) process.exitCode = USAGE_ERROR;
});

const program = new Command('nabla')
  .description('A Jupyter kernel for TypeScript with tensors, autograd and live training charts built in.')
  .version(packageVersion(), '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError('(nabla --help lists the commands)')
  .exitOverride();

const withDestination = (command: Command): Command =>
  command
    .option('--user', 'your own Jupyter data folder (the default)')
    .option('--sys-prefix', 'the active virtual or conda environment, else that of python3')
    .option('--prefix <dir>', 'DIR/share/jupyter')
    .option('--name <name>', 'the name notebooks know the kernel by (default: nabla)');

withDestination(program.command('install'))
  .description('make the kernel known to Jupyter and VS Code')
  .option('--display-name <text>', 'the name people see (default: TypeScript (Nabla))')
  .action(async (options: DestinationOptions & { displayName?: string }) => {
    const { install } = await import('./install/install.js');
    console.log(`installed the kernelspec in ${await install(options)}`);
  });

withDestination(program.command('uninstall'))
  .description('remove the kernelspec')
  .action(async (options: DestinationOptions) => {
    const { uninstall } = await import('./install/install.js');
    console.log(`removed ${await uninstall(options)}`);
  });

program
  .command('doctor')
  .description('check what the kernel needs, and that it works')
  .action(async () => {
    const [{ doctor }, { probeKernel }, { printFinding }] = await Promise.all([
      import('./install/doctor.js'),
      import('./run/probe.js'),
      import('./install/findings.js'),
    ]);
    if (!(await doctor(printFinding, probeKernel))) process.exitCode = 1;
  });

program
  .command('lab')
  .description('open notebooks in JupyterLab; without one on the PATH, installs one into the project first')
  .argument('[folder]', 'the folder to open', '.')
  .argument('[args...]', 'passed on to jupyter lab, for example --no-browser --port 8890')
  .allowUnknownOption()
  .action(async (folder: string, args: string[]) => {
    const { lab } = await import('./install/lab.js');
    process.exitCode = await lab(folder, args, (line) => console.log(line));
  });

program
  .command('kernel')
  .description('start the kernel on a connection file, as Jupyter does')
  .argument('<connection-file>', 'the file that a Jupyter client wrote')
  .action(async (file: string) => {
    // The kernel is a program of its own: from here on this process is it.
    const main = distFile('kernel/main.cjs');
    process.argv = [process.execPath, main, file];
    await import(pathToFileURL(main).href);
  });

program
  .command('lsp')
  .description('a language server for notebooks and scripts with cells, for jupyterlab-lsp and editors')
  .option('--stdio', 'speak on standard input and output (the only way there is)')
  .action(async () => {
    const { serve } = await import('./language/lsp/index.js');
    process.exit(await serve(process.stdin, process.stdout));
  });

program
  .command('run')
  .description('run a notebook from the first cell to the last, without a Jupyter server')
  .usage('[options] <in> [out] | <in> <in> <in>... | <pattern>')
  .argument(
    '<in...>',
    'the notebook or percent script, which is not changed but by --inplace; a second name is where the executed notebook goes (default: NAME.executed.ipynb beside it); three and more, or a pattern in quotes, are notebooks to run',
  )
  .option('-p, --parameter <name=value>', 'give a parameter a value, several times if need be', collect)
  .option('-f, --parameters-file <file>', 'values of parameters from a JSON or YAML file', collect)
  .option('--inspect-params', 'print the parameters with their types and values, and run nothing')
  .option('--inplace', 'write the executed notebook over IN')
  .option('--strip-outputs', 'save the notebook without outputs')
  .option(
    '--from <cell>',
    'the first cell to run: number among the code cells, id or tag; others keep their outputs',
  )
  .option('--until <cell>', 'the last cell to run')
  .option('--allow-errors', 'go on after cells that fail, and end with 0')
  .option('--timeout <time>', 'for all cells together: seconds, or 500ms, 90s, 5m, 2h')
  .option('--cell-timeout <time>', 'for each cell')
  .option('--startup-timeout <time>', 'until the kernel must have answered (default: 60s)')
  .option('--cwd <dir>', 'the folder that cells work in (default: that of IN)')
  .option('--seed <n>', 'seed random numbers before the first cell: manualSeed(n)')
  .option(
    '--assert <claim>',
    "what a recorded value must be, as in 'finalLoss < 0.1', several times if need be",
    collect,
  )
  .option('--check', 'compare with the outputs stored in IN; nothing is saved without OUT')
  .option('--tolerance <share>', 'how far numbers may differ for --check (default: 1e-3)')
  .option('--resume', 'keep what an earlier run in OUT has done and nothing that follows builds on')
  .option('--retries <n>', 'run again, in a new kernel, while it fails')
  .option('--max-output-bytes <size>', 'cut the outputs of each cell: 200000, 200k, 5M')
  .option('--jobs <n>', 'how many notebooks run at the same time; all names are notebooks then')
  .option('--out-dir <dir>', 'the folder for executed notebooks; all names are notebooks then')
  .option('--sweep <file>', 'run IN with many settings of its parameters (YAML or JSON); OUT is a folder')
  .option('--json <file>', 'write what became of the run as JSON; - is stdout')
  .option('--junit <file>', 'write a JUnit report in which cells are tests; - is stdout')
  .option('--html <file>', 'write the executed notebook as a page of its own; - is stdout')
  .option('--kernel <name>', 'an installed kernel (default: this one), or one of the server')
  .option(
    '--server <url>',
    'run on a Jupyter server, JupyterHub or gateway: its base URL, several times if need be',
    collect,
  )
  .option('--token <token>', 'what the server asks for (default: that of the URL, or JUPYTER_TOKEN)')
  .addOption(
    new Option(
      '--progress <how>',
      'what is shown: tty redraws in place, and is plain where there is no terminal; json is an event a line',
    ).choices(['auto', 'tty', 'plain', 'json', 'none']),
  )
  .option('--lesson', 'end with what the lesson arrived at and how to open it')
  .addHelpText(
    'after',
    `
Parameters are the top-level variables of the cell tagged "parameters", with their TypeScript types; values are
checked against these and go into a cell of their own behind it, tagged "injected-parameters". Lists and objects are
given as JSON: -p 'layers=[8, 8]'. What -p gives wins over files, a later file over an earlier one.

Exit codes: 0 all right, 1 a cell failed, 2 wrong arguments or parameters or OUT cannot be written, 3 IN cannot be read,
4 the kernel did not start or is not installed, 5 an assertion does not hold or outputs are not as stored, 124 the cells or one of them took too
long, 130 interrupted, 138 the kernel died.`,
  )
  .action(async (names: string[], options: RunCommandOptions) => {
    const { runCommand } = await import('./run/command/index.js');
    process.exitCode = await runCommand(names, options);
    // The client of a server that has gone keeps timers for half a minute: nothing is left to wait for but this.
    process.stdout.write('', () => process.stderr.write('', () => setImmediate(() => process.exit())));
  });

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own errors; help and version come as errors with exit code 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR;
  else {
    console.error(`nabla: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
