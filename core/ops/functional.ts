/** Functions of networks, as PyTorch's `torch.nn.functional`: activations, losses, convolution, pooling. */

export {
  celu,
  elu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  mish,
  prelu,
  relu6,
  selu,
  silu,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from './activations.js';
export { gelu } from './gelu.js';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from './adaptive-pooling.js';
export { avgPool1d, avgPool2d, avgPool3d, lpPool1d, lpPool2d, lpPool3d } from './average-pooling.js';
export { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from './convolution.js';
export { cosineSimilarity, normalize, pairwiseDistance, pdist } from './distances.js';
export { ctcLoss } from './ctc.js';
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
export { binaryCrossEntropyWithLogits, huberLoss, l1Loss, mseLoss, smoothL1Loss } from './losses.js';
export { crossEntropy, nllLoss } from './class-losses.js';
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multiMarginLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './margins.js';
export { linear } from './linear.js';
export { pad } from './padding.js';
export { logsigmoid, relu, sigmoid, tanh } from './pointwise.js';
export { maxPool1d, maxPool2d, maxPool3d, maxUnpool1d, maxUnpool2d, maxUnpool3d } from './pooling.js';
export { gridSample } from './sampling.js';
export { logSoftmax, softmax, softmin } from './softmax.js';
export { fold, unfold } from './unfolding.js';
