/** Windows added up in images: the kernel against plain JavaScript, and whole ops against sums by definition. */
import { expect, test } from 'vitest';
import type { ImageWindows } from '../../../core/kernels/image-columns.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import * as nn from '../../../core/index.js';
import { generator, get, put } from './memory-helpers.js';

type Pair = readonly [number, number];

function randomWindows(next: () => number): ImageWindows {
  const pick = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const both = (low: number, high: number): Pair => [pick(low, high), pick(low, high)];
  const [kernel, stride, padding, dilation] = [both(1, 4), both(1, 3), both(0, 2), both(1, 2)];
  const span = [0, 1].map((d) => (kernel[d] - 1) * dilation[d] + 1);
  const input: Pair = [Math.max(1, span[0]) + pick(0, 9), Math.max(1, span[1]) + pick(0, 20)];
  const counts = [0, 1].map((d) => Math.floor((input[d] + 2 * padding[d] - span[d]) / stride[d]) + 1);
  return { planes: pick(1, 3), input, kernel, counts: [counts[0], counts[1]], stride, padding, dilation };
}

/** What `fold` is by definition. */
function byDefinition(w: ImageWindows, x: readonly number[]): number[] {
  const [height, width] = w.input;
  const out = new Array<number>(w.planes * height * width).fill(0);
  let k = 0;
  for (let plane = 0; plane < w.planes; plane++)
    for (let p = 0; p < w.kernel[0]; p++)
      for (let q = 0; q < w.kernel[1]; q++)
        for (let i = 0; i < w.counts[0]; i++)
          for (let j = 0; j < w.counts[1]; j++, k++) {
            const y = i * w.stride[0] - w.padding[0] + p * w.dilation[0];
            const z = j * w.stride[1] - w.padding[1] + q * w.dilation[1];
            if (y >= 0 && y < height && z >= 0 && z < width) out[(plane * height + y) * width + z] += x[k];
          }
  return out;
}

test('windows are added up where they lie, and taken from there', () => {
  const next = generator(7);
  for (let round = 0; round < 200; round++) {
    const windows = randomWindows(next);
    const { planes, input, kernel, counts } = windows;
    const size = planes * kernel[0] * kernel[1] * counts[0] * counts[1];
    // Whole numbers, so that sums are exact in any order.
    const x = Array.from({ length: size }, () => Math.floor(next() * 64) - 32);
    const expected = byDefinition(windows, x);
    for (const element of ['float32', 'float64'] as const) {
      const source = put(element, x);
      for (const kernels of [simdKernels, referenceKernels]) {
        const out = put(element, new Array<number>(planes * input[0] * input[1]).fill(0));
        kernels.addWindows(element, windows, source.ptr, out.ptr);
        expect(get(out)).toEqual(expected);
      }
      // ⟨unfold y, x⟩ = ⟨y, fold x⟩
      const y = nn.randint(-32, 32, [1, planes, ...input]).to(element);
      const columns = nn.F.unfold(y, [...kernel], {
        dilation: [...windows.dilation],
        padding: [...windows.padding],
        stride: [...windows.stride],
      });
      const given = nn.tensor(x, { dtype: element }).reshape(columns.shape);
      const other = nn.tensor(expected, { dtype: element }).reshape(y.shape);
      expect(columns.mul(given).sum().item()).toBe(y.mul(other).sum().item());
    }
  }
});

test('many elements are taken and added by number as few are', () => {
  nn.manualSeed(3);
  const x = nn.randint(-9, 9, [40, 50]).to('float32');
  const places = nn.randint(-2000, 2000, [30, 31]);
  const flat = x.flatten().toArray() as number[];
  const positions = places.flatten().toArray() as number[];
  expect(nn.take(x, places).flatten().toArray()).toEqual(positions.map((at) => flat.at(at)));
  const inside = places.remainder(2000);
  expect(nn.take(x, inside).toArray()).toEqual(nn.take(x, places).toArray());
  expect(() => nn.take(x, inside.add(2000))).toThrow(/out of range/);

  const index = nn.randint(0, 50, [40, 50]);
  const source = nn.randint(-9, 9, [40, 50]).to('float32');
  const expected = x.toArray() as number[][];
  const rows = index.toArray() as number[][];
  const values = source.toArray() as number[][];
  rows.forEach((row, r) => row.forEach((c, k) => (expected[r][c] += values[r][k])));
  expect(nn.scatterReduce(x, 1, index, source, 'sum').toArray()).toEqual(expected);
});
