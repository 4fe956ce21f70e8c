/** Data sets, and going through them in batches; PyTorch's `torch.utils.data`. */
export { type Collated, defaultCollate } from './collate.js';
export * from './csv/index.js';
export {
  ConcatDataset,
  Dataset,
  randomSplit,
  StackDataset,
  type Stacked,
  Subset,
  TensorDataset,
} from './dataset.js';
export { ImageFolder, type ImageFolderOptions, MapDataset, type Mapped } from './folder.js';
export {
  encodePng,
  readImage,
  type ReadImageOptions,
  writeImage,
  type WriteImageOptions,
} from './image/files.js';
export type { ImageMode } from './image/pixels.js';
export * as text from './text/index.js';
export * as transforms from './transforms.js';
export { digits, type DigitsOptions, mnist } from './digits.js';
export { DataLoader, type DataLoaderOptions } from './loader.js';
export type { LoaderState } from './loader-state.js';
export { ChainDataset, IterableDataset } from './stream.js';
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './sampler.js';
export {
  blobs,
  type BlobsOptions,
  circles,
  type ClassesOptions,
  type Classification,
  linearRegression,
  type LinearRegressionOptions,
  moons,
  type Regression,
  spirals,
  type ToyOptions,
} from './toy.js';
