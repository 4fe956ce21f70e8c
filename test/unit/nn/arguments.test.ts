/** Layers, losses, optimizers and schedules are made as in PyTorch: by position, by name, or both. */
import { F, manualSeed, nn, optim, randn, Tensor } from 'nabla/core';
import { expect, test } from 'vitest';

/** Ways to say the same; all print alike. */
const ALIKE: readonly (readonly [() => unknown, ...(() => unknown)[]])[] = [
  [
    () => new nn.Linear(2, 3, { bias: false }),
    () => new nn.Linear(2, 3, false),
    () => new nn.Linear({ inFeatures: 2, outFeatures: 3, bias: false }),
  ],
  [
    () => new nn.Conv2d(3, 16, 3, { stride: 2, padding: 1 }),
    () => new nn.Conv2d(3, 16, 3, 2, 1),
    () => new nn.Conv2d(3, 16, 3, 2, { padding: 1 }),
    () => new nn.Conv2d(3, 16, { kernelSize: 3, stride: 2, padding: 1 }),
  ],
  [
    () => new nn.ConvTranspose2d(4, 2, 4, { stride: 2, padding: 1 }),
    () => new nn.ConvTranspose2d(4, 2, 4, 2, 1),
  ],
  [
    () => new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    () => new nn.MaxPool2d(3, 2, 1),
    () => new nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
  ],
  [() => new nn.AdaptiveAvgPool2d([1, 1]), () => new nn.AdaptiveAvgPool2d({ outputSize: [1, 1] })],
  [() => new nn.BatchNorm2d(4, { eps: 1e-3, momentum: 0.2 }), () => new nn.BatchNorm2d(4, 1e-3, 0.2)],
  [() => new nn.LayerNorm(4, { eps: 1e-6 }), () => new nn.LayerNorm([4], 1e-6)],
  [() => new nn.GroupNorm(2, 4), () => new nn.GroupNorm({ numGroups: 2, numChannels: 4 })],
  [() => new nn.Embedding(9, 4, { paddingIdx: 0 }), () => new nn.Embedding(9, 4, 0)],
  [
    () => new nn.LSTM(4, 5, { numLayers: 2, batchFirst: true }),
    () => new nn.LSTM(4, 5, 2, true, true),
    () => new nn.LSTM({ inputSize: 4, hiddenSize: 5, numLayers: 2, batchFirst: true }),
  ],
  [() => new nn.GRUCell(4, 5), () => new nn.GRUCell({ inputSize: 4, hiddenSize: 5 })],
  [() => new nn.MultiheadAttention(8, 2), () => new nn.MultiheadAttention({ embedDim: 8, numHeads: 2 })],
  [
    () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0 }),
    () => new nn.TransformerEncoderLayer(8, 2, 16, 0),
    () => new nn.TransformerEncoderLayer({ dModel: 8, nhead: 2, dimFeedforward: 16, dropout: 0 }),
  ],
  [() => new nn.LeakyReLU(0.2), () => new nn.LeakyReLU({ negativeSlope: 0.2 })],
  [() => new nn.ReLU({ inplace: true }), () => new nn.ReLU(true)],
  [() => new nn.Dropout(0.1), () => new nn.Dropout({ p: 0.1 })],
  [() => new nn.Softmax(1), () => new nn.Softmax({ dim: 1 })],
  [() => new nn.Flatten(0, 1), () => new nn.Flatten({ startDim: 0, endDim: 1 })],
  [() => new nn.PixelShuffle(2), () => new nn.PixelShuffle({ upscaleFactor: 2 })],
];

test.each(ALIKE)('%s', (first, ...others) => {
  for (const other of others) expect(String(other())).toBe(String(first()));
});

test('activations in place write into what they are given, as PyTorch does', () => {
  const x = randn(4, 3);
  const expected = F.leakyRelu(x.clone(), 0.2);
  const y = new nn.LeakyReLU(0.2, true)(x);
  expect(y).toBe(x);
  expect(x.equal(expected)).toBe(true);
  expect(() => new nn.ReLU(true)(randn(2, { requiresGrad: true }))).toThrow(/relu_.*leaf/);
});

test('a maximum pooling gives indices where it is asked for them, and unpooling takes them', () => {
  const pool = new nn.MaxPool2d(2, { stride: 2, returnIndices: true });
  const [values, indices] = pool(randn(1, 2, 4, 4));
  expect(new nn.MaxUnpool2d(2, 2)(values, indices).shape).toEqual([1, 2, 4, 4]);
});

test('a layer of a Sequential and of a ModuleDict needs no cast', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- which layer it is the compiler cannot know
  const weight: Tensor = net.at(0).weight;
  const parts = new nn.ModuleDict({ embed: new nn.Embedding(5, 2), head: new nn.Linear(2, 5) });
  const table: Tensor = parts.get('embed').weight;
  expect([weight.shape, table.shape, parts.get('head').weight.shape]).toEqual([
    [3, 2],
    [5, 2],
    [5, 2],
  ]);
});

test('optimizers take the rate first; schedules take their numbers in order', () => {
  const parameters = new nn.Linear(1, 1).parameters();
  const sgd = new optim.SGD(parameters, 0.1, { momentum: 0.9 });
  expect([sgd.paramGroups[0].lr, sgd.paramGroups[0].momentum]).toEqual([0.1, 0.9]);
  expect(new optim.SGD(parameters).paramGroups[0].lr).toBe(1e-3);
  const { StepLR, CosineAnnealingLR, SequentialLR, LinearLR } = optim.lrScheduler;
  const rates = (
    make: (optimizer: optim.SGD) => { step(): void; getLastLr(): readonly number[] },
  ): number[] => {
    const schedule = make(new optim.SGD(new nn.Linear(1, 1).parameters(), 1));
    return [1, 2, 3].map(() => (schedule.step(), schedule.getLastLr()[0]));
  };
  expect(rates((o) => new StepLR(o, 2, 0.5))).toEqual([1, 0.5, 0.5]);
  expect(rates((o) => new CosineAnnealingLR(o, { TMax: 4 }))).toEqual(
    rates((o) => new CosineAnnealingLR(o, 4)),
  );
  const parts = (o: optim.SGD) => [new LinearLR(o, 0.5, 1, 2), new StepLR(o, 1)];
  expect(rates((o) => new SequentialLR(o, parts(o), [2]))).toEqual(
    rates((o) => new SequentialLR({ schedulers: parts(o), milestones: [2] })),
  );
});

// torch 2.15: manual_seed(0); F.dropout(torch.ones(2, 3).t(), 0.5): the mask is drawn in the order of memory.
test('dropout of a transposed tensor draws in the order of its memory, as PyTorch', () => {
  manualSeed(0);
  const inOrder = F.dropout(randn(2, 3).mul(0).add(1), 0.5).t();
  manualSeed(0);
  expect(F.dropout(randn(2, 3).mul(0).add(1).t(), 0.5).equal(inOrder)).toBe(true);
});
