/** The kernels that run. */
import { memoryBytes, memoryIsShared } from '../memory.js';
import type { Kernels } from './api.js';
import { blasReport, type BlasLine, createBlas, doctorSurroundings } from './blas/index.js';
import { hasSimd } from './features.js';
import { referenceKernels } from './reference/index.js';
import { simdKernels } from './simd/index.js';
import { getNumThreads, threadNotes } from './threads/index.js';
import { tuningNotes } from './tuning/setting.js';

export type * from './api.js';
export { LEAST_PARALLEL } from './threads/index.js';

export interface KernelInfo {
  readonly backend: 'simd' | 'reference';
  readonly simd: boolean;
  readonly sharedMemory: boolean;
  /** How many threads compute large operations. */
  readonly threads: number;
  /** The system's BLAS that large products are given to, or why there is none. */
  readonly blas: string;
  /** Bytes of address space set aside for tensors. */
  readonly reservedBytes: number;
  /** What is slower than it could be on this machine, and why; empty when all is well. */
  readonly notes: readonly string[];
}

const simd = hasSimd();

const own = simd ? simdKernels : referenceKernels;

// eslint-disable-next-line @typescript-eslint/unbound-method -- a function of a table, which has no `this`
const ownProduct = own.matmul;

const blas = createBlas(ownProduct);

export const kernels: Kernels = { ...own, matmul: blas.matmul };

/** Which kernels run here. */
export function kernelInfo(): KernelInfo {
  const notes: string[] = [];
  if (!simd)
    notes.push(
      'This processor or Node has no WebAssembly SIMD: tensors are computed in plain JavaScript, many times slower.',
    );
  if (!memoryIsShared) notes.push('SharedArrayBuffer is missing: tensors are computed on one thread only.');
  if (memoryBytes < 2 ** 32)
    notes.push(
      `The machine granted only ${memoryBytes / 2 ** 20} MiB of address space for tensors instead of 4096 (ulimit -v?).`,
    );
  notes.push(...threadNotes(), ...tuningNotes());
  return {
    backend: simd ? 'simd' : 'reference',
    simd,
    sharedMemory: memoryIsShared,
    threads: getNumThreads(),
    blas: blas.outcome(),
    reservedBytes: memoryBytes,
    notes,
  };
}

/** Tries every BLAS of this machine again, which takes a moment, and says which is used and what is wrong with the others. */
export const describeBlas = (): BlasLine[] => blasReport(doctorSurroundings(ownProduct));
