import { expect, test } from 'vitest';
import { compile, F, manualSeed, nn, optim, randn, randint, type Tensor } from '../../../core/index.js';

function mlp() {
  manualSeed(0);
  return new nn.Sequential(new nn.Linear(20, 32), new nn.ReLU(), new nn.Linear(32, 16), new nn.Tanh(), new nn.Linear(16, 5));
}

test('mlp', () => {
  const make = () => {
    const model = mlp();
    const opt = new optim.Adam(model.parameters(), { lr: 0.01 });
    const step = (x: Tensor, y: Tensor) => {
      opt.zeroGrad();
      const loss = F.crossEntropy(model(x) as Tensor, y);
      loss.backward();
      opt.step();
      return loss;
    };
    return { model, step };
  };
  const a = make();
  const b = make();
  const fast = compile(b.step);
  manualSeed(1);
  for (let i = 0; i < 20; i++) {
    const x = randn([8, 20]);
    const y = randint(0, 5, [8]);
    const l1 = a.step(x, y).item();
    const l2 = fast(x, y).item();
    expect(Math.abs(l1 - l2)).toBeLessThan(1e-6);
  }
  console.log(String(fast));
});

test('mse', () => {
  const make = () => {
    const model = mlp();
    const opt = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const step = (x: Tensor, y: Tensor) => {
      opt.zeroGrad();
      const loss = F.mseLoss(model(x) as Tensor, y);
      loss.backward();
      opt.step();
      return loss;
    };
    return { model, step };
  };
  const a = make();
  const b = make();
  const fast = compile(b.step);
  manualSeed(1);
  for (let i = 0; i < 20; i++) {
    const x = randn([8, 20]);
    const y = randn([8, 5]);
    const l1 = a.step(x, y).item();
    const l2 = fast(x, y).item();
    expect(Math.abs(l1 - l2)).toBeLessThan(1e-6);
  }
  console.log(String(fast));
});
