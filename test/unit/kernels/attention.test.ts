import { describe, expect, test } from 'vitest';
import type { FloatElement } from '../../../core/kernels/api.js';
import type { AttentionDropout, AttentionShape } from '../../../core/kernels/attention.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { f32, f64 } from '../../../core/memory.js';
import { generator, get, put, room, type TestArray } from './memory-helpers.js';

interface Case {
  readonly name: string;
  readonly shape: Omit<AttentionShape, 'mask' | 'dropout'>;
  /** Which mask: one for all rows, for all heads, or for each second head; with rows that see nothing. */
  readonly mask?: 'row' | 'all' | 'heads' | 'blind';
  readonly dropout?: boolean;
}

/** Factors that are the same wherever parts begin, as long as all of them together come in order. */
class Factors implements AttentionDropout {
  readonly #starts: number[] = [];
  #drawn = 0;

  constructor(readonly element: FloatElement) {}

  draw(part: number, ptr: number, count: number): void {
    this.#starts[part] = this.#drawn;
    this.#drawn += count;
    this.repeat(part, ptr, count);
  }

  repeat(part: number, ptr: number, count: number): void {
    const [array, at] = this.element === 'float32' ? [f32, ptr / 4] : [f64, ptr / 8];
    for (let i = 0; i < count; i++) array[at + i] = ((this.#starts[part] + i) * 7919) % 101 < 30 ? 0 : 1.4;
  }
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
  { name: 'of a few rows with dropout', shape: small, mask: 'all', dropout: true },
  { name: 'in several blocks with dropout', shape: long, dropout: true },
  { name: 'in several blocks, causal, with dropout', shape: { ...long, causal: true }, dropout: true },
];
const ELEMENTS = ['float32', 'float64'] as const;

function closest(actual: TestArray, expected: TestArray): number {
  const y = get(expected);
  const errors = get(actual).map((value, i) =>
    Object.is(value, y[i]) ? 0 : Math.abs(value - y[i]) / Math.max(1, Math.abs(y[i])),
  );
  return errors.some(Number.isNaN) ? Infinity : Math.max(...errors);
}

describe('attention', () => {
  test.each(ELEMENTS.flatMap((element) => CASES.map((each) => ({ element, ...each }))))(
    '$element $name is as the reference, and so are its gradients',
    ({ element, shape, mask, dropout }) => {
      const { heads, rows, columns, width, valueWidth } = shape;
      const next = generator(3);
      const random = (n: number): TestArray =>
        put(
          element,
          Array.from({ length: n }, () => next() * 2 - 1),
        );
      const query = random(heads * rows * width);
      const [key, value] = [random(heads * columns * width), random(heads * columns * valueWidth)];
      const grad = random(heads * rows * valueWidth);
      const numbers = put(
        element,
        Array.from({ length: 2 * rows * columns }, (_, i) => {
          if (mask === 'blind' && Math.floor(i / columns) % rows === 1) return -Infinity;
          return next() < 0.3 ? -Infinity : next();
        }),
      );
      const offsets = put(
        'int32',
        Array.from(
          { length: heads },
          (_, head) => (head % 2) * rows * columns * (element === 'float32' ? 4 : 8),
        ),
      );
      const s = (): AttentionShape => ({
        ...shape,
        dropout: dropout === true ? new Factors(element) : null,
        mask:
          mask === undefined
            ? null
            : {
                ptr: numbers.ptr,
                row: mask === 'row' ? 0 : columns,
                offsets: mask === 'heads' ? offsets.ptr : 0,
              },
      });
      const [actual, expected] = [simdKernels, referenceKernels].map((kernels) => {
        const [out, kept] = [heads * rows * valueWidth, heads * rows].map((n) => room(element, n));
        const arrays = { query: query.ptr, key: key.ptr, value: value.ptr, out: out.ptr, kept: kept.ptr };
        const task = s();
        kernels.attention(element, task, arrays);
        const results = [query.length, key.length, value.length].map((n) => room(element, n));
        const [byQuery, byKey, byValue] = results.map(({ ptr }) => ptr);
        kernels.attentionGrad(element, task, arrays, grad.ptr, [byQuery, byKey, byValue]);
        return [out, kept, ...results];
      });
      actual.forEach((array, i) => {
        expect(closest(array, expected[i])).toBeLessThan(element === 'float32' ? 2e-5 : 1e-13);
      });
    },
  );
});
