/** Networks: layers, containers, losses, initialization; PyTorch's `torch.nn`. */
export {
  CELU,
  ELU,
  GELU,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  RReLU,
  SELU,
  Sigmoid,
  SiLU,
  Softplus,
  Softshrink,
  Softsign,
  Tanh,
  Tanhshrink,
  Threshold,
} from './activation.js';
export { type AttentionCall, MultiheadAttention, type MultiheadAttentionOptions } from './attention.js';
export { GRUCell, LSTMCell, RNNCell } from './cells.js';
export {
  type Layer,
  ModuleDict,
  ModuleList,
  ParameterDict,
  ParameterList,
  Sequential,
} from './containers.js';
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvLayerOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
} from './conv.js';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './dropout.js';
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingBagLayerOptions,
  type EmbeddingLayerOptions,
} from './embedding.js';
export * as functional from './functional/index.js';
export { functionalCall, stackModuleState } from './functional-call.js';
export type { BackwardHook, ForwardHook, ForwardPreHook } from './hooks.js';
export {
  ChannelShuffle,
  Fold,
  LocalResponseNorm,
  LPPool1d,
  LPPool2d,
  LPPool3d,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
  PixelShuffle,
  PixelUnshuffle,
  Unfold,
  type UnfoldLayerOptions,
  Upsample,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
  type UpsamplingOptions,
} from './images.js';
export * as init from './init.js';
export { Bilinear, Identity, type LayerOptions, Linear } from './linear.js';
export {
  BCEWithLogitsLoss,
  type ClassLossOptions,
  CrossEntropyLoss,
  CTCLoss,
  HuberLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  type ReductionOptions,
  SmoothL1Loss,
} from './loss.js';
export {
  BCELoss,
  CosineEmbeddingLoss,
  CosineSimilarity,
  GaussianNLLLoss,
  HingeEmbeddingLoss,
  KLDivLoss,
  MarginRankingLoss,
  MultiLabelMarginLoss,
  MultiLabelSoftMarginLoss,
  MultiMarginLoss,
  PairwiseDistance,
  PoissonNLLLoss,
  SoftMarginLoss,
  TripletMarginLoss,
  TripletMarginWithDistanceLoss,
} from './metric-losses.js';
export { Module } from './module.js';
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormLayerOptions,
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from './normalization.js';
export { PackedSequence } from './packed.js';
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './padding.js';
export { Parameter } from './parameter.js';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolLayerOptions,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolLayerOptions,
  type PoolLayerOptions,
} from './pooling.js';
export type { RecurrentOptions } from './recurrence.js';
export { GRU, LSTM, RNN } from './recurrent.js';
export { Flatten, Unflatten } from './shape.js';
export { GLU, LogSoftmax, Softmax, Softmax2d, Softmin } from './softmax.js';
export type { LoadResult, StateDict } from './state.js';
export { ModelSummary, summary, type SummaryOptions, type SummaryRow } from './summary.js';
export {
  type DecoderMasks,
  type EncoderMasks,
  Transformer,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
  type TransformerOptions,
} from './transformer.js';
export * as utils from './utils.js';
export {
  LazyLinear,
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
} from './lazy.js';
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
} from './lazy-normalization.js';
