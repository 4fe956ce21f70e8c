/** A kernel as a child process: its connection file, its death, and the ways to end it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseConnectionInfo, type ConnectionInfo } from '../../transport/connection-file.js';
import { newConnection } from './connection.js';

/** How to start a kernel: what a kernelspec says, under its name. */
export interface LaunchSpec {
  name: string;
  argv: string[];
  displayName: string;
  language: string;
  interruptMode: 'message' | 'signal';
  env?: Record<string, string>;
  /** `ipc` only for kernels that are known to support it. */
  transport?: 'tcp' | 'ipc';
}

/** How a kernel's process ended. */
export interface KernelExit {
  /** One phrase: `exit code 3`, `signal SIGKILL`, `could not be started: …`. */
  reason: string;
  /** The end of what it wrote to stderr. */
  stderr: string;
  /** It was asked to end in order to be started again. */
  expected: boolean;
}

const STDERR_KEPT = 16_384;

export class KernelProcess {
  #child: ChildProcess | undefined;
  #stderr = '';
  /** It has replied to a request: only then is it asked by message to end. */
  hasAnswered = false;
  /** While this is set, an end of the process is no death to report. */
  restarting = false;
  #exit: KernelExit | undefined;
  #exited: Promise<KernelExit> = Promise.resolve({ reason: 'not started', stderr: '', expected: false });

  private constructor(
    readonly spec: LaunchSpec,
    readonly connection: ConnectionInfo,
    readonly cwd: string,
  ) {}

  /** Writes a connection file into a private folder and starts the kernel with it, working in `cwd`. */
  static async start(spec: LaunchSpec, cwd: string): Promise<KernelProcess> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'nabla-'));
    const file = path.join(folder, 'connection.json');
    const connection = await newConnection(spec.name, folder, spec.transport ?? 'tcp');
    await writeFile(file, JSON.stringify(connection, null, 1), { mode: 0o600 });
    const kernel = new KernelProcess(spec, parseConnectionInfo(connection, file), cwd);
    process.on('exit', kernel.#lastResort);
    kernel.#spawn();
    return kernel;
  }

  /** Set once the process has ended. */
  get exit(): KernelExit | undefined {
    return this.#exit;
  }

  /** Resolves when the process that now runs has ended. */
  get exited(): Promise<KernelExit> {
    return this.#exited;
  }

  /** Starts the kernel again on the same connection; the old process must have ended. */
  respawn(): void {
    if (this.#exit === undefined) throw new Error('respawn: the kernel still runs');
    this.#exit = undefined;
    this.#stderr = '';
    this.hasAnswered = false;
    this.#spawn();
  }

  #spawn(): void {
    const [command = '', ...args] = this.spec.argv.map((part) =>
      part.replaceAll('{connection_file}', this.connection.file),
    );
    // Its own process group: Ctrl+C in the terminal is for the runner, which interrupts the kernel in its own way.
    const child = spawn(command, args, {
      cwd: this.cwd,
      env: { ...process.env, ...this.spec.env, JPY_PARENT_PID: String(process.pid) },
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'ignore', 'pipe'],
      windowsHide: true,
    });
    this.#child = child;
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#exited = new Promise((resolve) => {
      let ended = false;
      const end = (reason: string): void => {
        if (ended) return;
        ended = true;
        this.#exit = { reason, stderr: this.#stderr.trim(), expected: this.restarting };
        resolve(this.#exit);
      };
      child.once('error', (error) => end(`could not be started: ${error.message}`));
      // `close` waits for stderr, which something the kernel started may hold open: only give it a moment.
      child.once('exit', (code, signal) => {
        const reason = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
        child.once('close', () => end(reason));
        setTimeout(() => end(reason), 200).unref();
      });
    });
  }

  /** Signals the kernel's whole process group. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, signal);
    } catch {
      // It has just ended.
    }
  }

  /** Resolves to whether the process ended within `ms`. */
  async endsWithin(ms: number): Promise<boolean> {
    if (this.#exit !== undefined) return true;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const ended = await Promise.race([this.#exited.then(() => true), timeout]);
    clearTimeout(timer);
    return ended;
  }

  /** Ends the process, firmly if it must be, without asking it by message. */
  async kill(): Promise<void> {
    this.signal('SIGTERM');
    if (!(await this.endsWithin(1000))) this.signal('SIGKILL');
    await this.#exited;
  }

  /** Removes the connection file; the process must have ended. */
  async cleanUp(): Promise<void> {
    process.off('exit', this.#lastResort);
    await rm(path.dirname(this.connection.file), { recursive: true, force: true });
  }

  /** When this process exits without having shut the kernel down. */
  readonly #lastResort = (): void => {
    if (this.#exit === undefined) this.signal('SIGKILL');
    rmSync(path.dirname(this.connection.file), { recursive: true, force: true });
  };
}
