import { describe, expect, test } from 'vitest';
import { manualSeed, nn, optim, randn, tensor, type Tensor } from '../../../core/index.js';
import { kernels } from '../../../core/kernels/index.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import type { UpdateArrays } from '../../../core/kernels/updates.js';
import { views } from '../../../core/kernels/views.js';
import { Storage } from '../../../core/storage.js';
import { get, put } from './memory-helpers.js';

type Make = (parameters: Tensor[]) => optim.Optimizer;

const optimizers: Record<string, Make> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1 }),
  'SGD with weight decay, maximizing': (p) =>
    new optim.SGD(p, { lr: 0.1, weightDecay: 0.01, maximize: true }),
  'SGD with momentum': (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5, weightDecay: 0.1 }),
  'SGD of Nesterov': (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
  Adam: (p) => new optim.Adam(p, { lr: 0.01 }),
  'Adam with weight decay': (p) => new optim.Adam(p, { lr: 0.01, weightDecay: 0.1 }),
  'Adam with the largest second moment': (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true }),
  'AdamW, maximizing': (p) => new optim.AdamW(p, { lr: 0.01, maximize: true }),
  Adamax: (p) => new optim.Adamax(p),
  NAdam: (p) => new optim.NAdam(p),
  RAdam: (p) => new optim.RAdam(p, { lr: 0.01 }),
  Adagrad: (p) => new optim.Adagrad(p, { lrDecay: 0.1 }),
  Adadelta: (p) => new optim.Adadelta(p, { maximize: true }),
  RMSprop: (p) => new optim.RMSprop(p),
  'RMSprop, centered, with momentum': (p) => new optim.RMSprop(p, { centered: true, momentum: 0.5 }),
  ASGD: (p) => new optim.ASGD(p, { t0: 2 }),
  Rprop: (p) => new optim.Rprop(p),
};

/** Follows each update with the reference on copies, and compares. Returns how many there were. */
function besideReference(tolerance: number, run: () => void): number {
  const original = Object.getOwnPropertyDescriptor(kernels, 'update');
  let calls = 0;
  kernels.update = (rule, element, tensors, numbers) => {
    calls++;
    const bytes = element === 'float32' ? 4 : 8;
    const copies = tensors.map(([n, ...arrays]) =>
      arrays.map((ptr) => {
        const copy = Storage.allocate(n * bytes, 'test');
        views[element].copyWithin(copy.ptr / bytes, ptr / bytes, ptr / bytes + n);
        return copy;
      }),
    );
    simdKernels.update(rule, element, tensors, numbers);
    referenceKernels.update(
      rule,
      element,
      tensors.map(([n], i): UpdateArrays => {
        const [p, g, ...kept] = copies[i].map(({ ptr }) => ptr);
        return [n, p, g, ...kept];
      }),
      numbers,
    );
    tensors.forEach(([n, ...arrays], i) => {
      arrays.forEach((ptr, k) => {
        for (let at = 0; at < n; at++) {
          const expected = views[element][copies[i][k].ptr / bytes + at];
          const error = Math.abs(views[element][ptr / bytes + at] - expected);
          if (!(error <= tolerance * Math.max(1, Math.abs(expected))))
            expect.fail(`array ${k} of tensor ${i}: element ${at} is ${error} off ${expected}`);
        }
      });
    });
  };
  try {
    run();
  } finally {
    if (original !== undefined) Object.defineProperty(kernels, 'update', original);
  }
  return calls;
}

describe.each(['float32', 'float64'] as const)('updates of %s', (element) => {
  const tolerance = element === 'float32' ? 2e-6 : 1e-14;

  test.each(Object.keys(optimizers))('of %s are as the reference, all tensors in one call', (name) => {
    manualSeed(5);
    const long = name === 'Adam' || name === 'SGD with momentum' ? 70_001 : 40;
    const parameters = [5, 23, long].map((n) => new nn.Parameter(randn([n]).to(element)));
    const optimizer = optimizers[name](parameters);
    const calls = besideReference(tolerance, () => {
      for (let step = 0; step < 7; step++) {
        for (const parameter of parameters) parameter.grad = randn(parameter.shape).to(element);
        optimizer.step();
      }
    });
    expect(calls).toBe(7);
  });

  test('moments do not decay into subnormal numbers', () => {
    const tiny = element === 'float32' ? 1.2e-38 : 2.3e-308;
    const parameter = new nn.Parameter(tensor([1, 1, 1, 1, 1]).to(element));
    const optimizer = new optim.Adam([parameter]);
    parameter.grad = tensor([0, 0, 0, 0, 0]).to(element);
    optimizer.step();
    const moments = optimizer.state.get(parameter)?.expAvg;
    moments?.fill_(tiny);
    optimizer.step();
    expect(moments?.toArray()).toEqual([0, 0, 0, 0, 0]);
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

  test('and sums of squares are as the reference, of all tensors, and so are factors that clip', () => {
    const lists = [1, 2, 3, 7, 1001, 70_000].map((n) =>
      put(
        element,
        Array.from({ length: n + 3 }, (_, i) => Math.sin(i)),
      ),
    );
    const tensors = lists.map((x) => [x.length - 3, x.ptr] as const);
    const [actual, expected] = [put('float64', [0.5, 0]), put('float64', [0.5, 0])];
    simdKernels.sumSquares(element, tensors, actual.ptr);
    referenceKernels.sumSquares(element, tensors, expected.ptr);
    expect(get(actual)[0] / get(expected)[0]).toBeCloseTo(1, 12);
    for (const most of [3, 1e6]) {
      const [a, b] = [put('float64', get(expected)), put('float64', get(expected))];
      simdKernels.clipFactor(most, a.ptr);
      referenceKernels.clipFactor(most, b.ptr);
      expect(get(a)).toEqual(get(b));
    }
  });
});
