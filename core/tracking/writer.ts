/** Keeps what a training run measures, in files that TensorBoard opens. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  describeDistribution,
  flatNumbers,
  type Distribution,
  type NumberSource,
} from '../diagnostics/index.js';
import type { Tensor } from '../tensor.js';
import { EventFile } from './event-file.js';
import { encodeEvent, histogramOf, restartEvent, type RunValue } from './event.js';
import { imageOf } from './image.js';
import type { RunSettings } from './settings.js';

/** A number, or what holds one: a tensor with a single element. */
export type ScalarValue = number | bigint | { item(): number | bigint | boolean };

export interface SummaryWriterOptions {
  /** The folder of the run; default: `runs/` and the time. An existing run is continued. */
  logDir?: string;
  /** Words about the run behind the time in the default folder's name. */
  comment?: string;
  /** Goes on with the run from this step: what was written of it and of later steps before is void. */
  purgeStep?: number;
}

/**
 * PyTorch's `SummaryWriter`: `writer.addScalar('loss/train', loss, step)`. Each call is appended to the file at once,
 * so a crash loses nothing that was measured before. Look at runs with `compareRuns` or `tensorboard --logdir runs`.
 *
 * A chart and a writer take the same calls: `for (const to of [chart, writer]) to.add({ train, val, lr }, step)`,
 * and `watch(model, { writer })` adds how weights, gradients and activations are distributed.
 *
 * Where the folder cannot be written (a full disk, a read-only folder) that is said once on standard error, and again
 * when writing succeeds; the training goes on. `writer.problem` tells it, too.
 * @throws TypeError, RangeError for wrong arguments
 */
export class SummaryWriter {
  readonly logDir: string;
  private readonly file: EventFile;
  private closed = false;
  private calls = 0;

  constructor(options: SummaryWriterOptions | string = {}) {
    const { logDir, comment = '', purgeStep } = typeof options === 'string' ? { logDir: options } : options;
    if (logDir !== undefined && typeof logDir !== 'string')
      throw new TypeError(`SummaryWriter: logDir must be the path of a folder, got ${typeof logDir}`);
    if (purgeStep !== undefined) checkStep(purgeStep);
    this.logDir = logDir ?? newFolder(comment);
    this.file = new EventFile(this.logDir, (text) => console.warn(text));
    if (purgeStep !== undefined) {
      this.file.append(restartEvent(Date.now() / 1000, purgeStep));
      this.calls = purgeStep;
    }
  }

  /** Why nothing can be written at the moment; null when all is well. */
  get problem(): string | null {
    return this.file.problem;
  }

  /** A number at a step; without `step`, calls are counted from 0. */
  addScalar(tag: string, value: ScalarValue, step?: number): this {
    return this.write([{ tag: tagOf(tag), scalar: numberOf(tag, value) }], step);
  }

  /** Several numbers of one step, by tag. Parts of a tag before a slash make groups: `loss/train`. */
  addScalars(values: Record<string, ScalarValue>, step?: number): this {
    return this.write(
      Object.entries(values).map(([tag, value]) => ({ tag, scalar: numberOf(tag, value) })),
      step,
    );
  }

  /** As a chart takes them: numbers that are not there yet (null) are left out, a single one is called `value`. */
  add(values: Record<string, ScalarValue | null | undefined> | ScalarValue, step?: number): this {
    const named: [string, ScalarValue | null | undefined][] = isSingle(values)
      ? [['value', values]]
      : Object.entries(values);
    return this.write(
      named.flatMap(([tag, value]) => (value == null ? [] : [{ tag, scalar: numberOf(tag, value) }])),
      step,
    );
  }

  /** Says what happened at a step, such as where the training stopped. */
  rule(step: number, label: string): this {
    return this.addText('notes', label, step);
  }

  /** How numbers are distributed at a step: of a tensor, an array, or a distribution that was already described. */
  addHistogram(tag: string, values: NumberSource | Distribution, step?: number): this {
    const distribution = isDistribution(values) ? values : describeDistribution(flatNumbers(values));
    return this.write([{ tag: tagOf(tag), histogram: histogramOf(distribution) }], step);
  }

  /** Words, shown as Markdown. */
  addText(tag: string, text: string, step?: number): this {
    if (typeof text !== 'string')
      throw new TypeError(`SummaryWriter: the text of ${tagOf(tag)} must be a string, got ${typeof text}`);
    return this.write([{ tag: tagOf(tag), text }], step);
  }

  /**
   * A picture: a tensor [channels, height, width] or [height, width] of bytes or of floats from 0 to 1, or the bytes of
   * a PNG or JPEG file.
   */
  addImage(tag: string, image: Tensor | Uint8Array, step?: number): this {
    return this.write([{ tag: tagOf(tag), image: imageOf(image) }], step);
  }

  /**
   * What the run was started with: TensorBoard's HParams compares runs by it. `metrics` are numbers as `addScalars`
   * takes them; any other scalars of the run are compared as well.
   */
  addHparams(settings: RunSettings, metrics: Record<string, ScalarValue> = {}): this {
    for (const [name, value] of Object.entries(settings))
      if (!['number', 'string', 'boolean'].includes(typeof value))
        throw new TypeError(
          `SummaryWriter: the setting ${name} must be a number, a string or a boolean, got ${typeof value}`,
        );
    const { calls } = this;
    this.write([{ settings }], 0);
    this.calls = calls;
    return Object.keys(metrics).length === 0 ? this : this.addScalars(metrics);
  }

  /** Nothing is held back, so there is nothing to do; here because PyTorch has it. */
  flush(): this {
    return this;
  }

  close(): void {
    this.closed = true;
    this.file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private write(values: RunValue[], step = this.calls): this {
    checkStep(step);
    if (this.closed)
      throw new Error(`SummaryWriter: the run in ${this.logDir} is closed; open a new writer to add to it`);
    this.calls = step + 1;
    if (values.length > 0) this.file.append(encodeEvent({ wallTime: Date.now() / 1000, step, values }));
    return this;
  }
}

function checkStep(step: number): void {
  if (!(Number.isSafeInteger(step) && step >= 0))
    throw new RangeError(`SummaryWriter: a step must be a whole number from 0, got ${step}`);
}

function tagOf(tag: unknown): string {
  if (typeof tag === 'string') return tag;
  throw new TypeError(`SummaryWriter: a tag must be a string, got ${typeof tag}`);
}

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

function isSingle(values: object | ScalarValue): values is ScalarValue {
  return typeof values !== 'object' || ('item' in values && typeof values.item === 'function');
}

function numberOf(tag: string, value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && value !== null && 'item' in value && typeof value.item === 'function')
    return Number(Reflect.apply(value.item, value, []));
  throw new TypeError(
    `SummaryWriter: ${tag} must be a number or a tensor with one element, got ${value === null ? 'null' : typeof value}`,
  );
}

const isDistribution = (value: object): value is Distribution => 'bins' in value && 'meanAbs' in value;
