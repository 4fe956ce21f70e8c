/** What a watch knows of the loss: whose it is, how much of it is kept, and when nothing is said. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  data,
  F,
  fit,
  manualSeed,
  nn,
  optim,
  randn,
  tensor,
  type Tensor,
} from '../../../core/index.js';
import { ModelWatch } from '../../../core/diagnostics/index.js';
import { levelOf, LossCurve } from '../../../core/diagnostics/loss-curve.js';
import { waiting } from '../../../core/autograd/waiting.js';
import { mlp, moons } from './networks.js';

const all = { every: 1, share: 1 };
const relu = (): nn.Layer => new nn.ReLU();
type Net = nn.Sequential & ((x: Tensor) => Tensor);
const net = (widths: readonly number[]): Net => mlp(relu, widths) as Net;
const readings = (watched: ModelWatch): number[] => watched.loss!.curve.bins.map(({ mean }) => mean);

describe('the loss of a watched model', () => {
  it.each([1, 10])('is what backward() began with, in every pass, looked at every %i', (every) => {
    const model = net([2, 8, 2]);
    const { x, y } = moons();
    const watched = new ModelWatch(model, { every, share: 1 });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const losses = Array.from({ length: 50 }, () => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model(x), y);
      loss.backward();
      optimizer.step();
      return loss.item();
    });
    expect(readings(watched)).toEqual(losses);
    expect(watched.loss).toMatchObject({ kind: 'classes', judged: true });
    // After a look somebody waits for a second loss: until anybody's next pass.
    F.mseLoss(net([1, 1])(randn([4, 1])), randn([4, 1])).backward();
    expect(waiting).toEqual({ first: null, others: [] });
  });

  it('is read at the looks at a compiled step, which stays compiled', () => {
    const { x, y } = moons();
    const make = () => {
      const model = net([2, 8, 2]);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const step = compile((input: Tensor, target: Tensor) => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model(input), target);
        loss.backward();
        optimizer.step();
        return loss;
      });
      return { model, step };
    };
    const plain = make();
    const losses = Array.from({ length: 100 }, () => plain.step(x, y).item());
    const { model, step } = make();
    let time = 0;
    const watched = new ModelWatch(model, { every: 10, share: 1 }, undefined, () => (time += 0.1));
    for (let i = 0; i < 100; i++) step(x, y);
    const seen = watched.loss!.curve.bins;
    expect(seen.map(({ from }) => from)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    for (const { from, mean } of seen) expect(mean).toBeCloseTo(losses[from], 4);
    expect(step.stats.fallbackReasons).toEqual([]);
    expect(step.stats.replays).toBeGreaterThan(80);
  });

  it('is that of its own model where two train in turn', () => {
    const models = [net([2, 8, 2]), net([2, 4, 2])];
    const { x, y } = moons();
    const watched = models.map((model) => new ModelWatch(model, all));
    const losses: number[][] = [[], []];
    for (let step = 0; step < 30; step++)
      models.forEach((model, i) => {
        const loss = F.crossEntropy(model(x), y);
        loss.backward();
        losses[i].push(loss.item());
      });
    watched.forEach((one, i) => {
      expect(readings(one)).toEqual(losses[i]);
      expect(one.loss?.judged).toBe(true);
    });
  });

  it('is kept as means of at most 96 stretches, whatever their number', () => {
    const curve = new LossCurve();
    const value = (i: number): number => 1 / (1 + i / 1000) + 0.1 * Math.sin(i);
    for (let i = 0; i < 100_000; i++) curve.add(i, value(i));
    const bins = curve.full;
    expect(curve.bins.length).toBeLessThanOrEqual(96);
    expect(bins.length).toBeGreaterThanOrEqual(47);
    const { from, to, count, mean, squares, turns, min, max } = bins[3];
    const own = Array.from({ length: count }, (_, i) => value(from + i));
    expect(to).toBe(from + count - 1);
    const exact = own.reduce((a, b) => a + b) / count;
    expect(mean).toBeCloseTo(exact, 12);
    expect(squares).toBeCloseTo(
      own.reduce((sum, v) => sum + (v - exact) ** 2, 0),
      8,
    );
    expect(turns).toBeCloseTo(
      own.reduce((sum, v, i) => sum + (v - value(from + i - 1)) ** 2, 0),
      8,
    );
    expect([min, max]).toEqual([Math.min(...own), Math.max(...own)]);
    // Of a straight line with a bend the error is that of its deviations from the line.
    const line = [1, 2, 3, 5].map((v, i) => ({ ...bins[0], from: i, to: i, count: 1, mean: v }));
    const level = levelOf(line);
    expect(level).toMatchObject({ from: 0, to: 3, count: 4, mean: 2.75 });
    // It is off the line 0.8 + 1.3 i by 0.2, -0.1, -0.4 and 0.3.
    expect(level.error).toBeCloseTo(Math.sqrt(0.3 / 2 / 4), 12);
  });

  it('is not judged where it need not fall: adversaries, several losses, a part of a model', () => {
    const { x } = moons();
    const generator = net([2, 8, 2]);
    const critic = net([2, 8, 1]);
    const body = net([2, 8]);
    const head = net([8, 2]);
    const several = net([2, 8, 2]);
    const models = { generator, critic, body, several };
    const watched = Object.entries(models).map(([name, model]) => ({
      name,
      seen: new ModelWatch(model, all),
    }));
    const [yes, no] = [1, 0].map((value) => tensor(Array.from({ length: 128 }, () => [value])));
    const { y } = moons();
    for (let step = 0; step < 20; step++) {
      const fake = generator(randn([128, 2]));
      F.binaryCrossEntropyWithLogits(critic(x), yes)
        .add(F.binaryCrossEntropyWithLogits(critic(fake.detach()), no))
        .backward();
      F.binaryCrossEntropyWithLogits(critic(fake), yes).backward();
      F.crossEntropy(head(body(x)), y).backward();
      const output = several(x);
      F.crossEntropy(output, y).backward(null, { retainGraph: true });
      output.square().mean().backward();
    }
    for (const { name, seen } of watched) {
      expect([name, seen.loss?.judged]).toEqual([name, false]);
      expect(seen.problems()).toEqual([]);
    }
  });

  it('has the validation that fit measures, at the steps where it does', () => {
    manualSeed(1);
    const model = net([2, 8, 2]);
    const watched = new ModelWatch(model, all);
    const set = data.moons(64, { seed: 1, noise: 0.1 });
    const history = fit(model, {
      train: new data.DataLoader(set, { batchSize: 16 }),
      validation: new data.DataLoader(set, { batchSize: 64 }),
      loss: F.crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      epochs: 6,
    });
    expect(watched.loss?.validation).toEqual(
      history.epochs.map(({ validationLoss }, i) => ({ step: 4 * i + 3, value: validationLoss })),
    );
    expect(watched.loss?.curve.readings).toBe(24);
  });

  it('that the user tells counts instead of what was seen', () => {
    const model = net([2, 8, 2]);
    const { x, y } = moons();
    const watched = new ModelWatch(model, all);
    for (let step = 0; step < 20; step++) {
      F.crossEntropy(model(x), y).backward();
      watched.add(step < 10 ? null : 100 + step, 7);
    }
    expect(readings(watched)).toEqual(Array.from({ length: 10 }, (_, i) => 110 + i));
    expect(watched.loss?.validation.length).toBe(20);
  });
});
