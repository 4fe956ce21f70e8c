/** One user process: its pipes, its process group and its end. */
import type { ChildProcess } from 'node:child_process';
import { Writable, type Readable } from 'node:stream';
import { encodeFrame, FrameDecoder } from '../runtime/framing.js';
import { CONTROL_FD, OUTPUT_FD, REPORT_FD } from '../runtime/link.js';
import type { FromUser, ToUser } from '../runtime/frames.js';
import type { StartedProcess } from './spawn.js';

export interface UserProcessEvents {
  frame(frame: FromUser): void;
  /** What came out of file descriptor 1 or 2 itself: native code, children of the process, Node's last words. */
  nativeOutput(name: 'stdout' | 'stderr', text: string): void;
  /** The process and its pipes are closed. */
  closed(end: ProcessEnd): void;
}

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last of what it wrote to stderr. */
  lastWords: string;
  /** Why this side has ended it. */
  killedFor?: string;
}

const KEPT_WORDS = 8192;
/** Node says this at its end while the watchdog's inspector session is open; it concerns nobody. */
const INSPECTOR_NOTE = /^Waiting for the debugger to disconnect\.\.\.\n/m;

export class UserProcess {
  readonly #child: ChildProcess;
  readonly #control: Writable;
  readonly #closed: Promise<void>;
  #lastWords = '';
  #killedFor: string | undefined;
  /** Counts the chunks of native output, to know when no more comes. */
  #nativeChunks = 0;

  constructor(
    { child, ended }: StartedProcess,
    private readonly events: UserProcessEvents,
  ) {
    this.#child = child;
    this.#control = writable(this.#child.stdio[CONTROL_FD]);
    // The process may die before it has read everything; its end is told by `closed`.
    this.#control.on('error', () => undefined);
    this.#listen(OUTPUT_FD);
    this.#listen(REPORT_FD);
    this.#capture('stdout', this.#child.stdout);
    this.#capture('stderr', this.#child.stderr);
    this.#closed = ended.then(({ code, signal, error }) => {
      this.#signalGroup('SIGKILL');
      this.#lastWords += error?.message ?? '';
      events.closed({ code, signal, lastWords: this.#lastWords, killedFor: this.#killedFor });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(frame: ToUser): void {
    this.#control.write(encodeFrame(frame));
  }

  /** Resolves when what native code wrote before this call has been delivered. */
  async drained(): Promise<void> {
    for (;;) {
      const before = this.#nativeChunks;
      await new Promise((resolve) => setImmediate(resolve));
      if (before === this.#nativeChunks) return;
    }
  }

  /** Ends the process and its group at once. `reason` is what `closed` tells. */
  kill(reason: string): void {
    this.#killedFor = reason;
    this.#signalGroup('SIGKILL');
  }

  /** Asks the process to end, then makes it; resolves when it and its group are gone. */
  async end(graceMs: number): Promise<void> {
    this.send({ type: 'shutdown' });
    const timers = [
      setTimeout(() => this.#signalGroup('SIGTERM'), graceMs),
      setTimeout(() => this.#signalGroup('SIGKILL'), 2 * graceMs),
    ];
    await this.#closed;
    timers.forEach(clearTimeout);
  }

  #listen(fd: number): void {
    const decoder = new FrameDecoder((message) => {
      this.events.frame(message as FromUser);
    });
    readable(this.#child.stdio[fd]).on('data', (chunk: Buffer) => decoder.push(chunk));
  }

  #capture(name: 'stdout' | 'stderr', stream: Readable | null): void {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const text = chunk.replace(INSPECTOR_NOTE, '');
      if (text === '') return;
      this.#nativeChunks++;
      if (name === 'stderr') this.#lastWords = (this.#lastWords + text).slice(-KEPT_WORDS);
      this.events.nativeOutput(name, text);
    });
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Nobody is left in the group.
    }
  }
}

function writable(stream: unknown): Writable {
  if (stream instanceof Writable) return stream;
  throw new Error('session: the pipe to the user process could not be opened');
}

function readable(stream: Writable | Readable | null | undefined): Readable {
  if (stream && 'read' in stream) return stream;
  throw new Error('session: a pipe from the user process could not be opened');
}
