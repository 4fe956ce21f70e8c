/** Reads training runs from the files that `SummaryWriter`, PyTorch and TensorFlow write. */
import { readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { decodeEvent, type RunEvent, type RunHistogram, type RunImage } from './event.js';
import { recordsOf } from './records.js';
import type { RunSettings } from './settings.js';

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
  images: Map<string, Logged<RunImage>[]>;
  /** What it was started with: learning rate, batch size and so on. */
  settings: RunSettings;
}

/** The runs below a folder: each folder that holds event files, in the order of their names. None where there is no folder. */
export function listRuns(logDir = 'runs'): string[] {
  const found: string[] = [];
  const look = (folder: string): void => {
    const entries = entriesOf(path.join(logDir, folder));
    if (entries.some((entry) => entry.isFile() && isEventFile(entry.name))) found.push(folder || '.');
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.')) look(path.join(folder, entry.name));
  };
  look('');
  return found.sort();
}

/** Nothing of folders that are not there (any more) or that are not ours to read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Which values are kept; the others are read over. */
export type TagFilter = (tag: string) => boolean;

/**
 * Reads the run in a folder, also one that is still being written or that ended in a crash. Of a run that was gone on
 * with from a step (`purgeStep`) what the earlier attempt wrote of that step and later ones is left out.
 * @throws Error if the folder has no event files.
 */
export function readRun(
  folder: string,
  name = path.basename(folder),
  wanted: TagFilter = () => true,
): LoggedRun {
  const files = entriesOf(folder)
    .map((entry) => entry.name)
    .filter(isEventFile)
    .sort();
  if (files.length === 0) throw new Error(`readRun: ${folder} holds no event files (*tfevents*)`);
  const run: LoggedRun = {
    name,
    scalars: new Map(),
    histograms: new Map(),
    texts: new Map(),
    images: new Map(),
    settings: {},
  };
  for (const file of files)
    for (const record of recordsOf(path.join(folder, file))) {
      const event = eventOf(record);
      if (event?.restart === true) forget(run, event.step);
      if (event !== undefined) take(run, event, wanted);
    }
  for (const series of seriesOf(run)) series.sort((a, b) => a.step - b.step || a.wallTime - b.wallTime);
  return run;
}

/** Reads every run below a folder. */
export const readRuns = (logDir = 'runs'): LoggedRun[] =>
  listRuns(logDir).map((name) => readRun(path.join(logDir, name), name));

const isEventFile = (name: string): boolean => name.includes('tfevents');

/** A record of another program may hold what is no event: its checksum is right, so the next one follows. */
function eventOf(record: Uint8Array): RunEvent | undefined {
  try {
    return decodeEvent(record);
  } catch {
    return undefined;
  }
}

function take(run: LoggedRun, { step, wallTime, values }: RunEvent, wanted: TagFilter): void {
  for (const value of values)
    if ('settings' in value) Object.assign(run.settings, value.settings);
    else if (!wanted(value.tag)) continue;
    else if ('scalar' in value) push(run.scalars, value.tag, { step, wallTime, value: value.scalar });
    else if ('histogram' in value)
      push(run.histograms, value.tag, { step, wallTime, value: value.histogram });
    else if ('image' in value) push(run.images, value.tag, { step, wallTime, value: value.image });
    else push(run.texts, value.tag, { step, wallTime, value: value.text });
}

function forget(run: LoggedRun, from: number): void {
  for (const series of seriesOf(run)) {
    let kept = 0;
    for (const item of series) if (item.step < from) series[kept++] = item;
    series.length = kept;
  }
}

const seriesOf = ({ scalars, histograms, texts, images }: LoggedRun): Logged<unknown>[][] => [
  ...scalars.values(),
  ...histograms.values(),
  ...texts.values(),
  ...images.values(),
];

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}
