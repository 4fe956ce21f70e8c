import { describe, expect, test } from 'vitest';
import type { AttentionShape } from '../../../core/kernels/attention.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { generator, get, put, room, type TestArray } from './memory-helpers.js';

interface Case {
  readonly name: string;
  readonly shape: Omit<AttentionShape, 'mask'>;
  /** Which mask: one for all rows, for all heads, or for each second head; with rows that see nothing. */
  readonly mask?: 'row' | 'all' | 'heads' | 'blind';
}

const small = { heads: 6, rows: 5, columns: 7, width: 3, valueWidth: 6, scale: 0.7, causal: false };
const long = { heads: 2, rows: 300, columns: 530, width: 8, valueWidth: 5, scale: 0.3, causal: false };

const CASES: readonly Case[] = [
  { name: 'of a few rows', shape: small },
  { name: 'of a few rows, causal', shape: { ...small, causal: true } },
  { name: 'with more rows than columns, causal', shape: { ...small, rows: 9, columns: 4, causal: true } },
  { name: 'with a mask for all rows', shape: small, mask: 'row' },
  { name: 'with a mask for all heads', shape: small, mask: 'all' },
  { name: 'with masks for heads', shape: small, mask: 'heads' },
  { name: 'with rows that see nothing', shape: small, mask: 'blind' },
  { name: 'in several blocks', shape: long },
  { name: 'in several blocks, causal', shape: { ...long, causal: true } },
  { name: 'in several blocks with masks for heads', shape: long, mask: 'heads' },
];

function closest(actual: TestArray, expected: TestArray): number {
  const y = get(expected);
  const errors = get(actual).map((value, i) =>
    Object.is(value, y[i]) ? 0 : Math.abs(value - y[i]) / Math.max(1, Math.abs(y[i])),
  );
  return errors.some(Number.isNaN) ? Infinity : Math.max(...errors);
}

describe('attention', () => {
  test.each(CASES)('$name is as the reference, and so are its gradients', ({ shape, mask }) => {
    const { heads, rows, columns, width, valueWidth } = shape;
    const next = generator(3);
    const random = (n: number): TestArray =>
      put(
        'float32',
        Array.from({ length: n }, () => next() * 2 - 1),
      );
    const query = random(heads * rows * width);
    const [key, value] = [random(heads * columns * width), random(heads * columns * valueWidth)];
    const grad = random(heads * rows * valueWidth);
    const numbers = put(
      'float32',
      Array.from({ length: 2 * rows * columns }, (_, i) => {
        if (mask === 'blind' && Math.floor(i / columns) % rows === 1) return -Infinity;
        return next() < 0.3 ? -Infinity : next();
      }),
    );
    const offsets = put(
      'int32',
      Array.from({ length: heads }, (_, head) => (head % 2) * rows * columns * 4),
    );
    const s: AttentionShape = {
      ...shape,
      mask:
        mask === undefined
          ? null
          : {
              ptr: numbers.ptr,
              row: mask === 'row' ? 0 : columns,
              offsets: mask === 'heads' ? offsets.ptr : 0,
            },
    };
    const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
      const [out, kept] = [heads * rows * valueWidth, heads * rows].map((n) => room('float32', n));
      const arrays = { query: query.ptr, key: key.ptr, value: value.ptr, out: out.ptr, kept: kept.ptr };
      kernels.attention(s, arrays);
      const results = [query.length, key.length, value.length].map((n) => room('float32', n));
      const [byQuery, byKey, byValue] = results.map(({ ptr }) => ptr);
      kernels.attentionGrad(s, arrays, grad.ptr, [byQuery, byKey, byValue]);
      return [out, kept, ...results];
    });
    actual.forEach((array, i) => {
      expect(closest(array, expected[i])).toBeLessThan(2e-5);
    });
  });
});
