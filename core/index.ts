/** Nabla's core: tensors, automatic differentiation, networks and optimizers, without any notebook. */
export * from './autograd/index.js';
export {
  type DType,
  type FloatDType,
  getDefaultDtype,
  promoteTypes,
  resultType,
  setDefaultDtype,
} from './dtype.js';
export type { Shape } from './layout.js';
export { memory, type MemoryStatistics, OutOfMemoryError, reclaimMemory, setMemoryLimit } from './storage.js';
export * from './ops/index.js';
export type { NestedArray } from './read.js';
export { Tensor } from './tensor.js';
