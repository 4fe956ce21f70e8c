/** Ops that PyTorch users reach for beyond the reference files: values computed by PyTorch 2.15. */
import * as core from 'nabla/core';
import {
  atleast1d,
  atleast2d,
  atleast3d,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseRightShift,
  blackmanWindow,
  broadcastShapes,
  broadcastTensors,
  cov,
  cumulativeTrapezoid,
  deg2rad,
  dsplit,
  type DType,
  gcd,
  hammingWindow,
  hannWindow,
  isTensor,
  ldexp,
  logspace,
  mode,
  mvlgamma,
  polygamma,
  rad2deg,
  Tensor,
  tensor,
  trapezoid,
  trilIndices,
  triuIndices,
  unravelIndex,
  vsplit,
  zeros,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const ints = (values: number[], dtype: DType = 'int64'): Tensor => tensor(values, { dtype });
const x = tensor([
  [1.5, -2, 3, 0.25],
  [4, 0.5, -6, 2],
]);
const y = tensor([
  [2, 1, 0, 5],
  [1, 3, 2, 8],
  [0, 1, 7, 2],
]);

const CASES: readonly (readonly [name: string, call: () => unknown, expected: unknown])[] = [
  [
    'cov',
    () => x.cov(),
    [
      [4.473958, -4.28125],
      [-4.28125, 18.72917],
    ],
  ],
  [
    'cov by the count',
    () => x.cov({ correction: 0 }),
    [
      [3.355469, -3.210938],
      [-3.210938, 14.04688],
    ],
  ],
  [
    'weighted cov',
    () => cov(y, { fweights: ints([1, 2, 3, 1]), aweights: tensor([0.5, 1, 2, 0.25]) }),
    [
      [1.150602, 0.9899598, -2.405622],
      [0.9899598, 1.471887, -1.441767],
      [-2.405622, -1.441767, 9.935743],
    ],
  ],
  [
    'corrcoef',
    () => y.corrcoef(),
    [
      [1.0, 0.8436959, -0.4466625],
      [0.8436959, 1.0, -0.06896552],
      [-0.4466625, -0.06896552, 1.0],
    ],
  ],
  ['cov of one variable', () => cov(x.at(0)), 4.473958],
  ['trap', () => trapezoid(x), [1.875, -2.5]],
  ['trapx', () => trapezoid(x, tensor([0, 1, 3, 4])), [2.375, -5.25]],
  ['trapdx', () => trapezoid(y, { dx: 0.5, dim: 0 }), [1.0, 2.0, 2.75, 5.75]],
  [
    'cumtrap',
    () => cumulativeTrapezoid(x, { dx: 2 }),
    [
      [-0.5, 0.5, 3.75],
      [4.5, -1.0, -5.0],
    ],
  ],
  ['logspace', () => logspace(-2, 2, 5), [0.01, 0.1, 1.0, 10.0, 100.0]],
  ['logspace2', () => logspace(0, 3, 4, 2), [1.0, 2.0, 4.0, 8.0]],
  [
    'tril',
    () => trilIndices(3, 4, -1),
    [
      [1, 2, 2],
      [0, 0, 1],
    ],
  ],
  [
    'triu',
    () => triuIndices(3, 3, 1),
    [
      [0, 0, 1],
      [1, 2, 2],
    ],
  ],
  ['hann', () => hannWindow(6), [0.0, 0.25, 0.75, 1.0, 0.7499999, 0.2500001]],
  ['hamm', () => hammingWindow(5, { periodic: false }), [0.08000001, 0.54, 1.0, 0.54, 0.08000001]],
  ['black', () => blackmanWindow(5), [-2.980232e-8, 0.2007701, 0.8492298, 0.8492298, 0.2007701]],
  ['and', () => ints([12, -5, 2 ** 40 + 3]).bitwiseAnd(ints([10, 7, 2 ** 40 + 1])), [8, 3, 1099511627777]],
  ['or', () => ints([12, -5]).bitwiseOr(ints([3, 8])), [15, -5]],
  ['xor', () => ints([12, -5]).bitwiseXor(6), [10, -3]],
  ['not', () => bitwiseNot(ints([0, 5, -7])), [-1, -6, 6]],
  ['notu8', () => bitwiseNot(ints([0, 5], 'uint8')), [255, 250]],
  ['shl', () => bitwiseLeftShift(ints([1, -3]), ints([4, 2])), [16, -12]],
  ['shr', () => bitwiseRightShift(ints([17, -17]), 2), [4, -5]],
  ['gcd', () => gcd(ints([12, -18, 0]), ints([18, 12, 0])), [6, 6, 0]],
  ['lcm', () => ints([4, -6, 0]).lcm(ints([6, 4, 3])), [12, 12, 0]],
  [
    'mode',
    () =>
      mode(
        tensor([
          [3, 1, 1, 2, 2],
          [5, 5, 0, 1, 0],
        ]),
      ),
    [
      [1, 0],
      [2, 4],
    ],
  ],
  [
    'modev',
    () =>
      tensor([
        [2, 2, 1],
        [7, 3, 9],
      ]).mode(0),
    [
      [2.0, 2.0, 1.0],
      [0, 0, 0],
    ],
  ],
  ['al1', () => atleast1d(tensor(3)), [3.0]],
  ['al2', () => atleast2d(tensor([1, 2])), [[1.0, 2.0]]],
  [
    'al3',
    () => [atleast3d(tensor([1, 2])), atleast3d(tensor([[1, 2]]))],
    [[[[1.0], [2.0]]], [[[1.0], [2.0]]]],
  ],
  [
    'hsplit',
    () => y.hsplit(2),
    [
      [
        [2.0, 1.0],
        [1.0, 3.0],
        [0.0, 1.0],
      ],
      [
        [0.0, 5.0],
        [2.0, 8.0],
        [7.0, 2.0],
      ],
    ],
  ],
  [
    'vsplit',
    () => vsplit(y, [1]),
    [
      [[2.0, 1.0, 0.0, 5.0]],
      [
        [1.0, 3.0, 2.0, 8.0],
        [0.0, 1.0, 7.0, 2.0],
      ],
    ],
  ],
  [
    'dsplit',
    () => dsplit(zeros([2, 3, 4]), 2).map((part) => part.shape),
    [
      [2, 3, 2],
      [2, 3, 2],
    ],
  ],
  ['bshapes', () => broadcastShapes([2, 1], [3], [1, 1, 1]), [1, 2, 3]],
  [
    'unravel',
    () => unravelIndex(ints([0, 5, 11]), [3, 4]),
    [
      [0, 1, 2],
      [0, 1, 3],
    ],
  ],
  ['sts', () => y.sumToSize(1, 4), [[3.0, 5.0, 9.0, 15.0]]],
  [
    'sel',
    () => x.selectScatter(tensor([9, 8]), 1, -1),
    [
      [1.5, -2.0, 3.0, 9.0],
      [4.0, 0.5, -6.0, 8.0],
    ],
  ],
  [
    'sli',
    () =>
      x.sliceScatter(
        tensor([
          [9, 8],
          [7, 6],
        ]),
        1,
        0,
        null,
        2,
      ),
    [
      [9.0, -2.0, 8.0, 0.25],
      [7.0, 0.5, 6.0, 2.0],
    ],
  ],
  [
    'diag',
    () => y.diagonalScatter(tensor([9, 8, 7]), { offset: 1 }),
    [
      [2.0, 9.0, 0.0, 5.0],
      [1.0, 3.0, 8.0, 8.0],
      [0.0, 1.0, 7.0, 7.0],
    ],
  ],
  [
    'poly',
    () => [0, 1, 2, 3, 4].map((n) => polygamma(n, tensor([0.5, 2, 7.5]))),
    [
      [-1.963511, 0.4227842, 1.946757],
      [4.934802, 0.6449341, 0.1426159],
      [-16.8288, -0.4041138, -0.02030525],
      [97.40909, 0.4939394, 0.005772437],
      [-771.4742, -0.8862661, -0.002457483],
    ],
  ],
  ['mvl', () => mvlgamma(tensor([2, 3.5]), 3), [1.596313, 3.895898]],
  ['deg', () => deg2rad(ints([180, 90])), [3.141593, 1.570796]],
  ['rad', () => rad2deg(tensor([3.14159265])), [180.0]],
  ['ldexp', () => ldexp(tensor([1, -3]), tensor([3, -1])), [8.0, -1.5]],
];

/** Results as the reference has them: numbers in nested arrays. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.toArray();
  return Array.isArray(value) ? (value as readonly unknown[]).map(plain) : value;
}

function close(actual: unknown, expected: unknown): void {
  if (Array.isArray(expected)) {
    expect(Array.isArray(actual) && actual.length).toBe(expected.length);
    expected.forEach((entry, i) => close((actual as unknown[])[i], entry));
    return;
  }
  if (typeof expected !== 'number') expect(actual).toBe(expected);
  else expect(Math.abs(Number(actual) - expected)).toBeLessThanOrEqual(2e-6 + 2e-6 * Math.abs(expected));
}

describe('further ops', () => {
  it.each(CASES)('%s', (_, call, expected) => close(plain(call()), expected));

  it('exist under all of their names, as functions and as methods', () => {
    const names = {
      clip: 'clamp',
      absolute: 'abs',
      multiply: 'mul',
      arccos: 'acos',
      greaterEqual: 'ge',
      moveaxis: 'movedim',
    };
    for (const [name, of] of Object.entries(names)) {
      expect(Reflect.get(core, name)).toBe(Reflect.get(core, of));
      expect(Reflect.get(x, name)).toBeTypeOf('function');
    }
    expect(x.clip(0, 1).toArray()).toEqual([
      [1, 0, 1, 0.25],
      [1, 0.5, 0, 1],
    ]);
    expect(x.clone().clip_({ min: 0 }).min().item()).toBe(0);
    expect(core.concat([ints([1]), ints([2])]).toArray()).toEqual([1, 2]);
  });

  it('tell what a tensor is, and make others like it', () => {
    expect([x.device, x.nbytes, x.itemsize, x.nelement(), x.ndimension()]).toEqual(['cpu', 32, 4, 8, 2]);
    expect([ints([1]).isSigned(), ints([1], 'uint8').isSigned(), isTensor(x), isTensor(1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([ints([2]).isNonzero(), x.isSameSize(y), x.byte().dtype]).toEqual([true, false, 'uint8']);
    expect(ints([1]).newZeros([2]).dtype).toBe('int64');
    expect(ints([1]).newFull([2], 7).toArray()).toEqual([7, 7]);
    expect(x.newTensor([1], { dtype: 'bool' }).dtype).toBe('bool');
    expect(x.where(x.gt(0), 0).toArray()).toEqual([
      [1.5, 0, 3, 0.25],
      [4, 0.5, 0, 2],
    ]);
    expect(broadcastTensors(zeros([2, 1]), zeros([3])).map((t) => t.shape)).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(x.viewAs(zeros([4, 2])).shape).toEqual([4, 2]);
  });

  it('know of no device but the CPU', () => {
    expect(x.cpu()).toBe(x);
    expect(x.to('cpu')).toBe(x);
    expect(() => x.cuda()).toThrow('cuda: tensors are on the CPU');
    expect(() => void Reflect.apply(Reflect.get(x, 'to') as () => unknown, x, ['cuda:0'])).toThrow(
      /there is no device but the CPU/,
    );
  });
});
