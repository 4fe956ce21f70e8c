/** Where a run's kernel lives: a process of this machine, or a Jupyter server. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_NAME, ownSpec } from '../install/kernelspec.js';
import { LocalKernels } from './bridge/kernels.js';
import type { LaunchSpec } from './bridge/process.js';
import type { KernelClient } from './client.js';
import { ExitCode, RunError } from './exit.js';
import type { Notebook } from './notebook/index.js';
import type { RunOptions, ServerAddress } from './options.js';

export interface Place {
  /** Starts a kernel that answers within `timeout` ms. Throws `RunError` (exit code 4) when it does not. */
  connect(timeout: number): Promise<KernelClient>;
  /** Lets go of everything that was started. */
  close(): Promise<void>;
}

/** The place that the options ask for. Throws `RunError` (exit code 2) when they contradict each other. */
export function placeFor(options: RunOptions, notebook: Notebook): Place {
  if (options.server === undefined)
    return new Local(options.kernel ?? ownLaunchSpec(), workingFolder(options));
  if (options.kernel !== undefined)
    throw new RunError(
      'a kernel of this machine cannot run on a server: name one of its kernels',
      ExitCode.usage,
    );
  return new Server(options.server, notebook, options.cwd);
}

/** A kernel process that this one starts and ends. */
class Local implements Place {
  readonly #kernels: LocalKernels;

  constructor(
    readonly kernel: LaunchSpec,
    readonly cwd: string,
  ) {
    this.#kernels = new LocalKernels([kernel]);
  }

  async connect(timeout: number): Promise<KernelClient> {
    // The kernel starts while the client library loads.
    const [{ connectLocally }] = await Promise.all([
      import('./connect.js'),
      this.#kernels.warm(this.kernel.name, this.cwd),
    ]);
    return connectLocally(this.#kernels, this.cwd, timeout);
  }

  close(): Promise<void> {
    return this.#kernels.shutdownAll();
  }
}

class Server implements Place {
  constructor(
    readonly address: ServerAddress,
    readonly notebook: Notebook,
    readonly cwd: string | undefined,
  ) {}

  async connect(timeout: number): Promise<KernelClient> {
    const { connectToServer } = await import('./server/index.js');
    return connectToServer(this.address, this.notebook, timeout, this.cwd);
  }

  close(): Promise<void> {
    return Promise.resolve(); // the client has shut its kernel down, and the server is not ours
  }
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
    env: {
      NABLA_OUTPUT_PACING: 'none',
      // Scripts would crowd a person's own cells out of the history.
      NABLA_HISTORY: 'off',
      // What there was time for must not decide what is in the executed notebook.
      NABLA_TYPECHECK: process.env.NABLA_TYPECHECK ?? 'off',
    },
  };
}
