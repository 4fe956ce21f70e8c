/** What was run: answers to history_request, numbered and ordered as IPython does. */
import type { HistoryEntry, HistoryReply, HistoryRequest } from '../protocol/history.js';

/** One cell that was run. */
export interface HistoryRecord {
  readonly line: number;
  readonly input: string;
  readonly output: string | null;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Where history outlives the process. Sessions are numbered from 1 on; this one has a number that no other has. */
export interface HistoryStore {
  /** The number of this session: claimed for good, or (when nothing is to be kept yet) the one it would get. */
  session(claim: boolean): Promise<number>;
  /** The numbers of the other sessions that are kept, the latest first. */
  others(): Promise<number[]>;
  /** The cells of another session in the order of their end. */
  read(session: number): Promise<HistoryRecord[]>;
  /** Keeps a cell of this session. */
  append(record: HistoryRecord): void;
  /** Resolves when all that was appended is kept. */
  flushed(): Promise<void>;
}

export class History {
  readonly #store: HistoryStore | null;
  readonly #own: HistoryRecord[] = [];

  constructor(store: HistoryStore | null) {
    this.#store = store;
  }

  /** Notes a cell that begins; `end` adds what it gave back and keeps it for good. */
  add(line: number, input: string, time: number): { end(output: string | null): void } {
    const index = this.#own.length;
    const record = { line, input, output: null, time };
    this.#own.push(record);
    return {
      end: (output) => {
        this.#own[index] = { ...record, output };
        this.#store?.append(this.#own[index]);
      },
    };
  }

  /** Resolves when nothing would be lost by the end of the process. */
  async flushed(): Promise<void> {
    await this.#store?.flushed();
  }

  async query(request: HistoryRequest): Promise<HistoryReply> {
    const entries = await this.#select(request);
    return {
      status: 'ok',
      history: entries.map(({ number, record: { line, input, output } }): HistoryEntry =>
        request.output ? [number, line, [input, output]] : [number, line, input],
      ),
    };
  }

  async #select(request: HistoryRequest): Promise<Numbered[]> {
    switch (request.hist_access_type) {
      case 'tail':
        return this.#latest(request.n, () => true);
      case 'search': {
        const matches = globMatcher(request.pattern);
        const seen = new Set<string>();
        return this.#latest(request.n, ({ input }) => {
          if (!matches(input) || (request.unique && seen.has(input))) return false;
          seen.add(input);
          return true;
        });
      }
      case 'range': {
        const own = await this.#number();
        // 0 is this session, -1 the one before.
        const number = request.session > 0 ? request.session : own + request.session;
        const records = await this.#records(number, own);
        const count = (records.at(-1)?.line ?? 0) + 1;
        const fromEnd = (line: number) => (line < 0 ? line + count : line);
        const start = fromEnd(request.start);
        // IPython takes 0, too, as no end.
        const stop = request.stop ? fromEnd(request.stop) : Infinity;
        return records
          .filter(({ line }) => line >= start && line < stop)
          .map((record) => ({ number, record }));
      }
    }
  }

  /** The last `count` records (all without a count) that pass, in order; no session is read beyond those needed. */
  async #latest(count: number | undefined, passes: (record: HistoryRecord) => boolean): Promise<Numbered[]> {
    const found: Numbered[] = [];
    const most = count ?? Infinity;
    const own = await this.#number();
    const others = (await this.#store?.others()) ?? [];
    for (const number of [...others, own].sort((a, b) => b - a)) {
      if (found.length >= most) break;
      const records = await this.#records(number, own);
      for (let index = records.length - 1; index >= 0 && found.length < most; index--)
        if (passes(records[index])) found.push({ number, record: records[index] });
    }
    return found.reverse();
  }

  async #records(number: number, own: number): Promise<readonly HistoryRecord[]> {
    return number === own ? this.#own : ((await this.#store?.read(number)) ?? []);
  }

  async #number(): Promise<number> {
    return (await this.#store?.session(this.#own.length > 0)) ?? 1;
  }
}

interface Numbered {
  readonly number: number;
  readonly record: HistoryRecord;
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
