/** Training in one call. */
export type { Callback, Training } from './callback.js';
export * as callbacks from './callbacks.js';
export { fit, fitAsync } from './fit.js';
export { type EpochLogs, FitHistory } from './history.js';
export type { FitOptimizer, FitOptions, Metric, StepResult, Trainable } from './options.js';
