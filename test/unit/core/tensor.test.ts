/** Making, reading, indexing and printing tensors. */
import { inspect } from 'node:util';
import {
  arange,
  eye,
  fromTypedArray,
  full,
  linspace,
  ones,
  slice,
  tensor,
  zeros,
  zerosLike,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

describe('tensors are made', () => {
  it('of nested arrays, numbers, booleans and typed arrays', () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).toMatchObject({ shape: [2, 2], dtype: 'float32' });
    expect(tensor(3).toArray()).toBe(3);
    expect(tensor([true, false]).toArray()).toEqual([true, false]);
    expect(tensor(new Float64Array([1, 2])).dtype).toBe('float64');
    expect(tensor(new Int32Array([1, 2])).dtype).toBe('int32');
    expect(tensor(new BigInt64Array([5n])).toArray()).toEqual([5]);
    expect(fromTypedArray(new Float32Array(6), { shape: [2, 3] }).shape).toEqual([2, 3]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  it('or say why not', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/equal lengths; the first ones say \[2, 2\]/);
    expect(() => tensor([1, [2]])).toThrow(/equal lengths/);
    expect(() => tensor(['a' as unknown as number])).toThrow(/found the string/);
    expect(() => tensor([Number.NaN], { dtype: 'int64' })).toThrow(/NaN cannot be stored as int64/);
    expect(() => tensor([1, 2], { shape: [3] })).toThrow(/holds 3 elements, but the data has 2/);
    expect(() => zeros([2, -1])).toThrow(/whole numbers from 0 up/);
    expect(() => zeros(1.5)).toThrow(/whole numbers/);
  });

  it('by shape and by range', () => {
    expect(zeros(2, 3).shape).toEqual([2, 3]);
    expect(ones([2], { dtype: 'int64' }).toArray()).toEqual([1, 1]);
    expect(zeros().shape).toEqual([]);
    expect(full([2], 7).toArray()).toEqual([7, 7]);
    expect(arange(4)).toMatchObject({ dtype: 'int64' });
    expect(arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(zerosLike(arange(3)).dtype).toBe('int64');
  });
});

describe('tensors are read', () => {
  it('as numbers, arrays and typed arrays', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(x.t().toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(x.t().toTypedArray()).toEqual(new Float32Array([1, 3, 2, 4]));
    expect(x.T.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(x.unsqueeze(0).mT.shape).toEqual([1, 2, 2]);
    expect(x.at(1, 0).item()).toBe(3);
    expect(() => x.item()).toThrow(/one element, this one has shape \[2, 2\]/);
    const copy = x.toTypedArray();
    copy[0] = 99;
    expect(x.at(0, 0).item()).toBe(1);
  });
});

describe('indexing', () => {
  const x = arange(12).reshape(3, 4);

  it('follows Python for positions, slices, dots and new dimensions', () => {
    expect(x.at(-1).toArray()).toEqual([8, 9, 10, 11]);
    expect(x.at(slice(1), slice(null, null, 2)).toArray()).toEqual([
      [4, 6],
      [8, 10],
    ]);
    expect(x.at(slice(-2, -1)).toArray()).toEqual([[4, 5, 6, 7]]);
    expect(x.at('...', 0).toArray()).toEqual([0, 4, 8]);
    expect(x.at(null, 1).shape).toEqual([1, 4]);
    expect(x.at(slice(5, 9)).shape).toEqual([0, 4]);
  });

  it('takes masks and positions', () => {
    expect(x.at(x.gt(9)).toArray()).toEqual([10, 11]);
    expect(x.at(tensor([true, false, true])).toArray()).toEqual([
      [0, 1, 2, 3],
      [8, 9, 10, 11],
    ]);
    expect(x.at([2, 0], [1, -1]).toArray()).toEqual([9, 3]);
    expect(x.at(slice(), [3, 3]).toArray()).toEqual([
      [3, 3],
      [7, 7],
      [11, 11],
    ]);
  });

  it('views what it can, so that writes are seen', () => {
    const y = zeros([2, 3]);
    y.at(1).fill_(5);
    y.at('...', 0).add_(1);
    expect(y.toArray()).toEqual([
      [1, 0, 0],
      [6, 5, 5],
    ]);
  });

  it('writes by set', () => {
    const y = zeros([3, 3]);
    y.set([1, slice(1)], tensor([7, 8]));
    y.set(
      [
        [0, 2],
        [0, 2],
      ],
      1,
    );
    y.set(y.eq(0), -1);
    expect(y.toArray()).toEqual([
      [1, -1, -1],
      [-1, 7, 8],
      [-1, -1, 1],
    ]);
  });
});

describe('printing', () => {
  it('is PyTorch’s, with shape and dtype', () => {
    expect(
      String(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe('tensor([[1., 2.],\n        [3., 4.]], shape=[2, 2], dtype=float32)');
    expect(String(tensor(3.14159))).toBe('tensor(3.1416, dtype=float32)');
    expect(String(tensor([true, false]))).toBe('tensor([ true, false], shape=[2], dtype=bool)');
    expect(String(arange(3))).toBe('tensor([0, 1, 2], shape=[3], dtype=int64)');
    expect(String(tensor([0.5, -1.25, Number.NaN, Infinity]))).toBe(
      'tensor([ 0.5000, -1.2500,     nan,     inf], shape=[4], dtype=float32)',
    );
    expect(String(tensor([1e-8, 1], { dtype: 'float64' }))).toBe(
      'tensor([1.0000e-08, 1.0000e+00], shape=[2], dtype=float64)',
    );
    expect(String(zeros([0, 3]))).toBe('tensor([], shape=[0, 3], dtype=float32)');
  });

  it('tells what made the tensor', () => {
    const x = tensor([1], { requiresGrad: true });
    expect(String(x)).toBe('tensor([1.], shape=[1], dtype=float32, requiresGrad=true)');
    expect(String(x.exp().sum())).toBe('tensor(2.7183, dtype=float32, gradFn=<SumBackward>)');
  });

  it('separates matrices by an empty line', () => {
    expect(String(zeros([2, 1, 2], { dtype: 'int64' }))).toBe(
      'tensor([[[0, 0]],\n\n        [[0, 0]]], shape=[2, 1, 2], dtype=int64)',
    );
  });

  it('is bounded', () => {
    const text = String(zeros([1000, 1000]));
    expect(text).toContain('[0., 0., 0.,  ..., 0., 0., 0.]');
    expect(text.split('\n').length).toBe(7);
    expect(text.length).toBeLessThan(600);
    expect(String(zeros([100_000])).length).toBeLessThan(100);
  });

  it('is what the console shows', () => {
    expect(inspect(tensor([1]))).toBe('tensor([1.], shape=[1], dtype=float32)');
    expect(inspect({ a: tensor([1]) })).toContain('tensor([1.]');
  });
});
