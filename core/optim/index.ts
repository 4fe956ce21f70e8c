/** Optimizers and learning rate schedules, PyTorch's `torch.optim`. */
export { Adafactor } from './adafactor.js';
export type { AdafactorOptions } from './adafactor.js';
export { Adam, AdamW } from './adam.js';
export type { AdamOptions } from './adam.js';
export { Adamax, NAdam, RAdam } from './adam-variants.js';
export type { AdamVariantOptions, NAdamOptions } from './adam-variants.js';
export { Adadelta, Adagrad, RMSprop } from './adaptive.js';
export type { AdadeltaOptions, AdagradOptions, RMSpropOptions } from './adaptive.js';
export { ASGD, Rprop } from './averaged.js';
export type { ASGDOptions, RpropOptions } from './averaged.js';
export { EMA, type EMAOptions } from './averages.js';
export { LBFGS } from './lbfgs.js';
export type { LBFGSOptions } from './lbfgs.js';
export { Muon } from './muon.js';
export type { MuonOptions, MuonRate } from './muon.js';
export { Optimizer } from './optimizer.js';
export type { OptimizerState, ParamGroup, ParamGroupInput, ParamsInput } from './optimizer.js';
export * as lrScheduler from './schedulers/index.js';
export { SGD } from './sgd.js';
export type { SGDOptions } from './sgd.js';
export { EarlyStopping, type EarlyStoppingOptions } from './stopping.js';
export {
  AveragedModel,
  type AverageFunction,
  getEmaAvgFn,
  getSwaAvgFn,
  SWALR,
  type SWALROptions,
  updateBn,
} from './swa.js';
export * as swaUtils from './swa.js';
