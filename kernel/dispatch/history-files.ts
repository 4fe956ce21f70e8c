/**
 * History in files: a folder with one file a session, of JSON lines that are only ever appended. The name of a file is
 * the number of its session, claimed by creating it, which only one process can do; after that nobody else writes to
 * it. So kernels that run at the same time cannot mix their lines, and a line that a crash has cut off can only be
 * the last of its file. Nothing is read or written before the first cell or question.
 */
import { mkdir, open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { userDataDir } from '../install/paths.js';
import { isJsonObject, parse } from '../protocol/json.js';
import type { HistoryRecord, HistoryStore } from './history.js';

/** Sessions that are kept; older ones are removed. */
const MOST_SESSIONS = 2000;
/** Of one session's file, as much of its end is read. */
const MOST_BYTES = 8 * 1024 * 1024;
/** The beginning of an output that is kept. */
const MOST_OUTPUT_CHARS = 16 * 1024;

/** The store that `NABLA_HISTORY` asks for: `off`, a folder, or (unset) one in Jupyter's data folder. */
export function historyStore(setting: string | undefined, log: (text: string) => void): HistoryStore | null {
  if (setting?.toLowerCase() === 'off') return null;
  const isSet = setting !== undefined && setting !== '';
  return new HistoryFiles(isSet ? path.resolve(setting) : path.join(userDataDir(), 'nabla', 'history'), log);
}

export class HistoryFiles implements HistoryStore {
  readonly #folder: string;
  readonly #log: (text: string) => void;
  #file: Promise<{ number: number; handle: FileHandle | null }> | null = null;
  #pending = '';
  #writing: Promise<void> | null = null;
  #hasFailed = false;

  constructor(folder: string, log: (text: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  async session(claim: boolean): Promise<number> {
    if (claim || this.#file) return (await this.#claimed()).number;
    return ((await this.#numbers()).at(-1) ?? 0) + 1;
  }

  async others(): Promise<number[]> {
    const own = (await this.#file)?.number;
    return (await this.#numbers()).filter((number) => number !== own).reverse();
  }

  async read(session: number): Promise<HistoryRecord[]> {
    let handle: FileHandle | null = null;
    try {
      handle = await open(this.#path(session), 'r');
      const { size } = await handle.stat();
      const from = Math.max(0, size - MOST_BYTES);
      const bytes = Buffer.alloc(size - from);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
      return bytes.toString('utf8', 0, bytesRead).split('\n').flatMap(readRecord);
    } catch {
      // Removed in the meantime, or not ours to read: there is no such session.
      return [];
    } finally {
      await handle?.close();
    }
  }

  append({ line, input, output, time }: HistoryRecord): void {
    const kept = output && output.length > MOST_OUTPUT_CHARS ? output.slice(0, MOST_OUTPUT_CHARS) : output;
    this.#pending += `${JSON.stringify({ line, time, input, output: kept })}\n`;
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
  }

  async flushed(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #write(): Promise<void> {
    // The reply of the cell goes first.
    await new Promise((resolve) => setImmediate(resolve));
    const { handle } = await this.#claimed();
    while (this.#pending !== '') {
      const lines = this.#pending;
      this.#pending = '';
      try {
        // A write that failed may have left a part of a line.
        await handle?.appendFile(this.#hasFailed ? `\n${lines}` : lines);
        this.#hasFailed = false;
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #claimed(): Promise<{ number: number; handle: FileHandle | null }> {
    return (this.#file ??= this.#claim());
  }

  /** Takes the next free number. */
  async #claim(): Promise<{ number: number; handle: FileHandle | null }> {
    const numbers = await this.#numbers();
    let number = (numbers.at(-1) ?? 0) + 1;
    try {
      // What was run is the user's alone.
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      let handle = await this.#create(number);
      while (!handle) handle = await this.#create(++number);
      for (const old of numbers.slice(0, 1 - MOST_SESSIONS))
        await unlink(this.#path(old)).catch(() => undefined);
      return { number, handle };
    } catch (error) {
      this.#failed(error);
      return { number, handle: null };
    }
  }

  /** Null: another kernel was faster. */
  async #create(number: number): Promise<FileHandle | null> {
    try {
      return await open(this.#path(number), 'ax', 0o600);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
      throw error;
    }
  }

  /** The numbers of all sessions, ascending. */
  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names
      .flatMap((name) => /^(\d{1,9})\.jsonl$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  #path(number: number): string {
    return path.join(this.#folder, `${String(number).padStart(6, '0')}.jsonl`);
  }

  /** The notebook goes on without: one line for as long as it lasts. */
  #failed(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#log(`history is not kept: ${reason}; NABLA_HISTORY=off or another folder ends this message`);
  }
}

/** A line that is no record (cut off by a crash, or written by something else) counts for nothing. */
function readRecord(text: string): HistoryRecord[] {
  try {
    const json = parse(text);
    if (!isJsonObject(json)) return [];
    const { line, input, output, time } = json;
    if (typeof line !== 'number' || typeof input !== 'string' || typeof time !== 'number') return [];
    return [{ line, input, output: typeof output === 'string' ? output : null, time }];
  } catch {
    return [];
  }
}
