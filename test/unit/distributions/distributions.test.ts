/**
 * Distributions against PyTorch 2.15 in float64 (`vectors.json`): logarithms of densities, moments, entropies, samples
 * drawn after `manual_seed(11)`, divergences, and the gradients of all of these by the parameters.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  Generator,
  gradFn,
  optim,
  rand,
  vmap,
  zeros,
  distributions,
  grad,
  manualSeed,
  type NestedArray,
  setDefaultDtype,
  tensor,
  type Tensor,
} from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { betaGradient, gammaGradient } from '../../../core/distributions/implicit.js';

type Numbers = number | string | null | readonly Numbers[];
type Named = Readonly<Record<string, Numbers>>;

interface Reference {
  readonly class: keyof typeof distributions;
  readonly args: Named;
  readonly value: Numbers;
  readonly logProb: Numbers;
  readonly logProbGrad: Named;
  readonly mean?: Numbers;
  readonly variance?: Numbers;
  readonly mode?: Numbers;
  readonly entropy?: Numbers;
  readonly entropyGrad?: Named;
  readonly cdf?: Numbers;
  readonly icdf?: Numbers;
  readonly sample?: Numbers;
  readonly single?: Numbers;
  readonly rsampleGrad?: Named;
  readonly q?: Named;
  readonly kl?: Numbers;
  readonly klGrad?: readonly Numbers[];
}

const cases = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'vectors.json'), 'utf8'),
) as readonly Reference[];

function nested(x: Numbers): NestedArray {
  return typeof x === 'object' && x !== null ? x.map(nested) : Number(x);
}

function close(actual: Tensor | null, expected: Numbers | undefined, tolerance = 1e-8): void {
  if (expected === undefined) throw new Error('no reference');
  if (expected === null) {
    expect(actual === null || actual.eq(0).all().item()).toBeTruthy();
    return;
  }
  expect(actual).not.toBeNull();
  const wanted = tensor(nested(expected), { dtype: 'float64' });
  const got = actual!.to('float64');
  expect(got.shape).toEqual(wanted.shape);
  const same = got.allclose(wanted, { rtol: tolerance, atol: tolerance, equalNan: true });
  expect(same, `${String(got)} is not ${String(wanted)}`).toBe(true);
}

/** Parameters as leaves; whole numbers that count trials stay numbers. */
function leavesOf(args: Named): Readonly<Record<string, Tensor | number>> {
  return Object.fromEntries(
    Object.entries(args).map(([name, x]) => [
      name,
      name === 'totalCount' ? Number(x) : tensor(nested(x), { dtype: 'float64', requiresGrad: true }),
    ]),
  );
}

const isTensor = (x: Tensor | number): x is Tensor => typeof x !== 'number';

function make(
  name: keyof typeof distributions,
  args: Readonly<Record<string, unknown>>,
): distributions.Distribution {
  return Reflect.construct(distributions[name], [args]) as distributions.Distribution;
}

function gradients(y: Tensor, leaves: Readonly<Record<string, Tensor | number>>): (Tensor | null)[] {
  return grad(y.sum(), Object.values(leaves).filter(isTensor), { allowUnused: true, retainGraph: true });
}

describe('distributions agree with PyTorch', () => {
  beforeAll(() => setDefaultDtype('float64'));
  afterAll(() => setDefaultDtype('float32'));

  it.each(cases.map((reference, i) => [`${reference.class} ${i}`, reference] as const))(
    '%s',
    (_, reference) => {
      const leaves = leavesOf(reference.args);
      const d = make(reference.class, leaves);
      const value = tensor(nested(reference.value), { dtype: 'float64' });
      const density = d.logProb(value);
      close(density, reference.logProb);
      Object.values(reference.logProbGrad).forEach((g, i) => close(gradients(density, leaves)[i], g));
      if (reference.mean !== undefined) close(d.mean, reference.mean);
      if (reference.variance !== undefined) close(d.variance, reference.variance);
      if (reference.mode !== undefined) close(d.mode, reference.mode);
      if (reference.cdf !== undefined) close(d.cdf(value), reference.cdf);
      if (reference.icdf !== undefined) close(d.icdf(0.3), reference.icdf);
      if (reference.entropy === undefined) expect(() => d.entropy()).toThrow(/has no entropy/);
      else close(d.entropy(), reference.entropy);
      const { entropyGrad } = reference;
      if (entropyGrad !== undefined) {
        Object.values(entropyGrad).forEach((g, i) => close(gradients(d.entropy(), leaves)[i], g));
      }
      if (reference.sample !== undefined) {
        manualSeed(11);
        const drawn = d.sample([3]);
        expect(drawn.requiresGrad).toBe(false);
        close(drawn, reference.sample);
        close(d.sample(), reference.single);
      }
      const { rsampleGrad } = reference;
      if (rsampleGrad !== undefined) {
        manualSeed(11);
        const drawn = d.rsample([2]);
        const n = drawn.numel();
        const weights = tensor(Array.from({ length: n }, (__, i) => (i + 1) / n)).reshape(drawn.shape);
        // PyTorch approximates implicit gradients to about three digits; ours are compared with their definition below.
        const tolerance = /Gamma|Chi2|StudentT|Beta|Dirichlet/.test(reference.class) ? 4e-3 : 1e-8;
        const found = gradients(drawn.mul(weights), leaves);
        Object.values(rsampleGrad).forEach((g, i) => close(found[i], g, tolerance));
      } else if (reference.sample !== undefined) {
        expect(d.hasRsample).toBe(false);
        expect(() => d.rsample()).toThrow(/has no rsample/);
      }
      if (reference.q !== undefined) {
        const others = leavesOf(reference.q);
        const kl = distributions.klDivergence(d, make(reference.class, others));
        close(kl, reference.kl);
        const all = [...Object.values(leaves), ...Object.values(others)].filter(isTensor);
        reference.klGrad?.forEach((g, i) =>
          close(grad(kl.sum(), all, { allowUnused: true, retainGraph: true })[i], g),
        );
      }
    },
  );
});

/** Quantiles of one distribution at two parameters, by adding up the density from 0: the definition of the gradient. */
function movedQuantile(density: (x: number, a: number) => number, a: number, x: number): number {
  const h = 1e-4 * a;
  const steps = 20_000;
  const mass = (p: number): number => {
    // With x = uᵏ the density has no peak at 0.
    const k = 8;
    const top = x ** (1 / k);
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      const u = ((i + 0.5) / steps) * top;
      sum += density(u ** k, p) * k * u ** (k - 1);
    }
    return (sum * top) / steps;
  };
  return -(mass(a + h) - mass(a - h)) / (2 * h) / density(x, a);
}

const logGamma = (x: number): number => tensor(x, { dtype: 'float64' }).lgamma().item();

describe('implicit gradients', () => {
  it.each([
    [0.3, 0.02],
    [0.3, 1.7],
    [1, 0.5],
    [4.5, 2],
    [4.5, 12],
    [60, 48],
    [60, 85],
  ])('move samples of Gamma(%s) at %s as their quantile does', (alpha, x) => {
    const density = (u: number, a: number): number => Math.exp((a - 1) * Math.log(u) - u - logGamma(a));
    expect(gammaGradient(alpha, x)).toBeCloseTo(movedQuantile(density, alpha, x), 5);
  });

  it('agree for large parameters with the expansion by a normal number', () => {
    for (const z of [-2, 0, 3]) {
      const below = gammaGradient(9999, 9999 + z * 100);
      const above = gammaGradient(10001, 10001 + z * 100);
      expect(Math.abs(below - above)).toBeLessThan(1e-5);
    }
  });

  it.each([
    [0.4, 0.7, 0.05],
    [0.4, 0.7, 0.98],
    [3, 2, 0.2],
    [3, 2, 0.9],
    [30, 5, 0.97],
    [30, 80, 0.25],
  ])('move samples of Beta(%s, %s) at %s as their quantile does', (a, b, x) => {
    const density = (u: number, p: number): number =>
      Math.exp(
        (p - 1) * Math.log(u) + (b - 1) * Math.log1p(-u) + logGamma(p + b) - logGamma(p) - logGamma(b),
      );
    expect(betaGradient(x, 1 - x, a, b)).toBeCloseTo(movedQuantile(density, a, x), 5);
  });
});

describe('distributions', () => {
  const {
    Beta,
    Bernoulli,
    Categorical,
    Gamma,
    Independent,
    klDivergence,
    MultivariateNormal,
    Normal,
    Uniform,
  } = distributions;

  it('have shapes of samples, batches and events', () => {
    const d = new Independent(new Normal(zeros(4, 3, 2), 1), 1);
    expect([d.batchShape, d.eventShape]).toEqual([[4, 3], [2]]);
    expect(d.sample([5]).shape).toEqual([5, 4, 3, 2]);
    expect(d.logProb(zeros(2)).shape).toEqual([4, 3]);
    expect(new Independent(new Normal(zeros(3), 1), 1).expand([2]).rsample().shape).toEqual([2, 3]);
    const normal = new MultivariateNormal(zeros(2), {
      covarianceMatrix: tensor([
        [2, 0.5],
        [0.5, 1],
      ]),
    });
    expect(normal.expand([3]).sample([4]).shape).toEqual([4, 3, 2]);
    expect(new Categorical({ logits: zeros(3, 7) }).sample([2]).dtype).toBe('int64');
    expect(new Categorical({ logits: zeros(3, 7) }).enumerateSupport().shape).toEqual([7, 3]);
  });

  it('take numbers by position, tensors, and names, and say what they are', () => {
    expect(String(new Normal(0, 1))).toBe('Normal(loc: 0, scale: 1)');
    expect(String(new Normal(zeros(3), { scale: 2 }))).toBe('Normal(loc: [3], scale: [3])');
    expect(String(new Bernoulli({ logits: 0.5 }))).toBe('Bernoulli(logits: 0.5)');
    expect(new Normal(zeros(2, 1), tensor([1, 2, 3])).batchShape).toEqual([2, 3]);
  });

  it('draw from the generator they are given, and leave the other alone', () => {
    const d = new Gamma(tensor([0.5, 3]), 1);
    const first = d.sample([4], { generator: new Generator().manualSeed(3) });
    manualSeed(1);
    const next = rand(1).item();
    manualSeed(1);
    const second = d.sample([4], { generator: new Generator().manualSeed(3) });
    expect(rand(1).item()).toBe(next);
    expect(first.equal(second)).toBe(true);
  });

  it('draw indices in proportion to probabilities', () => {
    manualSeed(0);
    const drawn = new Categorical(tensor([1, 2, 5])).sample([8000]).bincount();
    expect(drawn.div(1000).allclose(tensor([1, 2, 5]), { atol: 0.15 })).toBe(true);
    const single = Array.from({ length: 2000 }, () => new Categorical(tensor([0, 3, 1])).sample().item());
    expect(single.filter((i) => i === 1).length).toBeGreaterThan(1400);
    expect(single).not.toContain(0);
  });

  it('learn by the score of samples (REINFORCE) and by samples that carry gradients', () => {
    manualSeed(0);
    const logits = zeros([3], { requiresGrad: true });
    const rate = new optim.SGD([logits], { lr: 0.5 });
    for (let i = 0; i < 60; i++) {
      const policy = new Categorical({ logits });
      const action = policy.sample([16]);
      const reward = action.eq(2).float();
      rate.zeroGrad();
      policy.logProb(action).mul(reward.sub(reward.mean())).mean().neg().backward();
      rate.step();
    }
    expect(logits.softmax(0).at(2).item()).toBeGreaterThan(0.8);
    const mean = zeros([], { requiresGrad: true });
    const [g] = grad(new Normal(mean, 1).rsample([100]).sub(3).square().mean(), [mean]);
    expect(g.item()).toBeCloseTo(-6, 0);
  });

  it('say what is wrong with parameters, values and pairs', () => {
    expect(() => new Normal(0, -1)).toThrow(/Normal: scale must be positive, found -1 at position 0/);
    expect(() => new Normal(Number.NaN, 1)).toThrow(/loc must be real numbers/);
    expect(() => new Uniform(2, 1)).toThrow(/low must be below high/);
    expect(() => new Bernoulli(1.5)).toThrow(/probs must be in \[0, 1\], found 1.5/);
    expect(() => new Bernoulli()).toThrow(/either probs or logits/);
    expect(() => new Categorical({ probs: tensor([0, 0]) })).toThrow(/all 0/);
    expect(() => new Categorical({ probs: tensor([0.5, 0.5]) }).logProb(2)).toThrow(
      /index of 2 classes, found 2/,
    );
    expect(() => new Beta(1, 1).logProb(2)).toThrow(/\[0, 1\]/);
    expect(() => new MultivariateNormal(zeros(2), { covarianceMatrix: zeros(3, 3) })).toThrow(
      /\[\.\.\., 2, 2\]/,
    );
    expect(() => new Independent(new Normal(0, 1), 1)).toThrow(/has no 1 dimensions/);
    expect(() => klDivergence(new Normal(0, 1), new Beta(1, 1))).toThrow(/no formula for Normal and Beta/);
    expect(() => new Categorical({ probs: tensor([1, 1]) }).rsample()).toThrow(/outcomes are discrete/);
  });

  it('take all four arguments of a normal vector by position', () => {
    const root = tensor([
      [2, 0],
      [1, 1],
    ]);
    const mean = zeros(2);
    const named = new MultivariateNormal({ loc: mean, scaleTril: root });
    const placed = new MultivariateNormal(mean, undefined, undefined, root);
    expect(placed.covarianceMatrix.allclose(named.covarianceMatrix)).toBe(true);
    const precise = new MultivariateNormal(mean, undefined, named.precisionMatrix);
    expect(precise.covarianceMatrix.allclose(named.covarianceMatrix)).toBe(true);
  });

  it('are seen by function transforms', () => {
    const mu = tensor([0.3, -0.2]);
    const byMean = gradFn((m: Tensor) => new Normal(m, 1).logProb(tensor([1, 1])).sum());
    expect(byMean(mu).allclose(tensor([0.7, 1.2]))).toBe(true);
    const each = vmap((m: Tensor) => new Normal(m, 2).entropy().add(m))(mu);
    expect(each.shape).toEqual([2]);
  });
});
