import { describe, expect, test } from 'vitest';
import type { AdamStep, SgdStep } from '../../../core/kernels/api.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, type TestArray } from './memory-helpers.js';

const COUNT = 23;

function expectSame(actual: readonly TestArray[], expected: readonly TestArray[], tolerance: number): void {
  actual.forEach((array, k) => {
    const y = get(expected[k]);
    get(array).forEach((value, i) => {
      expect(Math.abs(value - y[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(y[i])));
    });
  });
}

describe.each(['float32', 'float64'] as const)('updates of %s', (element) => {
  const tolerance = element === 'float32' ? 1e-6 : 1e-14;
  const arrays = (count: number): TestArray[] => {
    const next = generator(11);
    return Array.from({ length: count }, (_, k) =>
      put(
        element,
        Array.from({ length: COUNT + 2 }, () => (k > 1 ? next() : next() * 2 - 1)),
      ),
    );
  };

  const sgd: SgdStep = {
    lr: 0.1,
    momentum: 0,
    dampening: 0,
    weightDecay: 0,
    nesterov: false,
    maximize: false,
    first: false,
  };
  test.each<[string, Partial<SgdStep>]>([
    ['plain', {}],
    ['with weight decay, maximizing', { weightDecay: 0.01, maximize: true }],
    ['with momentum, first', { momentum: 0.9, first: true, dampening: 0.5 }],
    ['with momentum, later', { momentum: 0.9, dampening: 0.5, weightDecay: 0.1 }],
    ['of Nesterov', { momentum: 0.9, nesterov: true }],
  ])('SGD %s is as the reference', (_, options) => {
    const [actual, expected] = [arrays(3), arrays(3)];
    const settings = { ...sgd, ...options };
    const buffer = (own: TestArray[]): number => (settings.momentum === 0 ? 0 : own[2].ptr);
    simdKernels.sgdStep(element, COUNT, actual[0].ptr, actual[1].ptr, buffer(actual), settings);
    referenceKernels.sgdStep(element, COUNT, expected[0].ptr, expected[1].ptr, buffer(expected), settings);
    expectSame(actual, expected, tolerance);
  });

  const adam: AdamStep = {
    lr: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    decoupled: false,
    amsgrad: false,
    maximize: false,
    step: 3,
  };
  test.each<[string, Partial<AdamStep>]>([
    ['plain', {}],
    ['with weight decay', { weightDecay: 0.1 }],
    ['with decoupled decay, maximizing', { weightDecay: 0.1, decoupled: true, maximize: true }],
    ['with the largest second moment', { amsgrad: true, step: 1 }],
  ])('Adam %s is as the reference', (_, options) => {
    const [actual, expected] = [arrays(5), arrays(5)];
    const settings = { ...adam, ...options };
    for (const [kernels, [p, g, m, v, vMax]] of [
      [simdKernels, actual],
      [referenceKernels, expected],
    ] as const)
      kernels.adamStep(element, COUNT, p.ptr, g.ptr, m.ptr, v.ptr, settings.amsgrad ? vMax.ptr : 0, settings);
    expectSame(actual, expected, tolerance);
  });

  test('moments do not decay into subnormal numbers', () => {
    const tiny = element === 'float32' ? 1.2e-38 : 2.3e-308;
    const zeros = put(element, new Array<number>(5).fill(0));
    const m = put(element, new Array<number>(5).fill(tiny));
    const v = put(element, new Array<number>(5).fill(tiny));
    const p = put(element, new Array<number>(5).fill(1));
    simdKernels.adamStep(element, 5, p.ptr, zeros.ptr, m.ptr, v.ptr, 0, adam);
    expect(get(m)).toEqual([0, 0, 0, 0, 0]);
  });

  test('axpy and fill', () => {
    const x = put(element, [1, 2, 3, 4, 5]);
    const y = put(element, [10, 20, 30, 40, 50, 60]);
    simdKernels.axpy(element, 5, 2, x.ptr, y.ptr);
    expect(get(y)).toEqual([12, 24, 36, 48, 60, 60]);
    simdKernels.fill(element, y.ptr, 5, -0.5);
    expect(get(y)).toEqual([-0.5, -0.5, -0.5, -0.5, -0.5, 60]);
    simdKernels.fill('uint8', x.ptr, 3, 9);
    simdKernels.fill(element, y.ptr, 0, 1);
    expect(get(y)[0]).toBe(-0.5);
  });

  test('of several tensors in one call, of which one is long, are as one by one', () => {
    const next = generator(12);
    const sizes = [5, 70_001, 16];
    const make = (): TestArray[][] =>
      sizes.map((n) =>
        Array.from({ length: 5 }, (_, k) =>
          put(
            element,
            Array.from({ length: n }, () => (k > 1 ? next() : next() * 2 - 1)),
          ),
        ),
      );
    const [first] = [make()];
    const [actual, expected] = [0, 1].map(() =>
      first.map((arrays) => arrays.map((array) => put(element, get(array)))),
    );
    const options = { ...adam, weightDecay: 0.1, step: 3 };
    simdKernels.adamSteps(
      element,
      actual.map(([p, g, m, v]) => [p.length, p.ptr, g.ptr, m.ptr, v.ptr, 0] as const),
      options,
    );
    const settings = { ...sgd, momentum: 0.9 };
    simdKernels.sgdSteps(
      element,
      actual.map(([p, g, , , buffer]) => [p.length, p.ptr, g.ptr, buffer.ptr] as const),
      settings,
    );
    expected.forEach((arrays, i) => {
      const [p, g, m, v, buffer] = arrays;
      referenceKernels.adamStep(element, p.length, p.ptr, g.ptr, m.ptr, v.ptr, 0, options);
      referenceKernels.sgdStep(element, p.length, p.ptr, g.ptr, buffer.ptr, settings);
      expectSame(actual[i], arrays, 4 * tolerance);
    });
  });

  test('and sums of squares are as the reference', () => {
    for (const n of [1, 2, 3, 7, 1001]) {
      const x = put(
        element,
        Array.from({ length: n + 3 }, (_, i) => Math.sin(i)),
      );
      const [actual, expected] = [put('float64', [0]), put('float64', [0])];
      simdKernels.sumSquares(element, n, x.ptr, actual.ptr);
      referenceKernels.sumSquares(element, n, x.ptr, expected.ptr);
      expect(get(actual)[0]).toBeCloseTo(get(expected)[0], 10);
    }
  });
});
