/** In which order a data set's samples are visited, with PyTorch's orders under a seed. */

import {
  fillPermutation,
  fillRandomIntegers,
  sampleWithReplacement,
  sampleWithoutReplacement,
} from '../random/distributions.js';
import { defaultGenerator, Generator } from '../random/generator.js';

/** An order of indices; it may differ in every iteration. */
export interface Sampler extends Iterable<number> {
  /** How many indices an iteration gives. */
  readonly length: number;
}

/** Anything whose number of samples is known. */
export interface Sized {
  readonly length: number;
}

/** A seed for a generator of its own, drawn from `generator` (63 bits, two draws), as PyTorch's loaders do. */
export function drawSeed(generator: Generator): bigint {
  return BigInt.asUintN(63, generator.random64());
}

function permutation(n: number, generator: Generator): Int32Array {
  const order = new Int32Array(n);
  fillPermutation(order, generator);
  return order;
}

/** 0, 1, …, n - 1. */
export class SequentialSampler implements Sampler {
  constructor(readonly source: Sized) {}

  get length(): number {
    return this.source.length;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.source.length; i++) yield i;
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  /** Draw each index independently; off by default: a permutation. */
  replacement?: boolean;
  /** How many indices an iteration gives (as many as there are samples). */
  numSamples?: number;
  /** Where the order comes from; without it every iteration seeds one of its own from the default generator. */
  generator?: Generator;
}

/** A random permutation of the indices, or indices drawn with replacement. */
export class RandomSampler implements Sampler {
  readonly length: number;

  /** @throws RangeError if there are no samples, or `numSamples` is not a positive integer. */
  constructor(
    readonly source: Sized,
    readonly options: RandomSamplerOptions = {},
  ) {
    this.length = options.numSamples ?? source.length;
    if (!Number.isInteger(this.length) || this.length <= 0) {
      throw new RangeError(`RandomSampler: numSamples must be a positive integer, got ${this.length}`);
    }
  }

  *[Symbol.iterator](): IterableIterator<number> {
    const n = this.source.length;
    const generator = this.options.generator ?? new Generator().manualSeed(drawSeed(defaultGenerator));
    if (this.options.replacement) {
      // In pieces of 32, so that the generator is where PyTorch's is if the iteration is left early.
      for (let left = this.length; left > 0; left -= 32) {
        const piece = new Int32Array(Math.min(32, left));
        fillRandomIntegers(piece, 0, n, generator);
        yield* piece;
      }
      return;
    }
    for (let left = this.length; left >= n; left -= n) yield* permutation(n, generator);
    yield* permutation(n, generator).subarray(0, this.length % n);
  }
}

/** A random permutation of the given indices. */
export class SubsetRandomSampler implements Sampler {
  constructor(
    readonly indices: readonly number[],
    readonly options: { generator?: Generator } = {},
  ) {}

  get length(): number {
    return this.indices.length;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (const i of permutation(this.length, this.options.generator ?? defaultGenerator))
      yield this.indices[i];
  }
}

/** Draws `numSamples` indices in proportion to `weights` (they need not add up to 1). */
export class WeightedRandomSampler implements Sampler {
  readonly #weights: Float64Array;

  /** @throws RangeError if more distinct indices are asked for than there are weights. */
  constructor(
    weights: ArrayLike<number>,
    readonly length: number,
    readonly options: { replacement?: boolean; generator?: Generator } = {},
  ) {
    this.#weights = Float64Array.from(weights);
    if (!(options.replacement ?? true) && length > weights.length) {
      throw new RangeError(
        `WeightedRandomSampler: cannot draw ${length} distinct indices from ${weights.length} weights`,
      );
    }
  }

  *[Symbol.iterator](): IterableIterator<number> {
    const { replacement = true, generator = defaultGenerator } = this.options;
    const drawn = new Int32Array(this.length);
    if (replacement) sampleWithReplacement(drawn, this.#weights, generator);
    else sampleWithoutReplacement(drawn, this.#weights, this.#weights.length, this.length, generator);
    yield* drawn;
  }
}

/** Groups another sampler's indices into lists of `batchSize`; the last one may be shorter, or is left out. */
export class BatchSampler implements Iterable<number[]> {
  /** @throws RangeError if `batchSize` is not a positive integer. */
  constructor(
    readonly sampler: Sampler,
    readonly batchSize: number,
    readonly dropLast = false,
  ) {
    if (!Number.isInteger(batchSize) || batchSize <= 0) {
      throw new RangeError(`BatchSampler: batchSize must be a positive integer, got ${batchSize}`);
    }
  }

  get length(): number {
    const batches = this.sampler.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): IterableIterator<number[]> {
    let batch: number[] = [];
    for (const index of this.sampler) {
      batch.push(index);
      if (batch.length === this.batchSize) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
