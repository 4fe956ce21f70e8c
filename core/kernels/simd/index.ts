/** The kernels as WebAssembly SIMD; what is not (yet) written so is computed by the reference. */
import type { Kernels } from '../api.js';
import { referenceKernels } from '../reference/index.js';
import { copy, copyInto } from './copy.js';
import { binary, unary } from './elementwise.js';
import { matmul } from './gemm.js';

export const simdKernels: Kernels = {
  ...referenceKernels,
  copy,
  copyInto,
  unary,
  binary,
  matmul,
};
