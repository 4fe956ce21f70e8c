/** Outcomes of trials: Bernoulli's, geometric, binomial and negative binomial distributions. */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import type { Shape } from '../layout.js';
import { functional as F } from '../nn/index.js';
import { fullLike, tensor, where } from '../ops/index.js';
import {
  bernoulli as drawBernoulli,
  binomial as drawBinomial,
  poisson as drawPoisson,
} from '../random/ops.js';
import { type DrawOptions, rand } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { Gamma } from './gamma.js';
import {
  broadcastParameters,
  checkElements,
  clampProbabilities,
  type Constraint,
  count,
  expanded,
  floatDType,
  floatInfo,
  belowOne,
  insideUnit,
  nonNegative,
  real,
  unitInterval,
  type Value,
  valueLike,
  zeroOrOne,
} from './parameters.js';

const PROBABILITY_ORDER = ['probs', 'logits'] as const;
const BINOMIAL_ORDER = ['totalCount', 'probs', 'logits'] as const;

/** One of both is given. */
export interface ProbabilityOptions {
  /** The probability of 1, in [0, 1]. */
  probs?: Value;
  /** ln (p / (1 − p)), any number. */
  logits?: Value;
}

/** The probabilities or the logits that were given. */
function givenOf(
  owner: string,
  { probs, logits }: ProbabilityOptions,
  range: Constraint,
): { readonly probs: Tensor | null; readonly logits: Tensor | null } {
  if ((probs === undefined) === (logits === undefined)) {
    throw new TypeError(
      `${owner}: takes either probs or logits, as new ${owner}(0.3) or new ${owner}({ logits: x })`,
    );
  }
  if (probs !== undefined) {
    const [p] = broadcastParameters(owner, { probs });
    checkElements(owner, 'probs', p, range);
    return { probs: p, logits: null };
  }
  if (logits === undefined) throw new TypeError(`${owner}: no logits`);
  const [l] = broadcastParameters(owner, { logits });
  checkElements(owner, 'logits', l, real);
  return { probs: null, logits: l };
}

/** What distributions of one probability share, which is given as it is or as logits. */
abstract class OfProbability extends Distribution {
  readonly #probs: Tensor | null;
  readonly #logits: Tensor | null;

  constructor(given: { readonly probs: Tensor | null; readonly logits: Tensor | null }, batchShape: Shape) {
    super(batchShape);
    this.#probs = given.probs === null ? null : expanded(given.probs, batchShape);
    this.#logits = given.logits === null ? null : expanded(given.logits, batchShape);
  }

  get probs(): Tensor {
    return this.#probs ?? this.logits.sigmoid();
  }

  get logits(): Tensor {
    if (this.#logits !== null) return this.#logits;
    const p = clampProbabilities(this.probs);
    return p.log().sub(p.neg().log1p());
  }

  /** What was given, at another shape. */
  protected at(batchShape: Shape): ProbabilityOptions {
    if (this.#probs !== null) return { probs: expanded(this.#probs, batchShape) };
    return { logits: expanded(this.logits, batchShape) };
  }

  protected parameters(): Record<string, Tensor> {
    return this.#probs === null ? { logits: this.logits } : { probs: this.#probs };
  }
}

function shapeOf(given: { readonly probs: Tensor | null; readonly logits: Tensor | null }): Shape {
  return (given.probs ?? given.logits)?.shape ?? [];
}

/** 1 with probability p, else 0. */
export class Bernoulli extends OfProbability {
  constructor(...args: Arguments<ProbabilityOptions, typeof PROBABILITY_ORDER>) {
    const options = byName<ProbabilityOptions>('Bernoulli', args, PROBABILITY_ORDER, 0, []);
    const given = givenOf('Bernoulli', options, unitInterval);
    super(given, shapeOf(given));
  }

  get mean(): Tensor {
    return this.probs;
  }

  override get mode(): Tensor {
    const { probs } = this;
    const likely = probs.ge(0.5).to(probs.dtype);
    return where(probs.eq(0.5), Number.NaN, likely);
  }

  get variance(): Tensor {
    const { probs } = this;
    return probs.mul(probs.neg().add(1));
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noGrad(() => drawBernoulli(expanded(this.probs, this.extended(sampleShape)), options));
  }

  logProb(value: Value): Tensor {
    const x = valueLike('Bernoulli.logProb', value, this.probs);
    checkElements('Bernoulli.logProb', 'the value', x, zeroOrOne);
    // x l − ln (1 + eˡ)
    const { logits } = this;
    return x.mul(logits).sub(F.softplus(logits));
  }

  override entropy(): Tensor {
    const { logits, probs } = this;
    return F.softplus(logits).sub(probs.mul(logits));
  }

  override enumerateSupport(expand = true): Tensor {
    const values = tensor([0, 1], { dtype: this.probs.dtype }).reshape([2, ...this.batchShape.map(() => 1)]);
    return expand ? values.expand([2, ...this.batchShape]) : values;
  }

  expand(batchShape: Shape): Bernoulli {
    return new Bernoulli(this.at(batchShape));
  }
}

/** How many failures come before the first success, of trials of probability p each. */
export class Geometric extends OfProbability {
  constructor(...args: Arguments<ProbabilityOptions, typeof PROBABILITY_ORDER>) {
    const options = byName<ProbabilityOptions>('Geometric', args, PROBABILITY_ORDER, 0, []);
    const given = givenOf('Geometric', options, insideUnit);
    super(given, shapeOf(given));
  }

  get mean(): Tensor {
    return this.probs.reciprocal().sub(1);
  }

  override get mode(): Tensor {
    return fullLike(this.probs, 0);
  }

  get variance(): Tensor {
    const inverse = this.probs.reciprocal();
    return inverse.sub(1).mul(inverse);
  }

  override sample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const { probs } = this;
    const u = rand([...this.extended(sampleShape)], { dtype: floatDType(probs), generator });
    return noGrad(() => u.clamp(floatInfo(probs).tiny).log().div(probs.neg().log1p()).floor());
  }

  logProb(value: Value): Tensor {
    const { probs } = this;
    const x = valueLike('Geometric.logProb', value, probs);
    checkElements('Geometric.logProb', 'the value', x, count);
    const failing = where(probs.eq(1).logicalAnd(x.eq(0)), 0, probs.neg().log1p());
    return x.mul(failing).add(probs.log());
  }

  override entropy(): Tensor {
    const { logits, probs } = this;
    return F.softplus(logits).sub(probs.mul(logits)).div(probs);
  }

  expand(batchShape: Shape): Geometric {
    return new Geometric(this.at(batchShape));
  }
}

export interface BinomialOptions extends ProbabilityOptions {
  /** How many trials there are. Default 1. */
  totalCount?: Value;
}

/** How many of `totalCount` trials of probability p succeed. */
export class Binomial extends OfProbability {
  readonly totalCount: Tensor;

  constructor(...args: Arguments<BinomialOptions, typeof BINOMIAL_ORDER>) {
    const { totalCount = 1, ...rest } = byName<BinomialOptions>('Binomial', args, BINOMIAL_ORDER, 0, []);
    const given = givenOf('Binomial', rest, unitInterval);
    const probability = given.probs ?? given.logits ?? 0;
    const [trials] = broadcastParameters('Binomial', { totalCount, probability });
    checkElements('Binomial', 'totalCount', trials, count);
    super(given, trials.shape);
    this.totalCount = trials.detach();
  }

  get mean(): Tensor {
    return this.totalCount.mul(this.probs);
  }

  override get mode(): Tensor {
    return this.totalCount.add(1).mul(this.probs).floor().minimum(this.totalCount).detach();
  }

  get variance(): Tensor {
    const { probs } = this;
    return this.totalCount.mul(probs).mul(probs.neg().add(1));
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    const shape = this.extended(sampleShape);
    return noGrad(() => drawBinomial(expanded(this.totalCount, shape), expanded(this.probs, shape), options));
  }

  logProb(value: Value): Tensor {
    const { logits, totalCount } = this;
    const k = valueLike('Binomial.logProb', value, logits);
    checkElements('Binomial.logProb', 'the value', k, count);
    const ways = totalCount.add(1).lgamma().sub(k.add(1).lgamma()).sub(totalCount.sub(k).add(1).lgamma());
    return ways.add(k.mul(logits)).sub(totalCount.mul(F.softplus(logits)));
  }

  /** Of one number of trials for all. */
  override enumerateSupport(expand = true): Tensor {
    const most = this.totalCount.max().item();
    if (this.totalCount.min().item() !== most) {
      throw new Error('Binomial: enumerateSupport needs one totalCount for the whole batch');
    }
    const all = Array.from({ length: most + 1 }, (_, k) => k);
    const values = tensor(all, { dtype: this.probs.dtype }).reshape([
      most + 1,
      ...this.batchShape.map(() => 1),
    ]);
    return expand ? values.expand([most + 1, ...this.batchShape]) : values;
  }

  /** The sum over all outcomes; of one number of trials for all. */
  override entropy(): Tensor {
    const log = this.logProb(this.enumerateSupport(false));
    return log.exp().mul(log).sum(0).neg();
  }

  expand(batchShape: Shape): Binomial {
    return new Binomial({ ...this.at(batchShape), totalCount: expanded(this.totalCount, batchShape) });
  }

  protected override parameters(): Record<string, Tensor> {
    return { totalCount: this.totalCount, ...super.parameters() };
  }
}

/**
 * How many successes of probability p there are before `totalCount` failures (which need not be a whole number): probability
 * Γ(n + k) / (k! Γ(n)) (1 − p)ⁿ pᵏ of the count k, n = totalCount. Drawn as Poisson numbers whose rate is gamma distributed.
 */
export class NegativeBinomial extends OfProbability {
  readonly totalCount: Tensor;

  constructor(...args: Arguments<BinomialOptions, typeof BINOMIAL_ORDER>) {
    const { totalCount = 1, ...rest } = byName<BinomialOptions>(
      'NegativeBinomial',
      args,
      BINOMIAL_ORDER,
      0,
      [],
    );
    const given = givenOf('NegativeBinomial', rest, belowOne);
    const probability = given.probs ?? given.logits ?? 0;
    const [failures] = broadcastParameters('NegativeBinomial', { totalCount, probability });
    checkElements('NegativeBinomial', 'totalCount', failures, nonNegative);
    super(given, failures.shape);
    this.totalCount = failures;
  }

  get mean(): Tensor {
    return this.totalCount.mul(this.logits.exp());
  }

  override get mode(): Tensor {
    return this.totalCount.sub(1).mul(this.logits.exp()).floor().clampMin(0);
  }

  get variance(): Tensor {
    return this.mean.div(this.logits.neg().sigmoid());
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noGrad(() => {
      const rates = new Gamma(this.totalCount, this.logits.neg().exp());
      return drawPoisson(rates.rsample(sampleShape, options), options);
    });
  }

  logProb(value: Value): Tensor {
    const { logits, totalCount } = this;
    const k = valueLike('NegativeBinomial.logProb', value, logits);
    checkElements('NegativeBinomial.logProb', 'the value', k, count);
    const all = totalCount.add(k);
    const ways = all.lgamma().sub(k.add(1).lgamma()).sub(totalCount.lgamma());
    const chance = totalCount.mul(F.logsigmoid(logits.neg())).add(k.mul(F.logsigmoid(logits)));
    return chance.add(where(all.eq(0), 0, ways));
  }

  expand(batchShape: Shape): NegativeBinomial {
    return new NegativeBinomial({
      ...this.at(batchShape),
      totalCount: expanded(this.totalCount, batchShape),
    });
  }

  protected override parameters(): Record<string, Tensor> {
    return { totalCount: this.totalCount, ...super.parameters() };
  }
}
