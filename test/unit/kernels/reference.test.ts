/** What the oracle says is itself checked against values worked out by hand and PyTorch's documented conventions. */
import { describe, expect, test } from 'vitest';
import type { BinaryOp, Element } from '../../../core/kernels/api.js';
import { referenceKernels as kernels } from '../../../core/kernels/reference/index.js';
import { contiguous, get, put, room } from './memory-helpers.js';

function binary(op: BinaryOp, element: Element, a: number[], b: number[]): number[] {
  const out = room(element, a.length);
  const x = { ptr: put(element, a).ptr, strides: [1] };
  const y = { ptr: put(element, b).ptr, strides: [1] };
  kernels.binary(op, element, [a.length], x, y, out.ptr);
  return get(out);
}

describe('binary', () => {
  test('maximum and minimum propagate NaN from either side', () => {
    expect(binary('maximum', 'float32', [1, NaN, 3, NaN], [2, 2, NaN, NaN])).toEqual([2, NaN, NaN, NaN]);
    expect(binary('minimum', 'float64', [1, NaN, 3], [2, 2, NaN])).toEqual([1, NaN, NaN]);
  });

  test('remainder takes the sign of the divisor, fmod of the dividend', () => {
    expect(binary('remainder', 'float32', [-3, -2, -1, 1, 2, 3], [2, 2, 2, 2, 2, 2])).toEqual([
      1, 0, 1, 1, 0, 1,
    ]);
    expect(binary('remainder', 'int32', [7, -7, 7, -7], [3, 3, -3, -3])).toEqual([1, 2, -2, -1]);
    expect(binary('fmod', 'int32', [7, -7, 7, -7], [3, 3, -3, -3])).toEqual([1, -1, 1, -1]);
    expect(binary('fmod', 'float64', [-5.5, 5.5, 1], [2, -2, 0])).toEqual([-1.5, 1.5, NaN]);
  });

  test('floorDivide rounds down', () => {
    expect(binary('floorDivide', 'float32', [7, -7, 7, -7], [2, 2, -2, -2])).toEqual([3, -4, -4, 3]);
    expect(binary('floorDivide', 'int32', [7, -7, 7, -7], [2, 2, -2, -2])).toEqual([3, -4, -4, 3]);
    expect(binary('floorDivide', 'float64', [1, -1, 0], [0, 0, 0])).toEqual([Infinity, -Infinity, NaN]);
    expect(() => binary('floorDivide', 'int32', [1], [0])).toThrow('floorDivide: integer division by zero');
  });

  test('integers wrap', () => {
    expect(binary('add', 'int32', [2147483647], [1])).toEqual([-2147483648]);
    expect(binary('mul', 'int32', [65537], [65537])).toEqual([131073]);
    expect(binary('sub', 'uint8', [1], [2])).toEqual([255]);
    expect(binary('pow', 'int32', [2, 3, -1, 2, 1, 0], [10, 3, -3, -1, -5, 0])).toEqual([
      1024, 27, -1, 0, 1, 1,
    ]);
  });

  test('the derivative of relu is 0 at 0 and keeps the cotangent beside NaN', () => {
    expect(binary('reluGrad', 'float32', [5, 5, 5, 5], [-1, 0, 2, NaN])).toEqual([0, 0, 5, 5]);
  });
});

describe('reduce', () => {
  const x = [1, 5, 2, -4, NaN, 0, 3, 3, 3, 9, -1, 7];

  test('over the middle of [outer, size, inner]', () => {
    const out = room('float32', 4);
    kernels.reduce(
      'sum',
      'float32',
      2,
      3,
      2,
      put('float32', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).ptr,
      out.ptr,
    );
    expect(get(out)).toEqual([9, 12, 27, 30]);
  });

  test('NaN wins in max, min and their indices', () => {
    const out = room('float64', 4);
    const from = put('float64', x).ptr;
    kernels.reduce('max', 'float64', 4, 3, 1, from, out.ptr);
    expect(get(out)).toEqual([5, NaN, 3, 9]);
    kernels.argReduce('max', 'float64', 4, 3, 1, from, out.ptr);
    expect(get(out)).toEqual([1, 1, 0, 0]);
    kernels.argReduce('min', 'float64', 4, 3, 1, from, out.ptr);
    expect(get(out)).toEqual([0, 1, 0, 1]);
  });

  test('an empty sum is 0, an empty product 1', () => {
    const out = room('float32', 2);
    kernels.reduce('sum', 'float32', 2, 0, 1, out.ptr, out.ptr);
    expect(get(out)).toEqual([0, 0]);
    kernels.reduce('prod', 'float32', 2, 0, 1, out.ptr, out.ptr);
    expect(get(out)).toEqual([1, 1]);
  });
});

test('copies convert as C casts and to bool by != 0', () => {
  const x = put('float32', [1.9, -1.9, 0, NaN]);
  const integers = room('int32', 4);
  const truths = room('uint8', 4);
  kernels.copy('float32', 'int32', [3], { ptr: x.ptr, strides: [1] }, integers.ptr);
  kernels.copy('float32', 'uint8', [4], { ptr: x.ptr, strides: [1] }, truths.ptr, true);
  expect(get(integers).slice(0, 3)).toEqual([1, -1, 0]);
  expect(get(truths)).toEqual([1, 1, 0, 1]);
});

test('copies follow any strides, also broadcast and negative ones', () => {
  const x = put('float32', [0, 1, 2, 3, 4, 5]);
  const out = room('float32', 12);
  // x as [2, 3], transposed, and each element twice.
  kernels.copy('float32', 'float32', [3, 2, 2], { ptr: x.ptr, strides: [1, 3, 0] }, out.ptr);
  expect(get(out)).toEqual([0, 0, 3, 3, 1, 1, 4, 4, 2, 2, 5, 5]);
  const flipped = room('float32', 6);
  kernels.copy('float32', 'float32', [6], { ptr: x.ptr + 20, strides: [-1] }, flipped.ptr);
  expect(get(flipped)).toEqual([5, 4, 3, 2, 1, 0]);
  kernels.copyInto('float32', [3], { ptr: x.ptr, strides: [1] }, { ptr: out.ptr + 4, strides: [4] });
  expect(get(out)).toEqual([0, 0, 3, 3, 1, 1, 4, 4, 2, 2, 5, 5]);
});

test('products of matrices in any layout', () => {
  const a = put('float64', [1, 2, 3, 4, 5, 6]);
  const b = put('float64', [1, 0, 2, 1, 0, 1]);
  const out = put('float64', [100, 100, 100, 100]);
  const size = { batch: 1, m: 2, n: 2, k: 3 };
  const plain = { ptr: a.ptr, row: 3, col: 1, batch: 0 };
  kernels.matmul('float64', size, plain, { ptr: b.ptr, row: 2, col: 1, batch: 0 }, out.ptr, 0);
  expect(get(out)).toEqual([5, 5, 14, 11]);
  kernels.matmul('float64', size, plain, { ptr: b.ptr, row: 1, col: 3, batch: 0 }, out.ptr, 1);
  expect(get(out)).toEqual([5 + 7, 5 + 4, 14 + 16, 11 + 10]);
});

test('softmax shifts by the maximum; rows of -Infinity give NaN', () => {
  const x = put('float32', [1000, 1000, -Infinity, -Infinity]);
  const out = room('float32', 4);
  kernels.softmax(false, 'float32', 2, 2, x.ptr, out.ptr);
  expect(get(out)).toEqual([0.5, 0.5, NaN, NaN]);
  kernels.softmax(true, 'float32', 1, 2, x.ptr, out.ptr);
  expect(get(out)[0]).toBeCloseTo(-Math.LN2, 6);
});

test('elementwise ops visit a transposed operand in the order of the shape', () => {
  const a = put('int32', [0, 1, 2, 3, 4, 5]);
  const out = room('int32', 6);
  const strides = contiguous([3, 2]);
  kernels.binary('add', 'int32', [3, 2], { ptr: a.ptr, strides: [1, 3] }, { ptr: a.ptr, strides }, out.ptr);
  expect(get(out)).toEqual([0, 4, 3, 7, 6, 10]);
});
