/** Layers that take sizes from their first input, as PyTorch's lazy modules. */
import { F, manualSeed, nn, ones, optim, randn, zeros } from 'nabla/core';
import { describe, expect, it } from 'vitest';

describe('lazy layers', () => {
  it('become ordinary layers at the first call, with the numbers that those draw', () => {
    const lazy = new nn.Sequential(
      new nn.LazyLinear(4),
      new nn.ReLU(),
      new nn.LazyLinear(2, { bias: false }),
    );
    expect(String(lazy)).toContain('LazyLinear(inFeatures=0, outFeatures=4');
    manualSeed(0);
    const y = lazy(ones(3, 5));
    manualSeed(0);
    const plain = new nn.Sequential(new nn.Linear(5, 4), new nn.ReLU(), new nn.Linear(4, 2, { bias: false }));
    expect(y.equal(plain(ones(3, 5)))).toBe(true);
    expect(String(lazy)).toBe(String(plain));
    expect(Object.keys(lazy.stateDict())).toEqual(Object.keys(plain.stateDict()));
    expect(() => lazy(ones(3, 6))).toThrow(/\[\.\.\., 5\]/);
  });

  it.each([
    ['Conv1d', new nn.LazyConv1d(4, 3), () => new nn.Conv1d(2, 4, 3), [1, 2, 7]],
    [
      'Conv2d',
      new nn.LazyConv2d(4, 3, { padding: 1, groups: 2 }),
      () => new nn.Conv2d(2, 4, 3, { padding: 1, groups: 2 }),
      [1, 2, 5, 5],
    ],
    ['Conv3d', new nn.LazyConv3d(4, 2), () => new nn.Conv3d(2, 4, 2), [1, 2, 3, 3, 3]],
    ['ConvTranspose1d', new nn.LazyConvTranspose1d(4, 3), () => new nn.ConvTranspose1d(2, 4, 3), [1, 2, 7]],
    [
      'ConvTranspose2d',
      new nn.LazyConvTranspose2d(4, 3, { stride: 2 }),
      () => new nn.ConvTranspose2d(2, 4, 3, { stride: 2 }),
      [1, 2, 5, 5],
    ],
    [
      'ConvTranspose3d',
      new nn.LazyConvTranspose3d(4, 2),
      () => new nn.ConvTranspose3d(2, 4, 2),
      [1, 2, 3, 3, 3],
    ],
    ['BatchNorm1d', new nn.LazyBatchNorm1d(), () => new nn.BatchNorm1d(2), [3, 2]],
    [
      'BatchNorm2d',
      new nn.LazyBatchNorm2d({ eps: 1e-3 }),
      () => new nn.BatchNorm2d(2, { eps: 1e-3 }),
      [3, 2, 4, 4],
    ],
    ['BatchNorm3d', new nn.LazyBatchNorm3d(), () => new nn.BatchNorm3d(2), [3, 2, 2, 2, 2]],
    [
      'InstanceNorm1d',
      new nn.LazyInstanceNorm1d(),
      () => new nn.InstanceNorm1d(2, { affine: true, trackRunningStats: true }),
      [2, 4],
    ],
    [
      'InstanceNorm2d',
      new nn.LazyInstanceNorm2d({ affine: false, trackRunningStats: false }),
      () => new nn.InstanceNorm2d(2),
      [3, 2, 4, 4],
    ],
    [
      'InstanceNorm3d',
      new nn.LazyInstanceNorm3d(1e-3),
      () => new nn.InstanceNorm3d(2, { eps: 1e-3, affine: true, trackRunningStats: true }),
      [3, 2, 2, 2, 2],
    ],
  ] as const)('%s takes its channels from its input', (name, lazy, make, shape) => {
    const x = randn([...shape]);
    manualSeed(4);
    const y = lazy(x);
    manualSeed(4);
    expect(y.allclose(make()(x))).toBe(true);
    expect(lazy.typeName).toBe(name);
    expect(lazy.extraRepr()).toBe(make().extraRepr());
  });

  it('have parameters from the start, which an optimizer made before updates', () => {
    const layer = new nn.LazyLinear(2);
    const optimizer = new optim.Adam(layer.parameters(), { lr: 0.1 });
    const loss = (): ReturnType<typeof F.mseLoss> => F.mseLoss(layer(ones(4, 3)), zeros(4, 2));
    const before = loss();
    before.backward();
    optimizer.step();
    expect(loss().item()).toBeLessThan(before.item());
  });

  it('take their sizes from a state that is loaded', () => {
    const trained = new nn.Sequential(
      new nn.Conv2d(3, 4, 3),
      new nn.BatchNorm2d(4),
      new nn.Flatten(),
      new nn.Linear(16, 2),
    );
    const lazy = new nn.Sequential(
      new nn.LazyConv2d(4, 3),
      new nn.LazyBatchNorm2d(),
      new nn.Flatten(),
      new nn.LazyLinear(2),
    );
    lazy.loadStateDict(trained.stateDict());
    const x = randn(2, 3, 4, 4);
    expect(lazy(x).allclose(trained(x))).toBe(true);
  });

  it('say which inputs they do not take', () => {
    expect(() => new nn.LazyConv2d(4, 3)(zeros(3))).toThrow(
      /LazyConv2d: expected an input of shape \[N, C, H, W\], got \[3\]/,
    );
    expect(() => new nn.LazyConv2d(4, 3, { groups: 2 })(zeros(1, 3, 4, 4))).toThrow(
      /3 channels do not divide into 2 groups/,
    );
    expect(() => new nn.LazyBatchNorm2d()(zeros(3, 2))).toThrow(/expected an input of 4 dimensions/);
  });
});
