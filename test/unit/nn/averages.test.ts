import { describe, expect, test } from 'vitest';
import { manualSeed, nn, optim, randn } from '../../../core/index.js';

describe('early stopping', () => {
  test('waits `patience` epochs for an improvement and remembers the best', () => {
    const stopping = new optim.EarlyStopping({ patience: 2, minDelta: 0.1 });
    const losses = [1, 0.8, 0.75, 0.9, NaN, 0.5];
    expect(stopping.best).toBeNaN();
    const stops = losses.slice(0, 5).map((loss) => stopping.step(loss));
    expect(stops).toEqual([false, false, false, false, true]);
    expect([stopping.best, stopping.bestEpoch, stopping.improved]).toEqual([0.8, 1, false]);
  });

  test('climbs in mode max', () => {
    const stopping = new optim.EarlyStopping({ patience: 0, mode: 'max' });
    expect([0.5, 0.6, 0.6].map((accuracy) => stopping.step(accuracy))).toEqual([false, false, true]);
    expect(stopping.best).toBe(0.6);
    expect(() => new optim.EarlyStopping({ patience: -1 })).toThrow('got -1');
  });
});

describe('exponential moving average', () => {
  test('follows the weights by its formula and leaves the model alone', () => {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const ema = new optim.EMA(model, { decay: 0.9 });
    const start = model.parameters()[0].tolist() as number[][];
    const expected = start.flat();
    for (let step = 0; step < 3; step++) {
      nn.init.normal_(model.parameters()[0]);
      model(randn(4, 2));
      ema.update();
      (model.parameters()[0].tolist() as number[][]).flat().forEach((p, i) => {
        expected[i] = Math.fround(0.9 * expected[i] + 0.1 * p);
      });
    }
    (ema.model.parameters()[0].tolist() as number[][]).flat().forEach((average, i) => {
      expect(average).toBeCloseTo(expected[i], 6);
    });
    expect(ema.model.buffers().map((buffer): unknown => buffer.tolist())).toEqual(
      model.buffers().map((buffer): unknown => buffer.tolist()),
    );
    expect([ema.model.training, model.training]).toEqual([false, true]);
    expect(ema.model.parameters().some((parameter) => parameter.requiresGrad)).toBe(false);
    expect(() => new optim.EMA(model, { decay: 2 })).toThrow('decay must be in [0, 1], got 2');
  });
});
