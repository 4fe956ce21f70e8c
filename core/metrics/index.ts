/** Metrics of predictions. Predictions come first, then the target, as in losses; results are plain numbers. */
export {
  accuracy,
  type Average,
  type ClassScoreOptions,
  confusionMatrix,
  type ConfusionOptions,
  f1,
  precision,
  recall,
  type ScoreOptions,
} from './classification.js';
export type { LabelOptions } from './labels.js';
export { perplexity, type PerplexityOptions } from './language.js';
export { rocAuc, topKAccuracy } from './ranking.js';
export { r2Score } from './regression.js';
