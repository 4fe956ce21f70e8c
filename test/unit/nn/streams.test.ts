/** Data sets that are gone through from the start, and tensors that are gone through by rows. */
import { data, nn, noGrad, optim, tensor, where, zeros, type Tensor } from 'nabla/core';
import { describe, expect, it } from 'vitest';

class Counting extends data.IterableDataset<number> {
  begun = 0;
  constructor(readonly count: number) {
    super();
  }
  *[Symbol.iterator](): Iterator<number> {
    this.begun++;
    for (let i = 0; i < this.count; i++) yield i;
  }
}

const rows = (loader: Iterable<Tensor>): unknown[] => Array.from(loader, (x): unknown => x.toArray());

describe('a loader of a stream', () => {
  it('gives batches in the order of the stream, anew in every epoch', () => {
    const stream = new Counting(5);
    const loader = new data.DataLoader(stream, { batchSize: 2 });
    expect(rows(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(rows(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(stream.begun).toBe(2);
    expect(rows(new data.DataLoader(stream, { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('takes generators and streams without an end, and leaves them when the loop is left', () => {
    let closed = false;
    const endless = {
      *[Symbol.iterator]() {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          closed = true;
        }
      },
    };
    const loader = new data.DataLoader(endless, { batchSize: 3, collate: (xs) => xs });
    expect(loader.length).toBe(Infinity);
    const seen: number[][] = [];
    for (const batch of loader) {
      seen.push(batch);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(closed).toBe(true);
  });

  it('goes through an asynchronous stream by for await', async () => {
    const stream = {
      length: 3,
      async *[Symbol.asyncIterator]() {
        for (let i = 0; i < 3; i++) yield await Promise.resolve(i);
      },
    };
    const loader = new data.DataLoader(stream, { batchSize: 2 });
    const seen: unknown[] = [];
    for await (const batch of loader) seen.push(batch.toArray());
    expect(seen).toEqual([[0, 1], [2]]);
    expect(loader.length).toBe(2);
    expect(() => [...loader]).toThrow(/for await/);
  });

  it('goes on with the next batch after its state was loaded', () => {
    const loader = new data.DataLoader(new Counting(6), { batchSize: 2 });
    let state = loader.stateDict();
    for (const batch of loader) {
      if (batch.at(0).item() === 2) {
        state = loader.stateDict();
        break;
      }
    }
    const other = new data.DataLoader(new Counting(6), { batchSize: 2 });
    other.loadStateDict(state);
    expect(rows(other)).toEqual([[4, 5]]);
    expect(rows(other)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  it('has no order of its own to shuffle', () => {
    expect(() => new data.DataLoader(new Counting(3), { shuffle: true })).toThrow(/takes no shuffle/);
    expect(() => new data.DataLoader(new Counting(3), { batchSize: 0 })).toThrow(/positive integer/);
  });
});

describe('a tensor', () => {
  const x = tensor(
    [
      [1, -2],
      [3, 4],
    ],
    { requiresGrad: true },
  );

  it('is gone through by rows, which are views', () => {
    const found: unknown[] = [];
    for (const row of x) found.push(row.toArray());
    expect(found).toEqual([
      [1, -2],
      [3, 4],
    ]);
    const [first, second] = x;
    first.mul(second).sum().backward();
    expect(x.grad?.toArray()).toEqual([
      [3, 4],
      [1, -2],
    ]);
    noGrad(() => {
      const y = zeros(2, 2);
      for (const row of y) row.add_(1);
      expect(y.toArray()).toEqual([
        [1, 1],
        [1, 1],
      ]);
    });
    expect(() => [...tensor(3)]).toThrow(/not iterable/);
  });

  it('says where a condition holds', () => {
    const [i, j] = where(x.gt(0));
    expect([i.toArray(), j.toArray(), i.dtype]).toEqual([[0, 1, 1], [0, 0, 1], 'int64']);
    expect(x.at(...where(x.gt(0))).toArray()).toEqual([1, 3, 4]);
  });

  it('is no list of parameters', () => {
    expect(() => Reflect.construct(optim.SGD, [x, { lr: 1 }])).toThrow(/takes parameters/);
    expect(nn.utils.clipGradNorm_(x, 1)).toBeCloseTo(Math.sqrt(30));
  });
});

describe('undoing a maximum pooling', () => {
  // torch 2.15: F.max_pool1d(tensor([[[1., 3, 2, 4, 9]]]), 2, return_indices=True), nn.MaxUnpool1d(2)(…), and with output_size=5
  it('puts the largest back to where they were', () => {
    const pool = new nn.MaxPool1d(2, { returnIndices: true });
    const [y, at] = pool(tensor([[[1, 3, 2, 4, 9]]])) as unknown as [Tensor, Tensor];
    expect(new nn.MaxUnpool1d(2)(y, at).toArray()).toEqual([[[0, 3, 0, 4]]]);
    expect(new nn.MaxUnpool1d(2)(y, at, [1, 1, 5]).toArray()).toEqual([[[0, 3, 0, 4, 0]]]);
  });
});
