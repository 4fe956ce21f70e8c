/** Everything on tensors, arranged as in PyTorch: `torch.*` here, `torch.nn.functional.*` as F, `torch.linalg.*` as linalg. */
import './methods.js';
import './properties.js';
import '../read.js';
import '../print.js';

export { type GeluOptions } from './gelu.js';
export {
  add,
  div,
  floorDivide,
  mul,
  neg,
  pow,
  rsub,
  sub,
  trueDivide,
  type AlphaOptions,
  type DivOptions,
} from './arithmetic.js';
export {
  flip,
  fliplr,
  flipud,
  repeatInterleave,
  roll,
  rot90,
  tile,
  type RollOptions,
  type Same,
  type SizesOp,
} from './arrangement.js';
export { type AvgPoolOptions } from './average-pooling.js';
export {
  absolute,
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctan,
  arctan2,
  arctanh,
  argwhere,
  clip,
  concat,
  concatenate,
  divide,
  fix,
  ger,
  greater,
  greaterEqual,
  less,
  lessEqual,
  moveaxis,
  multiply,
  negative,
  notEqual,
  rowStack,
  sgn,
  subtract,
  swapdims,
} from './aliases.js';
export {
  isComplex,
  isFloatingPoint,
  isNonzero,
  isSameSize,
  isSigned,
  isTensor,
  numel,
} from './attributes.js';
export {
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
  gcd,
  lcm,
} from './bitwise.js';
export { maskedFill, where } from './choice.js';
export {
  addcdiv,
  addcmul,
  atan2,
  copysign,
  deg2rad,
  dist,
  floatPower,
  fmod,
  heaviside,
  hypot,
  ldexp,
  lerp,
  logaddexp,
  logaddexp2,
  logit,
  nanToNum,
  positive,
  rad2deg,
  remainder,
  sinc,
  xlogy,
  type NanToNumOptions,
  type ValueOptions,
} from './combined.js';
export { eq, ge, gt, le, logicalAnd, logicalNot, logicalOr, logicalXor, lt, ne } from './comparison.js';
export { clone, detach } from './conversion.js';
export { type ConvOptions, type ConvTransposeOptions } from './convolution.js';
export {
  asTensor,
  empty,
  emptyLike,
  fromTypedArray,
  full,
  fullLike,
  ones,
  onesLike,
  scalarTensor,
  tensor,
  zeros,
  zerosLike,
  type Nested,
  type ShapeArguments,
  type ShapedOptions,
  type TensorData,
  type TensorOptions,
} from './creation.js';
export { diag, diagEmbed, diagflat, trace, tril, triu, type DiagEmbedOptions } from './diagonals.js';
export { diff, scatterReduce, type DiffOptions, type ScatterReduction } from './differences.js';
export { broadcastTo, movedim, ravel, swapaxes, unflatten } from './dimensions.js';
export {
  cdist,
  cosineSimilarity,
  pdist,
  type CdistOptions,
  type NormalizeOptions,
  type PairwiseOptions,
  type SimilarityOptions,
} from './distances.js';
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
  scatter,
  scatterAdd,
  take,
  takeAlongDim,
  type ScatterOptions,
} from './gather.js';
export { maskedScatter, maskedSelect, nonzero } from './masking.js';
export { blockDiag, cartesianProd, combinations, meshgrid, type CombinationOptions } from './grids.js';
export {
  channelShuffle,
  pixelShuffle,
  pixelUnshuffle,
  type AlignOptions,
  type InterpolateMode,
  type InterpolateOptions,
  type ResponseNormOptions,
} from './images.js';
export { Slice, slice, type IndexItem } from './indexing.js';
export { cat, columnStack, dstack, hstack, stack, vstack } from './joining.js';
export {
  type BceOptions,
  type GaussianOptions,
  type KlDivOptions,
  type PoissonOptions,
} from './likelihoods.js';
export {
  type BceWithLogitsOptions,
  type HuberOptions,
  type LossOptions,
  type Reduction,
  type SmoothL1Options,
} from './losses.js';
export { type CrossEntropyOptions, type NllLossOptions } from './class-losses.js';
export {
  type MarginOptions,
  type MultiMarginOptions,
  type TripletOptions,
  type WeightedOptions,
} from './margins.js';
export { addmm, bmm, dot, matmul, mm, mv, outer, type AddmmOptions } from './matmul.js';
export { type CtcOptions, type Lengths } from './ctc.js';
export { corrcoef, cov, type CovOptions } from './correlation.js';
export { cumulativeTrapezoid, trapezoid, trapezoid as trapz, type TrapezoidOptions } from './integration.js';
export { histogram, histogramdd } from './histograms.js';
export { frexp, nextafter } from './mantissa.js';
export { median, mode, nanmedian, type Median, type MedianMethod } from './medians.js';
export { type PadMode, type PadOptions } from './padding.js';
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
  round,
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
  type RoundOptions,
} from './pointwise.js';
export { type MaxPoolOptions, type PoolOptions, type Pooled, type UnpoolOptions } from './pooling.js';
export {
  allclose,
  equal,
  isclose,
  isfinite,
  isin,
  isinf,
  isnan,
  isneginf,
  isposinf,
  signbit,
  type ToleranceOptions,
} from './predicates.js';
export { addbmm, addmv, addr, baddbmm, einsum, inner, kron, tensordot, vdot } from './products.js';
export { gradient, type GradientOptions } from './numeric-gradient.js';
export { indexReduce, type IndexReduction, put } from './putting.js';
export { nanquantile, quantile, type QuantileOptions } from './quantiles.js';
export { mean, sum, type Dims, type ReduceOptions, type SumOptions } from './reduction.js';
export { type GridSampleOptions } from './sampling.js';
export { cummax, cummin, cumprod, cumsum, logcumsumexp, type ScanOptions } from './scan.js';
export {
  bincount,
  bucketize,
  histc,
  searchsorted,
  type BincountOptions,
  type HistcOptions,
  type SearchOptions,
} from './searching.js';
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
export {
  atleast1d,
  atleast2d,
  atleast3d,
  broadcastShapes,
  broadcastTensors,
  dsplit,
  hsplit,
  reshapeAs,
  sumToSize,
  unravelIndex,
  viewAs,
  vsplit,
} from './reshaping.js';
export {
  arange,
  bartlettWindow,
  blackmanWindow,
  eye,
  hammingWindow,
  hannWindow,
  kaiserWindow,
  type KaiserOptions,
  linspace,
  logspace,
  trilIndices,
  triuIndices,
  type WindowOptions,
} from './sequences.js';
export { argsort, kthvalue, msort, sort, topk, type SortOptions, type TopkOptions } from './sorting.js';
export { digamma, erfinv, lgamma, mvlgamma, polygamma } from './special.js';
export {
  all,
  any,
  countNonzero,
  logsumexp,
  prod,
  std,
  stdMean,
  var,
  varMean,
  type VarOptions,
} from './statistics.js';
export { nanmean, nansum } from './nan-sums.js';
export { norm, type NormOptions, renorm } from './vector-norms.js';
export { type UnfoldOptions } from './unfolding.js';
export { unique, uniqueConsecutive, type UniqueConsecutiveOptions, type UniqueOptions } from './unique.js';
export { diagonalScatter, selectScatter, sliceScatter } from './writing.js';
export * as fft from './fft/index.js';
export { istft, stft } from './fft/short-time.js';
export * as special from './special-functions/index.js';
export { i0 } from './special-functions/functions.js';
export { igamma, igammac } from './special-functions/incomplete-gamma.js';
export * as linalg from './linalg/index.js';
export { luUnpack } from './linalg/lu.js';
export { vander, type VanderOptions } from './linalg/tensors.js';
export {
  cholesky,
  choleskyInverse,
  choleskySolve,
  cross,
  det,
  inverse,
  logdet,
  matrixExp,
  matrixPower,
  pinverse,
  slogdet,
} from './linalg/methods.js';
export { type Operand } from './operand.js';
export { type Named } from './results.js';
