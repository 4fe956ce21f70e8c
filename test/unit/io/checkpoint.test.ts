/** A training that was interrupted gives the numbers of one that was not. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  F,
  Generator,
  io,
  manualSeed,
  nn,
  optim,
  rand,
  randn,
  type Tensor,
  tensor,
} from '../../../core/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

function makeModel(): nn.Sequential {
  return new nn.Sequential(
    new nn.Linear(3, 8),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(8, 1),
  );
}

type Optimizer = optim.Adam | optim.SGD | optim.LBFGS;

const OPTIMIZERS: Readonly<Record<string, (params: nn.Parameter[]) => Optimizer>> = {
  Adam: (params) => new optim.Adam(params, { lr: 0.01, amsgrad: true }),
  'SGD with momentum': (params) => new optim.SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true }),
  LBFGS: (params) => new optim.LBFGS(params, { lr: 0.1, maxIter: 3 }),
};

/** Random data, dropout and a generator of its own: everything that must be continued. */
function train(model: nn.Sequential, optimizer: Optimizer, own: Generator, steps: number): number[] {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const x = randn(16, 3);
    const y = rand([16, 1], { generator: own });
    const loss = (): Tensor => {
      optimizer.zeroGrad();
      const value = F.mseLoss(model(x), y);
      value.backward();
      return value;
    };
    losses.push((optimizer.step(loss) as Tensor).item());
  }
  return losses;
}

describe('checkpoint and resume', () => {
  it.each(Object.keys(OPTIMIZERS))('continue %s to the same numbers', (name) => {
    manualSeed(1);
    const own = new Generator().manualSeed(5);
    const model = makeModel();
    const optimizer = OPTIMIZERS[name](model.parameters());
    train(model, optimizer, own, 4);
    io.checkpoint(model, optimizer, file('run.safetensors'), { generators: { own }, extra: { epoch: 4 } });
    const uninterrupted = train(model, optimizer, own, 5);

    manualSeed(99);
    const again = makeModel();
    const otherOptimizer = OPTIMIZERS[name](again.parameters());
    const otherGenerator = new Generator();
    train(again, otherOptimizer, otherGenerator, 1);
    const extra = io.resume(again, otherOptimizer, file('run.safetensors'), {
      generators: { own: otherGenerator },
    });
    expect(extra).toEqual({ epoch: 4 });
    expect(train(again, otherOptimizer, otherGenerator, 5)).toEqual(uninterrupted);
    for (const [key, x] of Object.entries(again.stateDict())) {
      expect(x.toArray(), key).toEqual(model.stateDict()[key].toArray());
    }
  });

  it('continue a learning rate schedule', () => {
    const make = (): [nn.Linear, optim.SGD, optim.lrScheduler.StepLR] => {
      const model = new nn.Linear(1, 1);
      const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
      return [model, optimizer, new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.1 })];
    };
    const [model, optimizer, scheduler] = make();
    for (let i = 0; i < 3; i++) scheduler.step();
    io.checkpoint(model, optimizer, file('schedule.safetensors'), { scheduler });
    const [otherModel, otherOptimizer, otherScheduler] = make();
    io.resume(otherModel, otherOptimizer, file('schedule.safetensors'), { scheduler: otherScheduler });
    scheduler.step();
    otherScheduler.step();
    expect(otherOptimizer.paramGroups[0].lr).toBe(optimizer.paramGroups[0].lr);
    expect(otherOptimizer.paramGroups[0].lr).toBeCloseTo(0.01, 12);
  });

  it('keep anything else that is data', () => {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const history = Array.from({ length: 100 }, (_, i) => (i === 50 ? NaN : i / 3));
    const given = {
      best: -Infinity,
      zero: -0,
      $number: 'x',
      'a.b': tensor([1]),
      a: { b: tensor([2]) },
      history,
    };
    io.checkpoint(model, optimizer, file('extra.safetensors'), { extra: given });
    const extra = io.resume(model, optimizer, file('extra.safetensors')) as typeof given;
    expect(extra).toMatchObject({ best: -Infinity, zero: -0, $number: 'x', history });
    expect([extra['a.b'].item(), extra.a.b.item()]).toEqual([1, 2]);
    expect(() => io.checkpoint(model, optimizer, file('x.safetensors'), { extra: { f: () => 1 } })).toThrow(
      /extra\.f is a function/,
    );
  });

  it('leave everything as it was where the checkpoint does not fit', () => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.Adam(model.parameters());
    io.checkpoint(model, optimizer, file('small.safetensors'));
    const other = new nn.Linear(3, 2);
    const otherOptimizer = new optim.Adam(other.parameters(), { lr: 0.5 });
    manualSeed(3);
    const before = [other.weight.toArray(), otherOptimizer.paramGroups[0].lr];
    expect(() => io.resume(other, otherOptimizer, file('small.safetensors'))).toThrow(
      /size mismatch for "weight"/,
    );
    expect([other.weight.toArray(), otherOptimizer.paramGroups[0].lr]).toEqual(before);
    const [drawn] = rand(1).toTypedArray();
    manualSeed(3);
    expect(drawn).toBe(rand(1).item());
    io.save(file('weights.safetensors'), model.stateDict());
    expect(() => io.resume(model, optimizer, file('weights.safetensors'))).toThrow(
      /not written by checkpoint/,
    );
  });

  it('leave the old checkpoint where the new one cannot be written', () => {
    const target = file('old.safetensors');
    writeFileSync(target, 'the old one');
    const model = new nn.Linear(1, 1);
    model.registerBuffer('count', tensor([2 ** 53], { dtype: 'float64' }).long());
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    expect(() => io.checkpoint(model, optimizer, target)).toThrow(/beyond the exact integers/);
    expect(readFileSync(target, 'utf8')).toBe('the old one');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
