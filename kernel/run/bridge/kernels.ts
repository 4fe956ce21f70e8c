/** The kernels that this process has started, with what a Jupyter server's REST interface can do with them. */
import { randomUUID } from 'node:crypto';
import { Channels, request } from './channels.js';
import { KernelProcess, type LaunchSpec } from './process.js';

/** What `GET /api/kernels/:id` answers. */
export interface KernelModel {
  id: string;
  name: string;
  last_activity: string;
  execution_state: string;
  connections: number;
  reason?: string;
  traceback?: string;
}

/** How long a kernel may take to end after a shutdown request. */
const SHUTDOWN_MS = 5000;

interface Running {
  process: KernelProcess;
  /** For interrupt and shutdown requests; opened when first needed. */
  control: Channels | undefined;
}

export class LocalKernels {
  readonly #specs: ReadonlyMap<string, LaunchSpec>;
  readonly #running = new Map<string, Running>();
  /** Started ahead of being asked for. */
  #warm: { name: string; cwd: string; process: KernelProcess } | undefined;

  constructor(specs: readonly LaunchSpec[]) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  get specs(): LaunchSpec[] {
    return [...this.#specs.values()];
  }

  /** Starts the kernel `name` (default: the first known) in `cwd`. Throws when there is none of that name. */
  async start(name: string | undefined, cwd: string): Promise<string> {
    const spec = name === undefined ? this.specs[0] : this.#specs.get(name);
    if (spec === undefined) throw new Error(`no kernel is named "${name ?? ''}"`);
    const id = randomUUID();
    const process = this.#takeWarm(spec.name, cwd) ?? (await KernelProcess.start(spec, cwd));
    this.#running.set(id, { process, control: undefined });
    return id;
  }

  /** Starts the process of the kernel that the next `start` with these arguments will ask for. */
  async warm(name: string, cwd: string): Promise<void> {
    const spec = this.#specs.get(name);
    if (spec !== undefined) this.#warm = { name, cwd, process: await KernelProcess.start(spec, cwd) };
  }

  #takeWarm(name: string, cwd: string): KernelProcess | undefined {
    const warm = this.#warm;
    if (warm?.name !== name || warm.cwd !== cwd) return undefined;
    this.#warm = undefined;
    return warm.process;
  }

  /** The process of a kernel that was started and not shut down; it may have ended by itself. */
  find(id: string): KernelProcess | undefined {
    return this.#running.get(id)?.process;
  }

  model(id: string): KernelModel | undefined {
    const kernel = this.#running.get(id)?.process;
    if (kernel === undefined) return undefined;
    const { exit } = kernel;
    return {
      id,
      name: kernel.spec.name,
      last_activity: new Date().toISOString(),
      execution_state: exit === undefined ? 'idle' : 'dead',
      connections: 1,
      ...(exit && { reason: exit.reason, traceback: exit.stderr }),
    };
  }

  models(): KernelModel[] {
    return [...this.#running.keys()].map((id) => this.model(id)!);
  }

  interrupt(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    if (running.process.spec.interruptMode === 'signal') running.process.signal('SIGINT');
    else this.#ask(running, 'interrupt_request', {});
  }

  async restart(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return;
    const { process } = running;
    process.restarting = true;
    await this.#end(running, true);
    process.respawn();
    process.restarting = false;
  }

  async shutdown(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return;
    await this.#end(running, false);
    this.#running.delete(id);
    await running.process.cleanUp();
  }

  async shutdownAll(): Promise<void> {
    const warm = this.#warm?.process;
    this.#warm = undefined;
    await warm?.kill();
    await warm?.cleanUp();
    await Promise.all([...this.#running.keys()].map((id) => this.shutdown(id)));
  }

  async #end(running: Running, restart: boolean): Promise<void> {
    const { process: kernel } = running;
    if (kernel.exit === undefined) {
      if (kernel.hasAnswered) this.#ask(running, 'shutdown_request', { restart });
      if (!kernel.hasAnswered || !(await kernel.endsWithin(SHUTDOWN_MS))) await kernel.kill();
    }
    running.control?.close();
    running.control = undefined;
  }

  #ask(running: Running, msgType: string, content: object): void {
    const ignore = (): void => undefined;
    running.control ??= new Channels(running.process.connection, `rest-${randomUUID()}`, ['control'], ignore);
    running.control.send('control', request(msgType, 'rest', content));
  }
}
