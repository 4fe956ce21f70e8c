/**
 * A contender is a process of its own that answers one line of JSON with another: `setup` once, then `run` as often as
 * it is asked. So the heaps, threads and compilers of libraries stay apart, and they can still take turns.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ContenderSpec {
  /** Unique within a case, and what tables call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Further properties of the request to set up. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export type Answer = Readonly<Record<string, unknown>>;

/** How long a process may take for one answer. */
const PATIENCE = 120_000;
const KEPT_ERRORS = 4000;

export class Contender {
  readonly name: string;
  readonly #child: ChildProcess;
  #errors = '';
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  #ended: string | undefined;

  constructor(readonly spec: ContenderSpec) {
    this.name = spec.name;
    this.#child = spawn(spec.command, spec.args, {
      env: { ...process.env, ...spec.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-KEPT_ERRORS);
    });
    // A pipe to a process that has died says so; its exit says why.
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting?.resolve(line));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) =>
      this.#end(`the process ended (${signal ?? `exit ${code}`})${lastLine(this.#errors)}`),
    );
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#waiting?.reject(new Error(this.#ended));
  }

  /** @throws if the process fails, says that it cannot, or takes too long */
  async ask(request: Answer): Promise<Answer> {
    if (this.#ended !== undefined) throw new Error(this.#ended);
    const line = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        reject(new Error(`no answer within ${PATIENCE / 1000} s`));
      }, PATIENCE);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.#waiting = undefined;
          then(value);
        };
      this.#waiting = { resolve: settle(resolve), reject: settle(reject) };
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    const answer = JSON.parse(line) as Answer;
    if (typeof answer.error === 'string') throw new Error(answer.error);
    return answer;
  }

  /** Ends the process, and waits until it is gone. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
  }
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1);
  return line ? `: ${line}` : '';
}
