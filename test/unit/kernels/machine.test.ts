/** What happens on machines that grant less. */
import { describe, expect, test } from 'vitest';
import { hasSimd } from '../../../core/kernels/features.js';
import { kernelInfo, kernels } from '../../../core/kernels/index.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { f32, memoryBytes, PAGE_BYTES, reserve, wasmMemory } from '../../../core/memory.js';

describe('reserving memory', () => {
  const granting =
    (most: number, sharing: boolean) =>
    (descriptor: WebAssembly.MemoryDescriptor): WebAssembly.Memory => {
      if (descriptor.initial > most || (descriptor.shared && !sharing)) throw new RangeError('refused');
      expect(descriptor.maximum).toBe(descriptor.initial);
      return wasmMemory;
    };

  test('takes the largest size that is granted', () => {
    expect(reserve(granting(65536, true))).toMatchObject({ pages: 65536, shared: true });
    expect(reserve(granting(20000, true))).toMatchObject({ pages: 16384, shared: true });
  });

  test('goes without sharing where it must', () => {
    expect(reserve(granting(65536, false))).toMatchObject({ pages: 65536, shared: false });
  });

  test('says what to do when nothing is granted', () => {
    expect(() => reserve(granting(0, true))).toThrow(/refuses to reserve even 64 MiB.*ulimit -v/);
  });

  test('views reach to the end of what was reserved', () => {
    expect(f32.byteLength).toBe(memoryBytes);
    expect(memoryBytes % PAGE_BYTES).toBe(0);
  });
});

test('the kernels that run are those the information names', () => {
  expect(kernelInfo().simd).toBe(hasSimd());
  // Products may go to the system's BLAS.
  const own = hasSimd() ? simdKernels : referenceKernels;
  expect({ ...kernels, matmul: 0 }).toEqual({ ...own, matmul: 0 });
  expect(kernelInfo().blas).toBe('no product was large enough yet');
  expect(kernelInfo().backend).toBe(hasSimd() ? 'simd' : 'reference');
  expect(kernelInfo().reservedBytes).toBe(memoryBytes);
});

test('SIMD is recognized by a module that older engines refuse', () => {
  // Every Node that the package supports has SIMD: a broken probe would silently cost an order of magnitude.
  expect(hasSimd()).toBe(true);
});
