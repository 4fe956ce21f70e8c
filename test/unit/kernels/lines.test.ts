import { afterEach, describe, expect, test } from 'vitest';
import type { Kernels } from '../../../core/kernels/api.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { ANSWER, f32, f64, i32, u8 } from '../../../core/memory.js';
import { Storage } from '../../../core/storage.js';

/** Held, because an address keeps nothing alive. */
let held: Storage[] = [];
afterEach(() => {
  held = [];
});

function space(bytes: number): number {
  const storage = Storage.allocate(bytes, 'test');
  held.push(storage);
  return storage.ptr;
}

const floats = (n: number, f: (i: number) => number): number => {
  const ptr = space(4 * n + 16);
  for (let i = 0; i < n; i++) f32[ptr / 4 + i] = f(i);
  return ptr;
};
const wholes = (n: number, f: (i: number) => number): number => {
  const ptr = space(8 * n);
  for (let i = 0; i < n; i++) f64[ptr / 8 + i] = f(i);
  return ptr;
};
const ints = (n: number, f: (i: number) => number): number => {
  const ptr = space(4 * n);
  for (let i = 0; i < n; i++) i32[ptr / 4 + i] = f(i);
  return ptr;
};

/** What both write to `bytes` bytes, which begin as 1s, must be the same to the bit. */
function agree(bytes: number, compute: (kernels: Kernels, out: number) => unknown): void {
  const [own, wanted] = [simdKernels, referenceKernels].map((kernels) => {
    const ptr = space(bytes);
    u8.fill(1, ptr, ptr + bytes);
    const answer = compute(kernels, ptr);
    return { answer, bytes: Buffer.from(u8.slice(ptr, ptr + bytes)) };
  });
  expect(own.answer).toEqual(wanted.answer);
  expect(own.bytes.equals(wanted.bytes)).toBe(true);
}

const SHAPES: [number, number, number, number][] = [
  [1, 5, 1, 3],
  [7, 9, 1, 9],
  [3, 4, 5, 6],
  [1, 7, 4, 3],
  [1, 100, 300, 300],
  [300, 70, 1, 701],
];

describe('kernels of lines', () => {
  test.each(SHAPES)(
    'take and put [%i, %i, %i] by %i indices as the loops do',
    (outer, size, inner, count) => {
      const n = outer * size * inner;
      const taken = outer * count * inner;
      const x = floats(n, (i) => Math.sin(7 * i));
      const index = wholes(taken, (i) => (i * 7919) % size);
      const source = floats(taken, (i) => Math.cos(i));
      agree(4 * taken, (kernels, out) => kernels.takeAlong([outer, size, inner], count, x, index, out));
      for (const adds of [true, false])
        agree(4 * n, (kernels, out) =>
          kernels.putAlong(adds, [outer, size, inner], count, source, index, out),
        );
      const once = outer * count;
      agree(4 * once, (kernels, out) => {
        kernels.takeSame(outer, size, count, x, index, out);
      });
      const last = index / 8 + taken - 1;
      for (const wrong of [-1, size, 0.5, NaN, 1e20, -1e20]) {
        f64[last] = wrong;
        expect(
          simdKernels.takeAlong(
            [outer, size, inner],
            count,
            x,
            index,
            floats(taken, () => 0),
          ),
        ).toBe(false);
      }
    },
  );

  test.each([
    [1, 1],
    [2, 3],
    [3, 4],
    [1, 7],
    [5, 130],
    [40, 1001],
  ])('add up and multiply %i times four rows of %i as the loops do', (groups, columns) => {
    const n = 4 * groups * columns;
    const x = floats(n, (i) => 1 + Math.sin(i) / 2);
    for (const product of [true, false])
      for (const reverse of [true, false])
        for (const kernel of ['scanRows', 'scanColumns'] as const)
          agree(4 * n, (kernels, out) => {
            const rows = kernel === 'scanRows' ? groups : 4 * groups;
            kernels[kernel](product, reverse, rows, columns, x, out);
          });
  });

  test.each([
    [4, 7, 1],
    [400, 30, 1],
    [3, 9, 4],
    [7, 5, 1],
    [2, 100, 67],
  ])('add up powers of e over the middle of [%i, %i, %i] as the loop does', (outer, size, inner) => {
    const n = outer * size * inner;
    const special = [-Infinity, Infinity, -Infinity, NaN, 0, 88, -200];
    const plain = floats(n, (i) => 30 * Math.sin(i * i));
    const mixed = floats(n, (i) => (i % 11 === 0 ? special[(i / 11) % 7] : 3 * Math.cos(i)));
    const nothing = floats(n, () => -Infinity);
    for (const x of [plain, mixed, nothing])
      for (const reverse of [true, false]) {
        const [own, wanted] = [floats(n, () => 1), floats(n, () => 1)];
        simdKernels.logSums(reverse, [outer, size, inner], x, own);
        referenceKernels.logSums(reverse, [outer, size, inner], x, wanted);
        let worst = 0;
        for (let i = 0; i < n; i++) {
          const [a, b] = [f32[own / 4 + i], f32[wanted / 4 + i]];
          if (!Object.is(a, b)) worst = Math.max(worst, Math.abs(a - b) / Math.max(1, Math.abs(b)));
        }
        expect(worst).toBeLessThan(1e-7);
      }
  });

  test.each([
    [1, 0, 5, 3],
    [3, 2, 1, 0],
    [7, 4, 33, 5],
    [400, 1, 300, 1],
  ])('write %i rows with %i before, %i and %i behind as the loop does', (rows, before, columns, behind) => {
    const x = floats(rows * columns, (i) => Math.sin(i));
    const value = floats(1, () => 0.25);
    agree(4 * rows * (before + columns + behind), (kernels, out) => {
      kernels.padRows(rows, [before, columns, behind], x, out, value);
    });
  });

  test.each([
    [2, 3, 2, 2, 5, 4],
    [1, 2, 3, 2, 7, 5],
    [2, 8, 2, 2, 14, 14],
    [1, 1, 2, 4, 9, 2],
  ])(
    'copy %i x %i times %i x %i planes of %i x %i as pixels side by side, as the loop does',
    (n, c, q, r, h, w) => {
      const size = n * c * q * r * h * w;
      const x = {
        ptr: floats(size, (i) => i),
        strides: [c * q * r * h * w, q * r * h * w, w, r * h * w, 1, h * w],
      };
      agree(4 * size, (kernels, out) => {
        kernels.copy('float32', 'float32', [n, c, h, q, w, r], x, out);
      });
    },
  );

  test.each([1, 3, 100, 30_001])('multiply %i vectors crosswise as the loop does', (n) => {
    const [x, y] = [floats(3 * n, (i) => Math.sin(i)), floats(3 * n, (i) => Math.cos(3 * i))];
    agree(12 * n, (kernels, out) => kernels.crossRows(n, x, y, out));
  });

  test.each([
    [1, 3],
    [5, 8],
    [300, 701],
  ])('reverse %i rows of %i as the loop does', (rows, columns) => {
    const x = floats(rows * columns, (i) => i);
    agree(4 * rows * columns, (kernels, out) => {
      kernels.reverseRows(rows, columns, x, out);
    });
  });

  test.each([1, 5, 1003, 300_001])('shift %i integers as the loops do', (n) => {
    const [a, b] = [ints(n, (i) => Math.imul(i, 2654435761)), ints(n, (i) => (i % 40) - 3)];
    for (const step of [0, 1] as const)
      for (const left of [true, false])
        agree(4 * n, (kernels, out) => kernels.shift(left, n, a, b, out, step));
  });
});

describe('kernels of whole numbers', () => {
  test.each([
    [1, 1],
    [7, 3],
    [1000, 10],
    [50_001, 8],
    [100, 700],
  ])('mark %i labels of %i classes as the loop does', (n, classes) => {
    const labels = wholes(n, (i) => i % classes);
    const marked = (kernels: Kernels, out: number): number => {
      kernels.markRows(n, classes, labels, out, ANSWER);
      return i32[ANSWER / 4];
    };
    agree(8 * n * classes, marked);
    for (const wrong of [classes, -1, 0.5]) {
      f64[labels / 8 + n - 1] = wrong;
      expect(
        marked(
          simdKernels,
          wholes(n * classes, () => 0),
        ),
      ).not.toBe(0);
    }
  });

  test.each([1, 15, 64, 1000, 40_001])('find a zero wherever it is among %i elements', (n) => {
    for (const [element, bytes, view] of [
      ['float32', 4, f32],
      ['float64', 8, f64],
      ['int32', 4, i32],
      ['uint8', 1, u8],
    ] as const) {
      const ptr = space(bytes * n);
      const from = ptr / bytes;
      view.fill(3, from, from + n);
      expect(simdKernels.hasZero(element, n, ptr)).toBe(false);
      for (const at of new Set([0, n >> 1, n - 1])) {
        view[from + at] = 0;
        expect(simdKernels.hasZero(element, n, ptr)).toBe(true);
        view[from + at] = 3;
      }
    }
  });

  test('divide whole numbers downwards, without a negative zero', () => {
    const n = 1001;
    const a = wholes(n, (i) => (i - 500) * 2 ** 43);
    const b = wholes(n, (i) => (i % 2 === 0 ? 1 : -1) * ((i % 17) + 1));
    for (const [aStep, bStep] of [
      [1, 1],
      [1, 0],
      [0, 1],
    ] as const)
      agree(8 * n, (kernels, out) => {
        kernels.wholeQuotients(n, a, b, out, aStep, bStep);
      });
  });
});
