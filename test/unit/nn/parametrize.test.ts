/** Parameters that are computed from others, and averages of weights; numbers are those of torch 2.15. */
import {
  data,
  F,
  functionalCall,
  manualSeed,
  nn,
  ones,
  optim,
  randn,
  stackModuleState,
  Tensor,
  tensor,
  vmap,
} from 'nabla/core';
import { expect, test } from 'vitest';

const { isParametrized, registerParametrization, removeParametrizations } = nn.utils.parametrize;
const numbers = (x: Tensor): number[] => Array.from(x.flatten().toTypedArray(), Number);

class Symmetric extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.triu().add(x.triu(1).t());
  }

  rightInverse(x: Tensor): Tensor {
    return x.triu();
  }
}

test('a field becomes what a module makes of it; the original is learned, saved and copied', () => {
  const layer = registerParametrization(new nn.Linear(3, 3), 'weight', new Symmetric());
  expect(layer.weight.equal(layer.weight.t())).toBe(true);
  expect(Object.keys(layer.stateDict())).toEqual(['bias', 'parametrizations.weight.original']);
  expect(layer.namedParameters().map(([name]) => name)).toEqual(['bias', 'parametrizations.weight.original']);
  const copy = layer.clone();
  const [, original] = copy.parameters();
  copy(randn(2, 3)).sum().backward();
  expect(original.grad?.shape).toEqual([3, 3]);
  expect(layer.parameters()[1].grad).toBe(null);
  layer.weight = new nn.Parameter(ones([3, 3]));
  expect(layer.weight.equal(ones([3, 3]))).toBe(true);
  expect(copy.weight.equal(layer.weight)).toBe(false);
  expect([isParametrized(layer), isParametrized(layer, 'bias')]).toEqual([true, false]);
  removeParametrizations(layer, 'weight');
  expect(isParametrized(layer)).toBe(false);
  expect(Object.keys(layer.stateDict()).sort()).toEqual(['bias', 'weight']);
  expect(layer.weight.equal(ones([3, 3]))).toBe(true);
});

test('what cannot be parametrized is an error that says so', () => {
  const layer = new nn.Linear(2, 3);
  expect(() => registerParametrization(layer, 'wait', new Symmetric())).toThrow(
    /Linear has no parameter wait/,
  );
  expect(() => registerParametrization(layer, 'weight', new nn.Flatten(0))).toThrow(
    /has shape \[3, 2\], its parametrization gives \[6\]/,
  );
  expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias']);
  expect(() => removeParametrizations(layer, 'weight')).toThrow(/weight of Linear is not parametrized/);
});

// manual_seed(7); spectral_norm(nn.Linear(3, 2)); weight_norm(nn.Linear(3, 2)), of ones
test('spectral and weight normalization give the numbers of PyTorch', () => {
  manualSeed(7);
  const spectral = nn.utils.parametrizations.spectralNorm(new nn.Linear(3, 2));
  const x = ones([1, 3]);
  for (let i = 0; i < 2; i++) {
    numbers(spectral(x)).forEach((value, k) => expect(value).toBeCloseTo([-0.587874, -0.282241][k], 5));
  }
  expect(Object.keys(spectral.stateDict()).slice(1)).toEqual([
    'parametrizations.weight.original',
    'parametrizations.weight.0._u',
    'parametrizations.weight.0._v',
  ]);
  const weight = nn.utils.parametrizations.weightNorm(new nn.Linear(3, 2));
  weight(x).square().sum().backward();
  const [, length, direction] = weight.parameters();
  numbers(length.grad!).forEach((value, k) => expect(value).toBeCloseTo([2.539709, 1.43898][k], 5));
  expect(direction.grad!.norm().item()).toBeCloseTo(2.910221, 5);
});

test('an ensemble is computed at once from stacked states', () => {
  const models = [0, 1, 2].map(
    () => new nn.Sequential(new nn.Linear(2, 4), new nn.BatchNorm1d(4).eval(), new nn.Tanh()),
  );
  const [params, buffers] = stackModuleState(models);
  expect(params['0.weight'].shape).toEqual([3, 4, 2]);
  expect(params['0.weight'].isLeaf && params['0.weight'].requiresGrad).toBe(true);
  const x = randn(5, 2);
  type State = Record<string, Tensor>;
  const outputs = vmap((p: State, b: State) => functionalCall(models[0], [p, b], x))(params, buffers);
  models.forEach((model, i) => expect(outputs.at(i).allclose(model(x), { atol: 1e-6 })).toBe(true));
});

test('averages of weights are the means of what they were, or follow a function', () => {
  const model = new nn.Linear(1, 1, { bias: false });
  const { AveragedModel, getEmaAvgFn } = optim.swaUtils;
  const [mean, moving] = [new AveragedModel(model), new AveragedModel(model, { avgFn: getEmaAvgFn(0.5) })];
  for (const value of [1, 2, 6]) {
    model.weight.detach().fill_(value);
    mean.updateParameters(model);
    moving.updateParameters(model);
  }
  expect([mean.module.weight.item(), moving(tensor([[1]])).item()]).toEqual([3, 3.75]);
  expect(Object.keys(mean.stateDict())).toEqual(['n_averaged', 'module.weight']);
});

// opt = SGD([p], 0.4); s = SWALR(opt, swa_lr=0.1, anneal_epochs=3): the rates after each step
test.each([
  ['cos', [0.325, 0.175, 0.1, 0.1]],
  ['linear', [0.3, 0.2, 0.1, 0.1]],
] as const)('the rate anneals to that of the averages (%s)', (annealStrategy, expected) => {
  const optimizer = new optim.SGD(new nn.Linear(1, 1).parameters(), 0.4);
  const schedule = new optim.SWALR(optimizer, { swaLr: 0.1, annealEpochs: 3, annealStrategy });
  for (const rate of expected) {
    schedule.step();
    expect(optimizer.paramGroups[0].lr).toBeCloseTo(rate, 10);
  }
});

test('updateBn gives running statistics of all batches, and leaves the momentum and mode', () => {
  const x = randn(6, 2);
  const model = new nn.Sequential(new nn.BatchNorm1d(2)).eval();
  optim.updateBn(new data.DataLoader(new data.TensorDataset(x), { batchSize: 6 }), model);
  const [norm] = model.modules().filter((m) => m instanceof nn.BatchNorm1d);
  expect(F.l1Loss(norm.runningMean!, x.mean(0)).item()).toBeLessThan(1e-6);
  expect([norm.momentum, model.training]).toEqual([0.1, false]);
});
