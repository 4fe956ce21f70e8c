/**
 * Type promotion against PyTorch's documentation: the table of `torch.promote_types` ("Tensor attributes", where the dtypes
 * that tensors here have are concerned), and the rules for 0-d tensors and Python scalars of `torch.result_type`.
 */
import {
  add,
  cat,
  type DType,
  mul,
  ones,
  promoteTypes,
  resultType,
  stack,
  tensor,
  where,
  zeros,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const TABLE = `
           bool      uint8     int32     int64     float16   bfloat16  float32   float64
bool       bool      uint8     int32     int64     float16   bfloat16  float32   float64
uint8      uint8     uint8     int32     int64     float16   bfloat16  float32   float64
int32      int32     int32     int32     int64     float16   bfloat16  float32   float64
int64      int64     int64     int64     int64     float16   bfloat16  float32   float64
float16    float16   float16   float16   float16   float16   float32   float32   float64
bfloat16   bfloat16  bfloat16  bfloat16  bfloat16  float32   bfloat16  float32   float64
float32    float32   float32   float32   float32   float32   float32   float32   float64
float64    float64   float64   float64   float64   float64   float64   float64   float64`;

const [columns, ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/) as DType[]);
const pairs = rows.flatMap(([a, ...results]) => results.map((result, i) => [a, columns[i], result] as const));

const KIND: Readonly<Record<DType, number>> = {
  bool: 0,
  uint8: 1,
  int32: 1,
  int64: 1,
  float16: 2,
  bfloat16: 2,
  float32: 2,
  float64: 2,
};

/** The elements of both operands and of the result that dtypes cannot disagree about. */
const of = (dtype: DType, dims: readonly number[]) => ones(dims, { dtype });

describe.each(pairs)('%s with %s', (a, b, result) => {
  it(`is ${result}`, () => {
    expect(promoteTypes(a, b)).toBe(result);
    expect(resultType(of(a, [2]), of(b, [2]))).toBe(result);
    for (const y of [
      mul(of(a, [2]), of(b, [2])),
      of(a, [2]).mul(of(b, [1])),
      of(a, [2]).maximum(of(b, [2])),
      of(a, []).add(of(b, [])),
      cat([of(a, [1]), of(b, [1])], 0),
      stack([of(a, []), of(b, [])], 0),
      where(tensor([true, false]), of(a, [2]), of(b, [2])),
    ]) {
      expect(y.dtype).toBe(result);
    }
    expect(mul(of(a, [2]), of(b, [2])).toTypedArray()[1]).toBe(1);
    // Comparisons promote too, and give bool.
    expect(of(a, [2]).eq(of(b, [2])).dtype).toBe('bool');
    expect(
      of(a, [2])
        .eq(of(b, [2]))
        .toArray(),
    ).toEqual([true, true]);
  });

  it('counts a 0-d operand only when it is of a higher kind', () => {
    const expected = KIND[b] > KIND[a] ? result : a;
    expect(of(a, [2]).mul(of(b, [])).dtype).toBe(expected);
    expect(of(b, []).mul(of(a, [2])).dtype).toBe(expected);
    // A dimension of size 1 or 0 is a dimension.
    expect(of(a, [0]).mul(of(b, [])).dtype).toBe(expected);
    expect(of(a, [2]).mul(of(b, [1])).dtype).toBe(result);
  });

  it('may be written into the first in place unless the kind would fall', () => {
    const x = of(a, [2]);
    if (KIND[result] <= KIND[a]) {
      x.mul_(of(b, [2]));
      expect(x.dtype).toBe(a);
    } else expect(() => x.mul_(of(b, [2]))).toThrow(new RegExp(`mul_: .*${result}.* ${a} tensor`));
  });
});

describe('a JavaScript number', () => {
  const integers: DType[] = ['uint8', 'int32', 'int64'];
  const floats: DType[] = ['float16', 'bfloat16', 'float32', 'float64'];

  it('counts as an integer if it is one, else as the default dtype, and only by its kind', () => {
    for (const dtype of [...integers, ...floats]) expect(of(dtype, [2]).add(2).dtype).toBe(dtype);
    for (const dtype of floats) expect(of(dtype, [2]).add(0.5).dtype).toBe(dtype);
    for (const dtype of [...integers, 'bool' as const]) expect(of(dtype, [2]).add(0.5).dtype).toBe('float32');
    expect(of('bool', [2]).add(2).dtype).toBe('int64');
    // Beside a 0-d tensor as beside others.
    for (const dtype of [...integers, ...floats]) expect(of(dtype, []).add(2).dtype).toBe(dtype);
    expect(of('int32', []).add(0.5).dtype).toBe('float32');
    expect(add(2, of('uint8', [2])).dtype).toBe('uint8');
    expect(resultType(of('float16', [2]), 0.5)).toBe('float16');
    expect(resultType(zeros([2], { dtype: 'int64' }), of('float16', []), 0.5)).toBe('float16');
  });

  it('decides nothing in a division of integers, which leaves them', () => {
    for (const dtype of [...integers, 'bool' as const]) {
      expect(of(dtype, [2]).div(2).dtype).toBe('float32');
      expect(of(dtype, [2]).div(of(dtype, [2])).dtype).toBe('float32');
      expect(of(dtype, [2]).exp().dtype).toBe('float32');
    }
    for (const dtype of floats) {
      expect(of(dtype, [2]).div(of('int64', [2])).dtype).toBe(dtype);
      expect(of(dtype, [2]).exp().dtype).toBe(dtype);
    }
  });
});
