/** What is written into integer and bool tensors is an integer or a truth value, as PyTorch 2.15 has it. */
import {
  F,
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
  full,
  gcd,
  lcm,
  tensor,
  zeros,
  type DType,
  type Tensor,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const ints = (values: number[], dtype: DType = 'int64'): Tensor => tensor(values, { dtype });
const mask = tensor([true, false, true]);

describe('a number written into integers', () => {
  it('loses its fraction, wherever it is written', () => {
    const x = ints([0, 1, 2]);
    expect(x.clone().fill_(2.5).toArray()).toEqual([2, 2, 2]);
    expect(x.maskedFill(mask, 2.5).toArray()).toEqual([2, 1, 2]);
    expect(x.clone().maskedFill_(mask, -2.5).toArray()).toEqual([-2, 1, -2]);
    expect(x.scatter(0, ints([1]), 0.5).toArray()).toEqual([0, 0, 2]);
    expect(x.indexFill(0, ints([1]), 7.9).toArray()).toEqual([0, 7, 2]);
    expect(x.indexFill(0, ints([1]), tensor(7.9)).toArray()).toEqual([0, 7, 2]);
    expect(F.pad(x, [1, 1], { value: 0.5 }).toArray()).toEqual([0, 0, 1, 2, 0]);
  });

  it('is 0 or 1 in bool tensors', () => {
    const x = tensor([false, true, false]);
    expect(x.indexFill(0, ints([0]), 248).toTypedArray()).toEqual(Uint8Array.of(1, 1, 0));
    expect(F.pad(x, [1, 0], { value: 7 }).toTypedArray()).toEqual(Uint8Array.of(1, 0, 1, 0));
    expect(x.scatterAdd(0, ints([1, 1]), tensor([true, true])).toTypedArray()).toEqual(
      Uint8Array.of(0, 1, 0),
    );
    expect(x.indexAdd(0, ints([1, 1]), tensor([true, true]), { alpha: 3 }).toTypedArray()).toEqual(
      Uint8Array.of(0, 1, 0),
    );
  });

  it('is refused where the dtype does not hold it', () => {
    expect(() => ints([1]).fill_(NaN)).toThrow('fill_: NaN is out of range for int64');
    expect(() => ints([1], 'uint8').fill_(256)).toThrow('fill_: 256 is out of range for uint8');
    expect(() => ints([1], 'int32').maskedFill(tensor([true]), 2 ** 40)).toThrow('out of range for int32');
  });
});

describe('reductions into integers', () => {
  it('start from what the dtype holds where the elements themselves are left out', () => {
    // torch.tensor([5, 7, 1]).scatter_reduce(0, [0, 0, 1], [1, 2, 2], 'amax', include_self=False)
    const options = { includeSelf: false };
    for (const dtype of ['int64', 'int32', 'uint8'] as const) {
      const [x, src] = [ints([5, 7, 1], dtype), ints([1, 2, 2], dtype)];
      expect(x.scatterReduce(0, ints([0, 0, 1]), src, 'amax', options).toArray()).toEqual([2, 2, 1]);
      expect(x.scatterReduce(0, ints([0, 0, 1]), src, 'amin', options).toArray()).toEqual([1, 2, 1]);
    }
  });

  it('round means down and keep the dtype', () => {
    const mean = ints([5, 7, 1], 'int32').scatterReduce(0, ints([0, 0, 1]), ints([1, 2, 2], 'int32'), 'mean');
    expect([mean.dtype, mean.toArray()]).toEqual(['int32', [2, 4, 1]]);
  });

  it('leave integers alone that cannot be NaN', () => {
    expect(ints([1, 2]).nanToNum().dtype).toBe('int64');
  });
});

describe('a source of another dtype', () => {
  it('is refused, as its bytes would mean something else', () => {
    const x = zeros([3]);
    const index = ints([0]);
    const source = tensor([1], { dtype: 'float64' });
    const message = /the source must have the dtype of the input, float32; got float64/;
    expect(() => x.indexAdd(0, index, source)).toThrow(message);
    expect(() => x.indexCopy(0, index, source)).toThrow(message);
    expect(() => x.scatter(0, index, source)).toThrow(message);
    expect(() => x.scatterAdd(0, index, source)).toThrow(message);
    expect(() => x.scatterReduce(0, index, source, 'sum')).toThrow(message);
  });
});

describe('bigints', () => {
  it('make int64 tensors, in any nesting', () => {
    const x = tensor([
      [1n, -2n],
      [3n, 9007199254740991n],
    ]);
    expect([x.dtype, x.shape, x.toArray()]).toEqual([
      'int64',
      [2, 2],
      [
        [1, -2],
        [3, 9007199254740991],
      ],
    ]);
    expect([tensor(5n).dtype, tensor(5n).item()]).toEqual(['int64', 5]);
    expect(tensor([2n], { dtype: 'float64' }).dtype).toBe('float64');
    expect(() => tensor([300n], { dtype: 'uint8' })).toThrow('300 is out of range for uint8');
  });

  it('are refused where int64 is not exact here, and beside numbers', () => {
    expect(() => tensor([2n ** 60n])).toThrow('tensor: 1152921504606846976 is out of range for int64');
    expect(() => tensor(new BigInt64Array([2n ** 60n]))).toThrow('1152921504606846976 is out of range');
    expect(() => tensor([1n, 2])).toThrow('bigints and numbers do not mix');
    expect(() => tensor([1, 2n])).toThrow('bigints and numbers do not mix');
  });
});

describe('typed arrays', () => {
  it('of integers that tensors lack become wider ones', () => {
    expect(tensor(new Int8Array([-3])).dtype).toBe('int32');
    expect(tensor(new Uint16Array([65535])).toArray()).toEqual([65535]);
    const wide = tensor(new Uint32Array([2 ** 32 - 1]));
    expect([wide.dtype, wide.item()]).toEqual(['int64', 4294967295]);
    expect(tensor(new Uint8ClampedArray([300])).toArray()).toEqual([255]);
    expect(tensor(new BigUint64Array([7n])).dtype).toBe('int64');
  });

  it('are rows of a matrix where they stand in an array', () => {
    const x = tensor([new Float64Array([1, 2]), new Float64Array([3, 4])]);
    expect([x.dtype, x.toArray()]).toEqual([
      'float64',
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(() => tensor([new Float32Array(2), new Float32Array(3)])).toThrow(
      'the first is a Float32Array of 2, but row 1 is a Float32Array of 3',
    );
  });

  it('of something else are refused', () => {
    expect(() => tensor(new DataView(new ArrayBuffer(8)) as unknown as Float32Array)).toThrow(
      'got a DataView',
    );
    expect(() => full([1], 1n as unknown as number)).toThrow('full: the value is a number or a boolean');
  });
});

describe('bits and divisors of int32', () => {
  const a = [0, 1, -1, 6, -6, 255, 2 ** 31 - 1, -(2 ** 31), 123456789, -987654321, 48, 17];
  const b = [3, 0, 5, -4, 9, 128, 31, 1, 32, 2, -36, 63];
  const wrapped = (value: bigint): number => Number(BigInt.asIntN(32, value));
  const size = (value: bigint): bigint => (value < 0n ? -value : value);
  const divisor = (x: bigint, y: bigint): bigint => (y === 0n ? size(x) : divisor(y, x % y));
  const rules: [string, typeof bitwiseAnd, (x: bigint, y: bigint) => bigint][] = [
    ['and', bitwiseAnd, (x, y) => x & y],
    ['or', bitwiseOr, (x, y) => x | y],
    ['xor', bitwiseXor, (x, y) => x ^ y],
    ['shift to the left', bitwiseLeftShift, (x, y) => (y < 0n || y > 63n ? 0n : x << y)],
    ['shift to the right', bitwiseRightShift, (x, y) => (y < 0n ? (x < 0n ? -1n : 0n) : x >> y)],
    ['greatest common divisor', gcd, divisor],
    ['least common multiple', lcm, (x, y) => (x === 0n || y === 0n ? 0n : size((x / divisor(x, y)) * y))],
  ];

  it.each(rules)('%s are those of exact integers, of tensors, numbers, views and bytes', (_, op, exact) => {
    const [x, y] = [ints(a, 'int32'), ints(b, 'int32')];
    const expected = a.map((value, i) => wrapped(exact(BigInt(value), BigInt(b[i]))));
    expect([op(x, y).dtype, op(x, y).toArray()]).toEqual(['int32', expected]);
    expect(
      op(x.reshape([2, 6]).t(), y.reshape([2, 6]).t())
        .t()
        .reshape([12])
        .toArray(),
    ).toEqual(expected);
    expect(op(x, 5).toArray()).toEqual(a.map((value) => wrapped(exact(BigInt(value), 5n))));
    expect(op(5, y).toArray()).toEqual(b.map((value) => wrapped(exact(5n, BigInt(value)))));
    const bytes = [1, 5, 200, 16];
    expect(op(ints(bytes, 'uint8'), 3).toTypedArray()).toEqual(
      Uint8Array.from(bytes, (value) => Number(exact(BigInt(value), 3n) & 255n)),
    );
    expect(op(x, y.to('int64')).toArray()).toEqual(
      a.map((value, i) => Number(BigInt.asIntN(64, exact(BigInt(value), BigInt(b[i]))))),
    );
  });

  it('exchanged are what a minus and one give', () => {
    expect(bitwiseNot(ints(a, 'int32')).toArray()).toEqual(a.map((value) => ~value));
    expect(bitwiseNot(ints([0, 1, 255], 'uint8')).toArray()).toEqual([255, 254, 0]);
  });
});

describe('integers that are counted', () => {
  it('are, whether they are few or many, small or large, in order or not', () => {
    for (const [n, below] of [
      [10, 4],
      [1000, 7],
      [1000, 4096],
      [1000, 5000],
    ] as const) {
      const labels = Array.from({ length: n }, (_, i) => (i * i * 31 + 17) % below);
      const expected = new Array<number>(Math.max(...labels) + 1).fill(0);
      for (const label of labels) expected[label]++;
      expect(ints(labels).bincount().toArray()).toEqual(expected);
      expect(ints(labels).bincount({ minlength: 6000 }).shape).toEqual([6000]);
    }
    const wrong = new Array<number>(100).fill(1).with(50, -1);
    expect(() => ints(wrong).bincount()).toThrow('bincount: counts integers from 0 up');
  });
});
