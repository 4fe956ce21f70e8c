/** What was run: answers to history_request. */
import { randomUUID } from 'node:crypto';
import type { HistoryEntry, HistoryReply, HistoryRequest } from '../protocol/history.js';

/** One cell that was run. */
export interface HistoryRecord {
  /** Which kernel process ran it. */
  readonly session: string;
  readonly line: number;
  readonly input: string;
  readonly output: string | null;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Where history outlives the process. */
export interface HistoryStore {
  /** What earlier and other sessions have run, in the order of time. */
  load(): HistoryRecord[];
  append(record: HistoryRecord): void;
}

export class History {
  readonly #session = randomUUID();
  readonly #store: HistoryStore | null;
  readonly #own: HistoryRecord[] = [];
  #stored: HistoryRecord[] | null = null;

  constructor(store: HistoryStore | null) {
    this.#store = store;
  }

  /** Notes a cell that begins; `end` adds what it gave back and keeps it for good. */
  add(line: number, input: string, time: number): { end(output: string | null): void } {
    const index = this.#own.length;
    const record = { session: this.#session, line, input, output: null, time };
    this.#own.push(record);
    return {
      end: (output) => {
        this.#own[index] = { ...record, output };
        this.#store?.append(this.#own[index]);
      },
    };
  }

  query(request: HistoryRequest): HistoryReply {
    const entries = this.#select(request);
    return {
      status: 'ok',
      history: entries.map(({ number, record: { line, input, output } }): HistoryEntry =>
        request.output ? [number, line, [input, output]] : [number, line, input],
      ),
    };
  }

  #select(request: HistoryRequest): Numbered[] {
    const all = this.#numbered();
    switch (request.hist_access_type) {
      case 'tail':
        return last(all, request.n);
      case 'search': {
        const matches = globMatcher(request.pattern);
        const found = all.filter(({ record }) => matches(record.input));
        return last(request.unique ? unique(found) : found, request.n);
      }
      case 'range': {
        // 0 is this session, -1 the one before.
        const session = request.session > 0 ? request.session : this.#number() + request.session;
        return all.filter(
          ({ number, record: { line } }) =>
            number === session &&
            line >= request.start &&
            (request.stop === undefined || line < request.stop),
        );
      }
    }
  }

  /** Every record with the number of its session. */
  #numbered(): Numbered[] {
    this.#stored ??= this.#store?.load() ?? [];
    const numbers = new Map<string, number>();
    const stored = this.#stored.map((record) => {
      const number = numbers.get(record.session) ?? numbers.size + 1;
      numbers.set(record.session, number);
      return { number, record };
    });
    const number = numbers.size + 1;
    return [...stored, ...this.#own.map((record) => ({ number, record }))];
  }

  /** The number of this session: one more than there were before. */
  #number(): number {
    this.#stored ??= this.#store?.load() ?? [];
    return new Set(this.#stored.map(({ session }) => session)).size + 1;
  }
}

interface Numbered {
  readonly number: number;
  readonly record: HistoryRecord;
}

function last<T>(items: T[], count: number | undefined): T[] {
  if (count === undefined) return items;
  return count <= 0 ? [] : items.slice(-count);
}

/** The latest of each input. */
function unique(entries: Numbered[]): Numbered[] {
  const latest = new Map<string, Numbered>();
  for (const entry of entries) {
    latest.delete(entry.record.input);
    latest.set(entry.record.input, entry);
  }
  return [...latest.values()];
}

/** SQLite's GLOB, which IPython's history has: `*`, `?`, `[a-z]`, `[^a-z]`, matching the whole text. */
export function globMatcher(pattern: string): (text: string) => boolean {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index];
    const end = char === '[' ? pattern.indexOf(']', index + (pattern[index + 1] === '^' ? 3 : 2)) : -1;
    if (char === '*') source += '[^]*';
    else if (char === '?') source += '[^]';
    else if (end > 0) {
      const isNegated = pattern[index + 1] === '^';
      const set = pattern.slice(index + (isNegated ? 2 : 1), end).replace(/[\\\]^[]/g, '\\$&');
      source += `[${isNegated ? '^' : ''}${set}]`;
      index = end;
    } else source += char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  }
  try {
    const expression = new RegExp(`^${source}$`, 'u');
    return (text) => expression.test(text);
  } catch {
    // A set that is no range, such as [z-a], matches nothing.
    return () => false;
  }
}
