import { describe, expect, test } from 'vitest';
import { volume, type Triple } from '../../../core/kernels/convolution.js';
import type { PoolGeometry, Span } from '../../../core/kernels/pooling.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, room } from './memory-helpers.js';

/** Windows along a dimension of a random size, kernel, stride, padding and dilation. */
function randomSpan(next: () => number, most: number): { size: number; span: Span } {
  const pick = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const [kernel, stride, step, padding] = [pick(1, 6), pick(1, 3), pick(1, most), pick(0, 2)];
  const size = Math.max(1, (kernel - 1) * step + 1 - 2 * padding) + pick(0, 12);
  const count = Math.floor((size + 2 * padding - (kernel - 1) * step - 1) / stride) + 1;
  const all = Array.from({ length: count }, (_, i) => i * stride - padding);
  const first = all.map((start) => (start >= 0 ? 0 : Math.ceil(-start / step)));
  const isWhole = all.map((start) => start >= 0 && start + (kernel - 1) * step < size);
  return {
    size,
    span: {
      starts: all.map((start, i) => start + first[i] * step),
      lengths: all.map((start, i) => Math.min(kernel, Math.ceil((size - start) / step)) - first[i]),
      divisors: all.map(() => pick(1, 5)),
      ...{ step, stride },
      whole: isWhole.includes(true) ? [isWhole.indexOf(true), isWhole.lastIndexOf(true) + 1] : [0, 0],
    },
  };
}

function randomGeometry(next: () => number, mostStep: number): PoolGeometry {
  const [depth, height, width] = [randomSpan(next, 2), randomSpan(next, 2), randomSpan(next, mostStep)];
  const one = {
    size: 1,
    span: { starts: [0], lengths: [1], divisors: [1], step: 1, stride: 1, whole: [0, 1] },
  } as const;
  const all = [next() < 0.2 ? depth : one, next() < 0.7 ? height : one, width];
  return {
    planes: 1 + Math.floor(next() * 3),
    input: all.map(({ size }) => size) as unknown as Triple,
    counts: all.map(({ span }) => span.starts.length) as unknown as Triple,
    spans: [all[0].span, all[1].span, all[2].span],
  };
}

describe.each(['float32', 'float64'] as const)('pooling of %s', (element) => {
  const tolerance = element === 'float32' ? 2e-6 : 1e-13;

  function expectClose(actual: number[], expected: number[]): void {
    actual.forEach((value, i) => {
      if (Object.is(value, expected[i])) return;
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(expected[i])),
      );
    });
  }

  test('of random windows is as the reference, and so are its derivatives', () => {
    const next = generator(8);
    const special = [NaN, -Infinity, Infinity];
    for (let round = 0; round < 150; round++) {
      const isMax = round % 2 === 0;
      const g = randomGeometry(next, isMax ? 2 : 1);
      const [inputs, outputs] = [g.planes * volume(g.input), g.planes * volume(g.counts)];
      const rare = round % 3 === 0 ? 0.15 : 0;
      const x = put(
        element,
        Array.from({ length: inputs }, () =>
          next() < rare ? special[Math.floor(next() * 3)] : Math.round(next() * 9),
        ),
      );
      const plain = put(
        element,
        Array.from({ length: inputs }, () => next() - 0.5),
      );
      const grad = put(
        element,
        Array.from({ length: outputs }, () => next() - 0.5),
      );
      const sizes = [g.planes, volume(g.input), volume(g.counts)] as const;
      const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
        const [best, mean, taken] = [outputs, outputs, outputs].map((n) => room(element, n));
        const [spread, added] = [inputs, inputs].map((n) => room(element, n));
        const places = room('int32', outputs);
        kernels.maxPool(element, g, x.ptr, best.ptr, places.ptr);
        if (!isMax) {
          kernels.meanPool(element, g, plain.ptr, mean.ptr);
          kernels.meanPoolGrad(element, g, grad.ptr, spread.ptr);
        }
        kernels.takePlaces(element, sizes, plain.ptr, places.ptr, taken.ptr);
        kernels.addPlaces(element, sizes, grad.ptr, places.ptr, added.ptr);
        return {
          exact: [best, places, taken].map(get),
          close: (isMax ? [added] : [mean, spread, added]).map(get),
        };
      });
      expect(actual.exact).toEqual(expected.exact);
      actual.close.forEach((values, i) => expectClose(values, expected.close[i]));
    }
  });
});
