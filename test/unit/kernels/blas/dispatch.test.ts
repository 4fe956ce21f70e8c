/** Which products a library gets, and that it gets them right. */
import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FloatElement, Kernels, MatrixOperand } from '../../../../core/kernels/api.js';
import { createBlas, leading } from '../../../../core/kernels/blas/dispatch.js';
import { writeVerdict } from '../../../../core/kernels/blas/verdicts.js';
import { type KernelRecorder, recording } from '../../../../core/kernels/recording.js';
import { referenceKernels } from '../../../../core/kernels/reference/index.js';
import { views } from '../../../../core/kernels/views.js';
import { Storage } from '../../../../core/storage.js';
import { FakeMachine, PASSED } from './machine.js';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => {
  rmSync(machine.folder, { recursive: true });
});

const reference: Kernels['matmul'] = (...args) => {
  referenceKernels.matmul(...args);
};
const products = () => machine.calls.filter(([name]) => name.startsWith('cblas_'));

/** Products with which a library is checked when it is loaded: eight and one with NaN, of both types. */
const CHECKS = 18;

interface Case {
  element?: FloatElement;
  size?: { batch: number; m: number; n: number; k: number };
  a?: Partial<MatrixOperand>;
  b?: Partial<MatrixOperand>;
  beta?: 0 | 1;
}

const SIDE = { batch: 1, m: 40, n: 48, k: 32 };

/** A product by `matmul` and by the reference: the largest difference of elements. */
function difference(
  matmul: Kernels['matmul'],
  { element = 'float32', size = SIDE, a, b, beta = 0 }: Case = {},
): number {
  const count = 42_000;
  const bytes = element === 'float32' ? 4 : 8;
  const storages = Array.from({ length: 4 }, () => Storage.allocate(count * bytes, 'test'));
  const [x, y, z, expected] = storages.map(({ ptr }) => ptr);
  const array = views[element];
  for (const [ptr, factor] of [
    [x, 1.3],
    [y, 0.7],
    [z, 2.1],
    [expected, 2.1],
  ])
    for (let i = 0; i < count; i++) array[ptr / bytes + i] = Math.sin(factor * i);
  const left = { ptr: x, row: size.k, col: 1, batch: size.m * size.k, ...a };
  const right = { ptr: y, row: size.n, col: 1, batch: size.k * size.n, ...b };
  matmul(element, size, left, right, z, beta);
  reference(element, size, left, right, expected, beta);
  let worst = 0;
  for (let i = 0; i < count; i++)
    worst = Math.max(worst, Math.abs(array[z / bytes + i] - array[expected / bytes + i]));
  for (const storage of storages) storage.release();
  return worst;
}

describe('products by a library', () => {
  it('are right in all four layouts, in float32 and float64, with what was there before', () => {
    machine.known('libopenblas.so.0');
    const never = vi.fn<Kernels['matmul']>();
    const { matmul } = createBlas(never, machine.surroundings);
    const { m, n, k } = SIDE;
    for (const element of ['float32', 'float64'] as const)
      for (const beta of [0, 1] as const)
        for (const a of [{}, { row: 1, col: m }, { row: k + 5 }, { row: 1, col: m + 3 }])
          for (const b of [{}, { row: 1, col: k }, { row: n + 7 }, { row: 1, col: k + 1 }])
            expect(difference(matmul, { element, a, b, beta })).toBeLessThan(1e-5);
    expect(never).not.toHaveBeenCalled();
    expect(products()).toHaveLength(64 + CHECKS);
  });

  it('are right for batches, for one B for all, and for one column of A', () => {
    machine.known('libopenblas.so.0');
    const { matmul } = createBlas(vi.fn<Kernels['matmul']>(), machine.surroundings);
    const batch = { ...SIDE, batch: 3 };
    expect(difference(matmul, { size: batch })).toBeLessThan(1e-5);
    expect(difference(matmul, { size: batch, a: { batch: 0 } })).toBeLessThan(1e-5);
    const before = products().length;
    expect(difference(matmul, { size: batch, b: { batch: 0 } })).toBeLessThan(1e-5);
    // The batch has become rows.
    expect(products().length - before).toBe(1);
    expect(products().at(-1)?.slice(4, 7)).toEqual([120, 48, 32]);
    expect(difference(matmul, { size: { batch: 1, m: 200, n: 180, k: 1 } })).toBeLessThan(1e-5);
  });

  it('are left to our kernel where one side is a vector', () => {
    machine.known('libopenblas.so.0');
    const own = vi.fn(reference);
    const { matmul } = createBlas(own, machine.surroundings);
    expect(difference(matmul, { size: { batch: 1, m: 1, n: 200, k: 180 }, a: { row: 0 } })).toBe(0);
    expect(difference(matmul, { size: { batch: 1, m: 200, n: 1, k: 180 } })).toBe(0);
    expect(own).toHaveBeenCalledTimes(2);
    expect(products()).toHaveLength(CHECKS);
  });

  it('are left to our kernel where strides are none that a library knows', () => {
    machine.known('libopenblas.so.0');
    const own = vi.fn(reference);
    const { matmul } = createBlas(own, machine.surroundings);
    for (const a of [{ row: 0 }, { row: 64, col: 2 }, { row: 0, col: 1 }, { row: 7, col: 1 }])
      difference(matmul, { a });
    expect(own).toHaveBeenCalledTimes(4);
    expect(products()).toHaveLength(CHECKS);
  });

  it('are left to our kernel where the library has no float64', () => {
    machine.names = ['cblas_sgemm'];
    machine.known('libopenblas.so.0', { ...PASSED, float64: false });
    const own = vi.fn(reference);
    const { matmul } = createBlas(own, machine.surroundings);
    expect(difference(matmul, { element: 'float64' })).toBe(0);
    expect(own).toHaveBeenCalledOnce();
  });

  it('are seen by who records kernels, with addresses of the tensor memory', () => {
    machine.known('libopenblas.so.0');
    const { matmul } = createBlas(vi.fn<Kernels['matmul']>(), machine.surroundings);
    difference(matmul);
    const seen: unknown[] = [];
    const recorder: KernelRecorder = {
      kernel: () => undefined,
      divided: () => undefined,
      table: () => undefined,
      before: (_, run) => {
        run();
      },
      host: (name, run, args) => {
        seen.push([name, ...args]);
        return run(...args);
      },
      place: () => 0,
      call: (_, run) => run(),
      computes: () => undefined,
      draws: () => undefined,
    };
    recording.current = recorder;
    try {
      matmul(
        'float32',
        SIDE,
        { ptr: 4096, row: 32, col: 1, batch: 0 },
        { ptr: 8192, row: 1, col: 32, batch: 0 },
        65536,
        1,
      );
    } finally {
      recording.current = null;
    }
    expect(seen).toEqual([['matmul', 'float32', 40, 48, 32, 4096, 32, 8192, -32, 1, 65536]]);
  });
});

describe('the choice of a library', () => {
  it('is never made for small products', () => {
    const around = vi.fn(machine.surroundings);
    const own = vi.fn(reference);
    const { matmul, outcome } = createBlas(own, around);
    difference(matmul, { size: { batch: 50, m: 31, n: 32, k: 32 }, a: { batch: 0 }, b: { batch: 0 } });
    expect(own).toHaveBeenCalledOnce();
    expect(around).not.toHaveBeenCalled();
    expect(outcome()).toMatch(/no product was large enough/);
  });

  it('is made once, and NABLA_BLAS=off makes it', () => {
    machine.known('libopenblas.so.0');
    machine.env.NABLA_BLAS = 'off';
    const around = vi.fn(machine.surroundings);
    const { matmul, outcome } = createBlas(reference, around);
    difference(matmul);
    difference(matmul);
    expect(around).toHaveBeenCalledOnce();
    expect(products()).toEqual([]);
    expect(outcome()).toBe('NABLA_BLAS=off');
  });

  it('falls on the fastest that passed, where float64 counts', () => {
    machine.known('libmkl_rt.so', { ...PASSED, name: 'MKL', gflops: 90 });
    machine.known('libdnnl.so', { ...PASSED, name: 'oneDNN', gflops: 115, float64: false });
    machine.known('libblis.so', { ...PASSED, problem: 'wrong numbers', gflops: 300 });
    const best = machine.known('libopenblas.so', { ...PASSED, gflops: 105 });
    const { matmul, outcome } = createBlas(reference, machine.surroundings);
    difference(matmul);
    expect(outcome()).toContain(best);
    expect(machine.orders).toEqual([]);
  });

  it('waits for nothing: a library that nobody has tried is tried elsewhere, and used when it has passed', () => {
    const file = machine.library('libopenblas.so.0');
    const own = vi.fn(reference);
    const { matmul } = createBlas(own, machine.surroundings, 0);
    difference(matmul);
    difference(matmul);
    expect(own).toHaveBeenCalledTimes(2);
    expect(machine.tried).toEqual([]);
    expect(machine.orders).toMatchObject([{ trial: { koffi: '/koffi', file, threads: 2 } }]);
    writeVerdict(machine.key(file), PASSED, machine.folder);
    expect(difference(matmul)).toBeLessThan(1e-5);
    expect(own).toHaveBeenCalledTimes(2);
    expect(products().length).toBeGreaterThan(0);
  });

  it('is made anew when the file, or what configures it, changes', () => {
    const file = machine.known('libopenblas.so.0');
    utimesSync(file, 1000, 1000);
    createBlas(reference, machine.surroundings).matmul('float32', SIDE, ...operands());
    expect(machine.orders).toHaveLength(1);
    writeVerdict(machine.key(file), PASSED, machine.folder);
    machine.env.OPENBLAS_CORETYPE = 'Prescott';
    createBlas(reference, machine.surroundings).matmul('float32', SIDE, ...operands());
    expect(machine.orders).toHaveLength(2);
    expect(products()).toEqual([]);
  });

  it('does not trust a verdict that is broken or about something else', () => {
    const file = machine.library('libopenblas.so.0');
    for (const verdict of [{ ...PASSED, gflops: 'fast' }, null, { problem: null }]) {
      writeVerdict(machine.key(file), verdict as typeof PASSED, machine.folder);
      const { matmul } = createBlas(reference, machine.surroundings);
      difference(matmul);
    }
    expect(products()).toEqual([]);
  });

  it('falls on our kernel where the library is wrong in this process', () => {
    machine.known('libopenblas.so.0');
    machine.error = 0.5;
    const { matmul, outcome } = createBlas(reference, machine.surroundings);
    expect(difference(matmul)).toBe(0);
    expect(outcome()).toMatch(/libopenblas\.so\.0: wrong numbers/);
  });

  it('falls on our kernel where that is faster, which is measured once a machine', () => {
    const file = machine.known('libblas.so.3', { ...PASSED, advantage: undefined });
    // Of a kernel that does nothing at all the library's products in JavaScript are slower.
    const { matmul, outcome } = createBlas(() => undefined, machine.surroundings);
    difference(matmul);
    expect(outcome()).toMatch(/slower than Nabla's kernel/);
    expect(createAgain()).toBe('none of those found can be used');
    expect(readFileSync(file, 'utf8')).toBe('libblas.so.3');
  });

  function createAgain(): string {
    const { matmul, outcome } = createBlas(reference, machine.surroundings);
    difference(matmul);
    return outcome();
  }

  it('needs koffi only where a library is', () => {
    machine.koffi = undefined;
    expect(createAgain()).toBe('none was found');
    machine.known('libopenblas.so.0');
    expect(createAgain()).toBe('koffi is not installed');
  });

  it('is not made in threads that a program has started, where a fork would hang some libraries', () => {
    machine.known('libopenblas.so.0');
    machine.mainThread = false;
    expect(createAgain()).toBe('a library is used on the main thread only');
    expect(machine.calls).toEqual([]);
  });

  it('is made by NABLA_BLAS, whose library is tried at once', () => {
    machine.known('libmkl_rt.so');
    machine.env.NABLA_BLAS = machine.library('mine.so');
    const { matmul, outcome } = createBlas(reference, machine.surroundings);
    expect(difference(matmul)).toBeLessThan(1e-5);
    expect(machine.tried).toEqual([machine.env.NABLA_BLAS]);
    expect(outcome()).toContain('mine.so');
    expect(createAgain()).toContain('mine.so');
    expect(machine.tried).toHaveLength(1);
    expect(machine.warnings).toEqual([]);
  });

  it('says once on stderr what is wrong with the library that NABLA_BLAS names, and goes on', () => {
    machine.env.NABLA_BLAS = machine.library('mine.so');
    machine.verdict = { ...PASSED, problem: 'it crashed the process that tried it (SIGSEGV)' };
    const { matmul } = createBlas(reference, machine.surroundings);
    expect(difference(matmul)).toBe(0);
    difference(matmul);
    expect(machine.warnings).toEqual([
      expect.stringMatching(
        /^NABLA_BLAS=.*mine\.so: it crashed .* \(SIGSEGV\); products run on Nabla's own kernels$/,
      ),
    ]);
    machine.env.NABLA_BLAS = '/nowhere/libopenblas.so';
    expect(createAgain()).toBe('there is no such file');
  });
});

const operands = () =>
  [
    { ptr: 4194304, row: 32, col: 1, batch: 0 },
    { ptr: 4194304, row: 48, col: 1, batch: 0 },
    8388608,
    0,
  ] as const;

describe('the leading dimension of an operand', () => {
  it('is found for rows, columns and their transposes, and refused for others', () => {
    expect(leading(3, 4, { row: 4, col: 1 })).toBe(4);
    expect(leading(3, 4, { row: 9, col: 1 })).toBe(9);
    expect(leading(3, 4, { row: 1, col: 3 })).toBe(-3);
    expect(leading(3, 4, { row: 3, col: 1 })).toBe(0);
    expect(leading(3, 4, { row: 8, col: 2 })).toBe(0);
    expect(leading(3, 4, { row: 0, col: 1 })).toBe(0);
    expect(leading(1, 4, { row: 0, col: 1 })).toBe(4);
    expect(leading(1, 4, { row: 0, col: 5 })).toBe(-5);
    expect(leading(3, 1, { row: 6, col: 0 })).toBe(6);
    expect(leading(3, 1, { row: 1, col: 0 })).toBe(1);
    expect(leading(1, 1, { row: 0, col: 0 })).toBe(1);
  });
});
