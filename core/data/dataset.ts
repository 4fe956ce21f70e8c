/** Collections of samples. */

import { formatShape } from '../layout.js';
import { fillPermutation } from '../random/distributions.js';
import { notATensor } from '../ops/record.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { Tensor } from '../tensor.js';
import { type Collated, gatherRows } from './collate.js';

/**
 * Samples by index. Anything with `length` and `get` is a data set, whether it extends this class or not: a class of
 * one's own, an array of samples, or what this folder makes.
 * `get` may be asynchronous: then T is a promise, and loaders are gone through by `for await`.
 * @typeParam T one sample
 */
export interface Dataset<T> {
  /** Number of samples. */
  readonly length: number;
  /** The sample at an index from 0 to length - 1. */
  get(index: number): T;
  /** A batch of the samples at these indices, where that is faster than collating single ones. */
  getBatch?(indices: readonly number[]): Collated<T>;
}

/** What a class of one's own may extend, as in PyTorch: `class Faces extends data.Dataset<Tensor> { … }`. It holds nothing. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what extends it has the members
export const Dataset: new <T>() => Pick<Dataset<T>, 'getBatch'> = class {};

/** A row of each of the tensors T. */
export type Rows<T extends readonly Tensor[]> = { -readonly [K in keyof T]: Tensor };

/**
 * Tensors of equally many rows; sample i is row i of each: `new TensorDataset(x, y).get(0)` is `[x.at(0), y.at(0)]`.
 * @throws RangeError if there is no tensor, or the sizes of the first dimension differ
 */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<Rows<T>> {
  readonly tensors: T;
  readonly length: number;

  constructor(...tensors: T) {
    for (const item of tensors)
      if (!((item as unknown) instanceof Tensor)) throw notATensor('TensorDataset', item);
    const shapes = tensors.map((item) => item.shape);
    if (shapes.length === 0 || shapes.some((shape) => shape.length === 0 || shape[0] !== shapes[0][0])) {
      throw new RangeError(
        'TensorDataset: the tensors need the same size in their first dimension, got shapes ' +
          (shapes.map(formatShape).join(', ') || 'of no tensors'),
      );
    }
    this.tensors = tensors;
    this.length = shapes[0][0];
  }

  /** Views of the rows at an index. */
  get(index: number): Rows<T>;
  get(index: number): unknown {
    if (!(index >= 0 && index < this.length))
      throw new RangeError(`get: no sample ${index} among ${this.length}`);
    return this.tensors.map(
      ({ storage, layout, dtype }) => new Tensor(storage, layout.select(0, index), dtype),
    );
  }

  /** Copies of the rows at these indices, one tensor for each of the data set's. */
  getBatch(indices: readonly number[]): Collated<Rows<T>>;
  getBatch(indices: readonly number[]): unknown {
    return this.tensors.map((source) => gatherRows(source, indices));
  }

  toString(): string {
    const parts = this.tensors.map(({ shape, dtype }) => `${dtype} ${formatShape(shape)}`);
    return `TensorDataset(${this.length} samples: ${parts.join(', ')})`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Some of another data set's samples. */
export class Subset<T> implements Dataset<T> {
  readonly getBatch?: (indices: readonly number[]) => Collated<T>;

  constructor(
    readonly dataset: Dataset<T>,
    readonly indices: readonly number[],
  ) {
    if (dataset.getBatch) {
      this.getBatch = (batch) => dataset.getBatch?.(batch.map((i) => indices[i])) as Collated<T>;
    }
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): T {
    return this.dataset.get(this.indices[index]);
  }
}

/** Several data sets one behind the other. */
export class ConcatDataset<T> implements Dataset<T> {
  readonly length: number;

  constructor(readonly datasets: readonly Dataset<T>[]) {
    this.length = datasets.reduce((sum, dataset) => sum + dataset.length, 0);
  }

  get(index: number): T {
    let left = index;
    for (const dataset of this.datasets) {
      if (left < dataset.length) return dataset.get(left);
      left -= dataset.length;
    }
    throw new RangeError(`get: no sample ${index} among ${this.length}`);
  }
}

/** The samples of one index in several data sets. */
export type Stacked<T> = {
  -readonly [K in keyof T]: T[K] extends { get(index: number): infer U } ? U : never;
};

/**
 * Several data sets of one length side by side: sample i of `new StackDataset([images, texts])` is `[images.get(i), texts.get(i)]`, of
 * `new StackDataset({ image: images, text: texts })` it is `{ image, text }`.
 * @throws RangeError if there is no data set, or their lengths differ
 */
export class StackDataset<
  const T extends readonly Dataset<unknown>[] | Readonly<Record<string, Dataset<unknown>>>,
> implements Dataset<Stacked<T>> {
  readonly length: number;

  constructor(readonly datasets: T) {
    const lengths = Object.values(datasets).map((dataset: Dataset<unknown>) => dataset.length);
    if (lengths.length === 0 || lengths.some((length) => length !== lengths[0])) {
      throw new RangeError(
        `StackDataset: takes a list or an object of data sets of one length, got ${lengths.join(', ') || 'none'}`,
      );
    }
    this.length = lengths[0];
  }

  get(index: number): Stacked<T>;
  get(index: number): unknown {
    const sets: readonly Dataset<unknown>[] | Readonly<Record<string, Dataset<unknown>>> = this.datasets;
    if (isList(sets)) return sets.map((dataset) => dataset.get(index));
    return Object.fromEntries(Object.entries(sets).map(([name, dataset]) => [name, dataset.get(index)]));
  }
}

function isList<T>(value: readonly T[] | Readonly<Record<string, T>>): value is readonly T[] {
  return Array.isArray(value);
}

/**
 * Divides a data set at random into parts of the given sizes, or of the given fractions of the whole (what is left by
 * rounding goes to the first parts). The generator may be given alone, as in PyTorch.
 * @throws RangeError unless the sizes add up to the number of samples, or the fractions to 1
 */
export function randomSplit<T>(
  dataset: Dataset<T>,
  lengths: readonly number[],
  options: Generator | { generator?: Generator } = {},
): Subset<T>[] {
  const sizes = splitSizes(dataset.length, lengths);
  const order = new Int32Array(dataset.length);
  const { generator = defaultGenerator } = options instanceof Generator ? { generator: options } : options;
  fillPermutation(order, generator);
  let start = 0;
  return sizes.map((size) => new Subset(dataset, Array.from(order.subarray(start, (start += size)))));
}

function splitSizes(total: number, lengths: readonly number[]): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) < 1e-9 && lengths.every((part) => part >= 0 && part <= 1)) {
    const sizes = lengths.map((part) => Math.floor(total * part));
    const left = total - sizes.reduce((a, b) => a + b, 0);
    return sizes.map((size, i) => size + Math.floor(left / sizes.length) + (i < left % sizes.length ? 1 : 0));
  }
  if (sum !== total || !lengths.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new RangeError(
      `randomSplit: the lengths ${lengths.join(' + ')} must add up to the ${total} samples, or as fractions to 1`,
    );
  }
  return [...lengths];
}
