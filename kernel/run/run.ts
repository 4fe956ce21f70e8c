/** Runs a notebook from the first cell to the last, or to the first error. */
import path from 'node:path';
import { ownSpec, DEFAULT_NAME } from '../install/kernelspec.js';
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

export interface RunOptions {
  /** The notebook's file; it is not written to. */
  input: string;
  /** Where the executed notebook goes; default: `NAME.executed.ipynb` beside the original. */
  output?: string | undefined;
  /** The folder that cells work in; default: the notebook's. */
  cwd?: string | undefined;
  /** The kernel to start; default: this build's. */
  kernel?: LaunchSpec | undefined;
  /** Milliseconds until the kernel must have answered; default: a minute. */
  startupTimeout?: number | undefined;
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
  const notebook = readNotebook(input);
  try {
    checkLanguage(notebook);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${input}: ${reason}`, ExitCode.unreadable);
  }
  const file = outputFile(input, options.output);
  await injectParameters(notebook, options.parameters ?? {});
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code');
  reporter.started?.(input, notebook, cells.length);
  const kernel = options.kernel ?? ownLaunchSpec();
  const cwd = path.resolve(options.cwd ?? path.dirname(input));
  const saver = new Saver(notebook, file);
  const run = new Run(notebook, cells, saver, reporter, options.signal);
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
  return { ...run.outcome, output: file, notebook, records: recordedValues(notebook) };
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
    env: { NABLA_OUTPUT_PACING: 'none' },
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

type Outcome = Pick<RunResult, 'exitCode' | 'message' | 'error'>;

class Run {
  #outcome: Outcome = { exitCode: ExitCode.ok };
  /** The process in which the cells ran has gone, while or after a cell ran. */
  #processDied: string | undefined;

  constructor(
    readonly notebook: Notebook,
    readonly cells: readonly CodeCell[],
    readonly saver: Saver,
    readonly reporter: RunReporter,
    readonly signal: AbortSignal | undefined,
  ) {}

  get outcome(): Outcome {
    return this.#outcome;
  }

  async all(client: KernelClient): Promise<void> {
    const total = this.cells.length;
    this.#prepare(await client.languageInfo());
    for (const [index, cell] of this.cells.entries()) {
      const running = { cell, number: index + 1, total };
      if (this.signal?.aborted) {
        this.#interrupted();
        return;
      }
      if (isSkipped(cell)) {
        this.reporter.cellEnded?.(running, 'skipped', 0);
        continue;
      }
      const goOn = await this.#one(client, running);
      if (!goOn) return;
    }
  }

  /** Nothing of an earlier run may stay in the cells that this run is to fill. */
  #prepare(languageInfo: object): void {
    for (const cell of this.cells) {
      if (isSkipped(cell)) continue;
      cell.outputs = [];
      cell.execution_count = null;
      delete cell.metadata.execution;
    }
    this.notebook.metadata.language_info = languageInfo;
    this.saver.changed();
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
          { code: cell.source, cellId: cell.id, stopOnError: !mayFail },
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
    if (this.signal?.aborted) return this.#interrupted();
    if (this.#processDied !== undefined || error?.ename === PROCESS_DIED) {
      const reason = this.#processDied ?? error?.evalue ?? '';
      this.#outcome = { exitCode: ExitCode.died, message: `${where}: the kernel died: ${firstLine(reason)}` };
      if (error !== undefined) this.#outcome.error = { cell, ...error };
      return false;
    }
    if (status === 'ok' || mayFail) return true;
    const what = error === undefined ? status : `${error.ename}: ${firstLine(error.evalue)}`;
    this.#outcome = { exitCode: ExitCode.cellError, message: `${where} failed: ${what}` };
    if (error !== undefined) this.#outcome.error = { cell, ...error };
    return false;
  }

  /** Interrupts the kernel when the run is aborted; a cell that does not end then is given up. */
  async #interruptible<T>(client: KernelClient, cell: Promise<T>): Promise<T> {
    const { signal } = this;
    if (signal === undefined) return cell;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    const givenUp = new Promise<never>((_, reject) => {
      onAbort = () => {
        void client.interrupt().catch(() => undefined);
        timer = setTimeout(
          () => reject(new RunError('interrupted; the cell did not end by itself', ExitCode.interrupted)),
          INTERRUPT_TIMEOUT,
        );
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([cell, givenUp]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #interrupted(): false {
    this.#outcome = { exitCode: ExitCode.interrupted, message: 'interrupted' };
    return false;
  }
}

/** The name of the error by which the kernel reports that the process with the cells' variables has ended. */
const PROCESS_DIED = 'ProcessDied';

const hasTag = (cell: CodeCell, tag: string): boolean => cell.metadata.tags?.includes(tag) ?? false;

const isSkipped = (cell: CodeCell): boolean => cell.source.trim() === '' || hasTag(cell, 'skip-execution');

const seconds = (since: number): number => (performance.now() - since) / 1000;

const firstLine = (text: string): string => text.split('\n', 1)[0];
