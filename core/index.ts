/** Nabla's core: tensors, automatic differentiation, networks and optimizers, without any notebook. */
export * from './autograd/index.js';
export * from './compile/index.js';
export {
  type DType,
  type FloatDType,
  type HalfDType,
  type WideFloatDType,
  getDefaultDtype,
  promoteTypes,
  resultType,
  setDefaultDtype,
} from './dtype.js';
export { finfo, type FloatLimits, iinfo, type IntegerLimits } from './dtype-limits.js';
export { type KernelInfo, kernelInfo } from './kernels/index.js';
export { getNumThreads, setNumThreads } from './kernels/threads/index.js';
export type { Shape } from './layout.js';
export { memory, type MemoryStatistics, OutOfMemoryError, reclaimMemory, setMemoryLimit } from './storage.js';
export * from './ops/index.js';
export { type PrintOptions, setPrintoptions } from './print-options.js';
export type { NestedArray } from './read.js';
export { Tensor } from './tensor.js';
export * as distributions from './distributions/index.js';
export * as data from './data/index.js';
export * as io from './io/index.js';
export * as metrics from './metrics/index.js';
export * as nn from './nn/index.js';
export { functional as F, functionalCall, stackModuleState } from './nn/index.js';
export * as optim from './optim/index.js';
export * from './random/index.js';
export * from './tracking/index.js';
export * from './train/index.js';
