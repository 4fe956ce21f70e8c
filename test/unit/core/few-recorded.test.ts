/** Ops on few elements that are one node when they are recorded: derivatives of both orders are those of the composed op. */
import { F, grad, linalg, noGrad, Tensor, tensor } from 'nabla/core';
import { afterEach, describe, expect, it } from 'vitest';
import { fewElements } from '../../../core/ops/few.js';
import { fewRule } from '../../../core/ops/few-gradients.js';
import { type OpRecord, registry, type SampleMaker } from '../../../core/ops/record.js';
import { callOf, replaceTensors, sampleMaker, tensorsIn } from './samples.js';

const { limit } = fewElements;
afterEach(() => {
  fewElements.limit = limit;
});

const records = [...registry.values()].filter(({ name }) => fewRule(name) !== undefined);

/** Results with gradients of the first and second order, as numbers. */
function derivatives(record: OpRecord, args: readonly unknown[]): (number[] | null)[] {
  const leaves = tensorsIn(args).map((x) => (x.requiresGrad ? x.detach().clone().requiresGrad_() : x));
  const [y] = tensorsIn(callOf(record)(...replaceTensors(args, leaves)));
  const wrt = leaves.filter((x) => x.requiresGrad);
  const weights = y.detach().mul(0.5).add(0.75);
  const first = grad(y, wrt, { gradOutputs: weights, retainGraph: true, allowUnused: true });
  const recorded = grad(y, wrt, { gradOutputs: weights, createGraph: true, allowUnused: true });
  const used = recorded.filter((g): g is Tensor => g?.requiresGrad === true).map((g) => g.mul(g).sum());
  const second = used.length === 0 ? [] : grad(used, wrt, { allowUnused: true });
  return [y, ...first, ...recorded, ...second].map((x) => x && Array.from(x.toTypedArray(), Number));
}

/** Some loops are for float32 only, which rounds otherwise. */
function singles(): SampleMaker {
  const make = sampleMaker();
  return (shape, options = {}) => make(shape, { ...options, dtype: options.dtype ?? 'float32' });
}

describe.each(records.map((record) => [record.name, record] as const))('%s', (_, record) => {
  it.each([
    ['float64', sampleMaker, 1e-9],
    ['float32', singles, 2e-4],
  ] as const)('has the derivatives of the op it is composed as, in %s', (_, make, tolerance) => {
    for (const args of record.samples?.(make()) ?? []) {
      if (!tensorsIn(args).some((x) => x.requiresGrad)) continue;
      const few = derivatives(record, args);
      fewElements.limit = 0;
      const composed = derivatives(record, args);
      fewElements.limit = limit;
      few.forEach((values, i) => {
        const wanted = composed[i];
        if (values === null || wanted === null) {
          // What is not used has no gradient, or one of zeros.
          expect((values ?? wanted ?? []).every((value) => value === 0)).toBe(true);
          return;
        }
        values.forEach((value, k) => {
          const distance = Math.abs(value - wanted[k]) / Math.max(1, Math.abs(wanted[k]));
          expect(distance, `${i}: ${value} ${wanted[k]}`).toBeLessThan(tolerance);
        });
      });
    }
  });
});

describe('an op that is one node', () => {
  const x = tensor(
    [
      [1, 2],
      [3, 5],
    ],
    { dtype: 'float64', requiresGrad: true },
  );

  it('is called after the op, and refuses operands that were changed since', () => {
    const w = tensor(
      [
        [1, 0],
        [2, 1],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const h = w.mul(1);
    const y = F.linear(x, h);
    expect(y.gradFn?.name).toBe('LinearBackward');
    noGrad(() => h.add_(1));
    expect(() => grad(y.sum(), [x])).toThrow(/LinearBackward needs was modified by an in-place operation/);
  });

  it('takes the same tensor twice, and one that is used before', () => {
    const twice = x.exp();
    const [g] = grad(linalg.vecdot(twice, twice).sum(), [x], { retainGraph: true });
    const [wanted] = grad(x.mul(2).exp().sum(), [x]);
    expect(g.allclose(wanted)).toBe(true);
    const y = linalg.vecdot(twice, twice).sum();
    const [first] = grad(y, [x], { createGraph: true });
    const [second] = grad(first.sum(), [x]);
    expect(second.allclose(x.mul(2).exp().mul(4))).toBe(true);
  });

  it('lets what it does not read be changed', () => {
    const bias = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    const b = bias.mul(2);
    const y = F.linear(x, x, b);
    noGrad(() => b.mul_(3));
    expect(grad(y.sum(), [bias])[0].toArray()).toEqual([4, 4]);
  });
});

describe('a product with a factor that has no gradient', () => {
  it('keeps that factor only', () => {
    const w = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const data = tensor(
      [
        [1, 0],
        [0, 2],
      ],
      { dtype: 'float64' },
    );
    const y = F.linear(data, w);
    noGrad(() => w.mul_(5));
    const [g] = grad(y.sum(), [w], { createGraph: true });
    expect(g.toArray()).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});
