/** The kernels as WebAssembly SIMD; what is not (yet) written so is computed by the reference. */
import type { Kernels } from '../api.js';
import { referenceKernels } from '../reference/index.js';
import { matmul } from './gemm.js';

export const simdKernels: Kernels = {
  ...referenceKernels,
  matmul,
};
