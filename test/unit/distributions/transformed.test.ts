/** Distributions of functions of samples, and mixtures, against PyTorch 2.15 in float64 (`transformed.json`). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  arange,
  distributions,
  grad,
  manualSeed,
  type NestedArray,
  ones,
  setDefaultDtype,
  tensor,
  type Tensor,
} from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => setDefaultDtype('float64'));
afterAll(() => setDefaultDtype('float32'));

interface Reference {
  readonly value: NestedArray;
  readonly logProb: NestedArray;
  readonly sample: NestedArray;
  readonly cdf?: NestedArray;
  readonly icdf?: NestedArray;
  readonly mean?: NestedArray;
  readonly variance?: NestedArray;
}

const references = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'transformed.json'), 'utf8'),
) as Readonly<Record<string, Reference>>;

const {
  AffineTransform,
  Categorical,
  ComposeTransform,
  Exponential,
  ExpTransform,
  Independent,
  MixtureSameFamily,
  Normal,
  PowerTransform,
  SigmoidTransform,
  SoftplusTransform,
  TanhTransform,
  TransformedDistribution,
  Uniform,
} = distributions;

const normal = (): distributions.Normal => new Normal(tensor([0.3, -1]), tensor([0.5, 2]));

const makers: Readonly<Record<string, () => distributions.Distribution>> = {
  exp: () => new TransformedDistribution(normal(), new ExpTransform()),
  affine: () =>
    new TransformedDistribution(new Normal(0, 1), [new AffineTransform(tensor([0.3, -1]), tensor([2, -3]))]),
  sigmoid: () => new TransformedDistribution(normal(), [new SigmoidTransform()]),
  tanh: () => new TransformedDistribution(normal(), [new TanhTransform()]),
  softplus: () => new TransformedDistribution(normal(), [new SoftplusTransform()]),
  power: () =>
    new TransformedDistribution(new Exponential(tensor([1, 2])), [
      new ComposeTransform([new PowerTransform(tensor(-0.5)), new AffineTransform(0, tensor(3))]),
    ]),
  event: () =>
    new TransformedDistribution({
      baseDistribution: new Independent(normal(), 1),
      transforms: [new TanhTransform(), new AffineTransform(1, 2)],
    }),
  inverse: () =>
    new TransformedDistribution(new Uniform(tensor([0.1, 0.2]), tensor([0.7, 0.9])), [
      new SigmoidTransform().inv,
    ]),
  mixture: () =>
    new MixtureSameFamily(
      new Categorical(tensor([0.2, 0.5, 0.3])),
      new Normal(tensor([-1, 0, 2]), tensor([0.5, 1, 0.3])),
    ),
  mixtures: () =>
    new MixtureSameFamily(
      new Categorical(
        tensor([
          [0.2, 0.8],
          [0.6, 0.4],
        ]),
      ),
      new Independent(new Normal(arange(12).double().reshape(2, 2, 3).div(6), ones(2, 2, 3)), 1),
    ),
};

function close(actual: Tensor, expected: NestedArray): void {
  const wanted = tensor(expected, { dtype: 'float64' });
  expect(actual.shape).toEqual(wanted.shape);
  expect(
    actual.allclose(wanted, { rtol: 1e-8, atol: 1e-9 }),
    `${String(actual)} is not ${String(wanted)}`,
  ).toBe(true);
}

describe('transformed distributions and mixtures', () => {
  it.each(Object.keys(references))('agree with PyTorch: %s', (name) => {
    const reference = references[name];
    const d = makers[name]();
    const value = tensor(reference.value, { dtype: 'float64' });
    close(d.logProb(value), reference.logProb);
    manualSeed(11);
    close(d.sample([3]), reference.sample);
    if (reference.cdf !== undefined) close(d.cdf(value), reference.cdf);
    if (reference.icdf !== undefined) close(d.icdf(0.3), reference.icdf);
    if (reference.mean !== undefined) close(d.mean, reference.mean);
    if (reference.variance !== undefined) close(d.variance, reference.variance);
    expect(d.expand([2, ...d.batchShape]).sample().shape).toEqual([2, ...d.batchShape, ...d.eventShape]);
  });

  it('carry gradients to the parameters of both', () => {
    const loc = tensor(0.5, { requiresGrad: true });
    const scale = tensor(2, { requiresGrad: true });
    manualSeed(3);
    const y = new TransformedDistribution(new Normal(loc, 1), [
      new AffineTransform(0, scale),
      new ExpTransform(),
    ]).rsample();
    const [byLoc, byScale] = grad(y, [loc, scale]);
    expect(byLoc.item()).toBeCloseTo(y.mul(2).item(), 10);
    expect(byScale.item()).toBeCloseTo(y.mul(y.log().div(2)).item(), 10);
  });

  it('say what they do not take, and what they do not have', () => {
    const wrong = (): void => void Reflect.construct(TransformedDistribution, [normal(), [Math.exp]]);
    expect(wrong).toThrow(/transforms are one Transform or several in an array, got a function/);
    expect(() => new MixtureSameFamily(new Categorical(tensor([1, 1, 1])), normal())).toThrow(
      /3 weights need components of batch shape \[\.\.\., 3\], got \[2\]/,
    );
    expect(() => makers.tanh().mean).toThrow(/has no mean of its own; take that of samples/);
    expect(() => makers.mixture().rsample()).toThrow(/has no rsample/);
  });
});
