export {
  binEdges,
  describe as describeDistribution,
  rebin,
  sharedRange,
  type Distribution,
} from './distribution.js';
export type { ActivationKind } from './activations.js';
export type { Finding, FindingKind } from './findings.js';
export { LARGE_STEP, SMALL_STEP } from './step-rules.js';
export { DistributionHistory, History, type Moment } from './history.js';
export {
  meanMagnitude,
  type ActivationRecord,
  type LayerRecord,
  type ParameterRecord,
  type Reading,
} from './layers.js';
export type { LossRecord } from './losses.js';
export type { RunSink } from './keep.js';
export { ModelWatch, type WatchOptions } from './watch.js';
export {
  flatNumbers,
  isTensorLike,
  type NestedNumbers,
  type NumberSource,
  type TensorLike,
} from './numbers.js';
export {
  gradientDistributions,
  judgeGradient,
  namedParameters,
  weightDistributions,
  type NamedDistribution,
  type ParameterLike,
  type ParameterSource,
  type Verdict,
} from './parameters.js';
export {
  readGraph,
  type GraphEdge,
  type GraphNode,
  type GraphReading,
  type GraphReadOptions,
  type Scope,
  type TensorSummary,
} from './graph.js';
export { Seldom } from './seldom.js';
export { magnitudeStrip, sharedDecades, valueStrip, type Strip } from './strips.js';
