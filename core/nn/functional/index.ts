/** The functions behind the layers, PyTorch's `torch.nn.functional`. */
export * from '../../ops/functional.js';
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
  rmsNorm,
  type RmsNormOptions,
} from './normalization.js';
export { type GumbelOptions, gumbelSoftmax, rrelu, type RReluOptions } from './random.js';
export { type BagMode, embeddingBag, type EmbeddingBagOptions } from './embedding-bag.js';
