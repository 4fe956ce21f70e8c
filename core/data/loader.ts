/** Going through a data set in batches. */

import { defaultGenerator, type Generator } from '../random/generator.js';
import { type Collated, defaultCollate } from './collate.js';
import type { Dataset } from './dataset.js';
import { BatchSampler, drawSeed, RandomSampler, type Sampler, SequentialSampler } from './sampler.js';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions<T, B> {
  /** Samples a batch (1). */
  batchSize?: number;
  /** A new random order every time (off). */
  shuffle?: boolean;
  /** Leave out the last batch if it is smaller (off). */
  dropLast?: boolean;
  /** The order of samples, instead of `shuffle`. */
  sampler?: Sampler;
  /** The batches' indices, instead of `batchSize`, `shuffle`, `dropLast` and `sampler`. */
  batchSampler?: Iterable<readonly number[]> & { readonly length: number };
  /** Where random orders come from; the default generator. */
  generator?: Generator;
  /** Makes a batch of samples; {@link defaultCollate}, or the data set's own `getBatch`. */
  collate?: (samples: T[]) => B;
}

/**
 * Gives a data set in batches, in a new order every time if `shuffle` is on:
 *
 * ```ts
 * for (const [x, y] of new DataLoader(new TensorDataset(xs, ys), { batchSize: 64, shuffle: true })) …
 * ```
 *
 * After `manualSeed` the orders are those of PyTorch's DataLoader. An array is a data set too.
 */
export class DataLoader<T, B = Collated<T>> implements Iterable<B> {
  readonly dataset: Dataset<T>;
  readonly batchSampler: Iterable<readonly number[]> & { readonly length: number };
  readonly #generator: Generator;
  readonly #makeBatch: (indices: readonly number[]) => B;

  constructor(
    dataset: Dataset<T> | readonly T[],
    options: DataLoaderOptions<T, B> & { collate: (samples: T[]) => B },
  );
  constructor(dataset: Dataset<T> | readonly T[], options?: Omit<DataLoaderOptions<T, B>, 'collate'>);
  constructor(dataset: Dataset<T> | readonly T[], options: DataLoaderOptions<T, B> = {}) {
    const { batchSize = 1, shuffle = false, dropLast = false, sampler, batchSampler, generator } = options;
    if (shuffle && sampler) throw new TypeError('DataLoader: give either shuffle or a sampler, not both');
    if (batchSampler && (sampler ?? options.batchSize ?? options.shuffle ?? options.dropLast) !== undefined) {
      throw new TypeError('DataLoader: a batchSampler replaces batchSize, shuffle, dropLast and sampler');
    }
    const source = isDataset(dataset) ? dataset : new ArrayDataset(dataset);
    this.dataset = source;
    const order =
      sampler ?? (shuffle ? new RandomSampler(source, { generator }) : new SequentialSampler(source));
    this.batchSampler = batchSampler ?? new BatchSampler(order, batchSize, dropLast);
    this.#generator = generator ?? defaultGenerator;
    this.#makeBatch = batchMaker(source, options.collate);
  }

  /** Number of batches. */
  get length(): number {
    return this.batchSampler.length;
  }

  toString(): string {
    return `DataLoader(${this.length} batches of ${this.dataset.length} samples)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  [Symbol.iterator](): IterableIterator<B> {
    // PyTorch draws a seed for its workers at the start of every iteration, even where it has none.
    drawSeed(this.#generator);
    return this.#batches();
  }

  *#batches(): IterableIterator<B> {
    for (const indices of this.batchSampler) yield this.#makeBatch(indices);
  }
}

/** An array as a data set. */
class ArrayDataset<T> implements Dataset<T> {
  constructor(readonly items: readonly T[]) {}

  get length(): number {
    return this.items.length;
  }

  get(index: number): T {
    return this.items[index];
  }
}

function isDataset<T>(dataset: Dataset<T> | readonly T[]): dataset is Dataset<T> {
  return !Array.isArray(dataset);
}

/** Without a `collate` of the caller's, B is `Collated<T>`: the constructor's overloads say so. */
function batchMaker<T, B>(
  dataset: Dataset<T>,
  collate: ((samples: T[]) => B) | undefined,
): (indices: readonly number[]) => B;
function batchMaker<T>(
  dataset: Dataset<T>,
  collate: ((samples: T[]) => unknown) | undefined,
): (indices: readonly number[]) => unknown {
  if (!collate && dataset.getBatch) return (indices) => dataset.getBatch?.(indices);
  const make = collate ?? defaultCollate;
  return (indices) => make(indices.map((index) => dataset.get(index)));
}
