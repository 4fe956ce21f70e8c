/** Everything on tensors, arranged as in PyTorch: `torch.*` here, `torch.nn.functional.*` as F, `torch.linalg.*` as linalg. */
import './methods.js';
import '../read.js';
import '../print.js';

export {
  add,
  div,
  floorDivide,
  mul,
  neg,
  pow,
  sub,
  trueDivide,
  type AlphaOptions,
  type DivOptions,
} from './arithmetic.js';
export { maskedFill, where } from './choice.js';
export { eq, ge, gt, le, logicalAnd, logicalNot, logicalOr, logicalXor, lt, ne } from './comparison.js';
export { clone, detach } from './conversion.js';
export {
  arange,
  empty,
  emptyLike,
  eye,
  fromTypedArray,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type Nested,
  type ShapeArguments,
  type ShapedOptions,
  type TensorData,
  type TensorOptions,
} from './creation.js';
export {
  amax,
  amin,
  aminmax,
  argmax,
  argmin,
  clamp,
  clampMax,
  clampMin,
  fmax,
  fmin,
  max,
  maximum,
  min,
  minimum,
  type ArgOptions,
  type ClampOptions,
  type Extreme,
  type ExtremeMethod,
  type ValuesIndices,
} from './extremes.js';
export {
  gather,
  indexAdd,
  indexCopy,
  indexFill,
  indexSelect,
  maskedScatter,
  maskedSelect,
  nonzero,
  scatter,
  scatterAdd,
  take,
  takeAlongDim,
  type ScatterOptions,
} from './gather.js';
export { Slice, slice, type IndexItem } from './indexing.js';
export { cat, columnStack, dstack, hstack, stack, vstack } from './joining.js';
export {
  type BceWithLogitsOptions,
  type CrossEntropyOptions,
  type HuberOptions,
  type LossOptions,
  type NllLossOptions,
  type Reduction,
  type SmoothL1Options,
} from './losses.js';
export { addmm, bmm, dot, matmul, mm, mv, outer, type AddmmOptions } from './matmul.js';
export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  erf,
  erfc,
  exp,
  exp2,
  expm1,
  floor,
  frac,
  log,
  log10,
  log1p,
  log2,
  reciprocal,
  relu,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
} from './pointwise.js';
export { mean, sum, type Dims, type ReduceOptions, type SumOptions } from './reduction.js';
export {
  flatten,
  permute,
  reshape,
  squeeze,
  t,
  transpose,
  unsqueeze,
  type FlattenOptions,
  type Sizes,
} from './shape.js';
export {
  chunk,
  diagonal,
  narrow,
  select,
  split,
  tensorSplit,
  unbind,
  type DiagonalOptions,
  type DimOptions,
} from './slicing.js';
export { logSoftmax, softmax, type SoftmaxOptions } from './softmax.js';
export type { Operand } from './operand.js';
export * as F from './functional.js';
