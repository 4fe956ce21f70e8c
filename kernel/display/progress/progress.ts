/** Progress bars: `for (const batch of progress(loader)) …`. */
import { Board, environment, type Bar, type ProgressEnvironment } from './board.js';
import type { ProgressState } from './text.js';

export interface ProgressOptions {
  /** What stands before the bar. */
  label?: string;
  /** How many items there are; default: the `length` or `size` of what is iterated. */
  total?: number;
  /** What an item is called in `3.7 it/s`; default `it`. */
  unit?: string;
}

/** Weight of the newest measurement in the rate. */
const NEWEST = 0.3;
/** Items that are counted together, when that takes less than this many milliseconds. */
const TOGETHER = 32;
const FAST_MS = 2;
/** A rate is measured over at least this many milliseconds. */
const MEASURE_MS = 100;

/**
 * Iterates `items` (or counts from 0 to `items - 1`) and shows how far it is: share, count, time, rate, and the time
 * that is left. Bars that are used inside of each other are shown together. A `break`, an error and Stop leave the bar
 * where it was. Updates come four times a second at most, also from inside a synchronous loop.
 *
 *     for (const epoch of progress(10, { label: 'epoch' }))
 *       for (const [x, y] of progress(loader)) …
 *
 * Asynchronous iterables are for `for await`. `progress(Infinity)` counts on without a share. Where there is no loop over
 * something, `update` goes on by hand: `const bar = progress(100); bar.update(10); bar.close()`.
 * @throws TypeError if `items` cannot be iterated.
 */
export function progress(items: number, options?: ProgressOptions): Progress<number>;
export function progress<T>(items: Iterable<T> | AsyncIterable<T>, options?: ProgressOptions): Progress<T>;
export function progress(items: unknown, options: ProgressOptions = {}): Progress<unknown> {
  if (typeof items === 'number') {
    if (items === Infinity) return new Progress<unknown>(endless(), options);
    if (!(Number.isInteger(items) && items >= 0))
      throw new TypeError(`progress: a count must be a whole number from 0 or Infinity, got ${items}`);
    return new Progress<unknown>(Array.from({ length: items }).keys(), { total: items, ...options });
  }
  if (!isIterable(items) && !isAsyncIterable(items))
    throw new TypeError(
      `progress: needs something to iterate, such as a DataLoader, an array or a count, got ${typeof items}`,
    );
  return new Progress<unknown>(items, options);
}

/** What `progress` gives: the same items, with a bar that shows how many there were, the rate and the time left. */
export class Progress<T> implements Iterable<T>, AsyncIterable<T>, Bar {
  private readonly total: number | undefined;
  private done = 0;
  private text = '';
  private state: ProgressState['state'] = 'running';
  private begun = 0;
  private isOpen = false;
  private measuredAt = 0;
  private measuredDone = 0;
  private rate = 0;
  private fast = false;
  private lookedAt = -Infinity;
  private board: Board | undefined;

  constructor(
    private readonly items: Iterable<T> | AsyncIterable<T>,
    private readonly options: ProgressOptions = {},
    private readonly env: ProgressEnvironment = environment,
  ) {
    this.total = options.total ?? sizeOf(items);
  }

  /** What stands behind the numbers, such as `loss 0.25`. */
  note(text: string): this {
    this.text = text;
    return this;
  }

  /** Goes on by `count` items; the first call shows the bar, and with the last of `total` items it is done. */
  update(count = 1): this {
    if (!Number.isFinite(count))
      throw new TypeError(`progress: update takes a number of items, got ${count}`);
    if (!this.isOpen) this.begin();
    this.done += count;
    const { total } = this;
    if (total !== undefined && this.done >= total) this.end('done');
    else this.board?.tick(this.env.now());
    return this;
  }

  /** It is done, or left where it is when items are missing. Bars of loops close themselves. */
  close(): void {
    const { total } = this;
    this.end(total === undefined || this.done >= total ? 'done' : 'stopped');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  *[Symbol.iterator](): Iterator<T> {
    if (!isIterable<T>(this.items))
      throw new TypeError('progress: this can only be iterated asynchronously: use for await');
    this.begin();
    try {
      for (const item of this.items) {
        yield item;
        this.advance();
      }
      this.end('done');
    } finally {
      this.end('stopped');
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    this.begin();
    try {
      for await (const item of this.items) {
        yield item;
        this.advance();
      }
      this.end('done');
    } finally {
      this.end('stopped');
    }
  }

  /** What is to be seen now. */
  snapshot(): ProgressState {
    const now = this.env.now();
    const { label = '', unit = 'it' } = this.options;
    const elapsed = (now - this.begun) / 1000;
    const rate = this.state === 'running' ? this.measured(now) : this.done / Math.max(elapsed, 1e-6);
    const { done, total, text: note, state } = this;
    return { label, done, total, elapsed, rate, unit, note, state };
  }

  /** It goes no further: Stop ended the loop, which does not tell. */
  stop(): void {
    this.end('stopped');
  }

  private begin(): void {
    this.done = 0;
    this.rate = 0;
    this.measuredDone = 0;
    this.state = 'running';
    this.isOpen = true;
    this.begun = this.measuredAt = this.env.now();
    this.board = boardFor(this.env);
    this.board.open(this);
  }

  private advance(): void {
    this.done += 1;
    // The clock costs more than a fast loop's item: there it is looked at for a few items together.
    if (this.fast && this.done % TOGETHER !== 0) return;
    const now = this.env.now();
    this.fast = now - this.lookedAt < FAST_MS;
    this.lookedAt = now;
    this.board?.tick(now);
  }

  private end(state: 'done' | 'stopped'): void {
    if (this.state !== 'running' || !this.isOpen) return;
    this.state = state;
    this.isOpen = false;
    this.board?.close(this);
  }

  /** The moving average of the rate. */
  private measured(now: number): number {
    const passed = now - this.measuredAt;
    if (passed < MEASURE_MS || this.done === this.measuredDone) return this.rate;
    const newest = ((this.done - this.measuredDone) * 1000) / passed;
    this.rate = this.rate === 0 ? newest : this.rate + NEWEST * (newest - this.rate);
    this.measuredAt = now;
    this.measuredDone = this.done;
    return this.rate;
  }
}

function* endless(): Generator<number> {
  for (let i = 0; ; i++) yield i;
}

let latest: Board | undefined;

/** The board of the bar around, if one is open in this cell; else a new one. */
function boardFor(env: ProgressEnvironment): Board {
  const execution = env.host().execution?.()?.id ?? null;
  if (latest === undefined || latest.isEmpty || latest.execution !== execution)
    latest = new Board(env, execution);
  return latest;
}

function sizeOf(items: object): number | undefined {
  for (const name of ['length', 'size']) {
    const value: unknown = Reflect.get(Object(items) as object, name);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
  }
  return undefined;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function isIterable<T>(value: unknown): value is Iterable<T> {
  return (
    typeof value === 'string' ||
    (isObject(value) && typeof Reflect.get(value, Symbol.iterator) === 'function')
  );
}

function isAsyncIterable<T>(value: unknown): value is AsyncIterable<T> {
  return isObject(value) && Symbol.asyncIterator in value;
}
