/** Functions of networks, as PyTorch's `torch.nn.functional`: activations, losses, layers without state. */

export { gelu, glu, prelu, relu6, silu, threshold } from './activations.js';
export { fold } from './convolution.js';
export { cosineSimilarity, normalize, pairwiseDistance, pdist } from './distances.js';
export { bilinear, oneHot } from './encoding.js';
export {
  affineGrid,
  channelShuffle,
  interpolate,
  localResponseNorm,
  pixelShuffle,
  pixelUnshuffle,
} from './images.js';
export { binaryCrossEntropy, gaussianNllLoss, klDiv, poissonNllLoss } from './likelihoods.js';
export {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  huberLoss,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from './losses.js';
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
} from './margins.js';
export { linear } from './matmul.js';
export { pad } from './padding.js';
export { logsigmoid, relu, sigmoid, tanh } from './pointwise.js';
export { maxUnpool2d } from './pooling.js';
export { gridSample } from './sampling.js';
export { logSoftmax, softmax, softmin } from './softmax.js';
