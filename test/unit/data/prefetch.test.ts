/** Loaders of asynchronous data sets, and loaders that go on in the middle of an epoch. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  data,
  F,
  Generator,
  io,
  manualSeed,
  nn,
  optim,
  rand,
  type Tensor,
  tensor,
} from '../../../core/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-loader-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A data set whose samples come when the test says so. */
class Slow implements data.Dataset<Promise<number>> {
  readonly asked: number[] = [];
  readonly #waiting = new Map<number, { resolve: (x: number) => void; reject: (e: Error) => void }>();

  constructor(readonly length: number) {}

  get(index: number): Promise<number> {
    this.asked.push(index);
    return new Promise((resolve, reject) => this.#waiting.set(index, { resolve, reject }));
  }

  give(...indices: number[]): void {
    for (const index of indices) this.#waiting.get(index)?.resolve(index);
  }

  fail(index: number): void {
    this.#waiting.get(index)?.reject(new Error(`no sample ${index} today`));
  }
}

/** Lets everything that can go on without outside events do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('for await', () => {
  it('loads a bounded number of batches ahead and keeps their order', async () => {
    const set = new Slow(10);
    const loader = new data.DataLoader(set, { batchSize: 2, prefetchFactor: 2 });
    const batches: unknown[] = [];
    const iterator = loader[Symbol.asyncIterator]();
    const first = iterator.next().then(({ value }) => batches.push((value as Tensor).tolist()));
    expect(set.asked).toEqual([0, 1, 2, 3]);
    // The second batch is there first, and waits for its turn.
    set.give(2, 3);
    await settle();
    expect(batches).toEqual([]);
    set.give(0, 1);
    await first;
    expect(batches).toEqual([[0, 1]]);
    // While the first is used, two more are on their way, and no third.
    await settle();
    expect(set.asked).toEqual([0, 1, 2, 3, 4, 5]);
    expect(((await iterator.next()).value as Tensor).tolist()).toEqual([2, 3]);
    expect(set.asked).toHaveLength(8);
    await iterator.return?.();
  });

  it('loads nothing ahead where that is asked for', async () => {
    const set = new Slow(4);
    const iterator = new data.DataLoader(set, { prefetchFactor: 0 })[Symbol.asyncIterator]();
    const first = iterator.next();
    set.give(0);
    await first;
    await settle();
    expect(set.asked).toEqual([0]);
    await iterator.return?.();
  });

  it('throws an error where its batch would have come, and begins nothing after it', async () => {
    const set = new Slow(20);
    const loader = new data.DataLoader(set, { batchSize: 2, prefetchFactor: 3 });
    const seen: number[][] = [];
    const loop = (async () => {
      for await (const batch of loader) seen.push(batch.tolist() as number[]);
    })();
    set.fail(3);
    await settle();
    set.give(0, 1, 2);
    await expect(loop).rejects.toThrow('no sample 3 today');
    expect(seen).toEqual([[0, 1]]);
    expect(Math.max(...set.asked)).toBe(5);
  });

  it('stops loading when the loop is left', async () => {
    const set = new Slow(20);
    const loop = (async () => {
      for await (const batch of new data.DataLoader(set, { prefetchFactor: 2 })) return batch.item();
      return null;
    })();
    set.give(0);
    expect(await loop).toBe(0);
    const asked = set.asked.length;
    // What is still on its way may fail without being an unhandled error, which would fail this test file.
    set.fail(1);
    set.fail(2);
    await settle();
    expect(set.asked).toHaveLength(asked);
  });

  it('gives the batches of the synchronous loop, in the same order', async () => {
    const set = data.moons(50, { seed: 1 });
    const loader = new data.DataLoader(set, { batchSize: 8, shuffle: true });
    manualSeed(3);
    const wanted = Array.from(loader, ([x]): unknown => x.tolist());
    manualSeed(3);
    const got: unknown[] = [];
    for await (const [x] of loader) got.push(x.tolist());
    expect(got).toEqual(wanted);
  });

  it('collates what asynchronous data sets give, also by functions of one’s own', async () => {
    const set: data.Dataset<Promise<readonly [Tensor, string]>> = {
      length: 2,
      get: (i) => Promise.resolve([tensor([i, i]), `name ${i}`] as const),
    };
    for await (const [x, names] of new data.DataLoader(set, { batchSize: 2 })) {
      const shape: readonly number[] = x.shape;
      const list: string[] = names;
      expect([shape, list]).toEqual([
        [2, 2],
        ['name 0', 'name 1'],
      ]);
    }
    const joined = new data.DataLoader(set, { batchSize: 2, collate: (all) => all.map(([, n]) => n).join() });
    for await (const text of joined) expect(text).toBe('name 0,name 1');
  });
});

it('says that a synchronous loop cannot wait', () => {
  const set: data.Dataset<Promise<number>> = { length: 1, get: () => Promise.reject(new Error('late')) };
  expect(() => [...new data.DataLoader(set)]).toThrow(/asynchronous.*for await/);
  expect(() => new data.DataLoader([1], { prefetchFactor: -1 })).toThrow('whole number from 0, got -1');
});

describe('going on in the middle of an epoch', () => {
  const set = new data.TensorDataset(
    tensor(Array.from({ length: 40 }, (_, i) => [i / 40, 1])),
    tensor(Array.from({ length: 40 }, (_, i) => [(i % 7) / 7])),
  );
  const weights = Array.from({ length: 40 }, (_, i) => 1 + (i % 3));

  const LOADERS: Readonly<Record<string, (generator: Generator) => data.DataLoaderOptions<never, never>>> = {
    'shuffled by the default generator': () => ({ batchSize: 8, shuffle: true }),
    'shuffled by a generator of its own': (generator) => ({ batchSize: 8, shuffle: true, generator }),
    'drawn with replacement from a shared generator': (generator) => ({
      batchSize: 6,
      sampler: new data.RandomSampler(set, { replacement: true, numSamples: 80, generator }),
    }),
    'drawn by weights': () => ({
      batchSize: 8,
      sampler: new data.WeightedRandomSampler(weights, 40),
    }),
    'in order': () => ({ batchSize: 8 }),
  };

  it.each(Object.keys(LOADERS))('gives the numbers of a training that was not interrupted: %s', (name) => {
    const make = () => {
      const generator = new Generator().manualSeed(11);
      const { sampler, ...rest } = LOADERS[name](generator) as data.DataLoaderOptions<Tensor[], never>;
      const loader = new data.DataLoader(set, { ...rest, sampler });
      const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Dropout(0.2), new nn.Linear(4, 1));
      return { loader, model, optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }), generator };
    };
    type Training = ReturnType<typeof make>;
    const file = path.join(folder, 'middle.safetensors');
    /** Trains to the end of the third epoch; saves within the second. */
    const train = (
      { loader, model, optimizer, generator }: Training,
      from: number,
      saveAt?: number,
    ): number[] => {
      const losses: number[] = [];
      for (let epoch = from; epoch < 3; epoch++) {
        let batch = 0;
        for (const [x, y] of loader) {
          optimizer.zeroGrad();
          const loss = F.mseLoss(model(x), y.mul(rand([1], { generator })));
          loss.backward();
          optimizer.step();
          losses.push(loss.item());
          if (epoch === 1 && ++batch === saveAt) {
            losses.length = 0;
            io.checkpoint(model, optimizer, file, {
              loader,
              generators: { own: generator },
              extra: { epoch },
            });
          }
        }
      }
      return losses;
    };
    for (const saveAt of [1, 3, 5]) {
      manualSeed(5);
      const uninterrupted = train(make(), 0, saveAt);
      manualSeed(77);
      const again = make();
      const { epoch } = io.resume(again.model, again.optimizer, file, {
        loader: again.loader,
        generators: { own: again.generator },
      }) as { epoch: number };
      expect(again.loader.stateDict().batch).toBe(saveAt);
      expect(train(again, epoch)).toEqual(uninterrupted);
    }
  });

  it('begins a new epoch after a loop, also one that was left', () => {
    const loader = new data.DataLoader(set, { batchSize: 8, shuffle: true });
    for (const [x] of loader) if (x.ndim === 2) break;
    expect(loader.stateDict()).toEqual({ epoch: 1, batch: 0, random: {}, generators: {} });
    const again = new data.DataLoader(set, { batchSize: 8, shuffle: true });
    again.loadStateDict(loader.stateDict());
    expect([...again]).toHaveLength(5);
    expect(again.stateDict().epoch).toBe(2);
  });

  it('counts the batches that were used, not those loaded ahead', async () => {
    const loader = new data.DataLoader(set, { batchSize: 8, prefetchFactor: 3 });
    const rest: unknown[] = [];
    for await (const [first] of loader) {
      expect(first.at(0, 0).item()).toBe(0);
      const again = new data.DataLoader(set, { batchSize: 8 });
      again.loadStateDict(loader.stateDict());
      for await (const [x] of again) rest.push(x.at(0, 0).item());
      break;
    }
    expect(rest).toEqual([8 / 40, 16 / 40, 24 / 40, 32 / 40].map(Math.fround));
  });

  it('refuses the state of another loader', () => {
    const loader = new data.DataLoader(set, { batchSize: 8, shuffle: true });
    const generator = new Generator();
    const other = new data.DataLoader(set, { batchSize: 8, shuffle: true, generator });
    for (const [x] of loader) {
      expect(x.shape).toEqual([8, 2]);
      expect(() => other.loadStateDict(loader.stateDict())).toThrow(/no random state .* "loader"/);
    }
    expect(() => loader.loadStateDict({ epoch: 1 })).toThrow(/not the state of a DataLoader/);
    expect(() => loader.loadStateDict({ epoch: 0, batch: 9, random: {} })).toThrow(/batch 9.* has 5/);
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    io.checkpoint(model, optimizer, path.join(folder, 'none.safetensors'));
    expect(() => io.resume(model, optimizer, path.join(folder, 'none.safetensors'), { loader })).toThrow(
      /without a loader/,
    );
  });
});
