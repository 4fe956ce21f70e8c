/** How many threads compute, and what was wrong with what somebody asked for. */
import os from 'node:os';
import { memoryIsShared, MOST_THREADS } from '../../memory.js';

/** More than this many are used only when somebody asks for them. */
const MOST_BY_DEFAULT = 16;

export const processors =
  typeof os.availableParallelism === 'function' ? os.availableParallelism() : os.cpus().length;
const byDefault = Math.max(1, Math.min(processors, MOST_BY_DEFAULT, MOST_THREADS));

const notes: string[] = [];

export const threads = { count: memoryIsShared ? initial(process.env.NABLA_THREADS) : 1 };

/** Why fewer threads compute than were asked for. */
export function threadNotes(): readonly string[] {
  return notes;
}

/** Says once what is wrong, and keeps it for `kernelInfo()`. */
export function note(text: string): void {
  if (notes.includes(text)) return;
  notes.push(text);
  process.emitWarning(text, 'NablaWarning');
}

function initial(setting: string | undefined): number {
  if (setting === undefined || setting.trim() === '') return byDefault;
  const count = Number(setting);
  if (Number.isInteger(count) && count >= 1) return possible(count, `NABLA_THREADS=${setting}`);
  note(
    `NABLA_THREADS=${setting} is no number of threads: computing on one thread. Use a whole number from 1 to ${MOST_THREADS}.`,
  );
  return 1;
}

function possible(count: number, asked: string): number {
  if (!memoryIsShared) {
    if (count > 1)
      note(`${asked}: SharedArrayBuffer is missing, so tensors are computed on one thread only.`);
    return 1;
  }
  if (count <= MOST_THREADS) return count;
  note(
    `${asked}: too many threads, at most ${MOST_THREADS} can compute; using ${byDefault}, one a processor.`,
  );
  return byDefault;
}

/**
 * The number of threads that compute: the one that calls, and helpers that wait for large operations.
 *
 * It is the number of processors (at most 16) unless `NABLA_THREADS` or `setNumThreads` say otherwise.
 */
export function getNumThreads(): number {
  return threads.count;
}

/**
 * Sets how many threads compute large operations, this one included; results do not depend on it. Threads start when
 * they are first needed. With 1 everything is computed on the thread that calls. Asking for more than there is room
 * for gives a warning and one thread a processor.
 *
 * @throws RangeError when it is no whole number from 1 on
 */
export function setNumThreads(count: number): void {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1)
    throw new RangeError(
      `setNumThreads: expected a whole number of threads from 1 to ${MOST_THREADS}, got ${String(count)}`,
    );
  threads.count = possible(count, `setNumThreads(${count})`);
}
