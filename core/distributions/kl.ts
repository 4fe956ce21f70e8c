/** The divergence of Kullback and Leibler between two distributions, by formulas for pairs of classes. */
import { formatShape } from '../layout.js';
import { linalg, where } from '../ops/index.js';
import { functional as F } from '../nn/index.js';
import type { Tensor } from '../tensor.js';
import { Bernoulli, Binomial, Geometric } from './bernoulli.js';
import { Categorical, OneHotCategorical } from './categorical.js';
import { Beta, Dirichlet } from './dirichlet.js';
import type { Distribution } from './distribution.js';
import { Exponential, Gamma, Poisson } from './gamma.js';
import { Independent, sumLast } from './independent.js';
import { logDiagonal, MultivariateNormal, whitened } from './multivariate-normal.js';
import { HalfNormal, LogNormal, Normal } from './normal.js';
import { expanded } from './parameters.js';
import { Laplace, Uniform } from './uniform.js';

/** A class, whatever its constructor takes. */
interface ClassOf<T extends Distribution> {
  readonly prototype: T;
  [Symbol.hasInstance](value: unknown): boolean;
}

function isOf<T extends Distribution>(value: Distribution, of: ClassOf<T>): value is T {
  return value instanceof of;
}

/** Rules in order; a later one for the same classes comes first. */
const rules: ((p: Distribution, q: Distribution) => Tensor | null)[] = [];

/**
 * Says how the divergence of two classes of distributions is computed, as `torch.distributions.register_kl` does.
 * @example distributions.registerKl(MyNormal, MyNormal, (p, q) => …)
 */
export function registerKl<P extends Distribution, Q extends Distribution>(
  ofP: ClassOf<P>,
  ofQ: ClassOf<Q>,
  rule: (p: P, q: Q) => Tensor,
): void {
  rules.unshift((p, q) => (isOf(p, ofP) && isOf(q, ofQ) ? rule(p, q) : null));
}

/**
 * KL(p ‖ q) = ∫ p ln (p / q), in nats, one number for each of the batch; differentiable by the parameters of both.
 * @throws TypeError for classes without a formula
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  for (const rule of rules) {
    const result = rule(p, q);
    if (result !== null) return result;
  }
  throw new TypeError(
    `klDivergence: there is no formula for ${p.constructor.name} and ${q.constructor.name}; estimate it by the mean of p.logProb(x) - q.logProb(x) over samples x of p, or give one with registerKl`,
  );
}

function kullbackOfNormals(p: Normal, q: Normal): Tensor {
  const ratio = p.scale.div(q.scale).square();
  const distance = p.loc.sub(q.loc).div(q.scale).square();
  return ratio.add(distance).sub(1).sub(ratio.log()).mul(0.5);
}

/** Σ p (ln p − ln q), with 0 ln 0 = 0 and ∞ where q is 0 and p is not. */
function kullbackOfClasses(p: Categorical, q: Categorical): Tensor {
  const part = p.probs.mul(p.logits.sub(q.logits));
  const known = where(q.probs.eq(0).expand([...part.shape]), Infinity, part);
  return where(p.probs.eq(0).expand([...part.shape]), 0, known).sum(-1);
}

/** Of n trials, of 1 and 0. */
function kullbackOfTrials(
  p: { probs: Tensor; logits: Tensor },
  q: { probs: Tensor; logits: Tensor },
): Tensor {
  const first = p.probs.mul(F.softplus(q.logits.neg()).sub(F.softplus(p.logits.neg())));
  const second = p.probs
    .neg()
    .add(1)
    .mul(F.softplus(q.logits).sub(F.softplus(p.logits)));
  return where(p.probs.eq(0), 0, first).add(where(p.probs.eq(1), 0, second));
}

registerKl(Normal, Normal, kullbackOfNormals);
registerKl(LogNormal, LogNormal, (p, q) => kullbackOfNormals(p.base, q.base));
registerKl(HalfNormal, HalfNormal, (p, q) => {
  const ratio = p.scale.div(q.scale).square();
  return ratio.sub(1).sub(ratio.log()).mul(0.5);
});
registerKl(Bernoulli, Bernoulli, kullbackOfTrials);
registerKl(Binomial, Binomial, (p, q) => {
  if (!p.totalCount.eq(q.totalCount).all().item()) {
    throw new RangeError('klDivergence: of binomial distributions needs the same number of trials');
  }
  return p.totalCount.mul(kullbackOfTrials(p, q));
});
registerKl(Geometric, Geometric, (p, q) =>
  p.entropy().neg().sub(q.probs.neg().log1p().div(p.probs)).sub(q.logits),
);
registerKl(Categorical, Categorical, kullbackOfClasses);
registerKl(OneHotCategorical, OneHotCategorical, (p, q) => kullbackOfClasses(p.categorical, q.categorical));
registerKl(Exponential, Exponential, (p, q) => {
  const ratio = q.rate.div(p.rate);
  return ratio.sub(ratio.log()).sub(1);
});
registerKl(Poisson, Poisson, (p, q) => p.rate.mul(p.rate.log().sub(q.rate.log())).sub(p.rate.sub(q.rate)));
registerKl(Gamma, Gamma, (p, q) => {
  const alpha = p.concentration;
  return q.concentration
    .mul(p.rate.div(q.rate).log())
    .add(q.concentration.lgamma().sub(alpha.lgamma()))
    .add(alpha.sub(q.concentration).mul(alpha.digamma()))
    .add(q.rate.sub(p.rate).mul(alpha.div(p.rate)));
});
registerKl(Beta, Beta, (p, q) => {
  const total = p.concentration1.add(p.concentration0);
  const other = q.concentration1.add(q.concentration0);
  const a = p.concentration1.sub(q.concentration1).mul(p.concentration1.digamma());
  const b = p.concentration0.sub(q.concentration0).mul(p.concentration0.digamma());
  const norm = q.concentration1
    .lgamma()
    .add(q.concentration0.lgamma())
    .add(total.lgamma())
    .sub(p.concentration1.lgamma().add(p.concentration0.lgamma()).add(other.lgamma()));
  return norm.add(a).add(b).add(other.sub(total).mul(total.digamma()));
});
registerKl(Dirichlet, Dirichlet, (p, q) => {
  const alpha = p.concentration;
  const total = alpha.sum(-1);
  const norm = total.lgamma().sub(q.concentration.sum(-1).lgamma());
  const parts = q.concentration.lgamma().sub(alpha.lgamma()).sum(-1);
  const slope = alpha.digamma().sub(total.digamma().unsqueeze(-1));
  return norm.add(parts).add(alpha.sub(q.concentration).mul(slope).sum(-1));
});
registerKl(Laplace, Laplace, (p, q) => {
  const ratio = p.scale.div(q.scale);
  const distance = p.loc.sub(q.loc).abs();
  return ratio
    .log()
    .neg()
    .add(distance.div(q.scale))
    .add(ratio.mul(distance.div(p.scale).neg().exp()))
    .sub(1);
});
registerKl(Uniform, Uniform, (p, q) => {
  const value = q.high.sub(q.low).div(p.high.sub(p.low)).log();
  return where(q.low.gt(p.low).logicalOr(q.high.lt(p.high)), Infinity, value);
});
registerKl(MultivariateNormal, MultivariateNormal, (p, q) => {
  const [size] = p.eventShape;
  if (size !== q.eventShape[0]) {
    throw new RangeError(
      `klDivergence: vectors of ${formatShape(p.eventShape)} and ${formatShape(q.eventShape)} are not of one size`,
    );
  }
  const logs = logDiagonal(q.scaleTril).sub(logDiagonal(p.scaleTril));
  const distance = whitened(q.scaleTril, p.loc.sub(q.loc)).square().sum(-1);
  const shape = distance.shape;
  const ratio = linalg.solveTriangular(
    expanded(q.scaleTril, [...shape, size, size]),
    expanded(p.scaleTril, [...shape, size, size]),
    { upper: false },
  );
  return ratio.square().sum([-2, -1]).add(distance).sub(size).mul(0.5).add(logs);
});
registerKl(Independent, Independent, (p, q) => {
  if (p.reinterpretedBatchNdims !== q.reinterpretedBatchNdims) {
    throw new RangeError(
      'klDivergence: of Independent distributions needs as many dimensions in the event of both',
    );
  }
  return sumLast(klDivergence(p.baseDistribution, q.baseDistribution), p.reinterpretedBatchNdims);
});
