/** Probability distributions, as PyTorch's `torch.distributions`. */
export {
  Bernoulli,
  Binomial,
  type BinomialOptions,
  Geometric,
  NegativeBinomial,
  type ProbabilityOptions,
} from './bernoulli.js';
export {
  Categorical,
  type ClassOptions,
  OneHotCategorical,
  OneHotCategoricalStraightThrough,
} from './categorical.js';
export { Beta, type BetaOptions, Dirichlet, type DirichletOptions } from './dirichlet.js';
export { Distribution } from './distribution.js';
export {
  Chi2,
  Exponential,
  Gamma,
  type GammaOptions,
  Poisson,
  StudentT,
  type StudentTOptions,
} from './gamma.js';
export { Independent, type IndependentOptions } from './independent.js';
export { klDivergence, registerKl } from './kl.js';
export { MixtureSameFamily, type MixtureOptions } from './mixture.js';
export { MultivariateNormal, type MultivariateNormalOptions } from './multivariate-normal.js';
export { HalfNormal, LogNormal, Normal, type NormalOptions } from './normal.js';
export { TransformedDistribution, type TransformedOptions } from './transformed.js';
export {
  AffineTransform,
  ComposeTransform,
  ExpTransform,
  PowerTransform,
  SigmoidTransform,
  SoftplusTransform,
  TanhTransform,
  Transform,
} from './transforms.js';
export type { Value } from './parameters.js';
export {
  Cauchy,
  Gumbel,
  Laplace,
  type LocationScaleOptions,
  Uniform,
  type UniformOptions,
} from './uniform.js';
