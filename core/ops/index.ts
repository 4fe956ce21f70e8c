import './methods.js';
import '../read.js';

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
export {
  add,
  type AlphaOptions,
  div,
  type DivOptions,
  floorDivide,
  mul,
  neg,
  pow,
  sub,
  trueDivide,
} from './arithmetic.js';
export { maskedFill, where } from './choice.js';
export { eq, ge, gt, le, logicalAnd, logicalNot, logicalOr, logicalXor, lt, ne } from './comparison.js';
export { bool, clone, contiguous, detach, double, float, int, long, to, typeAs } from './conversion.js';
export {
  arange,
  empty,
  emptyLike,
  eye,
  fromTypedArray,
  full,
  fullLike,
  linspace,
  type Nested,
  ones,
  onesLike,
  type ShapeArguments,
  type ShapedOptions,
  tensor,
  type TensorData,
  type TensorOptions,
  zeros,
  zerosLike,
} from './creation.js';
export { addmm, type AddmmOptions, bmm, dot, linear, matmul, mm, mv, outer } from './matmul.js';
export { type Dims, mean, type ReduceOptions, sum, type SumOptions } from './reduction.js';
export {
  expand,
  flatten,
  type FlattenOptions,
  permute,
  reshape,
  type Sizes,
  squeeze,
  t,
  transpose,
  unsqueeze,
  view,
} from './shape.js';
export { type Operand } from './operand.js';
