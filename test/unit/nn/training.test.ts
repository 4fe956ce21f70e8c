import { describe, expect, test } from 'vitest';
import { data, manualSeed, nn, noGrad, ones, optim, type Tensor } from '../../../core/index.js';

function accuracy(model: nn.Sequential, x: Tensor, y: Tensor): number {
  const logits = noGrad(() => model(x)).tolist() as number[][];
  const labels = y.tolist() as number[];
  return logits.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length / labels.length;
}

function trainOnMoons(seed: number): { accuracy: number; losses: number[] } {
  manualSeed(seed);
  const set = data.moons(300, { noise: 0.1, seed });
  const loader = new data.DataLoader(set, { batchSize: 50, shuffle: true });
  const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2));
  const loss = new nn.CrossEntropyLoss();
  const adam = new optim.Adam(model.parameters(), { lr: 0.05 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 30; epoch++) {
    for (const [x, y] of loader) {
      adam.zeroGrad();
      const l = loss(model(x), y);
      l.backward();
      adam.step();
      losses.push(l.item());
    }
  }
  return { accuracy: accuracy(model, ...set.tensors), losses };
}

describe('training', () => {
  test('separates two moons that no line separates', () => {
    const { accuracy: reached, losses } = trainOnMoons(0);
    expect(reached).toBeGreaterThanOrEqual(0.99);
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(0.1);
  });

  test('takes the same course under the same seed and another one under another', () => {
    const { losses } = trainOnMoons(1);
    expect(trainOnMoons(1).losses).toEqual(losses);
    expect(trainOnMoons(2).losses).not.toEqual(losses);
  });

  test('finds the line of a linear regression', () => {
    manualSeed(0);
    const [x, y] = data.linearRegression(200, { weight: [2, -3.4], bias: 4.2, noise: 0.01 }).tensors;
    const model = new nn.Linear(2, 1);
    const sgd = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loss = new nn.MSELoss();
    for (let i = 0; i < 200; i++) {
      sgd.zeroGrad();
      loss(model(x), y).backward();
      sgd.step();
    }
    const [weights] = model.weight.tolist() as number[][];
    expect(weights[0]).toBeCloseTo(2, 1);
    expect(weights[1]).toBeCloseTo(-3.4, 1);
    expect(model.bias?.item()).toBeCloseTo(4.2, 1);
  });
});

describe('dropout', () => {
  test('drops the share p, keeps the mean, and does nothing in evaluation', () => {
    manualSeed(0);
    const dropout = new nn.Dropout(0.3);
    const x = ones(100, 1000);
    const values = Array.from(dropout(x).toTypedArray());
    const dropped = values.filter((value) => value === 0).length / values.length;
    // 100,000 draws: the standard deviation of the share is 0.0015.
    expect(Math.abs(dropped - 0.3)).toBeLessThan(0.006);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
    expect(dropout.eval()(x)).toBe(x);
  });

  test('lets gradients through where elements were kept', () => {
    manualSeed(1);
    const x = ones([1000], { requiresGrad: true });
    const y = new nn.Dropout(0.5)(x);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual(y.tolist());
  });

  test('drops whole channels', () => {
    manualSeed(0);
    const y = new nn.Dropout2d()(ones(4, 8, 3, 3)).tolist() as number[][][][];
    for (const channel of y.flat()) expect(new Set(channel.flat()).size).toBe(1);
    expect(new Set(y.flat().map((channel) => channel[0][0]))).toEqual(new Set([0, 2]));
    expect(() => new nn.Dropout2d()(ones(4, 8))).toThrow('expected 3 or 4 dimensions, got [4, 8]');
    expect(() => new nn.Dropout(1.5)).toThrow('Dropout: p must be in [0, 1], got 1.5');
  });
});
