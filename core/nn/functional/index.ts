/** The functions behind the layers, PyTorch's `torch.nn.functional`. */
export * from '../../ops/functional.js';
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  featureAlphaDropout,
} from './dropout.js';
