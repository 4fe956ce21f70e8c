/** Keeps what a training run measures, in files that TensorBoard opens. */
import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import {
  describeDistribution,
  flatNumbers,
  type Distribution,
  type NumberSource,
} from '../diagnostics/index.js';
import { encodeEvent, histogramOf, versionEvent, type RunValue } from './event.js';
import { frame } from './records.js';

/** A number, or what holds one: a tensor with a single element. */
export type ScalarValue = number | bigint | { item(): number | bigint | boolean };

export interface SummaryWriterOptions {
  /** The folder of the run; default: `runs/` and the time. An existing run is continued. */
  logDir?: string;
  /** Words about the run behind the time in the default folder's name. */
  comment?: string;
}

/**
 * PyTorch's `SummaryWriter`: `writer.addScalar('loss/train', loss, step)`. Each call is appended to the file at once,
 * so a crash loses nothing that was measured before. Look at runs with `compareRuns` or `tensorboard --logdir runs`.
 * @throws Error if the folder or the file cannot be written.
 */
export class SummaryWriter {
  readonly logDir: string;
  private descriptor: number | undefined;
  private calls = 0;

  constructor(options: SummaryWriterOptions | string = {}) {
    const { logDir, comment = '' } = typeof options === 'string' ? { logDir: options } : options;
    this.logDir = logDir ?? newFolder(comment);
    mkdirSync(this.logDir, { recursive: true });
    const seconds = Date.now() / 1000;
    // TensorBoard takes every file with `tfevents` in its name, in the order of the names.
    const name = `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}.${counter++}`;
    this.descriptor = openSync(path.join(this.logDir, name), 'ax');
    this.append(versionEvent(seconds));
  }

  /** A number at a step; without `step`, calls are counted from 0. */
  addScalar(tag: string, value: ScalarValue, step?: number): this {
    return this.addScalars({ [tag]: value }, step);
  }

  /** Several numbers of one step, by tag. Parts of a tag before a slash make groups: `loss/train`. */
  addScalars(values: Record<string, ScalarValue>, step?: number): this {
    return this.add(
      Object.entries(values).map(([tag, value]) => ({ tag, scalar: numberOf(tag, value) })),
      step,
    );
  }

  /** How numbers are distributed at a step: of a tensor, an array, or a distribution that was already described. */
  addHistogram(tag: string, values: NumberSource | Distribution, step?: number): this {
    const distribution = isDistribution(values) ? values : describeDistribution(flatNumbers(values));
    return this.add([{ tag, histogram: histogramOf(distribution) }], step);
  }

  /** Words, shown as Markdown. */
  addText(tag: string, text: string, step?: number): this {
    return this.add([{ tag, text }], step);
  }

  /** Nothing is held back, so there is nothing to do; here because PyTorch has it. */
  flush(): this {
    return this;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private add(values: RunValue[], step = this.calls): this {
    if (!(Number.isSafeInteger(step) && step >= 0))
      throw new RangeError(`SummaryWriter: a step must be a whole number from 0, got ${step}`);
    this.calls = step + 1;
    this.append(encodeEvent({ wallTime: Date.now() / 1000, step, values }));
    return this;
  }

  private append(event: Uint8Array): void {
    if (this.descriptor === undefined)
      throw new Error(`SummaryWriter: the run in ${this.logDir} is closed; open a new writer to add to it`);
    writeSync(this.descriptor, frame(event));
  }
}

/** Two writers of one process in one second have files of their own. */
let counter = 0;

function newFolder(comment: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const now = new Date();
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const name = `${day}_${two(now.getHours())}-${two(now.getMinutes())}-${two(now.getSeconds())}${comment}`;
  const folder = path.join('runs', name);
  for (let i = 2; ; i++) {
    const free = i === 2 ? folder : `${folder}_${i - 1}`;
    if (!existsSync(free)) return free;
  }
}

function numberOf(tag: string, value: ScalarValue): number {
  const number = Number(typeof value === 'object' ? value.item() : value);
  if (typeof value !== 'object' && typeof value !== 'number' && typeof value !== 'bigint')
    throw new TypeError(
      `SummaryWriter: ${tag} must be a number or a tensor with one element, got ${typeof value}`,
    );
  return number;
}

const isDistribution = (value: object): value is Distribution => 'bins' in value && 'meanAbs' in value;
