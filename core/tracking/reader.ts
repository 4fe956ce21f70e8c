/** Reads training runs from the files that `SummaryWriter`, PyTorch and TensorFlow write. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { decodeEvent, type RunHistogram } from './event.js';
import { recordsOf } from './records.js';

/** A value of a step. */
export interface Logged<T> {
  step: number;
  /** Seconds since 1970. */
  wallTime: number;
  value: T;
}

/** What a run measured, by tag, in the order of the steps. */
export interface LoggedRun {
  /** Its folder, from where runs were looked for. */
  name: string;
  scalars: Map<string, Logged<number>[]>;
  histograms: Map<string, Logged<RunHistogram>[]>;
  texts: Map<string, Logged<string>[]>;
}

/** The runs below a folder: each folder that holds event files, in the order of their names. */
export function listRuns(logDir = 'runs'): string[] {
  const found: string[] = [];
  const look = (folder: string): void => {
    const entries = readdirSync(path.join(logDir, folder), { withFileTypes: true });
    if (entries.some((entry) => entry.isFile() && isEventFile(entry.name))) found.push(folder || '.');
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.')) look(path.join(folder, entry.name));
  };
  look('');
  return found.sort();
}

/**
 * Reads the run in a folder, also one that is still being written or that ended in a crash.
 * @throws Error if the folder has no event files.
 */
export function readRun(folder: string, name = path.basename(folder)): LoggedRun {
  const files = readdirSync(folder).filter(isEventFile).sort();
  if (files.length === 0) throw new Error(`readRun: ${folder} holds no event files (*tfevents*)`);
  const run: LoggedRun = { name, scalars: new Map(), histograms: new Map(), texts: new Map() };
  for (const file of files)
    for (const record of recordsOf(path.join(folder, file))) {
      const event = decodeEvent(record);
      if (event === undefined) continue;
      const { step, wallTime } = event;
      for (const value of event.values) {
        if ('scalar' in value) push(run.scalars, value.tag, { step, wallTime, value: value.scalar });
        else if ('histogram' in value)
          push(run.histograms, value.tag, { step, wallTime, value: value.histogram });
        else push(run.texts, value.tag, { step, wallTime, value: value.text });
      }
    }
  for (const series of [...run.scalars.values(), ...run.histograms.values(), ...run.texts.values()])
    series.sort((a, b) => a.step - b.step || a.wallTime - b.wallTime);
  return run;
}

/** Reads every run below a folder. */
export const readRuns = (logDir = 'runs'): LoggedRun[] =>
  listRuns(logDir).map((name) => readRun(path.join(logDir, name), name));

const isEventFile = (name: string): boolean => name.includes('tfevents');

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}
