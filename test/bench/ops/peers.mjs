/**
 * The peers, each in a process of its own: one that crashes, or that gives no answer for a while, is ended and started
 * again for the next case, and costs nobody else the run.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peer-process.mjs');

/** How long a process may take to load its library, and for an answer, in milliseconds. */
const LOADING = 60_000;
const PATIENCE = 8000;
/** Who fails to start so often is not started any more. */
const MOST_STARTS = 25;

export class Peer {
  version;
  #child;
  #answer;
  #starts = 0;
  #errors = '';
  #program;
  #patience;

  constructor(name, { program = PROGRAM, patience = PATIENCE } = {}) {
    this.name = name;
    this.#program = program;
    this.#patience = patience;
  }

  /** Starts the process where there is none. */
  async start() {
    if (this.#child !== undefined) return;
    if (this.#starts++ === MOST_STARTS)
      throw new Error(`${this.name} had to be started ${MOST_STARTS} times`);
    const child = fork(this.#program, [this.name], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    this.#errors = '';
    child.stderr.on('data', (text) => (this.#errors = (this.#errors + text).slice(-2000)));
    child.on('message', (message) => this.#settle(message));
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      const last = /^\w*Error: .*$/m.exec(this.#errors)?.[0] ?? `code ${code ?? signal}`;
      this.#settle({ error: `its process ended: ${last}` });
    });
    const { version } = await this.#wait(LOADING);
    this.version = version;
  }

  /** @throws Error where the process fails, or does not answer in time */
  async ask(request) {
    await this.start();
    this.#child.send(request);
    return this.#wait(this.#patience);
  }

  end() {
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  #settle(message) {
    this.#answer?.(message);
    this.#answer = undefined;
  }

  async #wait(patience) {
    let timer;
    const late = { error: `no answer within ${patience / 1000} s` };
    const answer = await new Promise((resolve) => {
      this.#answer = resolve;
      timer = setTimeout(() => {
        this.end();
        this.#settle(late);
      }, patience);
    });
    clearTimeout(timer);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}
