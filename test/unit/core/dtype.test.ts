/** Type promotion: the table and the examples of PyTorch's documentation (torch.result_type, torch.promote_types). */
import {
  type DType,
  getDefaultDtype,
  ones,
  promoteTypes,
  resultType,
  setDefaultDtype,
  tensor,
  zeros,
} from 'nabla/core';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(() => setDefaultDtype('float32'));

describe('promotion', () => {
  it('orders the dtypes', () => {
    const order: DType[] = ['bool', 'uint8', 'int32', 'int64', 'float32', 'float64'];
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries()) expect(promoteTypes(a, b)).toBe(order[Math.max(i, j)]);
    }
  });

  it('lets dimensions decide within a kind, and a higher kind win', () => {
    const floats = ones([2]);
    const doubles = zeros([], { dtype: 'float64' });
    const ints = ones([2], { dtype: 'int32' });
    const longs = zeros([], { dtype: 'int64' });
    expect(floats.add(doubles).dtype).toBe('float32');
    expect(ints.add(longs).dtype).toBe('int32');
    expect(ints.add(zeros([])).dtype).toBe('float32');
    expect(longs.add(doubles).dtype).toBe('float64');
    expect(ones([2], { dtype: 'float64' }).add(floats).dtype).toBe('float64');
  });

  it('lets numbers count only by their kind', () => {
    const ints = ones([2], { dtype: 'int32' });
    expect(ints.add(2).dtype).toBe('int32');
    expect(ints.add(0.5).dtype).toBe('float32');
    expect(ones([2], { dtype: 'float64' }).mul(0.5).dtype).toBe('float64');
    expect(tensor([true, false]).add(1).dtype).toBe('int64');
    expect(resultType(zeros([], { dtype: 'uint8' }), 1)).toBe('uint8');
  });

  it('divides integers into the default dtype', () => {
    const ints = tensor([1, 2], { dtype: 'int64' });
    expect(ints.div(2).toArray()).toEqual([0.5, 1]);
    expect(ints.div(2).dtype).toBe('float32');
    setDefaultDtype('float64');
    expect(ints.div(2).dtype).toBe('float64');
    expect(getDefaultDtype()).toBe('float64');
    expect(tensor(1).dtype).toBe('float64');
  });

  it('keeps integers in their range, wrapping as C does', () => {
    expect(tensor([255], { dtype: 'uint8' }).add(1).toArray()).toEqual([0]);
    expect(
      tensor([2 ** 31 - 1], { dtype: 'int32' })
        .add(1)
        .toArray(),
    ).toEqual([-(2 ** 31)]);
    expect(
      tensor([2 ** 40], { dtype: 'int64' })
        .add(1)
        .item(),
    ).toBe(2 ** 40 + 1);
  });

  it('makes bool of sums of bools only by or', () => {
    const x = tensor([true, true, false]);
    expect(x.add(tensor([true, false, false])).toArray()).toEqual([true, true, false]);
    expect(x.sum().item()).toBe(2);
    expect(x.sum().dtype).toBe('int64');
    expect(() => x.sub(x)).toThrow(/bool tensors do not work/);
  });

  it('converts as C does', () => {
    expect(tensor([-1.7, 2.9]).long().toArray()).toEqual([-1, 2]);
    expect(tensor([0, 0.5, -3]).bool().toArray()).toEqual([false, true, true]);
    expect(tensor([1.5]).to('int32').dtype).toBe('int32');
    expect(() => tensor([1]).to('half' as DType)).toThrow(/no dtype 'half'/);
  });
});
