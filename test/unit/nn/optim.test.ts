import { describe, expect, test } from 'vitest';
import { manualSeed, nn, optim, randn, tensor, type Tensor } from '../../../core/index.js';

function parameter(...values: number[]): nn.Parameter {
  return new nn.Parameter(tensor(values));
}

/** The gradient of ½ p² is p. */
function descend(optimizer: optim.Optimizer, parameters: readonly Tensor[], steps: number): void {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    for (const p of parameters) p.mul(p).mul(0.5).sum().backward();
    optimizer.step();
  }
}

describe('optimizers', () => {
  test('update groups with their own options and leave out what has no gradient', () => {
    const [a, b, c] = [parameter(1), parameter(1), parameter(1)];
    const sgd = new optim.SGD([{ params: [a], lr: 0.5 }, { params: [b, c] }], { lr: 0.1 });
    a.mul(2).sum().backward();
    b.mul(2).sum().backward();
    sgd.step();
    expect([a.item(), b.item(), c.item()]).toEqual([0, Math.fround(0.8), 1]);
    sgd.paramGroups[1].lr = 1;
    sgd.step();
    expect(b.item()).toBeCloseTo(-1.2, 6);
    sgd.addParamGroup({ params: parameter(4), lr: 3 });
    expect(sgd.paramGroups.map((group) => group.lr)).toEqual([0.5, 1, 3]);
  });

  test('count an update as a change, so that a stale graph is noticed', () => {
    const p = parameter(2);
    const loss = p.mul(p).sum();
    const version = p.version;
    p.grad = tensor([1]);
    new optim.SGD([p], { lr: 1 }).step();
    expect(p.version).toBeGreaterThan(version);
    expect(() => loss.backward()).toThrow('in-place');
  });

  test('continue exactly from a saved state', () => {
    const makers: ((params: Iterable<Tensor>) => optim.Optimizer)[] = [
      (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
      (params) => new optim.Adam(params, { amsgrad: true }),
      (params) => new optim.AdamW(params),
      (params) => new optim.Adagrad(params),
      (params) => new optim.Adadelta(params),
      (params) => new optim.RMSprop(params, { momentum: 0.5, centered: true }),
      (params) => new optim.Adamax(params),
      (params) => new optim.NAdam(params),
      (params) => new optim.RAdam(params),
      (params) => new optim.ASGD(params),
      (params) => new optim.Rprop(params),
    ];
    for (const make of makers) {
      const whole = parameter(1, -2, 3);
      const first = make([whole]);
      descend(first, [whole], 4);
      const state = first.stateDict();
      const before = whole.tolist() as number[];
      const resumed = parameter(...before);
      const second = make([resumed]);
      second.loadStateDict(state);
      descend(first, [whole], 4);
      descend(second, [resumed], 4);
      expect(resumed.tolist(), second.name).toEqual(whole.tolist());
      // Without its state an optimizer would have gone elsewhere.
      const forgetful = parameter(...before);
      descend(make([forgetful]), [forgetful], 4);
      expect(forgetful.tolist(), second.name).not.toEqual(whole.tolist());
    }
  });

  test('work on parameters that are views with gaps', () => {
    const base = tensor([
      [1, 2],
      [3, 4],
    ]);
    const column = new nn.Parameter(base.select(1, 0));
    new optim.SGD([column], { lr: 1 }).step();
    column.grad = tensor([1, 1]);
    new optim.SGD([column], { lr: 1 }).step();
    new optim.Adagrad([column], { lr: 1 }).step();
    expect(base.tolist()).toEqual([
      [-1, 2],
      [1, 4],
    ]);
  });

  test('minimize with a closure by L-BFGS', () => {
    // Rosenbrock's valley: minimum 0 at (1, 1).
    const p = new nn.Parameter(tensor([-1.5, 2], { dtype: 'float64' }));
    const lbfgs = new optim.LBFGS([p], { lineSearchFn: 'strong_wolfe', maxIter: 60 });
    const closure = () => {
      lbfgs.zeroGrad();
      const [x, y] = [p.select(0, 0), p.select(0, 1)];
      const loss = x.neg().add(1).square().add(y.sub(x.square()).square().mul(100));
      loss.backward();
      return loss;
    };
    lbfgs.step(closure);
    const [x, y] = p.tolist() as number[];
    expect(x).toBeCloseTo(1, 4);
    expect(y).toBeCloseTo(1, 4);
  });

  test('refuse what makes no sense and say what would', () => {
    const p = parameter(1);
    expect(() => new optim.SGD([], { lr: 1 })).toThrow('SGD: got no parameters');
    expect(() => new optim.SGD([p, p], { lr: 1 })).toThrow('twice');
    expect(() => new optim.SGD([p.mul(2)], { lr: 1 })).toThrow('result of an operation');
    expect(() => new optim.SGD([p], { lr: -1 })).toThrow('lr must be 0 or more, got -1');
    expect(() => new optim.SGD([p], { lr: 1, nesterov: true })).toThrow('nesterov needs a momentum');
    expect(() => new optim.Adam([p], { betas: [1, 0.9] })).toThrow('betas must be in [0, 1), got 1');
    // @ts-expect-error PyTorch's spelling
    expect(() => new optim.Adam([p], { weight_decay: 1 })).toThrow(
      'no option "weight_decay"; the options are lr, betas, eps, amsgrad, maximize, weightDecay',
    );
    expect(() => new optim.LBFGS([p]).step()).toThrow('closure');
    const other = new optim.SGD([p, parameter(2)], { lr: 1 });
    expect(() => new optim.SGD([p], { lr: 1 }).loadStateDict(other.stateDict())).toThrow(
      'groups of 2 parameters',
    );
  });
});

describe('schedules', () => {
  test('continue from a saved state', () => {
    const make = () => {
      const sgd = new optim.SGD([parameter(1)], { lr: 1 });
      const warm = new optim.lrScheduler.LinearLR(sgd, { totalIters: 3 });
      const cosine = new optim.lrScheduler.CosineAnnealingLR(sgd, { tMax: 10 });
      return {
        sgd,
        schedule: new optim.lrScheduler.SequentialLR({ schedulers: [warm, cosine], milestones: [3] }),
      };
    };
    const [whole, part] = [make(), make()];
    for (let i = 0; i < 5; i++) whole.schedule.step();
    part.schedule.loadStateDict(
      JSON.parse(JSON.stringify(whole.schedule.stateDict())) as Record<string, unknown>,
    );
    part.sgd.loadStateDict(whole.sgd.stateDict());
    for (let i = 0; i < 5; i++) {
      whole.schedule.step();
      part.schedule.step();
      expect(part.sgd.paramGroups[0].lr).toBe(whole.sgd.paramGroups[0].lr);
    }
  });
});

describe('a schedule whose options make no sense', () => {
  test('says so, and leaves the learning rate alone', () => {
    const sgd = new optim.SGD([parameter(1)], { lr: 0.5 });
    const make = (options: unknown) =>
      Reflect.construct(optim.lrScheduler.CosineAnnealingLR, [sgd, options]) as { step(): void };
    const schedule = make({ tMax: NaN });
    expect(() => {
      schedule.step();
    }).toThrow(/CosineAnnealingLR: the learning rate of epoch 1 would be NaN.*by name/);
    expect(sgd.paramGroups[0].lr).toBe(0.5);
  });
});

describe('clipping', () => {
  test('scales all gradients to a norm or cuts each element', () => {
    const [a, b] = [parameter(0, 0), parameter(0)];
    a.grad = tensor([3, 0]);
    b.grad = tensor([-4]);
    expect(nn.utils.clipGradNorm_([a, b], 1)).toBe(5);
    expect(a.grad.tolist()).toEqual([Math.fround(3 / (5 + 1e-6)), 0]);
    expect(nn.utils.gradNorm([a, b])).toBeCloseTo(1, 5);
    expect(nn.utils.gradNorm([a, b], Infinity)).toBeCloseTo(0.8, 5);
    nn.utils.clipGradValue_([a, b], 0.5);
    expect([a.grad.tolist(), b.grad.tolist()]).toEqual([[0.5, 0], [-0.5]]);
    b.grad = tensor([NaN]);
    expect(() => nn.utils.clipGradNorm_([b], 1, { errorIfNonfinite: true })).toThrow('NaN');
  });

  test('scales gradients by a norm that is known, in two steps as in one', () => {
    const [a, b, c] = [parameter(0, 0), parameter(0), parameter(0)];
    a.grad = tensor([3, 0]);
    b.grad = tensor([-4]);
    const norm = nn.utils.getTotalNorm([a.grad, b.grad]);
    expect(norm).toBe(5);
    expect(nn.utils.getTotalNorm([a.grad, b.grad], 1)).toBe(7);
    expect(nn.utils.getTotalNorm([a.grad, b.grad], { normType: Infinity })).toBe(4);
    nn.utils.clipGradsWithNorm_([a, b, c], 1, norm);
    expect([a.grad.tolist(), b.grad.tolist(), c.grad]).toEqual([
      [Math.fround(3 / (5 + 1e-6)), 0],
      [Math.fround(-4 / (5 + 1e-6))],
      null,
    ]);
    nn.utils.clipGradsWithNorm_(b, 1, tensor(0.5));
    expect(b.grad.item()).toBe(Math.fround(-4 / (5 + 1e-6)));
    expect(() => nn.utils.getTotalNorm(tensor([NaN]), 2, true)).toThrow(/getTotalNorm: the norm is NaN/);
  });

  test('turns parameters into a vector and back', () => {
    manualSeed(0);
    const model = new nn.Linear(2, 3);
    const vector = nn.utils.parametersToVector(model.parameters());
    expect(vector.shape).toEqual([9]);
    nn.utils.vectorToParameters(vector.detach().mul(2), model.parameters());
    expect(nn.utils.parametersToVector(model.parameters()).tolist()).toEqual(vector.mul(2).tolist());
    expect(() => nn.utils.vectorToParameters(randn(4), model.parameters())).toThrow(
      '9 elements, the vector 4',
    );
  });
});
