import { expect, describe, test } from 'vitest';
import { F, nn, optim, randint, randn, type Tensor } from '../../../core/index.js';
import { trainTwins, type Training } from './twins.js';

interface Network extends nn.Module {
  forward(x: Tensor): Tensor;
}
type MakeOptimizer = (parameters: Tensor[]) => optim.Optimizer;

function network(make: () => Network, optimizer: MakeOptimizer, loss: (y: Tensor, target: Tensor) => Tensor) {
  return (): Training => {
    const model = make();
    const opt = optimizer(model.parameters());
    return {
      model,
      step: (x: Tensor, target: Tensor) => {
        opt.zeroGrad();
        const value = loss(model.forward(x), target);
        value.backward();
        opt.step();
        return value;
      },
    };
  };
}

const mlp = (): Network =>
  new nn.Sequential(
    new nn.Linear(20, 32),
    new nn.ReLU(),
    new nn.Linear(32, 16),
    new nn.Tanh(),
    new nn.Linear(16, 5),
  );
const classes = (): [Tensor, Tensor] => [randn([8, 20]), randint(0, 5, [8])];

/** All of one rule each, with what changes their numbers from step to step. */
const updates: Record<string, MakeOptimizer> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 }),
  Adam: (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true }),
  AdamW: (p) => new optim.AdamW(p, { lr: 0.01 }),
  Adamax: (p) => new optim.Adamax(p),
  NAdam: (p) => new optim.NAdam(p),
  // Rectified from the sixth step on.
  RAdam: (p) => new optim.RAdam(p, { lr: 0.01 }),
  Adagrad: (p) => new optim.Adagrad(p, { lrDecay: 0.1 }),
  Adadelta: (p) => new optim.Adadelta(p),
  RMSprop: (p) => new optim.RMSprop(p, { centered: true, momentum: 0.5, lr: 0.001 }),
  // Averaged from the third step on.
  ASGD: (p) => new optim.ASGD(p, { t0: 2 }),
  Rprop: (p) => new optim.Rprop(p, { lr: 1e-3 }),
};

const optimizers: Record<string, MakeOptimizer> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.05 }),
  momentum: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, weightDecay: 0.01 }),
  nesterov: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, nesterov: true }),
  Adam: (p) => new optim.Adam(p, { lr: 0.01 }),
  AdamW: (p) => new optim.AdamW(p, { lr: 0.01 }),
  RMSprop: (p) => new optim.RMSprop(p, { lr: 0.01 }),
};

describe('a compiled training step gives the numbers of the step as written', () => {
  test.each(Object.keys(optimizers))('MLP, cross entropy, %s', (name) => {
    const fast = trainTwins(
      network(mlp, optimizers[name], (y, t) => F.crossEntropy(y, t)),
      classes,
    );
    expect(fast.stats).toMatchObject({ calls: 24, traces: 2, replays: 22, fallbacks: 0, recompiles: 0 });
  });

  test('MLP, mean squared error', () => {
    const make = network(mlp, optimizers.Adam, (y, t) => F.mseLoss(y, t));
    const fast = trainTwins(make, () => [randn([8, 20]), randn([8, 5])]);
    expect(fast.stats).toMatchObject({ traces: 2, replays: 22 });
    expect(fast.stats.graphs[0]).toMatchObject({ javascript: [], numbers: ['Adam.step'] });
  });

  test.each(Object.keys(updates))(
    '%s with a schedule, clipping, dropout and an average of the weights',
    (name) => {
      const averages: nn.Module[] = [];
      const make = (): Training => {
        const model = new nn.Sequential(
          new nn.Linear(20, 32),
          new nn.Tanh(),
          new nn.Dropout(0.3),
          new nn.Linear(32, 5),
        );
        const opt = updates[name](model.parameters());
        const schedule = new optim.lrScheduler.CosineAnnealingLR(opt, { tMax: 15 });
        const ema = new optim.EMA(model, { decay: 0.8 });
        averages.push(ema.model);
        return {
          model,
          step: (x: Tensor, target: Tensor) => {
            opt.zeroGrad();
            const loss = F.crossEntropy(model.forward(x), target);
            loss.backward();
            nn.utils.clipGradNorm_(model.parameters(), 0.3);
            nn.utils.clipGradValue_(model.parameters(), 0.05);
            opt.step();
            schedule.step();
            ema.update();
            return loss;
          },
        };
      };
      const fast = trainTwins(make, classes, { steps: 22 });
      expect(fast.stats).toMatchObject({ traces: 2, replays: 20, fallbacks: 0, recompiles: 0 });
      expect(fast.stats.graphs[0]).toMatchObject({
        numbers: [`${name}.step`, 'scheduler.step', 'EMA.update'],
        // Masks of dropout are drawn by a kernel, which draws what the function as written draws.
        javascript: [],
      });
      const [plain, twin] = averages.map((model) => model.parameters().map((p) => p.toTypedArray()));
      plain.forEach((expected, i) => {
        expected.forEach((x, k) => {
          expect(twin[i][k]).toBeCloseTo(x, 5);
        });
      });
    },
  );

  test('with dropout the same random numbers are drawn', () => {
    const make = network(
      () =>
        new nn.Sequential(new nn.Linear(20, 32), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(32, 5)),
      optimizers.SGD,
      (y, t) => F.crossEntropy(y, t),
    );
    expect(trainTwins(make, classes).stats).toMatchObject({ replays: 22, fallbacks: 0 });
  });

  test('convolutions, pooling and batch normalization, with its running statistics', () => {
    const make = network(
      () =>
        new nn.Sequential(
          new nn.Conv2d(1, 4, 3, { padding: 1 }),
          new nn.BatchNorm2d(4),
          new nn.ReLU(),
          new nn.MaxPool2d(2),
          new nn.Conv2d(4, 6, 3),
          new nn.GELU(),
          new nn.Flatten(),
          new nn.Linear(24, 5),
        ),
      // Not Adam: the gradient of a bias before the normalization is 0 but for rounding, which Adam makes large.
      optimizers.momentum,
      (y, t) => F.crossEntropy(y, t),
    );
    const fast = trainTwins(make, () => [randn([4, 1, 8, 8]), randint(0, 5, [4])]);
    expect(fast.stats).toMatchObject({ replays: 22, fallbacks: 0 });
  });

  test.each([0, 0.2])('an embedding, attention with dropout %d and layer normalization', (dropout) => {
    class Block extends nn.Module {
      tokens = new nn.Embedding(11, 16);
      attention = new nn.MultiheadAttention(16, 4, { batchFirst: true, dropout });
      norm = new nn.LayerNorm(16);
      up = new nn.Linear(16, 32);
      down = new nn.Linear(32, 11);
      forward(x: Tensor): Tensor {
        const h = this.tokens(x);
        const [mixed] = this.attention(h, h, h, { needWeights: dropout === 0 });
        return this.down(this.up(this.norm(h.add(mixed))).relu());
      }
    }
    const make = (): Training => {
      const model = new Block();
      const opt = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      return {
        model,
        step: (x: Tensor, target: Tensor) => {
          opt.zeroGrad();
          const loss = F.crossEntropy(model(x).reshape([-1, 11]), target.reshape([-1]));
          loss.backward();
          nn.utils.clipGradNorm_(model.parameters(), 0.5);
          opt.step();
          return loss;
        },
      };
    };
    const fast = trainTwins(make, () => [randint(0, 11, [3, 6]), randint(0, 11, [3, 6])]);
    expect(fast.stats).toMatchObject({ replays: 22, fallbacks: 0 });
  });

  test('a schedule inside of the step, gradients set to null at its end', () => {
    const make = (): Training => {
      const model = mlp();
      const opt = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const schedule = new optim.lrScheduler.CosineAnnealingLR(opt, { tMax: 30 });
      return {
        model,
        step: (x: Tensor, target: Tensor) => {
          const loss = F.crossEntropy(model.forward(x), target);
          loss.backward();
          opt.step();
          schedule.step();
          opt.zeroGrad();
          return loss;
        },
      };
    };
    expect(trainTwins(make, classes).stats).toMatchObject({ replays: 22, fallbacks: 0 });
  });

  test('other options, and a state that is loaded, are compiled for anew; another rate is not', () => {
    const optimizers: optim.AdamW[] = [];
    const make = (): Training => {
      const model = mlp();
      const opt = new optim.AdamW(model.parameters(), { lr: 0.01 });
      optimizers.push(opt);
      return {
        model,
        step: (x: Tensor, target: Tensor) => {
          opt.zeroGrad();
          const loss = F.crossEntropy(model.forward(x), target);
          loss.backward();
          opt.step();
          return loss;
        },
      };
    };
    let calls = 0;
    const fast = trainTwins(make, classes, {
      between: (_, at) => {
        const opt = optimizers[calls++ % 2];
        opt.paramGroups[0].lr *= 0.9;
        if (at === 8) opt.paramGroups[0].weightDecay = 0;
        if (at === 16) opt.loadStateDict(opt.stateDict());
      },
    });
    expect(fast.stats).toMatchObject({ traces: 6, replays: 18, fallbacks: 0, recompiles: 2 });
    expect(fast.stats.recompileReasons).toEqual(['the options, parameters or state of AdamW are others']);
  });

  test('gradients that are summed over several calls', () => {
    const make = (): Training => {
      const model = mlp();
      return {
        model,
        step: (x: Tensor, target: Tensor) => {
          const loss = F.crossEntropy(model.forward(x), target);
          loss.backward();
          return loss;
        },
      };
    };
    const fast = trainTwins(make, classes, {
      between: ({ model }, at) => {
        if (at % 4 === 3) for (const parameter of model.parameters()) parameter.grad = null;
      },
    });
    expect(fast.stats.fallbacks).toBe(0);
    expect(fast.stats.replays).toBeGreaterThan(12);
  });
});
