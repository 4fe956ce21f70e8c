/** Calls that must fail: each says the op, what it was given, and what would work, and leaves nothing allocated. */
import * as core from 'nabla/core';
import { memory, reclaimMemory, Tensor } from 'nabla/core';
import { describe, expect, it } from 'vitest';

/** Cells are not type-checked before they run: what the compiler would refuse arrives as well. */
const { arange, eye, full, linalg, linspace, ones, tensor, zeros } = core as unknown as Record<
  'arange' | 'eye' | 'full' | 'linspace' | 'ones' | 'tensor' | 'zeros',
  (...args: unknown[]) => Tensor
> & { linalg: Record<string, (...args: unknown[]) => unknown> };

function call(x: Tensor, name: string, ...args: unknown[]): unknown {
  const method: unknown = Reflect.get(x, name);
  if (typeof method !== 'function') throw new Error(`there is no method ${name}`);
  return Reflect.apply(method, x, args);
}

const matrix = (): Tensor => zeros([2, 3]);

const CASES: Readonly<Record<string, readonly (readonly [call: () => unknown, message: string])[]>> = {
  creation: [
    [() => zeros([-1]), 'zeros: a shape holds whole numbers from 0 up, got [-1]'],
    [() => zeros([1.5]), 'the entry 1.5 does not work'],
    [() => zeros(null), 'zeros: takes a shape as numbers or one array, and options'],
    [() => zeros([2 ** 40, 2 ** 40]), 'has more elements than can be counted'],
    [() => zeros([2], { dtype: 'int8' }), 'zeros: there is no dtype "int8"; the dtypes are float32'],
    [
      () => ones([2], { dtpe: 'int32' }),
      "ones: there is no option 'dtpe'; the options are dtype and requiresGrad",
    ],
    [
      () => zeros([2], { dtype: 'int32', requiresGrad: true }),
      'only float tensors have gradients, this one is int32',
    ],
    [() => full([2]), 'full: the value is a number or a boolean, got undefined'],
    [() => full([2], 'x'), 'got the string "x"'],
    [() => full([2], 256, { dtype: 'uint8' }), 'full: 256 is out of range for uint8, which holds 0 to 255'],
    [() => arange(0, 3, 0), 'arange: from 0 to 3 there is no way in steps of 0'],
    [() => linspace(0, 1, -1), 'linspace: a shape holds whole numbers'],
    [() => eye(-1), 'eye: a shape holds whole numbers'],
    [() => tensor([[1, 2], [3]]), 'nested arrays must have equal lengths; the first ones say [2, 2]'],
    [() => tensor([1, null]), 'tensor: the data are numbers or booleans, found null'],
    [() => tensor(['a']), 'found the string "a"'],
    [() => tensor([zeros([2]), zeros([2])]), 'found a tensor among the data; join tensors with stack'],
    [() => tensor([NaN], { dtype: 'int64' }), 'tensor: NaN cannot be stored as int64'],
    [() => tensor([300], { dtype: 'uint8' }), '300 is out of range for uint8'],
    [() => tensor([2 ** 60], { dtype: 'int64' }), 'is out of range for int64'],
    [() => tensor([1, 2, 3], { shape: [2, 2] }), 'shape [2, 2] holds 4 elements, but the data has 3'],
  ],
  casting: [
    [() => call(matrix(), 'to', 'float17'), "to: there is no dtype 'float17'; the dtypes are"],
    [() => call(matrix(), 'to'), "to: there is no dtype 'undefined'"],
    [() => matrix().item(), 'item: takes a tensor of one element, this one has shape [2, 3]'],
    [() => matrix().long().add_(0.5), 'add_: a float32 result cannot be written into a int64 tensor'],
  ],
  dimensions: [
    [() => matrix().sum(2), 'sum: dimension 2 is out of range for a tensor of 2 dimensions; use -2 to 1'],
    [() => matrix().sum([0, -2]), 'sum: dimension 0 appears twice in [0, -2]'],
    [
      () => call(matrix(), 'sum', 'a'),
      'sum: a dimension is a number, or several in an array, got the string "a"',
    ],
    [
      () => call(matrix(), 'sum', { dims: 1 }),
      "sum: there is no option 'dims'; the options are dim, keepdim, dtype",
    ],
    [() => matrix().softmax(4), 'softmax: dimension 4 is out of range'],
    [() => matrix().reshape(4, 2), 'reshape: shape [4, 2] holds 8 elements, but the tensor has 6'],
    [() => matrix().T.view(6), 'without a copy; use reshape'],
    [() => matrix().expand(4, 3), 'expand: a tensor of shape [2, 3] cannot be expanded to [4, 3]'],
    [() => matrix().topk(9), 'topk: k = 9 does not fit dimension 1 of size 3; use 0 to 3'],
  ],
  'empty reductions': [
    [() => zeros([0]).max(), 'max: shape [0] has no elements to choose from'],
    [() => zeros([2, 0]).min(1), 'min: shape [2, 0] has no elements to choose from'],
    [() => zeros([0]).argmax(), 'argmax: shape [0] has no elements'],
    [() => zeros([0]).median(), 'median: a tensor without elements has no median'],
    [() => zeros([0]).quantile(0.5), 'quantile: a tensor without elements (shape [0]) has no quantiles'],
    [() => arange(3).mean(), 'mean: the mean of int64 is not an integer; give a float dtype'],
  ],
  operands: [
    [() => call(matrix(), 'add', 'a'), 'add: expected a tensor, got the string "a"; make one with tensor'],
    [() => call(matrix(), 'matmul', 3), 'matmul: expected a tensor, got 3 (a number)'],
    [() => call(matrix(), 'add', [1, 2, 3]), 'add: expected a tensor, got an array'],
    [() => arange(3).floorDivide(0), 'floorDivide: integers cannot be divided by 0; convert with x.float()'],
    [() => arange(3).remainder(arange(3)), 'remainder: integers cannot be divided by 0'],
    [() => arange(3).fmod(0), 'fmod: integers cannot be divided by 0'],
    [() => arange(3).div(0, { roundingMode: 'floor' }), 'div: integers cannot be divided by 0'],
    [() => arange(3).pow(-1), 'pow: integers have no negative powers; convert with x.float()'],
    [() => arange(3).remainder_(0), 'remainder: integers cannot be divided by 0'],
  ],
  'linear algebra': [
    [() => linalg.inv(zeros([2, 2])), 'linalg.inv: the matrix of shape [2, 2] is singular'],
    [() => linalg.solve(zeros([2, 2]), ones([2])), 'linalg.lstsq and linalg.pinv take singular matrices'],
    [() => linalg.inv(matrix()), 'linalg.inv: takes square matrices [..., n, n], got shape [2, 3]'],
    [
      () => linalg.inv(arange(4).reshape(2, 2)),
      "takes float tensors, got int64; convert it with x.to('float32')",
    ],
    [
      () =>
        linalg.cholesky(
          tensor([
            [1, 2],
            [2, 1],
          ]),
        ),
      'is not positive definite',
    ],
    [
      () => linalg.solve(eye(3), ones([2])),
      'A of shape [3, 3] and a right-hand side B of shape [2] do not fit',
    ],
    [
      () =>
        linalg.svd(
          tensor([
            [NaN, 1],
            [1, 2],
          ]),
        ),
      'linalg.svd: takes finite elements',
    ],
    [() => linalg.eigh(matrix()), 'linalg.eigh: takes square matrices'],
    [() => linalg.det(zeros([3])), 'linalg.det: takes a matrix [m, n]'],
  ],
};

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  it.each(cases.map(([run, message]) => ({ run, message })))('$message', ({ run, message }) => {
    expect(run).toThrow(message);
  });
});

it('leaves no memory held after an op refused its input', () => {
  for (const cases of Object.values(CASES)) for (const [run] of cases) expect(run).toThrow();
  reclaimMemory();
  const before = memory().allocated;
  for (let i = 0; i < 20; i++)
    for (const cases of Object.values(CASES)) for (const [run] of cases) expect(run).toThrow();
  reclaimMemory();
  expect(memory().allocated - before).toBeLessThan(20_000);
});

it('turns what no integer is into 0, as in int32', () => {
  expect(tensor([NaN, Infinity, -2.7]).long().toArray()).toEqual([0, 0, -2]);
  expect(tensor([NaN, -Infinity, -2.7]).int().toArray()).toEqual([0, 0, -2]);
});

it('runs out of memory with an error that names the op, the size and what is held, and goes on', () => {
  const held = zeros([1000, 1000]);
  expect(() => zeros([1e6, 1e6])).toThrow(
    /^zeros: cannot allocate 4000 GB: .* of the limit of .* are held by .*made by zeros/,
  );
  expect(() => held.expand(100_000, 1000, 1000).add(1)).toThrow(/^add: cannot allocate 400 GB/);
  expect(held.add(1).sum().item()).toBe(1e6);
});
