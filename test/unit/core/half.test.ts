/** float16 and bfloat16: rounding against a search over all their numbers, and every op against float32. */
import {
  type DType,
  F,
  grad,
  io,
  memory,
  nn,
  noGrad,
  optim,
  randn,
  rand,
  manualSeed,
  tensor,
  Tensor,
  zeros,
} from 'nabla/core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isFloat } from '../../../core/dtype.js';
import { registry } from '../../../core/ops/record.js';
import { callOf, replaceTensors, sampleMaker, tensorsIn } from './samples.js';

const folder = mkdtempSync(path.join(tmpdir(), 'halves-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Half = 'float16' | 'bfloat16';
const HALVES: readonly Half[] = ['float16', 'bfloat16'];

/** The number of 16 bits, by the definition of IEEE 754: 5 exponent bits and 10 of fraction, or 8 and 7. */
function decode(dtype: Half, bits: number): number {
  const fractionBits = dtype === 'float16' ? 10 : 7;
  const bias = dtype === 'float16' ? 15 : 127;
  const exponentMask = dtype === 'float16' ? 0x1f : 0xff;
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> fractionBits) & exponentMask;
  const fraction = (bits & ((1 << fractionBits) - 1)) / 2 ** fractionBits;
  if (exponent === exponentMask) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** All finite numbers ≥ 0 in order; the index of each is its bits. */
const positive = Object.fromEntries(
  HALVES.map((dtype) => {
    const last = dtype === 'float16' ? 0x7bff : 0x7f7f;
    return [dtype, Array.from({ length: last + 1 }, (_, bits) => decode(dtype, bits))];
  }),
) as Record<Half, number[]>;

/** The nearest number, to the one with an even last bit between two, found by search. */
function nearest(dtype: Half, x: number): number {
  const list = positive[dtype];
  const size = Math.abs(x);
  const sign = x < 0 || Object.is(x, -0) ? -1 : 1;
  if (Number.isNaN(size) || size === Infinity) return x;
  const next = list[list.length - 1] + (list[list.length - 1] - list[list.length - 2]);
  let low = 0;
  let high = list.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (list[middle] <= size) low = middle;
    else high = middle;
  }
  const above = high === list.length ? next : list[high];
  const toLow = size - list[low];
  const toHigh = above - size;
  const up = toHigh < toLow || (toHigh === toLow && low % 2 === 1);
  if (!up) return sign * list[low];
  return sign * (high === list.length ? Infinity : above);
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A sum that is exactly 0 has either sign, by the order of its terms. */
const numbersOf = (x: Tensor): number[] => Array.from(x.float().toTypedArray() as Float32Array, (v) => v + 0);

describe.each(HALVES)('%s', (dtype) => {
  it('holds every one of its numbers exactly', () => {
    const all = Array.from({ length: 65536 }, (_, bits) => decode(dtype, bits));
    const x = tensor(new Float32Array(all)).to(dtype);
    expect(x.elementSize()).toBe(2);
    const back = x.toTypedArray();
    expect(all.every((value, i) => Object.is(value, back[i]))).toBe(true);
    expect(x.to('float64').to(dtype).toTypedArray()).toEqual(back);
  });

  it('rounds to the nearest, to even between two, through subnormals, infinity and NaN', () => {
    const next = random(7);
    const numbers: number[] = [0, -0, NaN, Infinity, -Infinity, 65504, 65519.99, 65520, 3.4e38, 1e-45];
    for (let i = 0; i < 3000; i++) numbers.push((next() - 0.5) * 2 ** Math.floor(next() * 280 - 140));
    for (let i = 0; i < 3000; i++) {
      const bits = Math.floor(next() * (positive[dtype].length - 1));
      const middle = (positive[dtype][bits] + positive[dtype][bits + 1]) / 2;
      numbers.push(middle, middle * (1 + 2 ** -20), -middle * (1 - 2 ** -20));
    }
    const given = new Float32Array(numbers);
    const rounded = tensor(given).to(dtype).toTypedArray();
    given.forEach((value, i) => {
      expect(Object.is(rounded[i], nearest(dtype, value)), `${value}: ${rounded[i]}`).toBe(true);
    });
  });

  it('takes two bytes an element, in views too', () => {
    const before = memory().allocated;
    const x = zeros([1000, 64], { dtype });
    expect(memory().allocated - before).toBe(128_000);
    const view = x.at(0);
    view.fill_(1.5);
    expect(x.sum().item()).toBe(96);
    expect(x.T.storage).toBe(x.storage);
  });

  it('reads, prints and assigns elements', () => {
    const x = tensor(
      [
        [1, 2.5],
        [-3, 0.1],
      ],
      { dtype },
    );
    expect(x.dtype).toBe(dtype);
    expect(x.at(0, 1).item()).toBe(2.5);
    expect(x.at(1, 1).item()).toBe(nearest(dtype, Math.fround(0.1)));
    expect(String(x)).toContain(`dtype=${dtype}`);
    x.set([0], 9);
    x.at('...', 1).add_(1);
    expect(x.toArray()).toEqual([
      [9, 10],
      [-3, nearest(dtype, nearest(dtype, Math.fround(0.1)) + 1)],
    ]);
    expect(x.gt(0).toArray()).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it('computes in float32 and rounds once', () => {
    const a = randn([7, 5]).to(dtype);
    const b = randn([7, 5]).to(dtype);
    for (const op of ['add', 'sub', 'mul', 'div', 'maximum', 'atan2'] as const) {
      const expected = a.float()[op](b.float()).toTypedArray();
      const actual = a[op](b);
      expect(actual.dtype).toBe(dtype);
      actual.toTypedArray().forEach((value, i) => {
        expect(Object.is(value, nearest(dtype, expected[i]))).toBe(true);
      });
    }
    // The sum of 4097 ones is not lost in a narrow accumulator.
    expect(zeros([4097], { dtype }).add(1).sum().item()).toBe(nearest(dtype, 4097));
    expect(zeros([100_000], { dtype }).add(1).mean().item()).toBe(1);
  });

  it('lets gradients flow through casts, in the dtype of each tensor', () => {
    const x = tensor([0.5, -1.25, 3], { dtype, requiresGrad: true });
    const w = tensor([2, 3, 4], { requiresGrad: true });
    const y = x.float().mul(w).to(dtype).mul(x).sum();
    expect(y.dtype).toBe(dtype);
    y.backward();
    expect(x.grad!.dtype).toBe(dtype);
    expect(x.grad!.toArray()).toEqual([2, -7.5, 24]);
    expect(w.grad!.dtype).toBe('float32');
    expect(w.grad!.toArray()).toEqual([0.25, 1.5625, 9]);
    const [second] = grad(grad(x.pow(3).sum(), x, { createGraph: true })[0].sum(), x);
    expect(second.toArray()).toEqual([3, -7.5, 18]);
  });

  it('trains a network, whose state keeps its dtype in files', () => {
    manualSeed(3);
    const model = new nn.Sequential(
      new nn.Conv2d(1, 3, 3),
      new nn.BatchNorm2d(3),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(48, 2),
    ).to(dtype);
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.02 });
    const input = randn([8, 1, 6, 6]).to(dtype);
    const target = tensor([0, 1, 0, 1, 0, 1, 0, 1], { dtype: 'int64' });
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(input), target);
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    const state = model.stateDict();
    expect(state['1.running_mean'].abs().sum().item()).toBeGreaterThan(0);
    const file = path.join(folder, `${dtype}.safetensors`);
    io.saveSafetensors(file, state);
    const loaded = io.loadSafetensors(file);
    for (const [name, value] of Object.entries(state)) {
      expect(loaded[name].dtype).toBe(value.dtype);
      expect(loaded[name].toArray()).toEqual(value.toArray());
    }
  });
});

describe('promotion of the 16-bit floats', () => {
  const of = (dtype: DType): Tensor => zeros([2], { dtype });

  it('is as in PyTorch', () => {
    expect(of('float16').add(of('bfloat16')).dtype).toBe('float32');
    expect(of('float16').add(of('float32')).dtype).toBe('float32');
    expect(of('bfloat16').mul(of('float64')).dtype).toBe('float64');
    expect(of('float16').add(of('int64')).dtype).toBe('float16');
    expect(of('float16').add(zeros([], { dtype: 'float64' })).dtype).toBe('float16');
    expect(of('int64').add(zeros([], { dtype: 'bfloat16' })).dtype).toBe('bfloat16');
    expect(of('bfloat16').mul(0.5).dtype).toBe('bfloat16');
    expect(of('float16').sum({ dtype: 'float64' }).dtype).toBe('float64');
    expect(of('float32').sum({ dtype: 'float16' }).dtype).toBe('float16');
  });

  it('is refused where both operands must be of one dtype', () => {
    expect(() => zeros([2, 2], { dtype: 'float16' }).matmul(zeros([2, 2]))).toThrow(
      /matmul: both operands must have one dtype, got float16 and float32/,
    );
  });
});

describe('files', () => {
  it('keeps float16 in npy; NumPy has no bfloat16', () => {
    const x = tensor([1, 0.1, 65504, -Infinity], { dtype: 'float16' });
    const file = path.join(folder, 'x.npy');
    io.saveNpy(file, x);
    const back = io.loadNpy(file);
    expect(back.dtype).toBe('float16');
    expect(back.toArray()).toEqual(x.toArray());
    expect(() => {
      io.saveNpy(file, x.bfloat16());
    }).toThrow(/no bfloat16/);
  });
});

it('keeps the names of several results', () => {
  const largest = tensor([[1, 3, 2]])
    .half()
    .max(1);
  expect(Reflect.get(largest, 'values')).toBe(largest[0]);
  expect([largest[0].dtype, largest[0].toArray()]).toEqual(['float16', [3]]);
});

describe('every op', () => {
  const names = [...registry.values()]
    // What converts to float32 gives it for halves, too; neighbours of numbers of one dtype are none in another.
    .filter(({ samples, name }) => samples !== undefined && name !== 'float' && name !== 'nextafter')
    .map(({ name }) => name);

  it.each(names)('%s gives for halves what it gives in float32, rounded, in the same dtype', (name) => {
    const record = registry.get(name)!;
    const call = (...args: unknown[]): unknown => {
      if (record.random !== undefined) manualSeed(5);
      return callOf(record)(...args);
    };
    for (const args of record.samples!(sampleMaker())) {
      const inputs = tensorsIn(args);
      if (!inputs.some((x) => isFloat(x.dtype))) continue;
      const halves = inputs.map((x) => (isFloat(x.dtype) ? x.detach().half() : x));
      const wide = halves.map((x) => (isFloat(x.dtype) ? x.float() : x));
      noGrad(() => {
        const results = tensorsIn(call(...replaceTensors(args, halves)));
        const expected = tensorsIn(call(...replaceTensors(args, wide)));
        expect(results.length).toBe(expected.length);
        expected.forEach((one, i) => {
          const other = results[i];
          expect(other.shape).toEqual(one.shape);
          const sharesWide = wide.some((x) => x.storage === one.storage && x.layout.size > 0);
          const sharesHalf = halves.some((x) => x.storage === other.storage && x.layout.size > 0);
          // An einsum that is a mere permutation is a view, which it does not promise, nor dropout that drops nothing.
          if (sharesWide && name !== 'einsum' && !name.includes('ropout'))
            expect([name, sharesHalf]).toEqual([name, true]);
          if (one.dtype === 'float32') {
            expect(other.dtype).toBe('float16');
            expect(numbersOf(other)).toEqual(numbersOf(one.half()));
          } else {
            expect(other.dtype).toBe(one.dtype);
            expect(other.toArray()).toEqual(one.toArray());
          }
        });
      });
    }
  });
});

it('draws random numbers in float32 and rounds them', () => {
  manualSeed(1);
  const wide = rand([50]);
  manualSeed(1);
  expect(rand([50], { dtype: 'bfloat16' }).toArray()).toEqual(wide.bfloat16().toArray());
});
