import { describe, expect, it } from 'vitest';
import { metrics, nn, optim, tensor, Tensor } from '../../../core/index.js';
import {
  calibrationCurve,
  findLearningRate,
  gradientNoise,
  precisionRecallCurve,
  rocCurve,
  type Still,
} from '../../../kernel/plots/index.js';
import type { LinePanel } from '../../../kernel/plots/model/chart.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { toVegaLite } from '../../../kernel/plots/render/vega-lite.js';
import { ranked } from './scores.js';

function panel(still: Still, i = 0): LinePanel {
  const one = still.model().panels[i];
  if (one.kind !== 'lines') throw new Error(`expected lines, got ${one.kind}`);
  return one;
}

const notes = (still: Still): string => still.model().notes.join(' ');

describe('rocCurve and precisionRecallCurve', () => {
  // The example of scikit-learn's documentation of roc_curve and precision_recall_curve.
  const target = [0, 0, 1, 1];
  const scores = [0.1, 0.4, 0.35, 0.8];

  it('agree with scikit-learn on its own example', () => {
    const roc = panel(rocCurve(scores, target)).series[1];
    expect([...roc.line.x]).toEqual([0, 0, 0.5, 0.5, 1]);
    expect([...roc.line.y]).toEqual([0, 0.5, 0.5, 1, 1]);
    expect(roc.last).toBeCloseTo(0.75, 12);
    const pr = panel(precisionRecallCurve(scores, target)).series[0];
    expect([...pr.line.x]).toEqual([0, 0.5, 0.5, 1, 1]);
    expect([...pr.line.y]).toEqual([1, 1, 0.5, 2 / 3, 0.5]);
    expect(pr.last).toBeCloseTo(0.8333333, 6);
  });

  it('has the area of metrics.rocAuc, for each class against the rest, equal scores counting half', () => {
    const { scores: logits, target: labels } = ranked(400, 3);
    const coarse = logits.map((row) => row.map((score) => Math.round(2 * score)));
    const curves = panel(rocCurve(coarse, labels)).series.slice(1);
    const areas = curves.map(({ last }) => last ?? NaN);
    const mean = metrics.rocAuc(tensor(coarse), tensor(labels, { dtype: 'int64' }));
    expect(areas.reduce((a, b) => a + b, 0) / 3).toBeCloseTo(mean, 9);
    expect(curves.map(({ name }) => name)).toEqual(['class 0 AUC', 'class 1 AUC', 'class 2 AUC']);
  });

  it('are alive as Vega-Lite, and bounded', () => {
    const many = ranked(20_000, 2);
    const still = rocCurve(many.scores, many.target);
    expect(panel(still).series[1].line.x.length).toBeLessThan(1000);
    expect(JSON.stringify(toVegaLite(still.model())).length).toBeLessThan(100_000);
  });

  it.each([
    ['one class only', () => rocCurve([1, 2], [1, 1]), 'nothing can be ranked'],
    ['different lengths', () => rocCurve([1, 2, 3], [1, 0]), 'got 3 scores for 2 targets'],
    ['labels that are no classes', () => precisionRecallCurve([1, 2], [0, 7]), 'got 7 at 1'],
    ['NaN', () => rocCurve([NaN, 2], [0, 1]), '1 scores are NaN'],
    ['nothing', () => rocCurve([], []), 'Nothing to compare'],
  ])('say what is wrong with %s and do not throw', (_, make, words) => {
    expect(toText(make().model())).toContain(words);
  });
});

describe('calibrationCurve', () => {
  it('has the error that follows by hand', () => {
    // Two are 90 % sure and right, two are 60 % sure and one of them is right.
    const still = calibrationCurve([0.9, 0.9, 0.6, 0.6], [1, 1, 1, 0]);
    const measured = panel(still).series[1];
    expect([...measured.line.x]).toEqual([0.6, 0.9].map((v) => expect.closeTo(v, 9) as number));
    expect([...measured.line.y]).toEqual([0.5, 1]);
    expect(notes(still)).toContain('Expected calibration error 0.1 over 4 samples');
    expect([...panel(still, 1).series[0].line.y]).toEqual([2, 2]);
  });

  it('takes logits of several classes, and says so', () => {
    const sure = Math.log(3);
    const still = calibrationCurve(
      [
        [sure, 0],
        [0, sure],
      ],
      [0, 0],
    );
    expect(panel(still).series[1].line.x[0]).toBeCloseTo(0.75, 9);
    expect(panel(still).series[1].line.y[0]).toBe(0.5);
    expect(notes(still)).toContain('the softmax of them is shown');
  });
});

/** (w - target)² of one weight: gradient descent on it diverges above a rate of 1. */
class Weight extends nn.Module {
  w = new nn.Parameter(tensor([3]));
  forward(x: Tensor): Tensor {
    return x.mul(0).add(this.w);
  }
}

const squared = (prediction: Tensor, target: Tensor): Tensor => prediction.sub(target).square().mean();

describe('findLearningRate', () => {
  const batches = [-1, 1, 0.5].map((y) => [tensor([0]), tensor([y])] as const);

  it('stops when the loss is four times its least, and finds rates below those that diverge', () => {
    const model = new Weight();
    const found = findLearningRate(model, new optim.SGD(model.parameters(), { lr: 0.1 }), batches, squared, {
      from: 1e-4,
      to: 100,
    });
    const least = Math.min(...found.smoothed);
    expect(found.rates.length).toBeLessThan(100);
    expect(found.smoothed.at(-1)).toBeGreaterThan(4 * least);
    expect(
      found.smoothed
        .slice(8, -1)
        .every((value, i) => value <= 4 * Math.min(...found.smoothed.slice(0, i + 9))),
    ).toBe(true);
    for (const rate of [found.valley, found.steepest]) {
      expect(rate).toBeGreaterThan(1e-4);
      expect(rate).toBeLessThan(1);
    }
    expect(found.losses[0]).toBe(16);
    expect(panel(found).marks.map((mark) => mark.kind === 'rule' && mark.label.split(' ')[0])).toEqual([
      'valley',
      'steepest',
    ]);
  });

  it('finds the descent behind a long flat and noisy start', () => {
    // The loss of a step with rate r is flat below 0.01, falls to 0.1 at 1 and rises from there.
    const optimizer = new optim.SGD(new Weight().parameters(), { lr: 0.1 });
    let step = 0;
    const loss = (prediction: Tensor): Tensor => {
      const { lr } = optimizer.paramGroups[0];
      const fallen = Math.min(Math.max((Math.log10(lr) + 2) / 2, 0), 1);
      const noise = 0.01 * Math.sin(12.9898 * ++step);
      return prediction
        .mul(0)
        .mean()
        .add(2 - 1.9 * fallen + noise + Math.max(0, lr - 1));
    };
    const found = findLearningRate(new Weight(), optimizer, batches, loss, {
      from: 1e-6,
      to: 10,
      smooth: 0.5,
    });
    expect(found.valley).toBeGreaterThan(0.05);
    expect(found.valley).toBeLessThan(0.5);
  });

  it('puts weights, the rate and the state of the optimizer back', () => {
    const model = new Weight();
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.25 });
    squared(model.forward(tensor([0])), tensor([1])).backward();
    optimizer.step();
    const { w } = model;
    const all = (): string =>
      JSON.stringify([w, w.grad, optimizer.stateDict()], (_, value: unknown) =>
        value instanceof Tensor ? Array.from(value.toTypedArray(), Number) : value,
      );
    const before = all();
    findLearningRate(model, optimizer, batches, squared);
    expect(all()).toBe(before);
    const fresh = new optim.Adam(model.parameters(), { lr: 0.25 });
    findLearningRate(model, fresh, batches, squared);
    expect(fresh.stateDict().state).toEqual({});
  });

  it.each([
    ['no batches', [], {}, 'the loader has no batches'],
    ['impossible rates', batches, { from: 1, to: 0.1 }, 'got 1 to 0.1'],
  ])('says what is wrong with %s', (_, loader, options, words) => {
    const model = new Weight();
    const found = findLearningRate(
      model,
      new optim.SGD(model.parameters(), { lr: 1 }),
      loader,
      squared,
      options,
    );
    expect(notes(found)).toContain(words);
    expect(found.valley).toBeNaN();
  });
});

describe('gradientNoise', () => {
  it('measures the deviation that the variance of the samples gives, falling with the root of the batch', () => {
    const model = new Weight();
    const values = Array.from({ length: 200 }, (_, i) => Math.sin(i * 1.7) * 4);
    const y = tensor(values);
    const x = tensor(values.map(() => 0));
    const found = gradientNoise(model, squared, { x, y }, { batchSizes: [1, 16, 64], draws: 400 });
    // Of (w - y)²: the gradients are 2 (w - y), so tr Σ / |g|² is var(y) / (w - mean)².
    const own = gradientNoise(
      model,
      (a, b) => squared(model.forward(a), b),
      { x, y },
      { batchSizes: [1, 16, 64], draws: 400 },
    );
    const mean = values.reduce((a, b) => a + b) / 200;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 200;
    const scale = variance / (3 - mean) ** 2;
    expect(own.noiseScale / scale).toBeGreaterThan(0.85);
    expect(own.noiseScale / scale).toBeLessThan(1.15);
    own.deviation.forEach((deviation, i) =>
      expect(deviation / Math.sqrt(scale / own.batchSizes[i])).toBeCloseTo(1, 0),
    );
    expect(own.cosine[2]).toBeGreaterThan(own.cosine[0]);
    expect(model.w.grad).toBeNull();
    // A loss that does not depend on the weights has no gradient to compare with.
    expect(found.deviation).toEqual([]);
    expect(notes(found)).not.toBe('');
  });
});
