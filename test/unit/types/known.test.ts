/* eslint-disable @typescript-eslint/no-unsafe-assignment -- what is not known is any, on purpose */
/**
 * What the compiler knows of shapes and dtypes. The assertions are types: this file is checked by `npm run typecheck`,
 * where a `@ts-expect-error` that is none fails too. That the values agree is checked when the tests run.
 */
import {
  add,
  cat,
  type DType,
  eq,
  eye,
  F,
  full,
  isnan,
  matmul,
  nn,
  ones,
  outer,
  rand,
  randn,
  relu,
  stack,
  tensor,
  type Tensor,
  zeros,
  zerosLike,
} from 'nabla/core';
import { describe, expect, expectTypeOf, it } from 'vitest';

/** Sizes and dtypes that the compiler cannot know. */
const three = Number('3');
const someShape: number[] = [2, three];
const someDType = 'float64' as DType;

describe('what is known at compile time', () => {
  it('is the shape and dtype of a new tensor', () => {
    const x = zeros([2, 3]);
    expectTypeOf(x).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
    expectTypeOf(x.shape).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(x.dtype).toEqualTypeOf<'float32'>();
    expect(x.shape).toEqual([2, 3]);
    expectTypeOf(tensor([1n, 2n])).toEqualTypeOf<Tensor<[2], 'int64'>>();
    expectTypeOf(ones(4, 5)).toEqualTypeOf<Tensor<[4, 5], 'float32'>>();
    expectTypeOf(rand([7], { dtype: 'float64' })).toEqualTypeOf<Tensor<[7], 'float64'>>();
    expectTypeOf(full([2], true)).toEqualTypeOf<Tensor<[2], 'bool'>>();
    expectTypeOf(eye(3).shape).toEqualTypeOf<readonly [3, 3]>();
    expectTypeOf(zerosLike(x, { dtype: 'int64' })).toEqualTypeOf<Tensor<[2, 3], 'int64'>>();
    const y = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expectTypeOf(y).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
    expect(y.shape).toEqual([2, 3]);
    expectTypeOf(tensor([true, false])).toEqualTypeOf<Tensor<[2], 'bool'>>();
    expectTypeOf(tensor(1).shape).toEqualTypeOf<readonly []>();
    expectTypeOf(tensor([1, 2], { dtype: 'int64' }).dtype).toEqualTypeOf<'int64'>();
  });

  it('goes through elementwise ops, broadcasting and promotion', () => {
    const x = zeros([2, 3]);
    expectTypeOf(x.relu().exp().neg()).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
    expectTypeOf(x.add(1).mul(x)).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
    expectTypeOf(x.add(zeros([3]))).toEqualTypeOf<Tensor<[2, 3], 'float32'>>();
    expectTypeOf(zeros([4, 1]).mul(zeros([2, 1, 3])).shape).toEqualTypeOf<readonly [2, 4, 3]>();
    expect(zeros([4, 1]).mul(zeros([2, 1, 3])).shape).toEqual([2, 4, 3]);
    expectTypeOf(x.gt(0)).toEqualTypeOf<Tensor<[2, 3], 'bool'>>();
    expectTypeOf(x.long().div(2).dtype).toEqualTypeOf<'float32'>();
    expectTypeOf(x.half().add(x.bfloat16()).dtype).toEqualTypeOf<'float32'>();
    expectTypeOf(x.sum().shape).toEqualTypeOf<readonly []>();
    expectTypeOf(x.bool().sum().dtype).toEqualTypeOf<'int64'>();
    expectTypeOf(x.mean()).toEqualTypeOf<Tensor<[], 'float32'>>();
    expectTypeOf(x.sum().item()).toEqualTypeOf<number>();
    expectTypeOf(x.to('float64')).toEqualTypeOf<Tensor<[2, 3], 'float64'>>();
    expectTypeOf(isnan(x)).toEqualTypeOf<Tensor<[2, 3], 'bool'>>();
    expectTypeOf(eq(x, 1).dtype).toEqualTypeOf<'bool'>();
    expectTypeOf(outer(zeros([2]), zeros([3]))).toEqualTypeOf<Tensor>();
    expectTypeOf(relu(x).shape).toEqualTypeOf<readonly [2, 3]>();
    expectTypeOf(add(x, zeros([3])).shape).toEqualTypeOf<readonly [2, 3]>();
  });

  it('goes through products, transposes and new shapes', () => {
    const x = zeros([2, 3]);
    const w = randn([3, 4]);
    expectTypeOf(x.matmul(w)).toEqualTypeOf<Tensor<[2, 4], 'float32'>>();
    expectTypeOf(matmul(x, w).shape).toEqualTypeOf<readonly [2, 4]>();
    expectTypeOf(zeros([5, 2, 3]).matmul(w).shape).toEqualTypeOf<readonly [5, 2, 4]>();
    expectTypeOf(x.matmul(zeros([3])).shape).toEqualTypeOf<readonly [2]>();
    expectTypeOf(zeros([3]).matmul(w).shape).toEqualTypeOf<readonly [4]>();
    expect(zeros([5, 2, 3]).matmul(w).shape).toEqual([5, 2, 4]);
    expectTypeOf(x.T.shape).toEqualTypeOf<readonly [3, 2]>();
    expectTypeOf(zeros([5, 2, 3]).mT.shape).toEqualTypeOf<readonly [5, 3, 2]>();
    expectTypeOf(zeros([5, 2, 3]).transpose(0, 2).shape).toEqualTypeOf<readonly [3, 2, 5]>();
    expect(zeros([5, 2, 3]).transpose(0, 2).shape).toEqual([3, 2, 5]);
    expectTypeOf(x.reshape([3, 2]).shape).toEqualTypeOf<readonly [3, 2]>();
    expectTypeOf(x.view(3, -1).shape).toEqualTypeOf<readonly [3, number]>();
  });

  it('goes through a linear layer', () => {
    const layer = new nn.Linear(3, 4);
    expectTypeOf(layer.forward(zeros([2, 3])).shape).toEqualTypeOf<readonly [2, 4]>();
    expectTypeOf(layer(zeros([7, 2, 3])).shape).toEqualTypeOf<readonly [7, 2, 4]>();
    expect(layer(zeros([7, 2, 3])).shape).toEqual([7, 2, 4]);
    const model: nn.Module = layer;
    expect(model.parameters().length).toBe(2);
    // @ts-expect-error -- Linear: an input of shape [2, 5] does not fit [..., 3]
    expect(() => layer.forward(zeros([2, 5]))).toThrow(/\[2, 5\]/);
  });
});

describe('a mismatch is a type error that names both shapes', () => {
  it('in products', () => {
    // @ts-expect-error -- matmul: shapes [2, 3] and [2, 4] do not fit
    expect(() => zeros([2, 3]).matmul(zeros([2, 4]))).toThrow('shapes [2, 3] and [2, 4] do not fit');
    // @ts-expect-error -- the same for the function
    expect(() => matmul(zeros([2, 3]), zeros([2, 4]))).toThrow('shapes [2, 3] and [2, 4] do not fit');
    // @ts-expect-error -- and for a vector
    expect(() => zeros([2, 3]).matmul(zeros([4]))).toThrow('shapes [2, 3] and [4] do not fit');
  });

  it('in broadcasting', () => {
    // @ts-expect-error -- add: shapes [2, 3] and [2] do not broadcast
    expect(() => zeros([2, 3]).add(zeros([2]))).toThrow('[2, 3] and [2] do not broadcast');
    // @ts-expect-error -- the same for the function
    expect(() => add(zeros([2, 3]), zeros([2]))).toThrow('[2, 3] and [2] do not broadcast');
  });

  it('in joined tensors', () => {
    const [a, b] = [zeros([2, 3]), zeros([2, 4])];
    // @ts-expect-error -- cat: shapes [2, 3] and [2, 4] cannot be joined along dimension 0
    expect(() => cat([a, b])).toThrow('[2, 3] and [2, 4] cannot be joined');
    // @ts-expect-error -- the same behind two that fit
    expect(() => cat([a, zeros([5, 3]), b], 0)).toThrow('[2, 3] and [2, 4] cannot be joined');
    // @ts-expect-error -- in options, and counted from the end
    expect(() => cat([a, zeros([3, 3])], { dim: -1 })).toThrow('[2, 3] and [3, 3] cannot be joined');
    // @ts-expect-error -- stack: shapes [2, 3] and [2, 4] differ
    expect(() => stack([a, b])).toThrow('[2, 3] and [2, 4]');
    expect(cat([a, zeros([5, 3])]).shape).toEqual([7, 3]);
    expect(cat([a, b], 1).shape).toEqual([2, 7]);
    expect(cat([a, b], -1).shape).toEqual([2, 7]);
    expect(cat([a, b], { dim: 1 }).shape).toEqual([2, 7]);
    // PyTorch ignores what is empty.
    expect(cat([a, zeros([0])]).shape).toEqual([2, 3]);
    const list: Tensor[] = [a, zeros([1, 3])];
    expect(cat(list).shape).toEqual([3, 3]);
    expect(cat([a, zeros([three, 3])], three - 3).shape).toEqual([5, 3]);
    expect(stack([a, zeros([2, 3])], 1).shape).toEqual([2, 2, 3]);
    expect(stack(list.slice(0, 1)).shape).toEqual([1, 2, 3]);
  });

  it('in weighted sums', () => {
    // @ts-expect-error -- linear: an input of shape [3, 5] does not fit a weight of shape [2, 4]
    expect(() => F.linear(zeros([3, 5]), zeros([2, 4]))).toThrow('[3, 5] does not fit');
    expect(F.linear(zeros([3, 4]), zeros([2, 4]), zeros([2])).shape).toEqual([3, 2]);
    expect(F.linear(zeros(someShape), zeros([2, three])).shape).toEqual([2, 2]);
  });

  it('in assignments', () => {
    const needs = (x: Tensor<[2, 3]>): number => x.numel();
    expect(needs(zeros([2, 3]))).toBe(6);
    // @ts-expect-error -- [3, 2] is not [2, 3]
    expect(needs(zeros([3, 2]))).toBe(6);
  });
});

describe('what is not known', () => {
  it('is numbers, and fits everywhere without a cast', () => {
    const unknown: Tensor = zeros([2, 3]);
    expectTypeOf(unknown.shape).toEqualTypeOf<readonly number[]>();
    expectTypeOf(unknown.dtype).toEqualTypeOf<DType>();
    const known: Tensor<[2, 3], 'float32'> = unknown;
    const dynamic = zeros(someShape);
    const partly = zeros([three, 3]);
    expectTypeOf(partly.shape).toEqualTypeOf<readonly [number, 3]>();
    const both: Tensor<[2, 3]>[] = [dynamic, partly, unknown, known, zeros([2, 3], { dtype: someDType })];
    const any: Tensor[] = both;
    expect(any.length).toBe(5);
    expect(known.matmul(dynamic.T).shape).toEqual([2, 2]);
    expectTypeOf(partly.matmul(zeros([3, 5])).shape).toEqualTypeOf<readonly [number, 5]>();
    const nested: number[][] = [[1, 2]];
    const data: Tensor<[1, 2]> = tensor(nested);
    expect(data.shape).toEqual([1, 2]);
    let loop: Tensor = zeros([1, 3]);
    for (let i = 0; i < 2; i++) loop = loop.matmul(zeros([3, 3])).add(loop);
    expect(loop.shape).toEqual([1, 3]);
    const parameter: Tensor<[4, 3]> = new nn.Linear(3, 4).weight;
    expect(parameter.numel()).toBe(12);
  });
});
