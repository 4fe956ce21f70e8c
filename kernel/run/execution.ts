/** Runs the cells of a notebook in a kernel, one after the other. */
import type { CellReply, KernelClient } from './client.js';
import { ExitCode, RunError } from './exit.js';
import { Shelf, type CodeCell, type Notebook } from './notebook/index.js';
import type { CellError, CellReport, CellStatus, Outcome, RunOptions } from './options.js';
import { OutputLimit } from './output-limit.js';
import { CellOutputs } from './outputs.js';
import type { RunReporter, RunningCell } from './reporter.js';
import type { Saver } from './saver.js';
import { duration } from './terminal/text.js';

/** How long an interrupted cell may take to end. */
const INTERRUPT_TIMEOUT = 5000;

/** How long after it has interrupted its cell a kernel that is shut down is there. */
const SHUTDOWN_TIME = 1000;
const INTERRUPTED = 'KeyboardInterrupt';

export class Execution {
  #outcome: Outcome = { exitCode: ExitCode.ok };
  /** The process in which the cells ran has gone, while or after a cell ran. */
  #processDied: string | undefined;
  /** The run is to end, and how: set from outside while a cell runs. */
  #ending: Outcome | undefined;
  /** Ends the cell that runs. */
  #endCell: (() => void) | undefined;
  #failed = 0;
  readonly #shelf = new Shelf();
  readonly #reports = new Map<CodeCell, CellReport>();

  constructor(
    readonly notebook: Notebook,
    readonly cells: readonly CodeCell[],
    readonly saver: Saver,
    readonly reporter: RunReporter,
    readonly options: RunOptions,
    /** Cells that are not to be run; they keep their outputs. */
    readonly outside: ReadonlySet<CodeCell>,
  ) {}

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Whether there is nothing to run. */
  get isEmpty(): boolean {
    return this.cells.every((cell) => this.#skips(cell));
  }

  /** Notes that nothing was to be run. */
  skipAll(): void {
    const total = this.cells.length;
    for (const [index, cell] of this.cells.entries())
      this.#ended({ cell, number: index + 1, total }, 'skipped', 0);
    this.saver.changed();
  }

  /** What became of every cell. */
  get reports(): CellReport[] {
    return this.cells.map(
      (cell, index) => this.#reports.get(cell) ?? { cell, number: index + 1, status: 'notRun', seconds: 0 },
    );
  }

  #ended(
    running: RunningCell,
    status: Exclude<CellStatus, 'notRun'>,
    seconds: number,
    error?: CellError,
  ): void {
    const { cell, number } = running;
    this.#reports.set(cell, { cell, number, status, seconds, ...(error && { error }) });
    this.reporter.cellEnded?.(running, status, seconds);
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
        this.#ended(running, 'skipped', 0);
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
    const outputs = new CellOutputs(cell.outputs, this.#shelf);
    const { maxOutputBytes } = this.options;
    const limit = maxOutputBytes === undefined ? undefined : new OutputLimit(maxOutputBytes);
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
              for (const shown of limit?.apply(event) ?? [event])
                for (const change of outputs.apply(shown)) this.reporter.output?.(cell, change);
              this.saver.changed();
            },
          },
        ),
      );
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      outputs.settle();
      const reason =
        this.#processDied === undefined ? error.message : `the kernel died: ${firstLine(this.#processDied)}`;
      this.#ended(running, 'error', seconds(started), { ename: PROCESS_DIED, evalue: reason, traceback: [] });
      this.#outcome = {
        exitCode: error.exitCode,
        message: `cell ${running.number} of ${running.total}: ${reason}`,
      };
      return false;
    }
    outputs.settle();
    if (reply.error?.ename === INTERRUPTED && this.#ending === undefined) await this.#noteDeath(client);
    cell.metadata.execution = reply.times;
    this.saver.changed();
    this.#ended(running, reply.status === 'ok' ? 'ok' : 'error', seconds(started), reply.error);
    return this.#judge(running, reply, mayFail);
  }

  /** Nobody here interrupted the cell: a server that shuts its kernel down, because it was idle for long, does so first. */
  async #noteDeath(client: KernelClient): Promise<void> {
    const death = await client.deathWithin(SHUTDOWN_TIME);
    if (death !== undefined) this.#processDied = death.message.replace(/^the kernel died \((.*)\)$/, '$1');
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

/** The name of the error by which the kernel reports that the process with the cells' variables has ended. */
const PROCESS_DIED = 'ProcessDied';

const hasTag = (cell: CodeCell, tag: string): boolean => cell.metadata.tags?.includes(tag) ?? false;

const isSkipped = (cell: CodeCell): boolean => cell.source.trim() === '' || hasTag(cell, 'skip-execution');

const seconds = (since: number): number => (performance.now() - since) / 1000;

const firstLine = (text: string): string => text.split('\n', 1)[0];
