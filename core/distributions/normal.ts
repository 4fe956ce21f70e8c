/** The normal distribution and those that are made of it. */
import { byName, type Arguments } from '../arguments.js';
import type { Shape } from '../layout.js';
import { randn } from '../random/tensors.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import {
  broadcastParameters,
  checkElements,
  expanded,
  floatDType,
  nonNegative,
  positive,
  real,
  type Value,
  valueLike,
} from './parameters.js';

const NORMAL_ORDER = ['loc', 'scale'] as const;
const SCALE_ORDER = ['scale'] as const;

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);

export interface NormalOptions {
  /** The mean μ. */
  loc: Value;
  /** The standard deviation σ, above 0. */
  scale: Value;
}

function normalParameters(
  owner: string,
  args: Arguments<NormalOptions, typeof NORMAL_ORDER>,
): readonly [loc: Tensor, scale: Tensor] {
  const { loc, scale } = byName<NormalOptions>(owner, args, NORMAL_ORDER, 2, []);
  const [mu, sigma] = broadcastParameters(owner, { loc, scale });
  checkElements(owner, 'loc', mu, real);
  checkElements(owner, 'scale', sigma, positive);
  return [mu, sigma];
}

/** Standard normal numbers for samples of a distribution with such parameters. */
export function noise(like: Tensor, shape: Shape, { generator }: DrawOptions): Tensor {
  return randn([...shape], { dtype: floatDType(like), generator });
}

/** N(μ, σ²), with density e^(−(x − μ)² / 2σ²) / (σ √2π). */
export class Normal extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;

  constructor(...args: Arguments<NormalOptions, typeof NORMAL_ORDER>) {
    const [loc, scale] = normalParameters('Normal', args);
    super(loc.shape);
    this.loc = loc;
    this.scale = scale;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  get variance(): Tensor {
    return this.scale.square();
  }

  override get stddev(): Tensor {
    return this.scale;
  }

  /** μ + σ ε with standard normal ε. */
  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noise(this.loc, this.extended(sampleShape), options).mul(this.scale).add(this.loc);
  }

  logProb(value: Value): Tensor {
    const x = valueLike('Normal.logProb', value, this.loc);
    checkElements('Normal.logProb', 'the value', x, real);
    const z = x.sub(this.loc).div(this.scale);
    return z.square().mul(-0.5).sub(this.scale.log()).sub(HALF_LOG_2PI);
  }

  override entropy(): Tensor {
    return this.scale.log().add(0.5 + HALF_LOG_2PI);
  }

  override cdf(value: Value): Tensor {
    const x = valueLike('Normal.cdf', value, this.loc);
    return x.sub(this.loc).div(this.scale).mul(Math.SQRT1_2).erf().add(1).mul(0.5);
  }

  override icdf(value: Value): Tensor {
    const p = valueLike('Normal.icdf', value, this.loc);
    return p.mul(2).sub(1).erfinv().mul(Math.SQRT2).mul(this.scale).add(this.loc);
  }

  expand(batchShape: Shape): Normal {
    return new Normal(expanded(this.loc, batchShape), expanded(this.scale, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { loc: this.loc, scale: this.scale };
  }
}

/** The distribution of eˣ with x of N(μ, σ²). */
export class LogNormal extends Distribution {
  /** The distribution of the logarithm. */
  readonly base: Normal;

  constructor(...args: Arguments<NormalOptions, typeof NORMAL_ORDER>) {
    const [loc, scale] = normalParameters('LogNormal', args);
    super(loc.shape);
    this.base = new Normal(loc, scale);
  }

  get loc(): Tensor {
    return this.base.loc;
  }

  get scale(): Tensor {
    return this.base.scale;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.scale.square().mul(0.5).add(this.loc).exp();
  }

  override get mode(): Tensor {
    return this.loc.sub(this.scale.square()).exp();
  }

  get variance(): Tensor {
    const square = this.scale.square();
    return square.expm1().mul(this.loc.mul(2).add(square).exp());
  }

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return this.base.rsample(sampleShape, options).exp();
  }

  logProb(value: Value): Tensor {
    const x = valueLike('LogNormal.logProb', value, this.loc);
    checkElements('LogNormal.logProb', 'the value', x, positive);
    const log = x.log();
    return this.base.logProb(log).sub(log);
  }

  override entropy(): Tensor {
    return this.base.entropy().add(this.loc);
  }

  override cdf(value: Value): Tensor {
    return this.base.cdf(valueLike('LogNormal.cdf', value, this.loc).log());
  }

  override icdf(value: Value): Tensor {
    return this.base.icdf(value).exp();
  }

  expand(batchShape: Shape): LogNormal {
    return new LogNormal(expanded(this.loc, batchShape), expanded(this.scale, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { loc: this.loc, scale: this.scale };
  }
}

/** The distribution of |x| with x of N(0, σ²). */
export class HalfNormal extends Distribution {
  readonly scale: Tensor;

  constructor(...args: Arguments<{ scale: Value }, typeof SCALE_ORDER>) {
    const given = byName<{ scale: Value }>('HalfNormal', args, SCALE_ORDER, 1, []);
    const [scale] = broadcastParameters('HalfNormal', { scale: given.scale });
    checkElements('HalfNormal', 'scale', scale, positive);
    super(scale.shape);
    this.scale = scale;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.scale.mul(Math.sqrt(2 / Math.PI));
  }

  override get mode(): Tensor {
    return this.scale.mul(0).detach();
  }

  get variance(): Tensor {
    return this.scale.square().mul(1 - 2 / Math.PI);
  }

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noise(this.scale, this.extended(sampleShape), options).mul(this.scale).abs();
  }

  logProb(value: Value): Tensor {
    const x = valueLike('HalfNormal.logProb', value, this.scale);
    checkElements('HalfNormal.logProb', 'the value', x, nonNegative);
    const z = x.div(this.scale);
    return z
      .square()
      .mul(-0.5)
      .sub(this.scale.log())
      .add(Math.LN2 - HALF_LOG_2PI);
  }

  override entropy(): Tensor {
    return this.scale.log().add(0.5 + HALF_LOG_2PI - Math.LN2);
  }

  override cdf(value: Value): Tensor {
    return valueLike('HalfNormal.cdf', value, this.scale).div(this.scale).mul(Math.SQRT1_2).erf();
  }

  override icdf(value: Value): Tensor {
    return valueLike('HalfNormal.icdf', value, this.scale).erfinv().mul(Math.SQRT2).mul(this.scale);
  }

  expand(batchShape: Shape): HalfNormal {
    return new HalfNormal(expanded(this.scale, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { scale: this.scale };
  }
}
