/** A profile as a cell shows it: a flame chart and a table. */
import {
  cellsOf,
  COLUMNS,
  Profile,
  profileAny,
  type ProfileOptions as CoreOptions,
  sentencesOf,
} from '../../../core/profiler/index.js';
import { escapeHtml } from '../../display/table.js';
import { displayHost } from '../../display/host.js';
import { flameChart, type FlameOptions } from './flame.js';
import type { Still } from './still.js';

export interface ProfileOptions extends CoreOptions {
  /** Whether a script prints the table at once; a cell shows what it returns. Default true. */
  print?: boolean;
}

const MOST_ROWS = 50;

/** What `profile` gives: numbers, and how a cell shows them. */
export class ShownProfile<T = unknown> {
  readonly result: T;
  readonly rows: Profile['rows'];
  readonly total: Profile['total'];
  readonly machine: Profile['machine'];
  readonly events: Profile['events'];
  readonly notes: Profile['notes'];

  constructor(private readonly seen: Profile<T>) {
    ({
      result: this.result,
      rows: this.rows,
      total: this.total,
      machine: this.machine,
      events: this.events,
      notes: this.notes,
    } = seen);
  }

  /** The rows as text, at most `most` of them (default 25). */
  table(most?: number): string {
    return this.seen.table(most);
  }

  /** Writes a Chrome trace: see `Profile.saveTrace`. */
  saveTrace(path: string): void {
    this.seen.saveTrace(path);
  }

  /** The flame chart: time to the right, what ran in something below it. */
  flame(options: FlameOptions = {}): Still {
    return flameChart(this.events, this.notes, options);
  }

  /** The table as HTML without script, at most 50 rows. */
  html(): string {
    return profileHtml(this.seen);
  }

  toString(): string {
    return this.table();
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.table();
  }

  [Symbol.for('Jupyter.display')](): Record<string, string> {
    this.flame().show();
    return { 'text/plain': this.table(), 'text/html': this.html() };
  }
}

/** The table as HTML. */
export function profileHtml(seen: Profile): string {
  const { rows, total } = seen;
  const last = COLUMNS.length - 1;
  const style = (i: number): string => (i === 0 || i === last ? ' style="text-align:left"' : '');
  const cells = (tag: 'th' | 'td', texts: readonly string[]): string =>
    texts.map((text, i) => `<${tag}${style(i)}>${escapeHtml(text)}</${tag}>`).join('');
  const body = rows
    .slice(0, MOST_ROWS)
    .map((row) => `<tr>${cells('td', cellsOf(row, total.time))}</tr>`)
    .join('');
  const more = rows.length > MOST_ROWS ? [`${MOST_ROWS} of ${rows.length} rows.`] : [];
  const words = [...more, ...sentencesOf(seen)].map(escapeHtml).join('<br>');
  return `<table><thead><tr>${cells('th', COLUMNS)}</tr></thead><tbody>${body}</tbody></table><small>${words}</small>`;
}

/**
 * Calls `fn` and shows what it spent its time on, op by op: calls, time, FLOPs, bytes, the share of what this machine can do, shapes of
 * operands; and as a flame chart. A cell shows it when it is the value of its last line; a script prints the table.
 *
 * ```ts
 * const seen = profile(() => { loss(model(x), y).backward(); optimizer.step(); }, { warmup: 2 });
 * seen.rows[0].name;                        // what takes the most time
 * seen.saveTrace('step.json');              // opens in https://ui.perfetto.dev
 * profile(step, { groupBy: 'module' });     // or 'shape', 'stack'
 * await profile(async () => trainEpoch());
 * ```
 *
 * FLOPs and bytes are counted by formulas, in `core/profiler/cost.ts`. Nothing is paid while no profile is on. An error of `fn` is thrown
 * on.
 *
 * @throws Error within another profile; TypeError and RangeError for options that make no sense
 */
export function profile<T>(fn: () => Promise<T>, options?: ProfileOptions): Promise<ShownProfile<T>>;
export function profile<T>(fn: () => T, options?: ProfileOptions): ShownProfile<T>;
export function profile<T>(
  fn: () => T | Promise<T>,
  { print = true, ...options }: ProfileOptions = {},
): ShownProfile<T> | Promise<ShownProfile<T>> {
  const shown = (seen: Profile<T>): ShownProfile<T> => {
    if (print && displayHost().kind === 'text') process.stdout.write(`${seen.table()}\n`);
    return new ShownProfile(seen);
  };
  const seen = profileAny(fn, options);
  return seen instanceof Promise ? seen.then(shown) : shown(seen);
}
