/** What the check of a library finds: products in plain JavaScript, right and wrong in the ways that libraries are. */
import { describe, expect, it } from 'vitest';
import type { BlasBinding, Gemm } from '../../../../core/kernels/blas/binding.js';
import { ARENA_BYTES, checkBinding } from '../../../../core/kernels/blas/check.js';

const buffer = new ArrayBuffer(ARENA_BYTES);
const arena = { buffer, byteOffset: 0, address: 0 };
const f32 = new Float32Array(buffer);
const f64 = new Float64Array(buffer);

type Change = (value: number, at: { i: number; j: number; n: number }) => number;

/** Addresses are places in the arena. */
function gemmOn(numbers: Float32Array | Float64Array, finish?: Change, factor?: Change): Gemm {
  const bytes = numbers.BYTES_PER_ELEMENT;
  return (ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) => {
    [a, b, c] = [a / bytes, b / bytes, c / bytes];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = beta === 0 ? 0 : numbers[c + i * ldc + j];
        const [x, xStep] = ta ? [a + i, lda] : [a + i * lda, 1];
        const [y, yStep] = tb ? [b + j * ldb, 1] : [b + j, ldb];
        const at = { i, j, n };
        for (let p = 0; p < k; p++) {
          const left = numbers[x + p * xStep];
          sum += (factor === undefined ? left : factor(left, at)) * numbers[y + p * yStep];
        }
        numbers[c + i * ldc + j] = finish === undefined ? sum : finish(sum, at);
      }
  };
}

const binding = (float32: Gemm, float64: Gemm | null = gemmOn(f64)): BlasBinding => ({
  name: 'test',
  float32,
  float64,
  setThreads: null,
});
const problem = (
  float32: Gemm,
  float64?: Gemm | null,
  which: 'small' | 'large' | 'all' = 'small',
): string | null => checkBinding(binding(float32, float64), arena, which);

interface Product {
  ta: boolean;
  tb: boolean;
  m: number;
  n: number;
  k: number;
  lda: number;
  beta: 0 | 1;
}

/** Right products of other operands than those asked for. */
function changed(change: (asked: Product) => Product): Gemm {
  const right = gemmOn(f32);
  return (...[ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc]) => {
    const does = change({ ta, tb, m, n, k, lda, beta });
    right(does.ta, does.tb, m, n, k, a, does.lda, b, ldb, does.beta, c, ldc);
  };
}

describe('the check of a library', () => {
  it('passes right products, with and without float64', () => {
    expect(problem(gemmOn(f32), gemmOn(f64), 'all')).toBeNull();
    expect(problem(gemmOn(f32), null)).toBeNull();
  });

  it('finds one wrong element of a large product only', () => {
    const wrong = gemmOn(f32, (value, { i, j, n }) =>
      n === 260 && (i * n + j) % 31 === 0 && i === 31 ? value + 1 : value,
    );
    expect(problem(wrong, null, 'large')).toMatch(
      /^wrong numbers: element \[31, \d+\] of a float32 product \[250, 150\] \[150, 260\] is/,
    );
  });

  it('finds factors that were rounded to fewer bits, as fast modes do', () => {
    const short = new DataView(new ArrayBuffer(4));
    const bfloat16: Change = (x) => {
      short.setFloat32(0, x);
      short.setUint16(2, 0);
      return short.getFloat32(0);
    };
    expect(problem(gemmOn(f32, undefined, bfloat16))).toMatch(/^wrong numbers/);
    expect(problem(gemmOn(f32), gemmOn(f64, undefined, Math.fround))).toMatch(/float64/);
  });

  it('finds that transposes, gaps between rows or what was there are ignored', () => {
    expect(problem(changed((at) => ({ ...at, tb: false })))).toMatch(/wrong numbers/);
    expect(problem(changed((at) => ({ ...at, lda: at.ta ? at.m : at.k })))).toMatch(/wrong numbers/);
    expect(problem(changed((at) => ({ ...at, beta: 0 })))).toMatch(/wrong numbers/);
    expect(problem(changed((at) => ({ ...at, beta: 1 })))).toMatch(/is NaN instead of/);
  });

  it('finds writing outside of the result', () => {
    const right = gemmOn(f32);
    const outside: Gemm = (ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) => {
      right(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
      f32[c / 4 + m * n] = 0;
    };
    expect(problem(outside)).toMatch(/writes outside/);
  });

  it('finds that NaN is lost, as in libraries that skip zeros', () => {
    expect(problem(gemmOn(f32, (value) => (Number.isNaN(value) ? 0 : value)))).toMatch(/NaN/);
  });
});
