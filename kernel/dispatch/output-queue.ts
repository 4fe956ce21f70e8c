/**
 * Outputs on their way to IOPub. Streams are collected for 25 ms or 64 KiB, updates of one display replace each other
 * while they wait, and all of it stays below what jupyter_server passes on (1000 messages and 1 MB of stream text a
 * second, over three seconds), above which it would drop messages blindly. What a cell prints faster than that waits
 * here, up to 4 MB, and the cell's end waits for it; of a flood beyond that the middle gives way to a line that says so,
 * and the end always arrives.
 */
import type { ExecutionId } from '../runtime/frames.js';
import type { Header } from '../protocol/message.js';
import type { Output } from '../protocol/output.js';

/** One output and whom it belongs to. */
export interface QueuedOutput {
  readonly execution: ExecutionId | null;
  readonly parent: Header | null;
  output: Output;
  readonly metadata?: object;
  readonly buffers?: readonly Uint8Array[];
}

/** The time, and a timer; a test passes its own. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls back once; returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Whose limits outputs stay below: those of jupyter_server, which drops what exceeds them, or nobody's, for a client
 * that reads ZeroMQ itself and must get everything.
 */
export type Pacing = 'jupyter_server' | 'none';

const COLLECT_MS = 25;
const COLLECT_CHARS = 64 * 1024;

/** Updates of one display are at least that far apart, so that a fast loop moves evenly. */
const UPDATE_MS = 20;
const MOST_UPDATED = 256;

/** jupyter_server looks at three seconds; a part of its limits is kept for what `flush` sends at once. */
const WINDOW_MS = 3000;
const WINDOW_MESSAGES = 2650;
const WINDOW_BYTES = 2_500_000;
const FLUSH_MESSAGES = 300;
const FLUSH_CHARS = 200_000;

/** Text that may wait: five seconds' worth. With what the window lets through at once, cells lose nothing of 6 MB. */
const MOST_CHARS = 4 * 1024 * 1024;
const MOST_DRAIN_MS = 10_000;

/** What a clear_output takes away. */
const CLEARED: ReadonlySet<string> = new Set(['stream', 'display_data', 'clear_output']);

interface StreamContent {
  name: 'stdout' | 'stderr';
  text: string;
}

/** Up to this many stretches of stdout and stderr in turn keep their order; more are put together by name. */
const MOST_STRETCHES = 16;

export class OutputQueue {
  readonly #send: (item: QueuedOutput) => void;
  readonly #clock: Clock;
  #waiting: QueuedOutput[] = [];
  #waitingChars = 0;
  #cancelTimer: (() => void) | null = null;
  /** Waiting for the rest to be little enough for `flush`. */
  readonly #watchers = new Set<() => void>();
  /** When each display was last updated. */
  readonly #updated = new Map<string, number>();
  readonly #pacing: Pacing;
  readonly #rate: RateWindow;

  constructor(
    send: (item: QueuedOutput) => void,
    clock: Clock = systemClock,
    pacing: Pacing = 'jupyter_server',
  ) {
    this.#send = send;
    this.#clock = clock;
    this.#pacing = pacing;
    this.#rate = new RateWindow(pacing);
  }

  push(item: QueuedOutput): void {
    if (item.output.type === 'stream') {
      this.#pushStream(item, item.output.content);
      if (this.#waitingChars >= COLLECT_CHARS) this.#drain();
      else this.#drainAfter(COLLECT_MS);
      return;
    }
    if (item.output.type === 'clear_output') this.#forget(item.execution);
    if (!this.#replaceUpdate(item)) this.#waiting.push(item);
    this.#drain();
  }

  /**
   * Resolves when `flush` would leave nothing out, when the signal comes because a person does not want to wait, or when
   * it takes too long because timers of other cells go on printing.
   */
  drained(signal: AbortSignal): Promise<void> {
    if (this.#isSmall() || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#watchers.delete(done);
        signal.removeEventListener('abort', done);
        cancel();
        resolve();
      };
      const cancel = this.#clock.after(MOST_DRAIN_MS, done);
      this.#watchers.add(done);
      signal.addEventListener('abort', done);
    });
  }

  #isSmall(): boolean {
    return this.#waitingChars <= FLUSH_CHARS && this.#waiting.length <= FLUSH_MESSAGES;
  }

  /** Sends all that waits, but for the middle of a flood. */
  flush(): void {
    this.#drain();
    this.#leaveOut(FLUSH_CHARS);
    for (const item of this.#waiting) this.#pass(item);
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#stopTimer();
  }

  #pushStream(item: QueuedOutput, content: StreamContent): void {
    this.#waitingChars += content.text.length;
    const same = this.#streamToExtend(item.execution, content.name);
    if (same) same.text += content.text;
    else this.#waiting.push({ ...item, output: { type: 'stream', content: { ...content } } });
  }

  /** The waiting text that new text may be added to without changing what a person sees. */
  #streamToExtend(execution: ExecutionId | null, name: string): StreamContent | null {
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      const { output, execution: owner } = this.#waiting[index];
      if (output.type !== 'stream') return null;
      if (output.content.name === name && owner === execution) return output.content;
      if (this.#waiting.length < MOST_STRETCHES) return null;
    }
    return null;
  }

  /** What a clear_output removes need not be sent at all. */
  #forget(execution: ExecutionId | null): void {
    this.#waiting = this.#waiting.filter(({ execution: owner, output }) => {
      if (owner !== execution || !CLEARED.has(output.type)) return true;
      if (output.type === 'stream') this.#waitingChars -= output.content.text.length;
      return false;
    });
  }

  /** Whether an update comes so soon after another of its display that nobody could see the other. */
  #isEarly({ output }: QueuedOutput, now: number): boolean {
    if (output.type !== 'update_display_data') return false;
    const last = this.#updated.get(output.content.transient.display_id ?? '');
    return last !== undefined && now - last < UPDATE_MS;
  }

  #noteUpdate({ output }: QueuedOutput, now: number): void {
    if (output.type !== 'update_display_data') return;
    this.#updated.set(output.content.transient.display_id ?? '', now);
    if (this.#updated.size <= MOST_UPDATED) return;
    for (const [id, at] of this.#updated) if (now - at >= UPDATE_MS) this.#updated.delete(id);
  }

  /** Puts a newer update of a display in the place of one that still waits; showing it anew does away with that one. */
  #replaceUpdate(item: QueuedOutput): boolean {
    if (item.output.type === 'display_data') {
      const { display_id: shown } = item.output.content.transient;
      if (shown !== undefined)
        this.#waiting = this.#waiting.filter(
          ({ output }) =>
            output.type !== 'update_display_data' || output.content.transient.display_id !== shown,
        );
      return false;
    }
    if (item.output.type !== 'update_display_data') return false;
    const { display_id } = item.output.content.transient;
    const older = this.#waiting.find(
      ({ output }) =>
        output.type === 'update_display_data' && output.content.transient.display_id === display_id,
    );
    if (older) older.output = item.output;
    return older !== undefined;
  }

  /** Sends what the rate allows; the rest waits for its time, within bounds. */
  #drain(): void {
    this.#stopTimer();
    const now = this.#clock.now();
    const early: QueuedOutput[] = [];
    let done = 0;
    for (const item of this.#waiting) {
      if (this.#isEarly(item, now)) {
        early.push(item);
        done++;
        continue;
      }
      if (
        item.output.type === 'stream'
          ? !this.#passText(item, item.output.content, now)
          : !this.#rate.allows(now)
      )
        break;
      if (item.output.type !== 'stream') this.#pass(item);
      done++;
    }
    this.#waiting.splice(0, done, ...early);
    if (this.#isSmall()) for (const notify of this.#watchers) notify();
    if (this.#waiting.length === 0) return;
    this.#leaveOut(MOST_CHARS);
    this.#drainAfter(COLLECT_MS);
  }

  /** Sends as much of a stream's text as the rate allows; true when that was all. */
  #passText(item: QueuedOutput, content: StreamContent, now: number): boolean {
    const { text } = content;
    if (!this.#rate.allows(now)) return false;
    const room = this.#rate.room(now);
    if (room < Math.min(text.length, COLLECT_CHARS)) return false;
    const head = text.slice(0, room);
    const size = jsonSize(head);
    if (head.length === text.length && size <= room) {
      this.#waitingChars -= text.length;
      this.#pass(item);
      return true;
    }
    const most = Math.floor((head.length * room) / Math.max(size, room));
    const line = text.lastIndexOf('\n', most - 1) + 1;
    const cut = line > 0 ? line : most;
    this.#waitingChars -= cut;
    content.text = text.slice(cut);
    this.#pass({ ...item, output: { type: 'stream', content: { ...content, text: text.slice(0, cut) } } });
    return false;
  }

  #pass(item: QueuedOutput): void {
    const bytes = item.output.type === 'stream' ? jsonSize(item.output.content.text) : 0;
    const now = this.#clock.now();
    this.#rate.record(now, bytes);
    this.#noteUpdate(item, now);
    this.#send(item);
  }

  #drainAfter(ms: number): void {
    this.#cancelTimer ??= this.#clock.after(ms, () => {
      this.#cancelTimer = null;
      this.#drain();
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Takes out the oldest text and the oldest displays past what may wait, and says so in their place. */
  #leaveOut(chars: number): void {
    if (this.#pacing === 'none') return;
    if (this.#waitingChars > chars) this.#leaveOutText(chars / 2);
    if (this.#waiting.length > FLUSH_MESSAGES)
      this.#leaveOutDisplays(this.#waiting.length - FLUSH_MESSAGES / 2);
  }

  #leaveOutText(chars: number): void {
    for (const { output } of this.#waiting) {
      const excess = this.#waitingChars - chars;
      if (excess <= 0) return;
      if (output.type !== 'stream') continue;
      const { text } = output.content;
      // A note at the beginning is not of the text, and is written anew.
      const from = NOTE.exec(text)?.[0].length ?? 0;
      // Whole lines, unless there are none.
      const line = text.indexOf('\n', from + excess);
      const cut = line < 0 ? Math.min(from + excess, text.length) : line + 1;
      output.content.text = note(text, cut - from, 'characters') + text.slice(cut);
      this.#waitingChars += output.content.text.length - text.length;
    }
  }

  #leaveOutDisplays(excess: number): void {
    let last: QueuedOutput | undefined;
    let left = 0;
    let earlier = '';
    const kept: QueuedOutput[] = [];
    for (const [index, item] of this.#waiting.entries()) {
      const { output } = item;
      if (output.type === 'display_data' && left < excess) {
        left++;
        last = item;
      } else if (
        index === 0 &&
        output.type === 'stream' &&
        NOTE.exec(output.content.text)?.[2] === 'displays'
      ) {
        // A note that still waits is brought up to date.
        earlier = output.content.text;
      } else kept.push(item);
    }
    if (!last) return;
    const text = note(earlier, left, 'displays');
    this.#waitingChars += text.length - earlier.length;
    this.#waiting = [{ ...last, output: { type: 'stream', content: { name: 'stderr', text } } }, ...kept];
  }
}

const NOTE = /^\n\[(\d+) (\w+) left out[^\]\n]*\]\n/;

/** The line that stands for what is missing; `text` may begin with such a line already. */
function note(text: string, count: number, what: 'characters' | 'displays'): string {
  const [, number, unit] = NOTE.exec(text) ?? [];
  const total = count + (unit === what ? Number(number) : 0);
  return `\n[${total} ${what} left out: they came faster than notebooks can take them]\n`;
}

/** The size that jupyter_server counts. */
function jsonSize(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

/** What was sent in the last three seconds. */
class RateWindow {
  #sent: { at: number; bytes: number }[] = [];
  #bytes = 0;

  constructor(readonly pacing: Pacing) {}

  record(at: number, bytes: number): void {
    if (this.pacing === 'none') return;
    this.#sent.push({ at, bytes });
    this.#bytes += bytes;
  }

  /** Whether one more message is within the limit. */
  allows(now: number): boolean {
    this.#expire(now);
    return this.#sent.length < WINDOW_MESSAGES;
  }

  /** How many more bytes of stream text are within the limit. */
  room(now: number): number {
    this.#expire(now);
    return this.pacing === 'none' ? Infinity : Math.max(0, WINDOW_BYTES - this.#bytes);
  }

  #expire(now: number): void {
    let gone = 0;
    while (gone < this.#sent.length && this.#sent[gone].at <= now - WINDOW_MS)
      this.#bytes -= this.#sent[gone++].bytes;
    if (gone > 0) this.#sent = this.#sent.slice(gone);
  }
}
