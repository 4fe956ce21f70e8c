import { describe, expect, it } from 'vitest';
import { nn, optim, randn, manualSeed, tensor } from '../../../core/index.js';
import {
  decisionBoundary,
  GradientHistograms,
  gradientHistogram,
  LossChart,
} from '../../../kernel/plots/index.js';
import { silent } from './cases.js';

describe('with tensors and modules', () => {
  it('a training run gives curves, gradients and a decision', () => {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });
    const x = randn([64, 2]);
    const labels = x
      .toTypedArray()
      .filter((_, i) => i % 2 === 0)
      .map((value) => (value > 0 ? 1 : 0));
    const y = tensor(Array.from(labels), { dtype: 'int64' });
    const criterion = new nn.CrossEntropyLoss();
    const chart = new LossChart({}, silent);
    const gradients = new GradientHistograms(model, { every: 5 }, silent);
    for (let step = 0; step < 50; step++) {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(x), y);
      loss.backward();
      gradients.sample(step);
      optimizer.step();
      chart.add({ train: loss });
    }
    const [curves] = chart.model().panels;
    const summary = curves.kind === 'lines' ? curves.series[0].summary : null;
    expect(summary).toMatchObject({ count: 50 });
    expect(summary!.last!).toBeLessThan(0.5 * summary!.first!);

    const [ridges] = gradients.model().panels;
    expect(
      ridges.kind === 'ridges' && ridges.ridges.map((ridge) => [ridge.name, ridge.slices.length]),
    ).toEqual([
      ['0.weight', 10],
      ['0.bias', 10],
      ['2.weight', 10],
      ['2.bias', 10],
    ]);
    const [now] = gradientHistogram(model, {}, silent).model().panels;
    const bias = model
      .namedParameters()
      .find(([name]) => name === '2.bias')![1]
      .grad!.toTypedArray();
    const mean = (bias[0] + bias[1]) / 2;
    expect(now.kind === 'ridges' && now.ridges[3].stats.mean).toBeCloseTo(mean, 6);

    const picture = decisionBoundary(
      (xy) => model.forward(tensor(xy)),
      { points: x, labels: y },
      silent,
    ).model();
    expect(Number.parseFloat(picture.notes[0])).toBeGreaterThan(90);
  });
});
