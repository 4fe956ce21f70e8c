/** Runs a notebook from the first cell to the last, or to the first error. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { ownSpec, DEFAULT_NAME } from '../install/kernelspec.js';
import { parseAssertion, violation, type Assertion } from './assertions.js';
import { LocalKernels } from './bridge/kernels.js';
import type { LaunchSpec } from './bridge/process.js';
import type { CellReply, KernelClient } from './client.js';
import { ExitCode, RunError } from './exit.js';
import { checkLanguage, readNotebook, type CodeCell, type Notebook } from './notebook/index.js';
import { CellOutputs } from './outputs.js';
import { recordedValues, type RecordedValue } from './records.js';
import { injectParameters, type GivenParameters } from './parameters/index.js';
import type { RunReporter, RunningCell } from './reporter.js';
import { outputFile, Saver } from './saver.js';
import { cellsOutside } from './selection.js';
import { duration } from './terminal/text.js';

export interface RunOptions {
  /** The notebook's file; it is not written to. */
  input: string;
  /** Where the executed notebook goes; default: `NAME.executed.ipynb` beside the original. */
  output?: string | undefined;
  /** Writes the executed notebook over `input`. */
  inPlace?: boolean | undefined;
  /** Saves the notebook without outputs. */
  stripOutputs?: boolean | undefined;
  /** The folder that cells work in; default: the notebook's. */
  cwd?: string | undefined;
  /** The kernel to start; default: this build's. */
  kernel?: LaunchSpec | undefined;
  /** Milliseconds until the kernel must have answered; default: a minute. */
  startupTimeout?: number | undefined;
  /** Milliseconds for all cells together, and for each cell; what exceeds them is interrupted: exit code 124. */
  timeout?: number | undefined;
  cellTimeout?: number | undefined;
  /** Goes on after cells that failed, and ends with exit code 0. */
  allowErrors?: boolean | undefined;
  /** The first and the last cell to run: a number among the code cells (from 1), an id, or a tag. */
  from?: string | undefined;
  until?: string | undefined;
  /** Seeds the random numbers before the first cell: `manualSeed(seed)`. */
  seed?: number | undefined;
  /** Claims about recorded values, such as `finalLoss < 0.1`: exit code 5 when one does not hold. */
  assertions?: readonly string[] | undefined;
  /** Milliseconds between saves while it runs; default: 5 seconds. */
  saveEvery?: number | undefined;
  /** Values for what the cell tagged `parameters` declares. */
  parameters?: GivenParameters | undefined;
  reporter?: RunReporter | undefined;
  /** Aborting it interrupts the cell that runs, saves, and ends the run with exit code 130. */
  signal?: AbortSignal | undefined;
}

export interface RunResult {
  exitCode: ExitCode;
  /** What went wrong, in one line. */
  message?: string;
  /** The file with the executed notebook. */
  output: string;
  notebook: Notebook;
  /** The error that ended the run. */
  error?: { cell: CodeCell; ename: string; evalue: string; traceback: string[] };
  /** What the notebook recorded by name. */
  records: Map<string, RecordedValue>;
}

/** How long an interrupted cell may take to end. */
const INTERRUPT_TIMEOUT = 5000;

/**
 * Runs `input` in a kernel of its own and writes the executed notebook. Resolves also when a cell failed, the kernel
 * died or the run was aborted: `exitCode` tells. Throws `RunError` when nothing was run: the notebook cannot be read
 * (3), the output cannot be written (2), the kernel did not start (4).
 */
export async function runNotebook(options: RunOptions): Promise<RunResult> {
  const { input, reporter = {} } = options;
  const assertions = (options.assertions ?? []).map(parseAssertion);
  const notebook = readNotebook(input);
  try {
    checkLanguage(notebook, options.kernel?.language ?? 'TypeScript');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${input}: ${reason}`, ExitCode.unreadable);
  }
  if (options.inPlace && options.output !== undefined)
    throw new RunError(`${options.output}: --inplace writes to IN, so no OUT can be given`, ExitCode.usage);
  const file = outputFile(input, options.output, options.inPlace);
  const cwd = workingFolder(options);
  const outside = cellsOutside(notebook, options);
  await injectParameters(notebook, options.parameters ?? {});
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code');
  reporter.started?.(input, notebook, cells.length);
  const kernel = options.kernel ?? ownLaunchSpec();
  const saver = new Saver(notebook, file, options.stripOutputs);
  const run = new Run(notebook, cells, saver, reporter, options, outside);
  const kernels = new LocalKernels([kernel]);
  try {
    // The kernel starts while the client library loads.
    const [{ connectLocally }] = await Promise.all([import('./connect.js'), kernels.warm(kernel.name, cwd)]);
    const connecting = connectLocally(kernels, cwd, options.startupTimeout ?? 60_000);
    const client = await unlessAborted(connecting, options.signal);
    try {
      saver.start(options.saveEvery ?? 5000);
      await run.all(client);
    } finally {
      await client.close();
    }
  } finally {
    await kernels.shutdownAll();
    reporter.ended?.();
  }
  saver.stop();
  const records = recordedValues(notebook);
  return { ...judged(run.outcome, assertions, records), output: file, notebook, records };
}

function workingFolder({ cwd, input }: RunOptions): string {
  const folder = path.resolve(cwd ?? path.dirname(input));
  if (!(statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false))
    throw new RunError(`there is no folder ${folder} to run in`, ExitCode.usage);
  return folder;
}

/** This build's kernel. */
export function ownLaunchSpec(): LaunchSpec {
  const spec = ownSpec();
  return {
    name: DEFAULT_NAME,
    argv: spec.argv,
    displayName: spec.display_name,
    language: spec.language,
    interruptMode: spec.interrupt_mode,
    transport: 'ipc',
    // Scripts would crowd a person's own cells out of the history.
    env: { NABLA_OUTPUT_PACING: 'none', NABLA_HISTORY: 'off' },
  };
}

/** Throws `RunError` as soon as the run is aborted; what is being connected to is let go of. */
async function unlessAborted(
  connecting: Promise<KernelClient>,
  signal: AbortSignal | undefined,
): Promise<KernelClient> {
  if (signal === undefined) return connecting;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      void connecting.then(
        (client) => client.close(),
        () => undefined,
      );
      reject(new RunError('interrupted while the kernel was starting', ExitCode.interrupted));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([connecting, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

type Outcome = Pick<RunResult, 'exitCode' | 'error'> & { message?: string };

class Run {
  #outcome: Outcome = { exitCode: ExitCode.ok };
  /** The process in which the cells ran has gone, while or after a cell ran. */
  #processDied: string | undefined;
  /** The run is to end, and how: set from outside while a cell runs. */
  #ending: Outcome | undefined;
  /** Ends the cell that runs. */
  #endCell: (() => void) | undefined;
  #failed = 0;

  constructor(
    readonly notebook: Notebook,
    readonly cells: readonly CodeCell[],
    readonly saver: Saver,
    readonly reporter: RunReporter,
    readonly options: RunOptions,
    /** Cells that are not to be run. */
    readonly outside: ReadonlySet<CodeCell>,
  ) {}

  get outcome(): Outcome {
    return this.#outcome;
  }

  async all(client: KernelClient): Promise<void> {
    const { signal, timeout, seed } = this.options;
    const onAbort = (): void => this.#end({ exitCode: ExitCode.interrupted, message: 'interrupted' });
    const late = (): void =>
      this.#end({
        exitCode: ExitCode.timeout,
        message: `the cells took longer than ${text(timeout)} (--timeout)`,
      });
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      if (seed !== undefined) await seedKernel(client, seed);
      await this.#cells(client);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the run as soon as the kernel lets go of the cell that runs. */
  #end(outcome: Outcome): void {
    if (this.#ending !== undefined) return;
    this.#ending = outcome;
    this.#endCell?.();
  }

  async #cells(client: KernelClient): Promise<void> {
    const total = this.cells.length;
    this.#prepare(await client.languageInfo());
    for (const [index, cell] of this.cells.entries()) {
      const running = { cell, number: index + 1, total };
      if (this.#ending !== undefined) {
        this.#outcome = this.#ending;
        return;
      }
      if (this.#skips(cell)) {
        this.reporter.cellEnded?.(running, 'skipped', 0);
        continue;
      }
      const goOn = await this.#one(client, running);
      if (!goOn) return;
    }
    if (this.#failed > 0)
      this.#outcome.message = `${this.#failed} of ${total} cells failed, and --allow-errors let it pass`;
  }

  /** Nothing of an earlier run may stay in the cells that this run is to fill. */
  #prepare(languageInfo: object): void {
    for (const cell of this.cells) {
      if (this.#skips(cell)) continue;
      cell.outputs = [];
      cell.execution_count = null;
      delete cell.metadata.execution;
    }
    this.notebook.metadata.language_info = languageInfo;
    this.saver.changed();
  }

  #skips(cell: CodeCell): boolean {
    return isSkipped(cell) || this.outside.has(cell);
  }

  /** Runs one cell; resolves to whether the run goes on. */
  async #one(client: KernelClient, running: RunningCell): Promise<boolean> {
    const { cell } = running;
    const outputs = new CellOutputs(cell.outputs);
    const mayFail = hasTag(cell, 'raises-exception');
    const started = performance.now();
    this.reporter.cellStarted?.(running);
    let reply: CellReply;
    try {
      reply = await this.#interruptible(
        client,
        client.execute(
          { code: cell.source, cellId: cell.id, stopOnError: !mayFail && !this.options.allowErrors },
          {
            count: (count) => {
              cell.execution_count = count;
              this.saver.changed();
            },
            output: (event) => {
              if (event.type === 'error' && event.ename === PROCESS_DIED) this.#processDied = event.evalue;
              for (const change of outputs.apply(event)) this.reporter.output?.(cell, change);
              this.saver.changed();
            },
          },
        ),
      );
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      outputs.settle();
      this.reporter.cellEnded?.(running, 'error', seconds(started));
      const reason =
        this.#processDied === undefined ? error.message : `the kernel died: ${firstLine(this.#processDied)}`;
      this.#outcome = {
        exitCode: error.exitCode,
        message: `cell ${running.number} of ${running.total}: ${reason}`,
      };
      return false;
    }
    outputs.settle();
    cell.metadata.execution = reply.times;
    this.saver.changed();
    const ok = reply.status === 'ok';
    this.reporter.cellEnded?.(running, ok ? 'ok' : 'error', seconds(started));
    return this.#judge(running, reply, mayFail);
  }

  #judge({ cell, number, total }: RunningCell, { status, error }: CellReply, mayFail: boolean): boolean {
    const where = `cell ${number} of ${total}`;
    if (this.#processDied !== undefined || error?.ename === PROCESS_DIED) {
      const reason = this.#processDied ?? error?.evalue ?? '';
      this.#outcome = { exitCode: ExitCode.died, message: `${where}: the kernel died: ${firstLine(reason)}` };
      if (error !== undefined) this.#outcome.error = { cell, ...error };
      return false;
    }
    if (this.#ending !== undefined) {
      const { exitCode, message } = this.#ending;
      this.#outcome =
        exitCode === ExitCode.timeout ? { exitCode, message: `${where}: ${message}` } : this.#ending;
      return false;
    }
    if (status === 'ok' || mayFail) return true;
    if (status === 'error' && this.options.allowErrors) {
      this.#failed++;
      return true;
    }
    const what = error === undefined ? status : `${error.ename}: ${firstLine(error.evalue)}`;
    this.#outcome = { exitCode: ExitCode.cellError, message: `${where} failed: ${what}` };
    if (error !== undefined) this.#outcome.error = { cell, ...error };
    return false;
  }

  /** Interrupts the kernel when the run is to end or the cell takes too long; a cell that does not end is given up. */
  async #interruptible<T>(client: KernelClient, cell: Promise<T>): Promise<T> {
    const { cellTimeout } = this.options;
    let giveUp: NodeJS.Timeout | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      this.#endCell = () => {
        void client.interrupt().catch(() => undefined);
        giveUp = setTimeout(() => {
          const { exitCode, message } = this.#ending ?? {
            exitCode: ExitCode.interrupted,
            message: 'interrupted',
          };
          reject(new RunError(`${message}; the cell did not end by itself`, exitCode));
        }, INTERRUPT_TIMEOUT);
      };
    });
    const late = (): void =>
      this.#end({
        exitCode: ExitCode.timeout,
        message: `took longer than ${text(cellTimeout)} (--cell-timeout)`,
      });
    const timer = cellTimeout === undefined ? undefined : setTimeout(late, cellTimeout);
    if (this.#ending !== undefined) this.#endCell?.();
    try {
      return await Promise.race([cell, givenUp]);
    } finally {
      this.#endCell = undefined;
      clearTimeout(timer);
      clearTimeout(giveUp);
    }
  }
}

/** Throws `RunError` (exit code 2) when the kernel is none that can be seeded. */
async function seedKernel(client: KernelClient, seed: number): Promise<void> {
  const nothing = (): void => undefined;
  const { status, error } = await client.execute(
    { code: `manualSeed(${seed}); undefined`, stopOnError: false, silent: true },
    { output: nothing, count: nothing },
  );
  if (status !== 'ok')
    throw new RunError(
      `--seed ${seed}: ${error ? firstLine(error.evalue) : 'the kernel refused'}`,
      ExitCode.usage,
    );
}

const text = (ms = 0): string => duration(ms / 1000);

/** What the assertions make of a run that went well. */
function judged(outcome: Outcome, assertions: Assertion[], records: Map<string, RecordedValue>): Outcome {
  const violations = assertions.map((one) => violation(one, records)).filter((one) => one !== undefined);
  if (outcome.exitCode !== ExitCode.ok || violations.length === 0) return outcome;
  return { exitCode: ExitCode.assertion, message: `not as asserted: ${violations.join('; ')}` };
}

/** The name of the error by which the kernel reports that the process with the cells' variables has ended. */
const PROCESS_DIED = 'ProcessDied';

const hasTag = (cell: CodeCell, tag: string): boolean => cell.metadata.tags?.includes(tag) ?? false;

const isSkipped = (cell: CodeCell): boolean => cell.source.trim() === '' || hasTag(cell, 'skip-execution');

const seconds = (since: number): number => (performance.now() - since) / 1000;

const firstLine = (text: string): string => text.split('\n', 1)[0];
