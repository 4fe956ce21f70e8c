import { describe, expect, test } from 'vitest';
import { manualSeed, nn, randn, tensor, type Tensor, zeros } from '../../../core/index.js';

describe('activations as layers', () => {
  // Values at -1 and 2 from the functions' definitions.
  const cases: [nn.Layer, number, number][] = [
    [new nn.ReLU(), 0, 2],
    [new nn.ReLU6(), 0, 2],
    [new nn.Tanh(), Math.tanh(-1), Math.tanh(2)],
    [new nn.Sigmoid(), 1 / (1 + Math.E), 1 / (1 + Math.exp(-2))],
    [new nn.LogSigmoid(), -Math.log(1 + Math.E), -Math.log(1 + Math.exp(-2))],
    [new nn.LeakyReLU(0.2), -0.2, 2],
    [new nn.PReLU(), -0.25, 2],
    [new nn.RReLU().eval(), -(1 / 8 + 1 / 3) / 2, 2],
    [new nn.ELU(2), 2 * Math.expm1(-1), 2],
    [new nn.CELU(2), 2 * Math.expm1(-0.5), 2],
    [new nn.SELU(), 1.0507009873554805 * 1.6732632423543772 * Math.expm1(-1), 2.101401974710961],
    [new nn.GELU(), -0.15865525393145707, 1.9544997361036416],
    [new nn.GELU({ approximate: 'tanh' }), -0.158808, 1.9545976],
    [new nn.SiLU(), -1 / (1 + Math.E), 2 / (1 + Math.exp(-2))],
    [new nn.Mish(), -Math.tanh(Math.log(1 + Math.exp(-1))), 2 * Math.tanh(Math.log(1 + Math.exp(2)))],
    [new nn.Softplus(2), Math.log(1 + Math.exp(-2)) / 2, Math.log(1 + Math.exp(4)) / 2],
    [new nn.Softsign(), -0.5, 2 / 3],
    [new nn.Tanhshrink(), -1 - Math.tanh(-1), 2 - Math.tanh(2)],
    [new nn.Hardtanh(-0.5, 1.5), -0.5, 1.5],
    [new nn.Hardsigmoid(), 1 / 3, 5 / 6],
    [new nn.Hardswish(), -1 / 3, 5 / 3],
    [new nn.Hardshrink(1.5), 0, 2],
    [new nn.Softshrink(0.5), -0.5, 1.5],
    [new nn.Threshold(0, 7), 7, 2],
    [new nn.Softmax(), 1 / (1 + Math.exp(3)), 1 / (1 + Math.exp(-3))],
    [new nn.LogSoftmax(), -Math.log(1 + Math.exp(3)), -Math.log(1 + Math.exp(-3))],
    [new nn.Softmin(), 1 / (1 + Math.exp(-3)), 1 / (1 + Math.exp(3))],
  ];
  test.each(cases.map(([layer, low, high]) => [String(layer), layer, low, high] as const))(
    '%s',
    (_name, layer, low, high) => {
      const [first, second] = layer(tensor([-1, 2])).tolist() as number[];
      expect(first).toBeCloseTo(low, 5);
      expect(second).toBeCloseTo(high, 5);
    },
  );
});

describe('layers', () => {
  test('say what they are', () => {
    const cases: [nn.Module, string][] = [
      [
        new nn.Conv2d(3, 8, 3, { padding: 1 }),
        'Conv2d(3, 8, kernelSize=[3, 3], stride=[1, 1], padding=[1, 1])',
      ],
      [
        new nn.Conv1d(1, 2, 3, { padding: 'same', bias: false }),
        "Conv1d(1, 2, kernelSize=[3], stride=[1], padding='same', bias=false)",
      ],
      [new nn.MaxPool2d(2), 'MaxPool2d(kernelSize=2, stride=2, padding=0, ceilMode=false)'],
      [new nn.AdaptiveAvgPool2d([1, null]), 'AdaptiveAvgPool2d(outputSize=[1, null])'],
      [
        new nn.BatchNorm1d(4),
        'BatchNorm1d(4, eps=0.00001, momentum=0.1, affine=true, trackRunningStats=true)',
      ],
      [new nn.LayerNorm([2, 3]), 'LayerNorm([2, 3], eps=0.00001, elementwiseAffine=true)'],
      [new nn.Embedding(10, 3, { paddingIdx: -1 }), 'Embedding(10, 3, paddingIdx=9)'],
      [new nn.LSTM(4, 8, { numLayers: 2, dropout: 0.5 }), 'LSTM(4, 8, numLayers=2, dropout=0.5)'],
      [new nn.Flatten(), 'Flatten(startDim=1, endDim=-1)'],
    ];
    for (const [layer, text] of cases) expect(String(layer)).toBe(text);
  });

  test('say what input they expect', () => {
    const cases: [nn.Layer, number[], string][] = [
      [new nn.Conv2d(3, 8, 3), [1, 2, 8, 8], 'expected an input of shape [N, 3, H, W], got [1, 2, 8, 8]'],
      [new nn.BatchNorm2d(3), [4, 3], 'expected an input of 4 dimensions with 3 channels, got [4, 3]'],
      [new nn.LayerNorm(4), [2, 3], 'expected an input of shape [..., 4], got [2, 3]'],
      [new nn.GroupNorm(2, 4), [2, 3], 'with C divisible by 2, got [2, 3]'],
    ];
    for (const [layer, shape, message] of cases) expect(() => layer(zeros(shape))).toThrow(message);
    expect(() => new nn.LSTM(4, 8)(zeros(3, 2, 5))).toThrow('[T, N, 4] or [T, 4], got [3, 2, 5]');
    expect(() => new nn.LSTMCell(4, 8)(zeros(3, 5))).toThrow('[N, 4] or [4], got [3, 5]');
    expect(() => new nn.Embedding(3, 2)(tensor([0, 3], { dtype: 'int64' }))).toThrow('no row 3 among 3');
    expect(() => new nn.Embedding(3, 2)(tensor([0, 1]))).toThrow('must be int64, got float32');
    expect(() => new nn.MultiheadAttention(5, 2)).toThrow('5 does not divide into 2 heads');
  });

  test('batch normalization learns its statistics in training and uses them in evaluation', () => {
    manualSeed(0);
    const norm = new nn.BatchNorm1d(2, { momentum: null });
    const x = randn(1000, 2).mul(3).add(5);
    const y = norm(x);
    expect(y.mean(0).abs().max().item()).toBeLessThan(1e-5);
    expect(norm.numBatchesTracked?.item()).toBe(1);
    const [mean, variance] = [norm.runningMean, norm.runningVar].map((item) => item?.tolist() as number[]);
    expect(mean[0]).toBeCloseTo(5, 0);
    expect(variance[0]).toBeCloseTo(9, -1);
    // With momentum null one batch decides everything: evaluation gives nearly the same (n - 1 for n aside).
    expect(norm.eval()(x).sub(y).abs().max().item()).toBeLessThan(5e-3);
    expect(() => norm.train()(zeros(1, 2))).toThrow('more than one value for each channel');
  });

  test('padding layers put places around', () => {
    const x = tensor([[[1, 2, 3]]]);
    expect(new nn.ZeroPad1d(1)(x).tolist()).toEqual([[[0, 1, 2, 3, 0]]]);
    expect(new nn.ConstantPad1d([0, 2], 9)(x).tolist()).toEqual([[[1, 2, 3, 9, 9]]]);
    expect(new nn.ReflectionPad1d([2, 0])(x).tolist()).toEqual([[[3, 2, 1, 2, 3]]]);
    expect(new nn.ReplicationPad1d(1)(x).tolist()).toEqual([[[1, 1, 2, 3, 3]]]);
    expect(() => new nn.ZeroPad2d([1, 2])).toThrow('a list of 4, got [1, 2]');
  });

  test('losses as modules agree with their functions and keep their weights as buffers', () => {
    manualSeed(1);
    const [x, y] = [randn(4, 3), randn(4, 3)];
    const labels = tensor([0, 2, 1, 1], { dtype: 'int64' });
    const weight = tensor([1, 2, 3]);
    const F = nn.functional;
    const pairs: [Tensor, Tensor][] = [
      [new nn.MSELoss()(x, y), F.mseLoss(x, y)],
      [new nn.L1Loss({ reduction: 'sum' })(x, y), F.l1Loss(x, y, { reduction: 'sum' })],
      [new nn.HuberLoss({ delta: 0.5 })(x, y), F.huberLoss(x, y, { delta: 0.5 })],
      [new nn.CrossEntropyLoss({ weight })(x, labels), F.crossEntropy(x, labels, { weight })],
      [
        new nn.KLDivLoss({ reduction: 'batchmean' })(x, y.exp()),
        F.klDiv(x, y.exp(), { reduction: 'batchmean' }),
      ],
      [new nn.MultiMarginLoss({ weight })(x, labels), F.multiMarginLoss(x, labels, { weight })],
      [new nn.TripletMarginLoss({ margin: 2 })(x, y, x), F.tripletMarginLoss(x, y, x, { margin: 2 })],
      [new nn.CosineSimilarity()(x, y), F.cosineSimilarity(x, y)],
    ];
    for (const [module, fn] of pairs) expect(module.tolist()).toEqual(fn.tolist());
    expect(Object.keys(new nn.CrossEntropyLoss({ weight }).stateDict())).toEqual(['weight']);
  });

  test('a transformer sees the past only through a causal mask', () => {
    manualSeed(0);
    const model = new nn.TransformerEncoder(
      new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 }),
      2,
    ).eval();
    const srcMask = nn.Transformer.generateSquareSubsequentMask(4);
    const x = randn(4, 1, 8);
    const changed = x.clone();
    changed.select(0, 3).add_(1);
    const [a, b] = [x, changed].map((input) => model(input, { srcMask }));
    expect(b.narrow(0, 0, 3).tolist()).toEqual(a.narrow(0, 0, 3).tolist());
    expect(b.select(0, 3).tolist()).not.toEqual(a.select(0, 3).tolist());
    const [first, second] = model.layers;
    expect(first.linear1.weight === second.linear1.weight).toBe(false);
  });

  test('an encoder-decoder passes gradients to all of its parameters', () => {
    manualSeed(0);
    const model = new nn.Transformer({
      dModel: 8,
      nhead: 2,
      numEncoderLayers: 1,
      numDecoderLayers: 1,
      dimFeedforward: 16,
    });
    const output = model(randn(5, 2, 8), randn(3, 2, 8));
    expect(output.shape).toEqual([3, 2, 8]);
    output.sum().backward();
    expect(model.parameters().filter((parameter) => parameter.grad === null)).toEqual([]);
  });
});
