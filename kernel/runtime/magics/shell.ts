/** Commands of cells: output live, questions by the frontend's input, stopped with the cell. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { clearInterval, setInterval, setTimeout } from 'node:timers';
import { displayHost } from '../../display/host.js';
import { input } from '../../display/input.js';
import { currentExecution, onBehalfOf, type Execution } from '../executions.js';
import { isReadingInput, processTree } from './process-tree.js';

/** A background process may hold the pipes: how long the rest of the output is waited for. */
const REST_MS = 200;
const POLL_MS = 50;
/** An unfinished line may be the prompt of a question; it is shown as output when none comes. */
const HELD_MS = 150;
/** Where nobody can tell what a process waits for, an unfinished line and this silence are a question. */
const SILENCE_MS = 250;
/** After an interrupt: how long each signal is given. */
const PATIENCE_MS = 500;

/** A command that failed. */
export class ShellError extends Error {
  override readonly name = 'ShellError';

  constructor(
    message: string,
    /** Null: a signal has ended it. */
    readonly exitCode: number | null,
  ) {
    super(message);
  }
}

/** Runs a command with the shell. @throws ShellError when it ends with an exit code other than 0. */
export async function shell(command: string): Promise<void> {
  const execution = currentExecution();
  const mayAsk = execution?.allowStdin === true;
  const child = spawn(command, {
    shell: true,
    stdio: [mayAsk ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    // The Node that runs the cells, and its npm, come first.
    env: { ...process.env, PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter) },
  });
  const ended = endOf(child);
  displayHost().atCellEnd(() => stop(child));
  const conversation = new Conversation(child, execution, mayAsk);
  try {
    const { code, signal } = await ended;
    if (code === 0) return;
    const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
    const closed = mayAsk ? '' : ' (its standard input was closed: this frontend cannot be asked for input)';
    throw new ShellError(`${JSON.stringify(command.trim())} ${how}${closed}`, code);
  } finally {
    conversation.end();
  }
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function endOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const end = (): void => resolve({ code, signal });
      child.once('close', end);
      setTimeout(end, REST_MS);
    });
  });
}

/** The cell has ended: the interrupt has sent SIGINT to all; who did not listen is ended. */
async function stop(child: ChildProcess): Promise<void> {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    if (hasEnded() || child.pid === undefined) return;
    for (const pid of processTree(child.pid)) send(pid, signal);
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

type Name = 'stdout' | 'stderr';

/** What a command says, and what it is answered. */
class Conversation {
  readonly #held: Record<Name, string> = { stdout: '', stderr: '' };
  #heard = performance.now();
  #asking = false;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: ChildProcess,
    private readonly execution: Execution | undefined,
    private readonly mayAsk: boolean,
  ) {
    this.#listen('stdout', child.stdout);
    this.#listen('stderr', child.stderr);
    // The command may end before it has read the answer.
    child.stdin?.on('error', () => undefined);
    if (mayAsk) this.#timer = setInterval(() => this.#look(), POLL_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#release();
  }

  #listen(name: Name, stream: Readable | null): void {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      this.#heard = performance.now();
      const whole = this.#held[name] + text;
      const end = this.mayAsk ? Math.max(whole.lastIndexOf('\n'), whole.lastIndexOf('\r')) + 1 : whole.length;
      this.#held[name] = whole.slice(end);
      this.#write(name, whole.slice(0, end));
    });
  }

  #write(name: Name, text: string): void {
    if (text === '') return;
    const write = (): void => void process[name].write(text);
    if (this.execution) onBehalfOf(this.execution, write);
    else write();
  }

  #release(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const text = this.#held[name];
      this.#held[name] = '';
      this.#write(name, text);
    }
  }

  #look(): void {
    const silence = performance.now() - this.#heard;
    const { pid } = this.child;
    if (this.#asking || pid === undefined || silence < POLL_MS) return;
    const isReading = isReadingInput(pid);
    const isUnfinished = this.#held.stdout !== '' || this.#held.stderr !== '';
    const isQuestion = isReading ?? (isUnfinished && silence > SILENCE_MS);
    if (isQuestion) void this.#ask();
    else if (isReading === false && silence > HELD_MS) this.#release();
  }

  async #ask(): Promise<void> {
    const { execution, child } = this;
    if (!execution || execution.ended) return;
    this.#asking = true;
    const prompt = this.#held.stderr + this.#held.stdout;
    this.#held.stdout = this.#held.stderr = '';
    try {
      const answer = await onBehalfOf(execution, () => input(withoutColours(prompt)));
      child.stdin?.write(`${answer}\n`);
    } catch {
      // Nobody can be asked (any more): the command finds the end of its input.
      child.stdin?.end();
    }
    this.#heard = performance.now();
    this.#asking = false;
  }
}

function withoutColours(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '');
}
