/** Products of a library that several threads compute. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FloatElement, Kernels } from '../../../../core/kernels/api.js';
import { createBlas, SEVERAL_THREADS } from '../../../../core/kernels/blas/dispatch.js';
import { referenceKernels } from '../../../../core/kernels/reference/index.js';
import { books } from '../../../../core/kernels/threads/balance.js';
import { getNumThreads, helperChunks, setNumThreads } from '../../../../core/kernels/threads/index.js';
import { views } from '../../../../core/kernels/views.js';
import { Storage } from '../../../../core/storage.js';
import { FakeMachine, TENSORS } from './machine.js';

/** What a helper loads in koffi's place: the same product in plain JavaScript, on the memory that it was given. */
const KOFFI = `
const { workerData } = require('node:worker_threads');
exports.load = () => ({
  func: (name) => {
    if (name === 'openblas_set_num_threads') return () => undefined;
    if (name !== 'cblas_sgemm' && name !== 'cblas_dgemm') throw new Error('no ' + name);
    const all = new (name === 'cblas_sgemm' ? Float32Array : Float64Array)(workerData.memory.buffer);
    const at = (address) => (address - ${String(TENSORS)}) / all.BYTES_PER_ELEMENT;
    return (order, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) => {
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = beta === 0 ? 0 : beta * all[at(c) + i * ldc + j];
          for (let p = 0; p < k; p++)
            sum += all[at(a) + (transA === 112 ? p * lda + i : i * lda + p)] *
              all[at(b) + (transB === 112 ? j * ldb + p : p * ldb + j)];
          all[at(c) + i * ldc + j] = sum;
        }
    };
  },
});`;

let machine: FakeMachine;
let before: number;
beforeEach(() => {
  machine = new FakeMachine();
  machine.known('libopenblas.so.0');
  before = getNumThreads();
  books.kept = false;
});
afterEach(() => {
  books.kept = true;
  setNumThreads(before);
  rmSync(machine.folder, { recursive: true });
});

interface Size {
  m: number;
  n: number;
  k: number;
}

/** By how much the product of two matrices, one or both stored transposed, differs from the reference at most. */
function difference(
  matmul: Kernels['matmul'],
  element: FloatElement,
  { m, n, k }: Size,
  [transA, transB]: readonly [boolean, boolean],
): number {
  const bytes = element === 'float32' ? 4 : 8;
  const array = views[element];
  const storages = [m * k, k * n, m * n, m * n].map((count) => Storage.allocate(count * bytes, 'test'));
  const [a, b, c, expected] = storages.map(({ ptr }) => ptr);
  for (let i = 0; i < m * k; i++) array[a / bytes + i] = Math.sin(1.3 * i);
  for (let i = 0; i < k * n; i++) array[b / bytes + i] = Math.cos(0.7 * i);
  for (let i = 0; i < m * n; i++) array[c / bytes + i] = array[expected / bytes + i] = Math.sin(i);
  const left = transA ? { ptr: a, row: 1, col: m, batch: 0 } : { ptr: a, row: k, col: 1, batch: 0 };
  const right = transB ? { ptr: b, row: 1, col: k, batch: 0 } : { ptr: b, row: n, col: 1, batch: 0 };
  matmul(element, { batch: 1, m, n, k }, left, right, c, 1);
  referenceKernels.matmul(element, { batch: 1, m, n, k }, left, right, expected, 1);
  let worst = 0;
  for (let i = 0; i < m * n; i++)
    worst = Math.max(worst, Math.abs(array[c / bytes + i] - array[expected / bytes + i]));
  for (const storage of storages) storage.release();
  return worst;
}

const sizesOf = () =>
  machine.calls.filter(([name]) => name.startsWith('cblas_')).map((call) => call.slice(4, 7));

const TALL = { m: 260, n: 180, k: 181 };
const WIDE = { m: 180, n: 260, k: 181 };

test('large products are parts of the longer side, as many as threads, whoever computes them', () => {
  expect(TALL.m * TALL.n * TALL.k).toBeGreaterThan(SEVERAL_THREADS);
  machine.koffi = path.join(machine.folder, 'missing.cjs');
  const { matmul } = createBlas(vi.fn<Kernels['matmul']>(), machine.surroundings);
  const seen = (size: Size): unknown[] => {
    expect(difference(matmul, 'float32', size, [false, true])).toBeLessThan(2e-5);
    const from = sizesOf().length;
    difference(matmul, 'float32', size, [false, true]);
    return sizesOf().slice(from);
  };
  setNumThreads(1);
  expect(seen(TALL)).toEqual([[260, 180, 181]]);
  // The helper finds no koffi, so this thread computes all parts.
  setNumThreads(2);
  expect(seen(TALL)).toEqual([
    [144, 180, 181],
    [116, 180, 181],
  ]);
  expect(seen(WIDE)).toEqual([
    [180, 144, 181],
    [180, 116, 181],
  ]);
  expect(seen({ m: 64, n: 64, k: 64 })).toEqual([[64, 64, 64]]);
});

test('helpers load the library and compute their parts, in all four layouts and both types', () => {
  machine.koffi = path.join(machine.folder, 'koffi.cjs');
  writeFileSync(machine.koffi, KOFFI);
  const { matmul } = createBlas(vi.fn<Kernels['matmul']>(), machine.surroundings);
  setNumThreads(2);
  const layouts = [false, true].flatMap((a) => [[a, false] as const, [a, true] as const]);
  const computed = (): number => helperChunks().reduce((sum, chunks) => sum + chunks, 0);
  for (const element of ['float32', 'float64'] as const)
    for (const size of [TALL, WIDE])
      for (const layout of layouts) {
        const first = computed();
        for (let turn = 0; turn < 100 && computed() === first; turn++)
          expect(difference(matmul, element, size, layout)).toBeLessThan(2e-5);
        expect(computed()).toBeGreaterThan(first);
      }
});

test('a library that does not say how to use one thread is left to its own', () => {
  machine.names = ['cblas_sgemm', 'cblas_dgemm'];
  machine.koffi = path.join(machine.folder, 'missing.cjs');
  const { matmul } = createBlas(vi.fn<Kernels['matmul']>(), machine.surroundings);
  setNumThreads(2);
  expect(difference(matmul, 'float32', TALL, [false, false])).toBeLessThan(2e-5);
  expect(sizesOf().at(-1)).toEqual([260, 180, 181]);
});
