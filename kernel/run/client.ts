/**
 * The kernel as the runner sees it, on `@jupyterlab/services`: the same for a kernel that was started here and for one
 * behind a server's URL.
 */
import { KernelAPI, KernelManager, KernelMessage, ServerConnection, type Kernel } from '@jupyterlab/services';
import { ExitCode, RunError } from './exit.js';
import type { Metadata } from './notebook/types.js';
import type { OutputEvent } from './outputs.js';
import { watchConnection } from './lost-server.js';
import { quietServices } from './quiet.js';

export interface ConnectOptions {
  settings: ServerConnection.ISettings;
  /** The kernelspec's name; the server's default without one. */
  kernelName?: string;
  /** The folder that the kernel works in, as the server names it. */
  path?: string;
  /** Milliseconds until the kernel must have answered. */
  startupTimeout: number;
  /** Environment variables that a gateway is to give to the kernel; servers of other kinds do not look at them. */
  env?: Record<string, string>;
  /** What else is known about why the kernel cannot be reached. */
  hint?: () => string | undefined;
}

export interface CellRequest {
  code: string;
  cellId?: string | undefined;
  stopOnError: boolean;
  /** Leaves no trace in the kernel's history and counts. */
  silent?: boolean;
}

/** Times of a cell in the form in which notebooks keep them (`metadata.execution`). */
export type ExecutionTimes = Record<string, string>;

export interface CellReply {
  status: 'ok' | 'error' | 'aborted';
  error?: { ename: string; evalue: string; traceback: string[] };
  times: ExecutionTimes;
}

export interface CellEvents {
  output(event: OutputEvent): void;
  /** The number that the kernel gave to this execution. */
  count(count: number | null): void;
}

/** After the reply and this long without any message, a missing `idle` means that output was lost. */
const IDLE_TIMEOUT = 10_000;

export class KernelClient {
  readonly #manager: KernelManager;
  readonly #kernel: Kernel.IKernelConnection;
  readonly #restoreConsole: () => void;
  /** Rejects when the kernel dies or a handler of ours fails. */
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #closing = false;

  private constructor(
    manager: KernelManager,
    kernel: Kernel.IKernelConnection,
    readonly settings: ServerConnection.ISettings,
    restoreConsole: () => void,
  ) {
    this.#manager = manager;
    this.#kernel = kernel;
    this.#restoreConsole = restoreConsole;
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => undefined);
    // On `autorestarting` services reconnects, which rejects where nobody catches it when the run is closed meanwhile.
    // To a run such a kernel is dead, so there is nothing to connect to again.
    kernel.reconnect = () => Promise.resolve();
    kernel.statusChanged.connect((_, status) => {
      // A server restarts a kernel that died: what the cells had computed is gone all the same.
      if (status === 'dead' || status === 'autorestarting') void this.#died();
    });
    watchConnection(kernel, settings, (reason) => {
      if (!this.#closing) this.#fail(new RunError(`the kernel died (${reason})`, ExitCode.died));
    });
  }

  /** Starts a kernel and waits until it answers. Throws `RunError` with exit code 4 when it does not. */
  static async connect(options: ConnectOptions): Promise<KernelClient> {
    const { settings, kernelName, path, env, startupTimeout, hint } = options;
    const restoreConsole = quietServices();
    const manager = new KernelManager({ serverSettings: settings, standby: 'never' });
    // The list of running kernels is polled in the background; a failure shows in what follows.
    manager.ready.catch(() => undefined);
    try {
      // Nobody looks at widgets here, and each one would be answered with a complaint in the terminal.
      const request = { ...(kernelName && { name: kernelName }), ...(path && { path }), ...(env && { env }) };
      const kernel = await manager.startNew(request, { handleComms: false });
      const client = new KernelClient(manager, kernel, settings, restoreConsole);
      await client.#started(startupTimeout, hint);
      return client;
    } catch (error) {
      manager.dispose();
      restoreConsole();
      throw error instanceof RunError ? error : notStarted(reasonOf(error));
    }
  }

  async #started(timeout: number, hint: () => string | undefined = () => undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const because = (reason: string): RunError => notStarted([reason, hint()].filter(Boolean).join('; '));
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(because(`it did not answer within ${timeout / 1000} s`)), timeout);
    });
    const died = this.#failed.catch(async () => {
      throw because(await this.#reason());
    });
    try {
      await Promise.race([this.#kernel.info, late, died]);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The kernel's `language_info`, for the notebook's metadata. */
  async languageInfo(): Promise<Metadata> {
    const { language_info } = await this.#kernel.info;
    return { ...language_info };
  }

  /**
   * Runs a cell; resolves when the kernel has replied and all outputs are in. Outputs that come later (from timers, or
   * updates of a display) still reach `events`. Rejects with `RunError` when the kernel dies.
   */
  async execute(
    { code, cellId, stopOnError, silent = false }: CellRequest,
    events: CellEvents,
  ): Promise<CellReply> {
    const future = this.#kernel.requestExecute(
      { code, allow_stdin: false, stop_on_error: stopOnError, silent, store_history: !silent },
      false,
      cellId === undefined ? {} : { cellId },
    );
    const times: ExecutionTimes = {};
    let lostIdle: NodeJS.Timeout | undefined;
    const expectIdle = (): void => {
      clearTimeout(lostIdle);
      lostIdle = setTimeout(() => {
        this.#fail(
          new RunError(
            'the kernel replied but never reported that it is idle: output may be missing',
            ExitCode.cellError,
          ),
        );
      }, IDLE_TIMEOUT);
    };
    future.onIOPub = (message) => {
      if (lostIdle !== undefined) expectIdle();
      // services drops what a handler throws.
      try {
        noteTime(message, times);
        if (KernelMessage.isExecuteInputMsg(message)) events.count(message.content.execution_count);
        const event = outputEvent(message);
        if (event !== undefined) events.output(event);
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    };
    future.onReply = (message) => {
      times['shell.execute_reply'] = message.header.date;
      expectIdle();
    };
    // When the kernel dies the future is cancelled first; the reason comes from `failed`.
    const done = future.done.catch(() => this.#failed);
    try {
      const { content } = await Promise.race([done, this.#failed]);
      if (content.status === 'error') {
        const { ename, evalue, traceback } = content;
        return { status: 'error', error: { ename, evalue, traceback }, times };
      }
      return { status: content.status === 'ok' ? 'ok' : 'aborted', times };
    } finally {
      clearTimeout(lostIdle);
      lostIdle = undefined;
    }
  }

  /** Why the kernel died, if it does within `ms` or has already. */
  async deathWithin(ms: number): Promise<Error | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const alive = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    const died = this.#failed.catch((error: unknown) => (error instanceof Error ? error : undefined));
    try {
      return await Promise.race([died, alive]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops what runs, as the Stop button does. */
  async interrupt(): Promise<void> {
    if (!this.#kernel.isDisposed) await this.#kernel.interrupt();
  }

  /** Shuts the kernel down and lets go of everything. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    try {
      if (!this.#kernel.isDisposed) await this.#kernel.shutdown();
    } catch {
      // The kernel, or its server, has gone already.
    } finally {
      this.#manager.dispose();
      this.#restoreConsole();
    }
  }

  async #died(): Promise<void> {
    if (this.#closing) return;
    this.#fail(new RunError(`the kernel died (${await this.#reason()})`, ExitCode.died));
  }

  /** Why the kernel ended, as far as its server knows. */
  async #reason(): Promise<string> {
    const model = await KernelAPI.getKernelModel(this.#kernel.id, this.settings).catch(() => undefined);
    const lines = model?.traceback?.trim().split('\n') ?? [];
    // Node prints more below the error, Python does not.
    const words = lines.findLast((line) => /^(nabla: |[\w.]*(Error|Exception)\b)/.test(line)) ?? lines.at(-1);
    return [model?.reason ?? 'no reason known', words].filter(Boolean).join(': ');
  }
}

/** The server's words, or at least its answer's number. */
const reasonOf = (error: unknown): string => {
  if (error instanceof ServerConnection.ResponseError) {
    const { status, statusText } = error.response;
    return `the server answered ${status}: ${error.message || statusText}`;
  }
  return error instanceof Error ? error.message : String(error);
};

const notStarted = (reason: string): RunError =>
  new RunError(`the kernel did not start: ${reason}`, ExitCode.notStarted);

function noteTime({ header, content }: KernelMessage.IIOPubMessage, times: ExecutionTimes): void {
  if (header.msg_type === 'execute_input') times['iopub.execute_input'] = header.date;
  if (header.msg_type === 'status' && 'execution_state' in content)
    times[`iopub.status.${String(content.execution_state)}`] = header.date;
}

function outputEvent(message: KernelMessage.IIOPubMessage): OutputEvent | undefined {
  if (KernelMessage.isStreamMsg(message)) {
    const { name, text } = message.content;
    return { type: 'stream', name, text };
  }
  if (KernelMessage.isUpdateDisplayDataMsg(message)) {
    const { data, metadata, transient } = message.content;
    return { type: 'update', data, metadata, displayId: transient.display_id };
  }
  if (KernelMessage.isDisplayDataMsg(message)) {
    const { data, metadata, transient } = message.content;
    return { type: 'display', data, metadata, displayId: transient?.display_id };
  }
  if (KernelMessage.isExecuteResultMsg(message)) {
    const { data, metadata, execution_count, transient } = message.content;
    return { type: 'result', data, metadata, count: execution_count, displayId: transient?.display_id };
  }
  if (KernelMessage.isErrorMsg(message)) {
    const { ename, evalue, traceback } = message.content;
    return { type: 'error', ename, evalue, traceback };
  }
  if (KernelMessage.isClearOutputMsg(message)) return { type: 'clear', wait: message.content.wait };
  return undefined;
}
