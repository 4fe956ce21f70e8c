/** Runs the cases of `samplers.json`: orders of indices, iteration after iteration. */
import { data, Generator } from 'nabla/core';
import type { Stored } from '../ops/values.js';
import { Unsupported } from '../suite.js';

interface SamplerOptions {
  readonly n?: number;
  readonly replacement?: boolean;
  readonly numSamples?: number;
  readonly generator?: unknown;
  readonly weights?: readonly number[];
  readonly indices?: readonly number[];
  readonly batchSize?: number;
  readonly shuffle?: boolean;
  readonly dropLast?: boolean;
  readonly lengths?: readonly number[];
}

export function runSampler(
  name: string,
  options: SamplerOptions,
  expected: readonly Stored[],
  seed: number,
): string | null {
  const { n = 0, ...given } = options;
  const generator = options.generator === undefined ? undefined : new Generator().manualSeed(seed);
  const source = Array.from({ length: n }, (_, i) => i);
  const result: unknown[] = [];
  if (name === 'random_split') {
    const parts = data.randomSplit(new Numbers(n), options.lengths ?? [], { generator });
    result.push(...parts.map((part) => part.indices));
  } else {
    const order = iterable(name, source, { ...given, generator });
    expected.forEach(() => result.push([...order]));
  }
  const [got, want] = [JSON.stringify(result), JSON.stringify(expected)];
  return got === want ? null : `${got} instead of ${want}`;
}

function iterable(
  name: string,
  source: readonly number[],
  options: SamplerOptions & { readonly generator: Generator | undefined },
): Iterable<unknown> {
  const { replacement, numSamples, generator, weights = [], indices = [] } = options;
  switch (name) {
    case 'RandomSampler':
      return new data.RandomSampler(source, { replacement, numSamples, generator });
    case 'WeightedRandomSampler':
      return new data.WeightedRandomSampler(weights, numSamples ?? 0, { replacement, generator });
    case 'SubsetRandomSampler':
      return new data.SubsetRandomSampler(indices, { generator });
    case 'DataLoader': {
      const { batchSize, shuffle, dropLast } = options;
      return new data.DataLoader(source, {
        batchSize,
        shuffle,
        dropLast,
        generator,
        collate: (batch: number[]) => batch,
      });
    }
    default:
      throw new Unsupported(name);
  }
}

class Numbers implements data.Dataset<number> {
  constructor(readonly length: number) {}

  get(index: number): number {
    return index;
  }
}
