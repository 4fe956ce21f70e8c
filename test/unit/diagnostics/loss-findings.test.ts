/** Of trainings whose loss goes wrong in known ways, and of healthy ones that look as if it did: what is said of the loss. */
import { describe, expect, it } from 'vitest';
import {
  data,
  F,
  fit,
  manualSeed,
  nn,
  optim,
  rand,
  randn,
  randperm,
  type Tensor,
} from '../../../core/index.js';
import { ModelWatch, type Finding, type FindingKind } from '../../../core/diagnostics/index.js';
import { caseOf, mlp, moons, type Case } from './networks.js';

const relu = (): nn.Layer => new nn.ReLU();
const tanh = (): nn.Layer => new nn.Tanh();
type Net = nn.Sequential & ((x: Tensor) => Tensor);

interface Digits {
  x: Tensor;
  y: Tensor;
}
function digits(): Digits {
  const [x, y] = data.digits(512, { seed: 1, flat: true }).tensors;
  return { x, y };
}

/** In an order drawn anew, so that neighbours differ as random batches do. */
function shuffled({ x, y }: Digits, times: number): Digits {
  const order = randperm(x.shape[0] * times)
    .remainder(x.shape[0])
    .to('int64');
  return { x: x.indexSelect(0, order), y: y.indexSelect(0, order) };
}

const sgd = (model: nn.Module, lr: number): optim.Optimizer => new optim.SGD(model.parameters(), { lr });
const adam = (model: nn.Module, lr: number): optim.Optimizer => new optim.Adam(model.parameters(), { lr });

/** What was said of the loss, at each of some times. */
function said(one: Case, stops: readonly number[]): Finding[][] {
  const watch = new ModelWatch(one.model, { every: 1, share: 1 });
  let done = 0;
  return stops.map((stop) => {
    one.train(stop - done);
    done = stop;
    return watch.findings().filter(({ kind }) => kind.startsWith('loss'));
  });
}

const HEALTHY: Record<string, () => Case> = {
  'single examples, which scatter much, learned slowly': () => {
    const model = mlp(relu, [64, 32, 10]);
    return caseOf(model, { ...shuffled(digits(), 4), optimizer: sgd(model, 0.01), batch: 1 });
  },
  'a warm-up of 200 steps': () => {
    const model = mlp(relu, [64, 32, 10]);
    const optimizer = sgd(model, 1e-5);
    let step = 0;
    const forward = (x: Tensor): Tensor => {
      optimizer.paramGroups[0].lr = Math.min(0.1, (0.1 * ++step) / 200);
      return (model as Net)(x);
    };
    return caseOf(model, { ...shuffled(digits(), 2), optimizer, batch: 32, forward });
  },
  'dropout of a half': () => {
    manualSeed(1);
    const model = new nn.Sequential(
      new nn.Linear(64, 64),
      relu(),
      new nn.Dropout(0.5),
      new nn.Linear(64, 10),
    );
    return caseOf(model, { ...shuffled(digits(), 2), optimizer: adam(model, 1e-3), batch: 16 });
  },
  'momentum, whole batches': () => {
    const model = mlp(tanh, [2, 16, 2]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
    return caseOf(model, { ...moons(), optimizer });
  },
  'scores that are no loss: of both signs, and not falling': () => {
    const model = mlp(tanh, [4, 8, 1]);
    const x = randn([2048, 4]);
    const loss = (output: Tensor, y: Tensor): Tensor => output.mul(y).mean();
    return caseOf(model, { x, y: randn([2048, 1]), optimizer: sgd(model, 1e-3), batch: 16, loss });
  },
};

describe('of a healthy training nothing is said of the loss', () => {
  it.each(Object.entries(HEALTHY))('%s', (_, make) => {
    expect(said(make(), [20, 60, 100, 150, 200, 300, 400, 600, 800, 1000]).flat()).toEqual([]);
  });
});

interface Expected {
  make: () => Case;
  after: number;
  kind: FindingKind;
  what: RegExp;
  figure: RegExp;
  advice: RegExp;
}

const ILL: Record<string, Expected> = {
  'a learning rate of 0': {
    make: () => {
      const model = mlp(relu, [64, 32, 10]);
      return caseOf(model, { ...shuffled(digits(), 1), optimizer: sgd(model, 0), batch: 32 });
    },
    after: 110,
    kind: 'loss-not-falling',
    what: /not fallen from the start: it is that of guessing, ln 10 = 2\.3\./,
    figure: /at first, mean 2\.\d+ over steps/,
    advice: /learning rate/,
  },
  'a learning rate too small': {
    make: () => {
      const model = mlp(relu, [64, 32, 10]);
      return caseOf(model, { ...shuffled(digits(), 1), optimizer: sgd(model, 1e-4), batch: 32 });
    },
    after: 400,
    kind: 'loss-not-falling',
    what: /guessing, ln 10/,
    figure: /at first, mean/,
    advice: /^Raise the learning rate: a step changes \d.*e-5 of the weights/,
  },
  'labels that belong to other inputs': {
    make: () => {
      const model = mlp(relu, [64, 8, 10]);
      const { x, y } = digits();
      return caseOf(model, { x, y: y.indexSelect(0, randperm(512)), optimizer: sgd(model, 0.01), batch: 32 });
    },
    after: 400,
    kind: 'loss-not-falling',
    what: /guessing, ln 10/,
    figure: /at first, mean/,
    advice: /do labels belong to their inputs/,
  },
  'yes or no, at ln 2': {
    make: () => {
      const model = mlp(relu, [2, 8, 1]);
      const x = randn([256, 2]);
      const y = rand([256, 1]).lt(0.5).to('float32');
      const loss = (output: Tensor, t: Tensor): Tensor => F.binaryCrossEntropyWithLogits(output, t);
      return caseOf(model, { x, y, optimizer: sgd(model, 1e-3), batch: 32, loss });
    },
    after: 400,
    kind: 'loss-not-falling',
    what: /guessing, ln 2 = 0\.693\./,
    figure: /mean 0\.\d+ over/,
    advice: /learning rate/,
  },
  'a gradient that goes up instead of down': {
    make: () => {
      const model = mlp(relu, [64, 32, 10]);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, maximize: true });
      return caseOf(model, { ...shuffled(digits(), 1), optimizer, batch: 32 });
    },
    after: 100,
    kind: 'loss-rising',
    what: /^The loss grows since step \d+: training diverges\.$/,
    figure: /readings?, 2\.\d at first/,
    advice: /Lower the learning rate.*sign/,
  },
  'a regression that diverges': {
    make: () => {
      manualSeed(1);
      const model = new nn.Linear(4, 1);
      const x = randn([64, 4]);
      const loss = (output: Tensor, t: Tensor): Tensor => F.mseLoss(output, t);
      return caseOf(model, { x, y: x.sum(1, true), optimizer: sgd(model, 1.1), loss });
    },
    after: 20,
    kind: 'loss-rising',
    what: /diverges/,
    figure: /over the last 5 readings/,
    advice: /clip gradients/,
  },
  'steps that overshoot': {
    make: () => {
      manualSeed(1);
      const model = new nn.Linear(2, 2);
      return caseOf(model, { ...moons(), optimizer: sgd(model, 20) });
    },
    after: 100,
    kind: 'loss-oscillating',
    what: /swings up and down from step to step/,
    figure: /^between 0\.5\d* and 0\.[78]\d, mean 0\.62, update-to-weight ratio 0\.3\d$/,
    advice: /Lower the learning rate/,
  },
  'classes that overlap, once they are learned': {
    make: () => {
      const model = mlp(relu, [2, 16, 2]);
      const [x, y] = data.moons(256, { seed: 1, noise: 0.5 }).tensors;
      return caseOf(model, { x, y, optimizer: sgd(model, 0.3) });
    },
    after: 2000,
    kind: 'loss-plateau',
    what: /^The loss has not fallen since step \d+\.$/,
    figure:
      /^mean 0\.\d+ over steps \d+ to \d+, 0\.\d+ over those after, 0\.\d+ at first; update-to-weight ratio/,
    advice: /Stop here if it is low enough/,
  },
};

describe('of a loss that goes wrong is said how, with the figure and what to try', () => {
  it.each(Object.entries(ILL))('%s', (_, { make, after, kind, what, figure, advice }) => {
    const [findings] = said(make(), [after]);
    expect(findings.map((one) => one.kind)).toEqual([kind]);
    expect(findings[0].what).toMatch(what);
    expect(findings[0].figure).toMatch(figure);
    expect(findings[0].advice).toMatch(advice);
  });

  /** Small noisy moons by a large network, or many by a small one. */
  function validated(count: number, widths: readonly number[], epochs: number) {
    const model = mlp(relu, widths) as Net;
    const watch = new ModelWatch(model, { every: 1, share: 1 });
    const findings: Finding[][] = [];
    const history = fit(model, {
      train: new data.DataLoader(data.moons(count, { seed: 1, noise: 0.3 }), { batchSize: 8, shuffle: true }),
      validation: new data.DataLoader(data.moons(200, { seed: 11, noise: 0.3 }), { batchSize: 200 }),
      loss: F.crossEntropy,
      optimizer: adam(model, 1e-2),
      epochs,
      callbacks: [{ onEpochEnd: () => void findings.push(watch.findings()) }],
    });
    return { findings, losses: history.epochs.map(({ validationLoss }) => validationLoss) };
  }

  it('a validation that rises while training goes on to learn, since the epoch where it was best', () => {
    const { findings, losses } = validated(40, [2, 64, 64, 2], 40);
    const [found] = findings.at(-1)!;
    expect(found).toMatchObject({ kind: 'overfitting', severity: 2, layer: null });
    const epoch = (found.since + 1) / 5 - 1;
    // The least of means of three is by the least one.
    expect(losses[epoch]).toBeLessThan(1.1 * Math.min(...losses));
    expect(found.figure).toMatch(
      /^validation 0\.\d+ there, \d\.?\d* now; training 0\.\d+ there, 0\.\d+ now$/,
    );
    expect(found.advice).toContain('EarlyStopping');
    expect(losses.at(-1)!).toBeGreaterThan(1.2 * losses[epoch]);
  });

  it('and of one that only scatters nothing', () => {
    const { findings } = validated(400, [2, 8, 2], 20);
    expect(findings.flat().filter(({ kind }) => kind === 'overfitting')).toEqual([]);
  });
});
