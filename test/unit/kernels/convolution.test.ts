import { describe, expect, test } from 'vitest';
import type { ConvGeometry, Triple } from '../../../core/kernels/convolution.js';
import { volume } from '../../../core/kernels/convolution.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, room, type TestArray } from './memory-helpers.js';

function randomGeometry(next: () => number): ConvGeometry {
  const pick = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const ndim = pick(1, 3);
  const each = (draw: () => number, missing: number): Triple => [
    ndim > 2 ? draw() : missing,
    ndim > 1 ? draw() : missing,
    draw(),
  ];
  const kernel = each(() => pick(1, 4), 1);
  const dilation = each(() => (next() < 0.7 ? 1 : 2), 1);
  const stride = each(() => (next() < 0.6 ? 1 : pick(2, 3)), 1);
  const padding = each(() => pick(0, 3), 0);
  const least = kernel.map((k, d) => Math.max(1, (k - 1) * dilation[d] + 1 - 2 * padding[d]));
  const extra = each(() => pick(0, ndim === 1 ? 30 : ndim === 2 ? 7 : 3), 0);
  const input: Triple = [least[0] + extra[0], least[1] + extra[1], least[2] + extra[2]];
  const counts = input.map((size, d) =>
    Math.floor((size + 2 * padding[d] - (kernel[d] - 1) * dilation[d] - 1) / stride[d] + 1),
  ) as [number, number, number];
  return {
    ...{ samples: pick(1, 6), groups: next() < 0.7 ? 1 : pick(2, 3), channels: pick(1, 4) },
    ...{ outChannels: pick(1, 9), input, kernel, counts, stride, padding, dilation },
  };
}

function expectClose(actual: TestArray, expected: TestArray, tolerance: number): void {
  const y = get(expected);
  get(actual).forEach((value, i) => {
    expect(Math.abs(value - y[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(y[i])));
  });
}

describe.each(['float32', 'float64'] as const)('convolutions of %s', (element) => {
  const tolerance = element === 'float32' ? 2e-5 : 1e-12;

  test('of random sizes, strides, paddings, dilations and groups are as the reference', () => {
    const next = generator(5);
    const random = (n: number): TestArray =>
      put(
        element,
        Array.from({ length: n }, () => next() * 2 - 1),
      );
    for (let round = 0; round < 60; round++) {
      const g = randomGeometry(next);
      const inputs = g.samples * g.groups * g.channels * volume(g.input);
      const outputs = g.samples * g.groups * g.outChannels * volume(g.counts);
      const weights = g.groups * g.outChannels * g.channels * volume(g.kernel);
      const [x, weight, grad] = [random(inputs), random(weights), random(outputs)];
      const bias = next() < 0.5 ? random(g.groups * g.outChannels) : null;
      const [y, byInput, byWeight] = [outputs, inputs, weights].map((n) => [
        room(element, n),
        room(element, n),
      ]);
      [simdKernels, referenceKernels].forEach((kernels, i) => {
        kernels.conv(element, g, x.ptr, weight.ptr, bias?.ptr ?? 0, y[i].ptr);
        kernels.convInputGrad(element, g, grad.ptr, weight.ptr, byInput[i].ptr);
        kernels.convWeightGrad(element, g, grad.ptr, x.ptr, byWeight[i].ptr);
      });
      expectClose(y[0], y[1], tolerance);
      expectClose(byInput[0], byInput[1], tolerance);
      expectClose(byWeight[0], byWeight[1], tolerance);
    }
  });

  test('of many samples, which threads divide, are as the reference', () => {
    const next = generator(6);
    const random = (n: number): TestArray =>
      put(
        element,
        Array.from({ length: n }, () => next() * 2 - 1),
      );
    const g: ConvGeometry = {
      ...{ samples: 37, groups: 1, channels: 4, outChannels: 9, input: [1, 12, 12], kernel: [1, 3, 3] },
      ...{ counts: [1, 12, 12], stride: [1, 1, 1], padding: [0, 1, 1], dilation: [1, 1, 1] },
    };
    const [x, weight, grad] = [random(37 * 4 * 144), random(9 * 4 * 9), random(37 * 9 * 144)];
    const [y, byInput, byWeight] = [37 * 9 * 144, 37 * 4 * 144, 9 * 4 * 9].map((n) => [
      room(element, n),
      room(element, n),
    ]);
    [simdKernels, referenceKernels].forEach((kernels, i) => {
      kernels.conv(element, g, x.ptr, weight.ptr, 0, y[i].ptr);
      kernels.convInputGrad(element, g, grad.ptr, weight.ptr, byInput[i].ptr);
      kernels.convWeightGrad(element, g, grad.ptr, x.ptr, byWeight[i].ptr);
    });
    expectClose(y[0], y[1], tolerance);
    expectClose(byInput[0], byInput[1], tolerance);
    expectClose(byWeight[0], byWeight[1], tolerance);
  });

  test('keep infinity to the results whose windows hold it', () => {
    const g: ConvGeometry = {
      ...{ samples: 1, groups: 1, channels: 1, outChannels: 4, input: [1, 3, 7], kernel: [1, 2, 2] },
      ...{ counts: [1, 2, 6], stride: [1, 1, 1], padding: [0, 0, 0], dilation: [1, 1, 1] },
    };
    const x = put(
      element,
      Array.from({ length: 21 }, (_, i) => (i === 20 ? Infinity : i)),
    );
    const weight = put(
      element,
      Array.from({ length: 16 }, (_, i) => i + 1),
    );
    const y = room(element, 48);
    simdKernels.conv(element, g, x.ptr, weight.ptr, 0, y.ptr);
    expect(
      get(y)
        .map((value, i) => (value === Infinity ? i : -1))
        .filter((i) => i >= 0),
    ).toEqual([11, 23, 35, 47]);
  });
});
