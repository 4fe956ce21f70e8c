/** Waiting times and counts: the gamma distribution and its relatives. */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import type { Shape } from '../layout.js';
import { fullLike, where, zeros } from '../ops/index.js';
import { exponential_ } from '../random/methods.js';
import { poisson as drawPoisson } from '../random/ops.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { standardGamma } from './draws.js';
import { noise } from './normal.js';
import {
  broadcastParameters,
  checkElements,
  count,
  expanded,
  floatInfo,
  nonNegative,
  positive,
  real,
  type Value,
  valueLike,
} from './parameters.js';

const GAMMA_ORDER = ['concentration', 'rate'] as const;
const DF_ORDER = ['df'] as const;
const RATE_ORDER = ['rate'] as const;
const STUDENT_T_ORDER = ['df', 'loc', 'scale'] as const;

export interface GammaOptions {
  /** The shape α, above 0. */
  concentration: Value;
  /** The inverse scale β, above 0. */
  rate: Value;
}

/** Density βᵅ xᵅ⁻¹ e^(−βx) / Γ(α) of x > 0. */
export class Gamma extends Distribution {
  readonly concentration: Tensor;
  readonly rate: Tensor;

  constructor(...args: Arguments<GammaOptions, typeof GAMMA_ORDER>) {
    const given = byName<GammaOptions>('Gamma', args, GAMMA_ORDER, 2, []);
    const [alpha, rate] = broadcastParameters('Gamma', {
      concentration: given.concentration,
      rate: given.rate,
    });
    checkElements('Gamma', 'concentration', alpha, positive);
    checkElements('Gamma', 'rate', rate, positive);
    super(alpha.shape);
    this.concentration = alpha;
    this.rate = rate;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.concentration.div(this.rate);
  }

  override get mode(): Tensor {
    return this.concentration.sub(1).div(this.rate).clampMin(0);
  }

  get variance(): Tensor {
    return this.concentration.div(this.rate.square());
  }

  /** Differentiable by both parameters; gradients by the concentration are implicit (Figurnov et al., 2018). */
  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const shape = this.extended(sampleShape);
    const x = standardGamma(expanded(this.concentration, shape), generator).div(expanded(this.rate, shape));
    return x.clampMin(floatInfo(x).tiny);
  }

  logProb(value: Value): Tensor {
    const { concentration, rate } = this;
    const x = valueLike(`${this.name}.logProb`, value, rate);
    checkElements(`${this.name}.logProb`, 'the value', x, nonNegative);
    return concentration
      .xlogy(rate)
      .add(concentration.sub(1).xlogy(x))
      .sub(rate.mul(x))
      .sub(concentration.lgamma());
  }

  override entropy(): Tensor {
    const { concentration, rate } = this;
    const digamma = concentration.neg().add(1).mul(concentration.digamma());
    return concentration.sub(rate.log()).add(concentration.lgamma()).add(digamma);
  }

  expand(batchShape: Shape): Gamma {
    return new Gamma(expanded(this.concentration, batchShape), expanded(this.rate, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { concentration: this.concentration, rate: this.rate };
  }
}

/** The sum of `df` squares of standard normal numbers. */
export class Chi2 extends Gamma {
  constructor(...args: Arguments<{ df: Value }, typeof DF_ORDER>) {
    const [df] = broadcastParameters('Chi2', { df: byName<{ df: Value }>('Chi2', args, DF_ORDER, 1, []).df });
    checkElements('Chi2', 'df', df, positive);
    super(df.mul(0.5), 0.5);
  }

  get df(): Tensor {
    return this.concentration.mul(2);
  }

  override expand(batchShape: Shape): Chi2 {
    return new Chi2(expanded(this.df, batchShape));
  }

  protected override parameters(): Record<string, Tensor> {
    return { df: this.df };
  }
}

/** Density λ e^(−λx) of x ≥ 0. */
export class Exponential extends Distribution {
  readonly rate: Tensor;

  constructor(...args: Arguments<{ rate: Value }, typeof RATE_ORDER>) {
    const given = byName<{ rate: Value }>('Exponential', args, RATE_ORDER, 1, []);
    const [rate] = broadcastParameters('Exponential', { rate: given.rate });
    checkElements('Exponential', 'rate', rate, positive);
    super(rate.shape);
    this.rate = rate;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.rate.reciprocal();
  }

  override get mode(): Tensor {
    return fullLike(this.rate, 0);
  }

  get variance(): Tensor {
    return this.rate.pow(-2);
  }

  override get stddev(): Tensor {
    return this.rate.reciprocal();
  }

  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const fresh = zeros([...this.extended(sampleShape)], { dtype: this.rate.dtype });
    return exponential_(fresh, 1, { generator }).div(this.rate);
  }

  logProb(value: Value): Tensor {
    const x = valueLike('Exponential.logProb', value, this.rate);
    checkElements('Exponential.logProb', 'the value', x, nonNegative);
    return this.rate.log().sub(this.rate.mul(x));
  }

  override entropy(): Tensor {
    return this.rate.log().neg().add(1);
  }

  override cdf(value: Value): Tensor {
    return valueLike('Exponential.cdf', value, this.rate).mul(this.rate).neg().expm1().neg();
  }

  override icdf(value: Value): Tensor {
    return valueLike('Exponential.icdf', value, this.rate).neg().log1p().neg().div(this.rate);
  }

  expand(batchShape: Shape): Exponential {
    return new Exponential(expanded(this.rate, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { rate: this.rate };
  }
}

/** Probability λᵏ e^(−λ) / k! of the count k. */
export class Poisson extends Distribution {
  readonly rate: Tensor;

  constructor(...args: Arguments<{ rate: Value }, typeof RATE_ORDER>) {
    const given = byName<{ rate: Value }>('Poisson', args, RATE_ORDER, 1, []);
    const [rate] = broadcastParameters('Poisson', { rate: given.rate });
    checkElements('Poisson', 'rate', rate, nonNegative);
    super(rate.shape);
    this.rate = rate;
  }

  get mean(): Tensor {
    return this.rate;
  }

  override get mode(): Tensor {
    return this.rate.floor();
  }

  get variance(): Tensor {
    return this.rate;
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noGrad(() => drawPoisson(expanded(this.rate, this.extended(sampleShape)), options));
  }

  logProb(value: Value): Tensor {
    const k = valueLike('Poisson.logProb', value, this.rate);
    checkElements('Poisson.logProb', 'the value', k, count);
    return k.xlogy(this.rate).sub(this.rate).sub(k.add(1).lgamma());
  }

  expand(batchShape: Shape): Poisson {
    return new Poisson(expanded(this.rate, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { rate: this.rate };
  }
}

export interface StudentTOptions {
  /** Degrees of freedom, above 0. */
  df: Value;
  loc?: Value;
  scale?: Value;
}

/** Student's distribution: a normal number over the root of a Chi2 one divided by its degrees of freedom. */
export class StudentT extends Distribution {
  readonly df: Tensor;
  readonly loc: Tensor;
  readonly scale: Tensor;

  constructor(...args: Arguments<StudentTOptions, typeof STUDENT_T_ORDER>) {
    const given = byName<StudentTOptions>('StudentT', args, STUDENT_T_ORDER, 1, []);
    const [df, loc, scale] = broadcastParameters('StudentT', {
      df: given.df,
      loc: given.loc ?? 0,
      scale: given.scale ?? 1,
    });
    checkElements('StudentT', 'df', df, positive);
    checkElements('StudentT', 'loc', loc, real);
    checkElements('StudentT', 'scale', scale, positive);
    super(df.shape);
    this.df = df;
    this.loc = loc;
    this.scale = scale;
  }

  override readonly hasRsample: boolean = true;

  /** NaN where df ≤ 1. */
  get mean(): Tensor {
    return where(this.df.gt(1), this.loc, Number.NaN);
  }

  override get mode(): Tensor {
    return this.loc;
  }

  /** ∞ where df ≤ 2, NaN where df ≤ 1. */
  get variance(): Tensor {
    const { df, scale } = this;
    const finite = scale.square().mul(df).div(df.sub(2));
    return where(df.gt(2), finite, where(df.gt(1), Infinity, fullLike(df, Number.NaN)));
  }

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    const shape = this.extended(sampleShape);
    const x = noise(this.df, shape, options);
    const z = standardGamma(expanded(this.df.mul(0.5), shape), options.generator).mul(2);
    return x.mul(z.div(this.df).rsqrt()).mul(this.scale).add(this.loc);
  }

  logProb(value: Value): Tensor {
    const { df, loc, scale } = this;
    const x = valueLike('StudentT.logProb', value, loc);
    checkElements('StudentT.logProb', 'the value', x, real);
    const y = x.sub(loc).div(scale);
    const norm = scale
      .log()
      .add(df.log().mul(0.5))
      .add(0.5 * Math.log(Math.PI))
      .add(df.mul(0.5).lgamma())
      .sub(df.add(1).mul(0.5).lgamma());
    return df.add(1).mul(-0.5).mul(y.square().div(df).log1p()).sub(norm);
  }

  override entropy(): Tensor {
    const { df, scale } = this;
    const beta = df
      .mul(0.5)
      .lgamma()
      .add(Math.log(Math.PI) / 2)
      .sub(df.add(1).mul(0.5).lgamma());
    const slope = df.add(1).mul(0.5).digamma().sub(df.mul(0.5).digamma());
    return scale.log().add(df.add(1).mul(0.5).mul(slope)).add(df.log().mul(0.5)).add(beta);
  }

  expand(batchShape: Shape): StudentT {
    return new StudentT(
      expanded(this.df, batchShape),
      expanded(this.loc, batchShape),
      expanded(this.scale, batchShape),
    );
  }

  protected parameters(): Record<string, Tensor> {
    return { df: this.df, loc: this.loc, scale: this.scale };
  }
}
