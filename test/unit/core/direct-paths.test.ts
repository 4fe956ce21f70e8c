/**
 * Ops that are computed at once where nothing is recorded, and by ops with derivatives (compared with finite differences
 * and PyTorch elsewhere) where something is: both give the same.
 */
import { combinations, F, linalg, manualSeed, nanmean, rand, randn, tensor, type Tensor } from 'nabla/core';
import { expect, it } from 'vitest';

const double = { dtype: 'float64' } as const;
const indices = tensor([0, 3, 1, 4, 4, 2], { dtype: 'int64' });
const places = tensor([1, 6, 11, 12], { dtype: 'int64' }).reshape([1, 1, 2, 2]);

const cases: Record<string, { make: () => Tensor; f: (x: Tensor) => Tensor }> = {
  'gridSample, also outside': {
    make: () => randn([2, 3, 4, 5], double),
    f: (x) => F.gridSample(x, rand([2, 3, 4, 2], double).mul(3).sub(1.5)),
  },
  'gridSample with aligned corners': {
    make: () => randn([1, 2, 5, 3], double),
    f: (x) => F.gridSample(x, rand([1, 2, 6, 2], double).mul(2.4).sub(1.2), { alignCorners: true }),
  },
  pdist: { make: () => randn([7, 3], double), f: (x) => F.pdist(x) },
  'embeddingBag, means': {
    make: () => randn([5, 4], double),
    f: (x) => F.embeddingBag(indices.reshape([2, 3]), x),
  },
  'embeddingBag, sums with padding': {
    make: () => randn([5, 4], double),
    f: (x) =>
      F.embeddingBag(indices, x, tensor([0, 2, 2], { dtype: 'int64' }), { mode: 'sum', paddingIdx: 4 }),
  },
  maxUnpool2d: {
    make: () => randn([1, 1, 2, 2], double),
    f: (x) => F.maxUnpool2d(x, places, 2),
  },
  combinations: { make: () => randn([9]), f: (x) => combinations(x) },
  'nanmean of rows': {
    make: () =>
      tensor(
        [
          [1, Number.NaN, 4],
          [Number.NaN, Number.NaN, Number.NaN],
          [2, 3, 7],
        ],
        double,
      ),
    f: (x) => nanmean(x, 1, true),
  },
  'lstsq of a tall matrix': {
    make: () => randn([9, 4], double),
    f: (x) => linalg.lstsq(x, randn([9, 3], double)).solution,
  },
  'lstsq of a wide matrix': {
    make: () => randn([2, 3, 8], double),
    f: (x) => linalg.lstsq(x, randn([2, 3, 2], double)).solution,
  },
  'svdvals of a tall matrix': { make: () => randn([9, 6], double), f: (x) => linalg.svdvals(x) },
  'svdvals of a wide matrix': { make: () => randn([2, 3, 7], double), f: (x) => linalg.svdvals(x) },
};

it.each(Object.entries(cases))('%s', (_, { make, f }) => {
  manualSeed(3);
  const x = make();
  manualSeed(4);
  const direct = f(x);
  manualSeed(4);
  const recorded = f(x.clone().requiresGrad_());
  expect([direct.requiresGrad, recorded.requiresGrad]).toEqual([false, true]);
  expect(direct.shape).toEqual(recorded.shape);
  for (let i = 0; i < recorded.numel(); i++) {
    const wanted = recorded.flatten().at(i).item();
    const got = direct.flatten().at(i).item();
    if (Number.isNaN(wanted)) expect(got).toBeNaN();
    else expect(got).toBeCloseTo(wanted, 10);
  }
});
