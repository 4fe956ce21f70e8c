/** Learning rate schedules, PyTorch's `torch.optim.lr_scheduler`. */
export { LRScheduler } from './base.js';
export type { Scheduled, ScheduledGroup, SchedulerState, Steppable } from './base.js';
export { ChainedScheduler, SequentialLR } from './compose.js';
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine.js';
export { CyclicLR, OneCycleLR } from './cyclic.js';
export type { CyclicOptions, OneCycleOptions } from './cyclic.js';
export {
  ConstantLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from './decay.js';
export type { EpochFactor } from './decay.js';
export { ReduceLROnPlateau } from './plateau.js';
export type { PlateauOptions } from './plateau.js';
