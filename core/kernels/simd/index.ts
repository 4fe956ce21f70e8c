/** The kernels as WebAssembly SIMD; what is not (yet) written so is computed by the reference. */
import type { Kernels } from '../api.js';
import { referenceKernels } from '../reference/index.js';
import { compare, where } from './choice.js';
import { copy } from './convert.js';
import { copyInto } from './copy.js';
import { binary, binaryFlat, unary, unaryFlat } from './elementwise.js';
import { matmul } from './gemm.js';
import { adamStep, axpy, fill, sgdStep } from './optimizers.js';
import { argReduce, reduce, softmax, softmaxGrad } from './reduce.js';

export const simdKernels: Kernels = {
  ...referenceKernels,
  copy,
  copyInto,
  unary,
  unaryFlat,
  binary,
  binaryFlat,
  compare,
  where,
  reduce,
  argReduce,
  softmax,
  softmaxGrad,
  matmul,
  fill,
  axpy,
  sgdStep,
  adamStep,
};
