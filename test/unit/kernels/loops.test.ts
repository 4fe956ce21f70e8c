/** Loops that count, search, scan and pool: against what the definition says, element by element. */
import { describe, expect, it } from 'vitest';
import * as nabla from '../../../core/index.js';
import { numbers } from './numbers.js';

const F = nabla.F;
const DTYPES = ['float32', 'float64'] as const;
const SPECIAL = [NaN, Infinity, -Infinity, 0];

/** Numbers with ties, some of them special. */
function line(n: number, seed: number): number[] {
  return Array.from({ length: n }, (_, i) => {
    const k = (i * 7919 + seed * 104729) % 97;
    return k < 4 && i % 3 === 0 ? SPECIAL[k] : Math.round(k / 8) / 2 - 3;
  });
}

describe.each(DTYPES)('running extremes and sums of %s', (dtype) => {
  it.each([0, 1, 2])('cummax and cummin follow their definition along dimension %i, NaN included', (dim) => {
    const shape = [3, 5, 4];
    const x = nabla.tensor(line(60, 3), { dtype }).reshape(shape);
    for (const [op, better] of [
      ['cummax', (a: number, b: number) => a >= b],
      ['cummin', (a: number, b: number) => a <= b],
    ] as const) {
      const [values, indices] = nabla[op](x.transpose(dim, 2).contiguous().transpose(dim, 2), dim);
      const lines = numbers(x.transpose(dim, 2));
      const size = shape[dim];
      const wanted: number[] = [];
      const places: number[] = [];
      lines.forEach((value, k) => {
        const i = k % size;
        const before = wanted[k - 1];
        if (i === 0 || Number.isNaN(value) || better(value, before)) {
          wanted.push(value);
          places.push(i);
        } else {
          wanted.push(before);
          places.push(places[k - 1]);
        }
      });
      expect(numbers(values.transpose(dim, 2))).toEqual(wanted);
      expect(numbers(indices.transpose(dim, 2))).toEqual(places);
      expect(numbers(nabla[op](x.clone().requiresGrad_(), dim)[0].detach())).toEqual(numbers(values));
    }
  });

  it('logcumsumexp stays exact for elements that are far apart', () => {
    const data = [-1000, -999, 0, 0.5, -Infinity, 700, -300, 720];
    const y = numbers(nabla.logcumsumexp(nabla.tensor(data, { dtype }), 0));
    let top = -Infinity;
    data.forEach((_, i) => {
      top = Math.max(...data.slice(0, i + 1));
      const sum = data.slice(0, i + 1).reduce((s, v) => s + Math.exp(v - top), 0);
      expect(y[i]).toBeCloseTo(top + Math.log(sum), dtype === 'float32' ? 4 : 11);
    });
    const empty = nabla.logcumsumexp(nabla.tensor([-Infinity, -Infinity, Infinity, 1], { dtype }), 0);
    expect(numbers(empty)).toEqual([-Infinity, -Infinity, Infinity, Infinity]);
  });

  it('histc leaves out what is outside and NaN, and counts both ends', () => {
    const x = nabla.tensor([-2, -1.99, 0, 1.99, 2, 2.01, NaN, Infinity], { dtype });
    expect(numbers(nabla.histc(x, 4, -2, 2))).toEqual([2, 0, 1, 2]);
  });

  it('nansum, countNonzero, all and any see NaN as PyTorch does', () => {
    const x = nabla.tensor([1, NaN, 0, -2, 0, 3], { dtype }).reshape([2, 3]);
    expect(numbers(nabla.nansum(x, 0))).toEqual([-1, 0, 3]);
    expect(nabla.nansum(x).item()).toBe(2);
    expect(numbers(nabla.countNonzero(x, 1))).toEqual([2, 2]);
    expect(numbers(nabla.all(x, 0))).toEqual([1, 0, 0]);
    expect(numbers(nabla.any(x.mul(0), 0))).toEqual([0, 1, 0]);
  });

  it.each(['tril', 'triu'] as const)('%s of narrow and wide matrices keeps one side', (op) => {
    for (const [rows, columns] of [
      [1, 1],
      [5, 3],
      [3, 70],
      [60, 50],
    ])
      for (const diagonal of [-100, -2, 0, 1, 100]) {
        const x = nabla
          .arange(1, 2 * rows * columns + 1)
          .to(dtype)
          .reshape([2, rows, columns]);
        const wanted = numbers(x).map((value, k) => {
          const [r, c] = [Math.floor(k / columns) % rows, k % columns];
          return (op === 'tril' ? c - r <= diagonal : c - r >= diagonal) ? value : 0;
        });
        expect(numbers(nabla[op](x, diagonal))).toEqual(wanted);
        expect(numbers(nabla[op](x.transpose(1, 2).contiguous().transpose(1, 2), diagonal))).toEqual(wanted);
      }
  });
});

describe('windows over planes', () => {
  const cases = [
    { shape: [2, 3, 7, 6], kernel: 2, options: {} },
    { shape: [1, 2, 7, 9], kernel: 3, options: { stride: 2, padding: 1 } },
    { shape: [2, 1, 8, 5], kernel: [3, 2], options: { stride: [1, 2], padding: [1, 0], ceilMode: true } },
    { shape: [0, 2, 4, 4], kernel: 2, options: {} },
  ];

  it.each(cases)('pool as the general path does: $shape by $kernel', ({ shape, kernel, options }) => {
    nabla.manualSeed(1);
    for (const dtype of DTYPES) {
      const x = nabla.randn(shape).to(dtype);
      for (const name of ['maxPool2d', 'avgPool2d'] as const) {
        const call = (input: nabla.Tensor): nabla.Tensor => F[name](input, kernel, options);
        const direct = x.clone().requiresGrad_();
        const y = call(direct);
        // Inside of a transform, windows are gathered and reduced.
        const general = shape[0] === 0 ? y : nabla.vmap(call)(x);
        expect(nabla.allclose(y.detach(), general.detach())).toBe(true);
        const g = nabla.randn(y.shape).to(dtype);
        const [byX] = nabla.grad(y, [direct], { gradOutputs: g });
        const pulled = nabla.vjp(call, x)[1](g);
        const [wanted] = [pulled].flat();
        expect(nabla.allclose(byX, wanted, 1e-5, 1e-6)).toBe(true);
      }
    }
  });

  it('give the places of the largest elements, the first of equal ones, and NaN wins', () => {
    const x = nabla.tensor([1, 1, 5, NaN, 1, 1, 5, 5]).reshape([1, 1, 2, 4]);
    const [values, indices] = F.maxPool2d(x, 2, { returnIndices: true });
    expect(numbers(values)).toEqual([1, NaN]);
    expect(numbers(indices)).toEqual([0, 3]);
  });
});

describe('labels', () => {
  it('are counted, marked and found in any integer dtype', () => {
    for (const dtype of ['int64', 'int32', 'uint8'] as const) {
      const x = nabla.tensor([3, 1, 3, 0], { dtype });
      expect(numbers(nabla.bincount(x, { minlength: 6 }))).toEqual([1, 1, 0, 2, 0, 0]);
      expect(numbers(F.oneHot(x))).toEqual([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]);
      const found = nabla.unique(x);
      if (Array.isArray(found)) throw new Error('unique: one result was wanted');
      expect(found.dtype).toBe(dtype);
      expect(numbers(found)).toEqual([0, 1, 3]);
    }
    expect(() => F.oneHot(nabla.tensor([0, 4], { dtype: 'int64' }), 4)).toThrow(/4 is no class/);
    expect(() => nabla.bincount(nabla.tensor([-1], { dtype: 'int64' }))).toThrow(/from 0 up/);
  });

  it('negative and far integers are told apart', () => {
    const found = nabla.unique(nabla.tensor([1e9, -5, 1e9, 7], { dtype: 'int64' }));
    if (Array.isArray(found)) throw new Error('unique: one result was wanted');
    expect(numbers(found)).toEqual([-5, 7, 1e9]);
  });

  it('searchsorted counts NaN as the largest, on either side of equal ones', () => {
    const sorted = nabla.tensor([-1, 0, 0, 2, NaN]);
    const values = nabla.tensor([0, NaN, -3, 5, 2]);
    expect(numbers(nabla.searchsorted(sorted, values))).toEqual([1, 4, 0, 4, 3]);
    expect(numbers(nabla.searchsorted(sorted, values, { right: true }))).toEqual([3, 5, 0, 4, 4]);
  });
});
