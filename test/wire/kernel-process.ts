/** Starts the built kernel as a client does: a connection file, a process, sockets. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type Connection } from './client.js';

export const KERNEL = fileURLToPath(new URL('../../dist/kernel/main.cjs', import.meta.url));

export interface StartOptions {
  connection?: Partial<Connection>;
  env?: NodeJS.ProcessEnv;
  args?: (file: string) => string[];
  /** The Node that runs it, else the one that runs the test. */
  node?: string;
  /** The entry of the kernel process, else that of this build. */
  main?: string;
}

export class KernelProcess {
  readonly clients: Client[] = [];
  stderr = '';
  readonly #exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  private constructor(
    readonly child: ChildProcess,
    readonly connection: Connection,
    readonly folder: string,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#exit = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  }

  static async start({
    connection,
    env,
    args = (file) => [file],
    node = process.execPath,
    main = KERNEL,
  }: StartOptions = {}): Promise<KernelProcess> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-wire-'));
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
    const info: Connection = {
      transport: 'tcp',
      ip: '127.0.0.1',
      shell_port,
      iopub_port,
      stdin_port,
      control_port,
      hb_port,
      key: randomUUID(),
      signature_scheme: 'hmac-sha256',
      ...connection,
    };
    const file = path.join(folder, 'kernel.json');
    writeFileSync(file, JSON.stringify(info));
    const child = spawn(node, [main, ...args(file)], {
      cwd: folder,
      // A language server for each kernel of the tests would take their time; what is about type errors asks for it.
      env: { ...process.env, JPY_PARENT_PID: undefined, NABLA_TYPECHECK: 'off', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new KernelProcess(child, info, folder);
  }

  /** A kernel with a client that is connected to it. */
  static async connected(options?: StartOptions): Promise<{ kernel: KernelProcess; client: Client }> {
    const kernel = await KernelProcess.start(options);
    const client = kernel.client();
    await Promise.race([client.ready(), kernel.#endedEarly()]);
    return { kernel, client };
  }

  /** Rejects when the kernel ends: before it is heard there is nothing else to wait for. */
  async #endedEarly(): Promise<never> {
    const { code, signal } = await this.#exit;
    throw new Error(`the kernel ended with ${signal ?? code} before it was heard: ${this.stderr}`);
  }

  client(options?: { identity?: string; topic?: string }): Client {
    const client = new Client(this.connection, options);
    this.clients.push(client);
    return client;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Resolves when the process has ended; rejects when it does not. */
  async ended(wait = 8000): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the kernel still runs after ${wait} ms`)), wait);
    });
    try {
      return await Promise.race([this.#exit, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** For after a test, whatever happened in it. */
  async dispose(): Promise<void> {
    for (const client of this.clients) client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#exit;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Below the ports that systems give to outgoing connections: those of other tests would take them in between. */
const FIRST_PORT = 10_000;
const PORTS = 22_000;

/** Ports that nobody listened on a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves once the condition holds; rejects after a while. */
export async function eventually(what: string, condition: () => boolean, wait = 8000): Promise<void> {
  const end = performance.now() + wait;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${wait} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
