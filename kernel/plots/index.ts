/** Charts for cells: live curves, histograms of gradients, pictures of decisions. */
export {
  LineChart,
  type ChartRun,
  type LineChartOptions,
  type Measurements,
  type Scalar,
} from './charts/line-chart.js';
export { compareRuns, type CompareRunsOptions } from './charts/compare-runs.js';
export { confusionMatrix, type ConfusionMatrixOptions } from './charts/confusion.js';
export { gradientFlow, type GradientFlowOptions } from './charts/gradient-flow.js';
export { LossChart, lossChart } from './charts/loss-chart.js';
export {
  GradientHistograms,
  gradientHistogram,
  gradientHistograms,
  weightHistogram,
  type HistogramOptions,
  type HistogramsOptions,
} from './charts/histograms.js';
export {
  BoundaryFrames,
  decisionBoundaryFrames,
  type BoundaryFramesOptions,
} from './charts/boundary-frames.js';
export {
  decisionBoundary,
  scatterPlot,
  type Classifier,
  type DecisionBoundaryOptions,
  type ScatterPlotOptions,
} from './charts/plane.js';
export { UpdateRatios, updateRatios, type UpdateRatiosOptions } from './charts/update-ratio.js';
export { Still } from './charts/still.js';
export { attentionMap, type AttentionMapOptions } from './charts/attention.js';
export { imageGrid, type ImageGridOptions, type ImageSource } from './charts/images.js';
export {
  featureMaps,
  weightGrid,
  type FeatureMapOptions,
  type WeightGridOptions,
  type WeightSource,
} from './charts/weights.js';
export { backpropSteps, BackpropSteps, type BackpropOptions } from './charts/backprop.js';
export { graph, type GraphOptions } from './charts/graph.js';
export { watch, Watcher, type WatchChartOptions } from './charts/watch.js';
export type { Finding, FindingKind } from '../../core/diagnostics/index.js';
export {
  ActivationChart,
  activationHeatmap,
  activationHistograms,
  activationStatistics,
  type ActivationOptions,
} from './charts/activations.js';
export { profile, ShownProfile, type ProfileOptions } from './charts/profile.js';
export type { FlameOptions } from './charts/flame.js';
export type { LossValue } from './charts/loss-value.js';
export { lossSlice, type LossSliceOptions } from './charts/slice.js';
export { lossSurface, type LossSurfaceOptions } from './charts/surface.js';
export { GradientNoise, gradientNoise, type GradientNoiseOptions } from './charts/gradient-noise.js';
export {
  findLearningRate,
  LearningRates,
  type LearningRateOptions,
  type RatedOptimizer,
} from './charts/learning-rate.js';
export {
  calibrationCurve,
  precisionRecallCurve,
  rocCurve,
  type CalibrationOptions,
  type RankingOptions,
} from './charts/ranking.js';
export { embeddingPlot, type EmbeddingOptions } from './charts/embedding.js';
export { TokenLoss, tokenLoss, type TokenLossOptions } from './charts/token-loss.js';
