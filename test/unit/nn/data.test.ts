import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { data, Generator, manualSeed, nn, optim, tensor, type Tensor } from '../../../core/index.js';

const xs = tensor([
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
  [8, 9],
]);
const ys = tensor([0, 1, 2, 3, 4], { dtype: 'int64' });

describe('data sets', () => {
  test('give rows of tensors', () => {
    const set = new data.TensorDataset(xs, ys);
    expect(set.length).toBe(5);
    const [x, y]: [Tensor, Tensor] = set.get(3);
    expect([x.tolist(), y.item()]).toEqual([[6, 7], 3]);
    expect(() => set.get(5)).toThrow('no sample 5 among 5');
    expect(() => new data.TensorDataset(xs, tensor([1, 2]))).toThrow('[5, 2], [2]');
  });

  test('of one’s own may extend Dataset, or just look like one', () => {
    class Squares extends data.Dataset<number> {
      readonly roots = [0, 1, 2];
      get length(): number {
        return this.roots.length;
      }
      get(i: number): number {
        return i * i;
      }
    }
    const [batch] = new data.DataLoader(new Squares(), { batchSize: 3 });
    expect(batch.toArray()).toEqual([0, 1, 4]);
    const [same] = new data.DataLoader({ length: 3, get: (i: number) => i * i }, { batchSize: 3 });
    expect(same.toArray()).toEqual([0, 1, 4]);
  });

  test('are split at random by sizes or fractions, each sample once', () => {
    const set = new data.TensorDataset(xs, ys);
    const parts = data.randomSplit(set, [3, 2], { generator: new Generator().manualSeed(0) });
    expect(parts.map((part) => part.length)).toEqual([3, 2]);
    const indices = parts.flatMap((part) => part.indices);
    expect(indices.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(parts[0].get(0)[1].item()).toBe(indices[0]);
    const same = data.randomSplit(set, [3, 2], new Generator().manualSeed(0));
    expect(same.flatMap((part) => part.indices)).toEqual(indices);
    expect(data.randomSplit(set, [0.5, 0.5]).map((part) => part.length)).toEqual([3, 2]);
    expect(() => data.randomSplit(set, [3, 3])).toThrow('3 + 3 must add up to the 5 samples');
  });

  test('follow one another', () => {
    const both = new data.ConcatDataset([new data.TensorDataset(ys), new data.TensorDataset(ys)]);
    expect([both.length, both.get(7)[0].item()]).toEqual([10, 2]);
    class Letters extends data.IterableDataset<string> {
      constructor(readonly letters: string) {
        super();
      }
      *[Symbol.iterator]() {
        yield* this.letters;
      }
    }
    const chain = new data.ChainDataset([new Letters('ab'), new Letters('c')]);
    expect([...new data.DataLoader(chain, { batchSize: 2 })]).toEqual([['a', 'b'], ['c']]);
  });

  test('stand side by side, in a list or by name', () => {
    const points = new data.TensorDataset(xs);
    const labels = new data.TensorDataset(ys);
    const pairs = new data.StackDataset([points, labels]);
    const [[point], [label]] = pairs.get(3);
    expect([pairs.length, point.tolist(), label.item()]).toEqual([5, [6, 7], 3]);
    const [batch] = new data.DataLoader(new data.StackDataset({ point: points, label: labels }), {
      batchSize: 2,
    });
    expect([batch.point[0].shape, batch.label[0].tolist()]).toEqual([
      [2, 2],
      [0, 1],
    ]);
    const shorter = new data.TensorDataset(tensor([1, 2]));
    expect(() => new data.StackDataset([points, shorter])).toThrow('data sets of one length, got 5, 2');
    expect(() => new data.StackDataset([])).toThrow('got none');
  });
});

describe('the loader', () => {
  test('gives batches in order, the last one smaller or left out', () => {
    const set = new data.TensorDataset(xs, ys);
    const shapes = (options: { dropLast?: boolean }) =>
      Array.from(new data.DataLoader(set, { batchSize: 2, ...options }), ([x, y]): unknown => [
        x.shape,
        y.tolist(),
      ]);
    expect(shapes({})).toEqual([
      [
        [2, 2],
        [0, 1],
      ],
      [
        [2, 2],
        [2, 3],
      ],
      [[1, 2], [4]],
    ]);
    expect(shapes({ dropLast: true })).toHaveLength(2);
    expect(new data.DataLoader(set, { batchSize: 2, dropLast: true })).toHaveLength(2);
  });

  test('collates samples as it does whole tensors', () => {
    const set = new data.TensorDataset(xs, ys);
    const samples = Array.from({ length: set.length }, (_, i) => set.get(i));
    const batches = (loader: Iterable<readonly Tensor[]>) =>
      Array.from(loader, (batch) => batch.map((item): unknown => [item.dtype, item.tolist()]));
    const options = { batchSize: 3, shuffle: true };
    manualSeed(4);
    const fast = batches(new data.DataLoader(set, options));
    manualSeed(4);
    expect(batches(new data.DataLoader(samples, options))).toEqual(fast);
    manualSeed(4);
    const subset = new data.Subset(set, [0, 1, 2, 3, 4]);
    expect(batches(new data.DataLoader(subset, options))).toEqual(fast);
  });

  test('shuffles anew in every epoch, each sample once', () => {
    manualSeed(0);
    const loader = new data.DataLoader(
      Array.from({ length: 50 }, (_, i) => i),
      { batchSize: 50, shuffle: true },
    );
    const [first, second] = [[...loader][0].tolist(), [...loader][0].tolist()] as number[][];
    expect(first).not.toEqual(second);
    expect(first.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('batches numbers, texts, arrays and objects, or as it is told', () => {
    const samples = [
      { name: 'a', pair: [1, tensor([1, 2])] as const, good: true },
      { name: 'b', pair: [2, tensor([3, 4])] as const, good: false },
    ];
    const [batch] = new data.DataLoader(samples, { batchSize: 2 });
    const [numbers, tensors] = batch.pair;
    expect(batch.name).toEqual(['a', 'b']);
    expect([numbers.tolist(), tensors.tolist()]).toEqual([
      [1, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect([batch.good.dtype, numbers.dtype]).toEqual(['bool', 'float32']);
    const [sum] = new data.DataLoader([1, 2, 3], {
      batchSize: 3,
      collate: (items) => items.reduce((a, b) => a + b),
    });
    expect(sum).toBe(6);
  });

  test('says what it cannot batch', () => {
    const first = (samples: readonly unknown[]) => [...new data.DataLoader(samples, { batchSize: 2 })];
    expect(() => first([tensor([1]), tensor([1, 2])])).toThrow('[1] float32 and [2] float32');
    expect(() => first([[1], [1, 2]])).toThrow('different lengths, 1 and 2');
    expect(() => first([() => 1, () => 2])).toThrow('a function');
    expect(() => new data.DataLoader([1], { batchSize: 0 })).toThrow('positive integer, got 0');
  });
});

describe('toy sets', () => {
  test('are the same under a seed, with classes of equal sizes', () => {
    for (const make of [data.moons, data.circles, data.spirals, data.blobs]) {
      const [x, y] = make(90, { seed: 3 }).tensors;
      expect(x.shape).toEqual([90, 2]);
      expect([x.dtype, y.dtype]).toEqual(['float32', 'int64']);
      expect(make(90, { seed: 3 }).tensors[0].tolist()).toEqual(x.tolist());
      expect(make(90, { seed: 4 }).tensors[0].tolist()).not.toEqual(x.tolist());
      const labels = y.tolist() as number[];
      const classes = new Set(labels).size;
      for (let c = 0; c < classes; c++)
        expect(labels.filter((label) => label === c)).toHaveLength(90 / classes);
      // Shuffled: the first half is not all of one class.
      expect(new Set(labels.slice(0, 30)).size).toBe(classes);
    }
  });

  test('lie where their formulas say', () => {
    const points = (set: data.Classification) => {
      const [x, y] = set.tensors.map((item): unknown => item.tolist()) as [number[][], number[]];
      return x.map(([a, b], i) => ({ a, b, label: y[i] }));
    };
    for (const { a, b, label } of points(data.moons(100, { noise: 0 }))) {
      // Two unit half circles, around (0, 0) and (1, 0.5).
      expect(Math.hypot(a - label, b - 0.5 * label)).toBeCloseTo(1, 5);
    }
    for (const { a, b, label } of points(data.circles(100, { noise: 0, factor: 0.3 }))) {
      expect(Math.hypot(a, b)).toBeCloseTo(label === 0 ? 1 : 0.3, 5);
    }
    for (const { a, b } of points(data.spirals(99, { noise: 0, classes: 3 }))) {
      expect(Math.hypot(a, b)).toBeLessThanOrEqual(1 + 1e-6);
    }
    const centers = [
      [0, 0],
      [5, 5],
    ];
    for (const { a, b, label } of points(data.blobs(100, { centers, std: 0.1, seed: 0 }))) {
      expect(Math.hypot(a - centers[label][0], b - centers[label][1])).toBeLessThan(1);
    }
  });

  test('follow the line they were made with', () => {
    const [x, y] = data.linearRegression(50, { weight: [2, -1], bias: 3, noise: 0, seed: 1 }).tensors;
    const expected = (x.tolist() as number[][]).map(([a, b]) => 2 * a - b + 3);
    (y.tolist() as number[][]).forEach(([value], i) => expect(value).toBeCloseTo(expected[i], 4));
  });
});

test('data sets, loaders, generators and optimizers print as a line or a few', () => {
  const set = data.moons(10, { seed: 0 });
  expect(inspect(set)).toBe('TensorDataset(10 samples: float32 [10, 2], int64 [10])');
  expect(inspect(new data.DataLoader(set, { batchSize: 4 }))).toBe('DataLoader(3 batches of 10 samples)');
  expect(inspect(new Generator().manualSeed(5))).toBe('Generator(initialSeed=5)');
  expect(inspect(new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 0.5 }))).toMatch(
    /^SGD \(\nParameter Group 0 \(2 tensors\)\n {4}lr: 0.5\n {4}momentum: 0\n[^]*\n\)$/,
  );
});
