/** Data sets that are gone through from the start, without an index: files read line by line, what an environment gives. */
import type { Dataset } from './dataset.js';

/**
 * What a data set of one's own without an index may extend, as in PyTorch:
 *
 * ```ts
 * class Lines extends data.IterableDataset<string> {
 *   *[Symbol.iterator]() { yield* readFileSync('lines.txt', 'utf8').split('\n'); }
 * }
 * ```
 *
 * Any iterable object is such a data set, whether it extends this class or not; one with `Symbol.asyncIterator` is gone
 * through by `for await`. A `length`, if it has one, is the number of samples, from which loaders know theirs.
 */
export abstract class IterableDataset<T> implements Iterable<T> {
  abstract [Symbol.iterator](): Iterator<T>;
}

/** Several data sets that are gone through from the start, one behind the other. */
export class ChainDataset<T> extends IterableDataset<T> {
  constructor(readonly datasets: readonly Iterable<T>[]) {
    super();
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const dataset of this.datasets) yield* dataset;
  }
}

/** What a loader takes instead of a data set with an index. */
export type Stream<T> = (Iterable<T> | AsyncIterable<T>) & { readonly length?: number };

/** Whether something is to be gone through instead of read by index. */
export function isStream(value: unknown): value is Stream<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (typeof Reflect.get(value, 'get') === 'function' && typeof Reflect.get(value, 'length') === 'number')
    return false;
  return isSynchronous(value) || isAsynchronous(value);
}

export function isSynchronous(value: object): value is Iterable<unknown> {
  return typeof Reflect.get(value, Symbol.iterator) === 'function';
}

export function isAsynchronous(value: object): value is AsyncIterable<unknown> {
  return typeof Reflect.get(value, Symbol.asyncIterator) === 'function';
}

/**
 * A stream behind the interface of a data set with an index: `batches` takes samples off the stream and gives their
 * numbers, `get` hands them out, once.
 */
export class StreamedDataset<T> implements Dataset<T> {
  readonly #taken = new Map<number, T>();

  constructor(
    readonly stream: Stream<T>,
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    if (!Number.isInteger(batchSize) || batchSize <= 0) {
      throw new RangeError(`DataLoader: batchSize must be a positive integer, got ${batchSize}`);
    }
  }

  /** Of a stream that does not say, infinite. */
  get length(): number {
    return this.stream.length ?? Infinity;
  }

  get(index: number): T {
    const taken = this.#taken;
    if (!taken.has(index)) throw new RangeError(`get: sample ${index} of a stream was not read, or is gone`);
    const sample = taken.get(index) as T;
    taken.delete(index);
    return sample;
  }

  /** The numbers of the samples of each batch, which are read before. @throws TypeError for an asynchronous stream */
  get batches(): Iterable<readonly number[]> & { readonly length: number } {
    return batchesOf(this, this.#taken);
  }

  /** The samples of each batch, of a stream that is asynchronous. */
  async *asynchronousBatches(): AsyncGenerator<T[], void, undefined> {
    let batch: T[] = [];
    for await (const sample of this.stream) {
      batch.push(sample);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

function batchesOf<T>(
  { stream, batchSize, dropLast, length }: StreamedDataset<T>,
  taken: Map<number, T>,
): Iterable<readonly number[]> & { readonly length: number } {
  const count = length / batchSize;
  return {
    length: dropLast ? Math.floor(count) : Math.ceil(count),
    *[Symbol.iterator]() {
      if (!isSynchronous(stream)) {
        throw new TypeError(
          'DataLoader: the data set is asynchronous; go through it by for await (const batch of loader)',
        );
      }
      taken.clear();
      let batch: number[] = [];
      let index = 0;
      for (const sample of stream as Iterable<T>) {
        taken.set(index, sample);
        batch.push(index++);
        if (batch.length < batchSize) continue;
        yield batch;
        for (const at of batch) taken.delete(at);
        batch = [];
      }
      if (batch.length > 0 && !dropLast) yield batch;
    },
  };
}
