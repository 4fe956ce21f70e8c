/** Runs a function and says what it spent its time on. */
import { gradMode } from '../autograd/mode.js';
import { describeValue } from '../layout.js';
import { checkOptions } from '../options.js';
import type { GroupBy, ProfileEvent, ProfileRow } from './events.js';
import { attach, type Detach } from './hooks.js';
import { type MachineLimits, machineLimits, shareOfLimit } from './machine.js';
import { MOST_EVENTS, MOST_ROWS, Recorder, type Sum } from './recorder.js';
import { tableText } from './table.js';
import { writeTrace } from './trace.js';

export interface ProfileOptions {
  /**
   * What a row is: an op (default), an op with operands of certain shapes, a module with all that runs for it (backward too), or an
   * op with the line that called it (slower: every op looks at its stack).
   */
  groupBy?: GroupBy;
  /** How often the function is called before, unseen: kernels are compiled and memory is touched then. Default 0. */
  warmup?: number;
  /** Whether operands' shapes are kept. Default true; `groupBy: 'shape'` needs it. */
  recordShapes?: boolean;
}

export interface ProfileTotal {
  /** Milliseconds of the function, without the profiler's own. */
  readonly time: number;
  /** Milliseconds of it in which no op, module, backward pass or optimizer ran: JavaScript, and waiting. */
  readonly outside: number;
  /** Milliseconds that the profiler took in addition. */
  readonly overhead: number;
  /** Ops, modules, nodes and optimizers' steps that ran. */
  readonly calls: number;
  readonly flops: number;
  readonly bytes: number;
  readonly gflops: number;
  /** As a row's, of all together. */
  readonly share: number | null;
}

/** What {@link profile} saw. */
export class Profile<T = unknown> {
  /** Groups of events, those with the most time of their own first. */
  readonly rows: readonly ProfileRow[];
  readonly total: ProfileTotal;
  /** What this machine's kernels were measured to reach, once a process. */
  readonly machine: MachineLimits;
  /** Events one by one in order of beginning: at most 20 000, later ones are in `rows` only. */
  readonly events: readonly ProfileEvent[];
  /** What a reader must know. */
  readonly notes: readonly string[];

  constructor(
    /** What the function returned. */
    readonly result: T,
    seen: Recorder,
    readonly groupBy: GroupBy,
    notes: readonly string[],
  ) {
    this.machine = machineLimits();
    const sums = [...seen.sums.values()];
    this.rows = sums.map((sum) => this.rowOf(sum)).sort((a, b) => b.selfTime - a.selfTime);
    const add = (value: (sum: Sum) => number): number => sums.reduce((all, sum) => all + value(sum), 0);
    const time = add((sum) => sum.selfTime);
    const flops = add((sum) => sum.flops);
    const bytes = add((sum) => sum.bytes);
    this.total = {
      time,
      outside: add((sum) => (sum.kind === 'profile' ? sum.selfTime : 0)),
      overhead: seen.overhead,
      calls: seen.count - 1,
      flops,
      bytes,
      gflops: time > 0 ? flops / time / 1e6 : 0,
      share: shareOfLimit(flops, bytes, time, this.machine).share,
    };
    this.events = seen.events.filter((event) => event !== null);
    this.notes = [...notes, ...limitsReached(seen)];
  }

  /** The rows as text, at most `most` of them (default 25). */
  table(most = 25): string {
    return tableText(this, most);
  }

  /**
   * Writes the events as a Chrome trace, which https://ui.perfetto.dev, chrome://tracing and speedscope open. The file is written whole or
   * not at all.
   */
  saveTrace(path: string): void {
    writeTrace(path, this);
  }

  toString(): string {
    return this.table();
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.table();
  }

  private rowOf(sum: Sum): ProfileRow {
    const { name, kind, calls, selfTime, totalTime, flops, bytes } = sum;
    return {
      name,
      kind,
      calls,
      selfTime,
      totalTime,
      flops,
      bytes,
      gflops: selfTime > 0 ? flops / selfTime / 1e6 : 0,
      ...shareOfLimit(flops, bytes, selfTime, this.machine),
      shapes: sum.moreShapes ? [...sum.shapes, '…'] : [...sum.shapes],
    };
  }
}

function limitsReached({ count, crowded, events }: Recorder): string[] {
  const notes: string[] = [];
  if (count > events.length)
    notes.push(
      `${count - 1} events; the first ${MOST_EVENTS} are in the trace and the flame chart, all are in the table.`,
    );
  if (crowded > 0) notes.push(`More than ${MOST_ROWS} groups: ${crowded} events are added up as (others).`);
  return notes;
}

const GROUPS: readonly GroupBy[] = ['op', 'shape', 'module', 'stack'];

function checked(options: ProfileOptions): Required<ProfileOptions> {
  checkOptions('profile', options, ['groupBy', 'warmup', 'recordShapes']);
  const { groupBy = 'op', warmup = 0, recordShapes = true } = options;
  if (!GROUPS.includes(groupBy)) {
    throw new RangeError(`profile: groupBy is one of ${GROUPS.join(', ')}, got ${describeValue(groupBy)}`);
  }
  if (!Number.isInteger(warmup) || warmup < 0) {
    throw new RangeError(`profile: warmup is a number of calls, 0 or more, got ${describeValue(warmup)}`);
  }
  if (groupBy === 'shape' && !recordShapes) {
    throw new RangeError(`profile: groupBy 'shape' needs recordShapes`);
  }
  return { groupBy, warmup, recordShapes };
}

/** A profile that is on. */
class Session {
  readonly notes: string[] = [];
  private readonly recorder: Recorder;
  private readonly detach: Detach;
  private cutOff = false;

  constructor(private readonly options: Required<ProfileOptions>) {
    if (gradMode.watch !== null) this.notes.push('Anomaly mode was off while this was profiled.');
    this.recorder = new Recorder(options.groupBy, options.recordShapes, () => this.abort());
    this.detach = attach(this.recorder);
    this.recorder.begin();
  }

  end<T>(result: T): Profile<T> {
    if (this.cutOff) throw new Error('profile: an interrupt ended the profile');
    this.recorder.finish();
    this.stop();
    return new Profile(result, this.recorder, this.options.groupBy, this.notes);
  }

  /** Without a result. */
  stop(): void {
    this.detach();
    if (running === this) running = null;
  }

  private abort(): void {
    this.cutOff = true;
    this.stop();
  }
}

let running: Session | null = null;

/**
 * Calls `fn` and records every op, module, backward pass and optimizer's step in it: calls, time, FLOPs and bytes by formula
 * (`core/profiler/cost.ts`), the share of what this machine can do, operands' shapes.
 *
 * ```ts
 * const seen = profile(() => { loss(model(x), y).backward(); optimizer.step(); }, { warmup: 2 });
 * seen.rows[0];                  // what takes the most time
 * seen.saveTrace('step.json');   // for ui.perfetto.dev
 * const later = await profile(async () => trainEpoch());
 * ```
 *
 * Nothing is recorded, and nothing is asked on the way of an op, while no profile is on. What an async function awaits is recorded too
 * if it runs tensors meanwhile. An error of `fn` is thrown on, and everything is as it was before. Not to be nested.
 *
 * @throws Error within another profile; TypeError and RangeError for options that make no sense
 */
export function profile<T>(fn: () => Promise<T>, options?: ProfileOptions): Promise<Profile<T>>;
export function profile<T>(fn: () => T, options?: ProfileOptions): Profile<T>;
export function profile<T>(
  fn: () => T | Promise<T>,
  options?: ProfileOptions,
): Profile<T> | Promise<Profile<T>> {
  return profileAny(fn, options);
}

/** {@link profile} of a function of which it is not known whether it is asynchronous. */
export function profileAny<T>(
  fn: () => T | Promise<T>,
  options: ProfileOptions = {},
): Profile<T> | Promise<Profile<T>> {
  if (typeof fn !== 'function') throw new TypeError(`profile: takes a function, got ${describeValue(fn)}`);
  const wanted = checked(options);
  for (let i = 0; i < wanted.warmup; i++) {
    const result = fn();
    // The rest of an asynchronous warmup has to be waited for.
    if (result instanceof Promise) return profileLater(fn, wanted, i + 1, result);
  }
  return measure(fn, wanted);
}

async function profileLater<T>(
  fn: () => T | Promise<T>,
  wanted: Required<ProfileOptions>,
  done: number,
  first: Promise<T>,
): Promise<Profile<T>> {
  await first;
  for (let i = done; i < wanted.warmup; i++) await fn();
  return measure(fn, wanted);
}

function measure<T>(
  fn: () => T | Promise<T>,
  wanted: Required<ProfileOptions>,
): Profile<T> | Promise<Profile<T>> {
  if (running !== null) {
    throw new Error(
      'profile: a profile is running already, and they cannot be nested; wait for it, or profile the whole',
    );
  }
  const session = new Session(wanted);
  running = session;
  let result: T | Promise<T>;
  try {
    result = fn();
  } catch (error) {
    session.stop();
    throw error;
  }
  if (!(result instanceof Promise)) return session.end(result);
  return result.then(
    (value) => session.end(value),
    (error: unknown) => {
      session.stop();
      throw error;
    },
  );
}
