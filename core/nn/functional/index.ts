/** The functions behind the layers, PyTorch's `torch.nn.functional`. */
export * from '../../ops/functional.js';
export {
  celu,
  elu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  mish,
  selu,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
} from '../../ops/activations.js';
export {
  conv1d,
  conv2d,
  conv3d,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  unfold,
} from '../../ops/convolution.js';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from '../../ops/pooling.js';
export { type AttentionOptions, scaledDotProductAttention } from './attention.js';
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  featureAlphaDropout,
} from './dropout.js';
export { embedding, type EmbeddingOptions } from './embedding.js';
export {
  batchNorm,
  type BatchNormOptions,
  groupNorm,
  instanceNorm,
  type InstanceNormOptions,
  layerNorm,
  type NormOptions,
} from './normalization.js';
export { type GumbelOptions, gumbelSoftmax, rrelu, type RReluOptions } from './random.js';
export { type BagMode, embeddingBag, type EmbeddingBagOptions } from './embedding_bag.js';
