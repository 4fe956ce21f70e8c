/** Going through a data set in batches. */

import { describeValue } from '../layout.js';
import { checkOptions } from '../options.js';
import { Tensor } from '../tensor.js';
import { defaultGenerator, type Generator } from '../random/generator.js';
import { type Collated, defaultCollate } from './collate.js';
import type { Dataset } from './dataset.js';
import {
  checkLoaderState,
  generatorsOf,
  type LoaderState,
  type RandomStates,
  restoreRandom,
  saveRandom,
} from './loader-state.js';
import { prefetch } from './prefetch.js';
import { isAsynchronous, isStream, type Stream, StreamedDataset } from './stream.js';
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
  collate?: (samples: Awaited<T>[]) => B;
  /** With `for await`: how many batches are being loaded while one is used (2). */
  prefetchFactor?: number;
}

const LOADER_OPTIONS = [
  'batchSize',
  'shuffle',
  'dropLast',
  'sampler',
  'batchSampler',
  'generator',
  'collate',
  'prefetchFactor',
];

/**
 * Gives a data set in batches, in a new order every time if `shuffle` is on:
 *
 * ```ts
 * for (const [x, y] of new DataLoader(new TensorDataset(xs, ys), { batchSize: 64, shuffle: true })) …
 * ```
 *
 * After `manualSeed` the orders are those of PyTorch's DataLoader. An array is a data set too.
 *
 * Where `get` is asynchronous (it reads files, say), `for await (const batch of loader)` loads the samples of a batch
 * at the same time and `prefetchFactor` batches ahead, in the same order.
 *
 * `stateDict()` inside the loop and `loadStateDict` in another process go on with the next batch of the same epoch; so
 * does `io.checkpoint` with `{ loader }`. After the loop, also when it was left early, the next epoch is a new one.
 */
export class DataLoader<T, B = Awaited<Collated<T>>> implements Iterable<B>, AsyncIterable<B> {
  readonly dataset: Dataset<T>;
  readonly batchSampler: Iterable<readonly number[]> & { readonly length: number };
  readonly #generator: Generator;
  readonly #generators: ReadonlyMap<string, Generator>;
  /** Of these, all but the default one. */
  readonly #own: ReadonlyMap<string, Generator>;
  readonly #makeBatch: (indices: readonly number[]) => B;
  readonly #makeBatchLater: (indices: readonly number[]) => Promise<B>;
  readonly #prefetchFactor: number;
  /** What is gone through without an index. */
  readonly #streamed: StreamedDataset<T> | null;
  readonly #collate: (samples: Awaited<T>[]) => B;
  #epoch = 0;
  #batch = 0;
  /** At the beginning of the present epoch. */
  #random: RandomStates = {};
  /** The iteration that the state is about: the last one that was begun. */
  #current = 0;
  /** A state to go on from. */
  #loaded: LoaderState | null = null;

  constructor(
    dataset: Source<T>,
    options: DataLoaderOptions<T, B> & { collate: (samples: Awaited<T>[]) => B },
  );
  constructor(dataset: Source<T>, options?: Omit<DataLoaderOptions<T, B>, 'collate'>);
  constructor(dataset: Source<T>, options: DataLoaderOptions<T, B> = {}) {
    checkOptions('DataLoader', options, LOADER_OPTIONS);
    checkDataset(dataset);
    const { batchSize = 1, shuffle = false, dropLast = false, sampler, batchSampler, generator } = options;
    const { prefetchFactor = 2 } = options;
    if (shuffle && sampler) throw new TypeError('DataLoader: give either shuffle or a sampler, not both');
    if (batchSampler && (sampler ?? options.batchSize ?? options.shuffle ?? options.dropLast) !== undefined) {
      throw new TypeError('DataLoader: a batchSampler replaces batchSize, shuffle, dropLast and sampler');
    }
    if (!Number.isInteger(prefetchFactor) || prefetchFactor < 0) {
      throw new RangeError(`DataLoader: prefetchFactor must be a whole number from 0, got ${prefetchFactor}`);
    }
    if (streams(dataset) && (shuffle || sampler || batchSampler)) {
      throw new TypeError(
        'DataLoader: a data set without an index has an order of its own; it takes no shuffle, sampler or batchSampler',
      );
    }
    this.#streamed = streams(dataset) ? new StreamedDataset(dataset, batchSize, dropLast) : null;
    const source = this.#streamed ?? (isIndexed(dataset) ? dataset : new ArrayDataset(itemsOf(dataset)));
    this.dataset = source;
    const ordered = (): BatchSampler =>
      new BatchSampler(
        sampler ?? (shuffle ? new RandomSampler(source, { generator }) : new SequentialSampler(source)),
        batchSize,
        dropLast,
      );
    this.batchSampler = this.#streamed?.batches ?? batchSampler ?? ordered();
    this.#generator = generator ?? defaultGenerator;
    this.#generators = generatorsOf(this.#generator, this.batchSampler);
    this.#own = new Map([...this.#generators].filter(([name]) => name !== 'default'));
    this.#makeBatch = batchMaker(source, options.collate);
    this.#makeBatchLater = laterBatchMaker(source, options.collate);
    this.#prefetchFactor = prefetchFactor;
    this.#collate = collateOf(options.collate);
  }

  /** Number of batches; infinite for a stream that does not say how long it is. */
  get length(): number {
    return this.batchSampler.length;
  }

  toString(): string {
    if (this.length === Infinity) return 'DataLoader(batches of a stream)';
    return `DataLoader(${this.length} batches of ${this.dataset.length} samples)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** @throws TypeError at the first batch if the data set is asynchronous */
  [Symbol.iterator](): IterableIterator<B> {
    return this.#batches(this.#begin());
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const streamed = this.#streamed;
    if (streamed !== null && isAsynchronous(streamed.stream)) return this.#streamedBatches(streamed);
    return this.#asyncBatches(this.#begin());
  }

  /** Where the loader stands: the epoch, the batch in it, and what the epoch's order was drawn from. */
  stateDict(): LoaderState {
    if (this.#loaded) return this.#loaded;
    const random = this.#batch === 0 ? {} : this.#random;
    return { epoch: this.#epoch, batch: this.#batch, random, generators: saveRandom(this.#own) };
  }

  /**
   * Lets the next iteration go on where the state was taken, with the rest of that epoch. The samplers' orders are
   * drawn again from the saved random states; the loader's own generators go on from where they were, and the state of
   * the default generator stays as it is.
   * @throws TypeError, RangeError for what is no such state, or of a loader with other options
   */
  loadStateDict(state: Readonly<Record<string, unknown>>): void {
    this.#loaded = checkLoaderState(state, this.#generators, this.length);
    restoreRandom(this.#own, this.#loaded.generators);
    this.#epoch = this.#loaded.epoch;
    this.#batch = 0;
    this.#current++;
  }

  /** Begins an epoch, or goes on with one that was loaded. */
  #begin(): Epoch {
    const own = ++this.#current;
    const loaded = this.#loaded;
    this.#loaded = null;
    this.#batch = 0;
    if (loaded === null || loaded.batch === 0) {
      this.#random = saveRandom(this.#generators);
      return { own, order: this.#order() };
    }
    this.#random = loaded.random;
    this.#batch = loaded.batch;
    const present = saveRandom(this.#generators);
    restoreRandom(this.#generators, loaded.random);
    try {
      const order = this.#order();
      for (let i = 0; i < loaded.batch; i++) order.next();
      return { own, order };
    } finally {
      restoreRandom(this.#generators, present);
    }
  }

  #order(): Iterator<readonly number[]> {
    // PyTorch draws a seed for its workers at the start of every iteration, even where it has none.
    drawSeed(this.#generator);
    return this.batchSampler[Symbol.iterator]();
  }

  /** Says that an iteration gave a batch, or ended. Only the last one that was begun counts. */
  #gave(own: number): void {
    if (own === this.#current) this.#batch++;
  }

  #ended(own: number): void {
    if (own !== this.#current) return;
    this.#epoch++;
    this.#batch = 0;
  }

  *#batches({ own, order }: Epoch): IterableIterator<B> {
    try {
      for (let next = order.next(); !next.done; next = order.next()) {
        const batch = this.#makeBatch(next.value);
        this.#gave(own);
        yield batch;
      }
    } finally {
      this.#ended(own);
      order.return?.();
    }
  }

  /** Batches of a stream that is asynchronous, one after the other; where a state was loaded, from its batch on. */
  async *#streamedBatches(streamed: StreamedDataset<T>): AsyncIterableIterator<B> {
    const own = ++this.#current;
    const done = this.#loaded?.batch ?? 0;
    this.#loaded = null;
    this.#batch = done;
    if (done === 0) this.#random = saveRandom(this.#generators);
    drawSeed(this.#generator);
    let at = 0;
    try {
      for await (const samples of streamed.asynchronousBatches()) {
        if (at++ < done) continue;
        const batch = this.#collate(await Promise.all(samples));
        this.#gave(own);
        yield batch;
      }
    } finally {
      this.#ended(own);
    }
  }

  async *#asyncBatches({ own, order }: Epoch): AsyncIterableIterator<B> {
    try {
      for await (const batch of prefetch(order, this.#makeBatchLater, this.#prefetchFactor)) {
        this.#gave(own);
        yield batch;
      }
    } finally {
      this.#ended(own);
    }
  }
}

/** An iteration, by its number, and the batches' indices that are left. */
interface Epoch {
  readonly own: number;
  readonly order: Iterator<readonly number[]>;
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

function checkDataset(dataset: unknown): void {
  if (Array.isArray(dataset) || (isStream(dataset) && !(dataset instanceof Tensor))) return;
  const fits =
    typeof dataset === 'object' &&
    dataset !== null &&
    typeof Reflect.get(dataset, 'get') === 'function' &&
    typeof Reflect.get(dataset, 'length') === 'number';
  if (fits) return;
  const given = dataset instanceof Tensor ? 'a tensor' : describeValue(dataset);
  throw new TypeError(
    `DataLoader: takes an array, an iterable, or a data set with length and get(i), as new TensorDataset(x, y), got ${given}`,
  );
}

/** What loaders take: samples by index, an array of them, or what is gone through from the start. */
type Source<T> = Dataset<T> | readonly T[] | Stream<T>;

function streams<T>(source: Source<T>): source is Stream<T> {
  return isStream(source);
}

function isIndexed<T>(source: Source<T>): source is Dataset<T> {
  return !Array.isArray(source);
}

function itemsOf<T>(source: Source<T>): readonly T[] {
  return Array.isArray(source) ? source : [];
}

/** Without a `collate` of the caller's, B is `Awaited<Collated<T>>`. */
function collateOf<T, B>(collate: ((samples: Awaited<T>[]) => B) | undefined): (samples: Awaited<T>[]) => B;
function collateOf(collate: ((samples: unknown[]) => unknown) | undefined): (samples: unknown[]) => unknown {
  return collate ?? defaultCollate;
}

/** Without a `collate` of the caller's, B is `Awaited<Collated<T>>`: the constructor's overloads say so. */
function batchMaker<T, B>(
  dataset: Dataset<T>,
  collate: ((samples: Awaited<T>[]) => B) | undefined,
): (indices: readonly number[]) => B;
function batchMaker(
  dataset: Dataset<unknown>,
  collate: ((samples: unknown[]) => unknown) | undefined,
): (indices: readonly number[]) => unknown {
  if (!collate && dataset.getBatch) return (indices) => present(dataset.getBatch?.(indices));
  const make = collate ?? defaultCollate;
  return (indices) => make(indices.map((index) => present(dataset.get(index))));
}

/** A value that is not still to come. */
function present(value: unknown): unknown {
  if (!(value instanceof Promise)) return value;
  // It is dropped: should it fail, that is no unhandled error besides this one.
  value.catch(() => undefined);
  throw new TypeError(
    'DataLoader: the data set is asynchronous (it gives promises); go through it by for await (const batch of loader)',
  );
}

/** As {@link batchMaker}, for samples that may be still to come: those of a batch are loaded at the same time. */
function laterBatchMaker<T, B>(
  dataset: Dataset<T>,
  collate: ((samples: Awaited<T>[]) => B) | undefined,
): (indices: readonly number[]) => Promise<B>;
function laterBatchMaker(
  dataset: Dataset<unknown>,
  collate: ((samples: unknown[]) => unknown) | undefined,
): (indices: readonly number[]) => Promise<unknown> {
  if (!collate && dataset.getBatch) return (indices) => begun(() => dataset.getBatch?.(indices));
  const make = collate ?? defaultCollate;
  return async (indices) => make(await Promise.all(indices.map((index) => begun(() => dataset.get(index)))));
}

/** Begins at once; what is thrown is a rejection too. */
function begun(run: () => unknown): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(run());
  });
}
