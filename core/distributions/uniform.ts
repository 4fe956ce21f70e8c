/** Uniform numbers, and what is made of them by a formula: distributions of Laplace, Cauchy and Gumbel. */
import { type Arguments, byName } from '../arguments.js';
import type { Shape } from '../layout.js';
import { fullLike, zeros } from '../ops/index.js';
import { cauchy_ } from '../random/methods.js';
import { type DrawOptions, rand } from '../random/tensors.js';
import {
  canLook,
  checkElements,
  expanded,
  floatDType,
  floatInfo,
  broadcastParameters,
} from './parameters.js';
import { positive, real, type Value, valueLike } from './parameters.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';

const UNIFORM_ORDER = ['low', 'high'] as const;
const LOCATION_SCALE_ORDER = ['loc', 'scale'] as const;

const EULER = 0.5772156649015329;

export interface UniformOptions {
  /** The least outcome. */
  low: Value;
  /** Above all outcomes. */
  high: Value;
}

/** Uniform in [low, high), with density 1 / (high − low). */
export class Uniform extends Distribution {
  readonly low: Tensor;
  readonly high: Tensor;

  constructor(...args: Arguments<UniformOptions, typeof UNIFORM_ORDER>) {
    const given = byName<UniformOptions>('Uniform', args, UNIFORM_ORDER, 2, []);
    const [low, high] = broadcastParameters('Uniform', { low: given.low, high: given.high });
    if (canLook() && !low.lt(high).all().item()) {
      throw new RangeError(`Uniform: low must be below high, got ${String(low)} and ${String(high)}`);
    }
    super(low.shape);
    this.low = low;
    this.high = high;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.low.add(this.high).mul(0.5);
  }

  get variance(): Tensor {
    return this.high.sub(this.low).square().div(12);
  }

  /** Not defined: NaN, as in PyTorch. */
  override get mode(): Tensor {
    return fullLike(this.low, Number.NaN);
  }

  override get stddev(): Tensor {
    return this.high.sub(this.low).div(Math.sqrt(12));
  }

  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const u = rand([...this.extended(sampleShape)], { dtype: floatDType(this.low), generator });
    return u.mul(this.high.sub(this.low)).add(this.low);
  }

  /** −ln (high − low), −∞ outside. */
  logProb(value: Value): Tensor {
    const x = valueLike('Uniform.logProb', value, this.low);
    const inside = this.low.le(x).logicalAnd(this.high.gt(x)).to(this.low.dtype);
    return inside.log().sub(this.high.sub(this.low).log());
  }

  override entropy(): Tensor {
    return this.high.sub(this.low).log();
  }

  override cdf(value: Value): Tensor {
    const x = valueLike('Uniform.cdf', value, this.low);
    return x.sub(this.low).div(this.high.sub(this.low)).clamp(0, 1);
  }

  override icdf(value: Value): Tensor {
    return valueLike('Uniform.icdf', value, this.low).mul(this.high.sub(this.low)).add(this.low);
  }

  expand(batchShape: Shape): Uniform {
    return new Uniform(expanded(this.low, batchShape), expanded(this.high, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { low: this.low, high: this.high };
  }
}

export interface LocationScaleOptions {
  /** Where the middle (of Gumbel's, the mode) is. */
  loc: Value;
  /** How wide it is, above 0. */
  scale: Value;
}

/** What distributions of a place and a width share. */
abstract class LocationScale extends Distribution {
  readonly loc: Tensor;
  readonly scale: Tensor;

  constructor(owner: string, args: Arguments<LocationScaleOptions, typeof LOCATION_SCALE_ORDER>) {
    const given = byName<LocationScaleOptions>(owner, args, LOCATION_SCALE_ORDER, 2, []);
    const [loc, scale] = broadcastParameters(owner, { loc: given.loc, scale: given.scale });
    checkElements(owner, 'loc', loc, real);
    checkElements(owner, 'scale', scale, positive);
    super(loc.shape);
    this.loc = loc;
    this.scale = scale;
  }

  override readonly hasRsample: boolean = true;

  override get mode(): Tensor {
    return this.loc;
  }

  /** (x − loc) / scale. */
  protected standardized(method: string, value: Value): Tensor {
    const x = valueLike(`${this.name}.${method}`, value, this.loc);
    checkElements(`${this.name}.${method}`, 'the value', x, real);
    return x.sub(this.loc).div(this.scale);
  }

  protected parameters(): Record<string, Tensor> {
    return { loc: this.loc, scale: this.scale };
  }
}

/** Density e^(−|x − loc| / scale) / (2 scale). */
export class Laplace extends LocationScale {
  constructor(...args: Arguments<LocationScaleOptions, typeof LOCATION_SCALE_ORDER>) {
    super('Laplace', args);
  }

  get mean(): Tensor {
    return this.loc;
  }

  get variance(): Tensor {
    return this.scale.square().mul(2);
  }

  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const { eps } = floatInfo(this.loc);
    const u = zeros([...this.extended(sampleShape)], { dtype: this.loc.dtype }).uniform_(eps - 1, 1, {
      generator,
    });
    return this.loc.sub(u.sign().mul(u.abs().neg().log1p()).mul(this.scale));
  }

  logProb(value: Value): Tensor {
    return this.standardized('logProb', value).abs().neg().sub(this.scale.mul(2).log());
  }

  override entropy(): Tensor {
    return this.scale.mul(2).log().add(1);
  }

  override cdf(value: Value): Tensor {
    const z = this.standardized('cdf', value);
    return z.sign().mul(z.abs().neg().expm1()).mul(-0.5).add(0.5);
  }

  override icdf(value: Value): Tensor {
    const term = valueLike('Laplace.icdf', value, this.loc).sub(0.5);
    return this.loc.sub(term.sign().mul(term.abs().mul(-2).log1p()).mul(this.scale));
  }

  expand(batchShape: Shape): Laplace {
    return new Laplace(expanded(this.loc, batchShape), expanded(this.scale, batchShape));
  }
}

/** Density 1 / (π scale (1 + z²)) with z = (x − loc) / scale; it has no mean, and no finite variance. */
export class Cauchy extends LocationScale {
  constructor(...args: Arguments<LocationScaleOptions, typeof LOCATION_SCALE_ORDER>) {
    super('Cauchy', args);
  }

  get mean(): Tensor {
    return fullLike(this.loc, Number.NaN);
  }

  get variance(): Tensor {
    return fullLike(this.loc, Infinity);
  }

  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const z = cauchy_(zeros([...this.extended(sampleShape)], { dtype: this.loc.dtype }), 0, 1, { generator });
    return z.mul(this.scale).add(this.loc);
  }

  logProb(value: Value): Tensor {
    const z = this.standardized('logProb', value);
    return z.square().log1p().neg().sub(this.scale.log()).sub(Math.log(Math.PI));
  }

  override entropy(): Tensor {
    return this.scale.log().add(Math.log(4 * Math.PI));
  }

  override cdf(value: Value): Tensor {
    return this.standardized('cdf', value).atan().div(Math.PI).add(0.5);
  }

  override icdf(value: Value): Tensor {
    const p = valueLike('Cauchy.icdf', value, this.loc);
    return p.sub(0.5).mul(Math.PI).tan().mul(this.scale).add(this.loc);
  }

  expand(batchShape: Shape): Cauchy {
    return new Cauchy(expanded(this.loc, batchShape), expanded(this.scale, batchShape));
  }
}

/** The distribution of the largest of many: density e^(−z − e^(−z)) / scale with z = (x − loc) / scale. */
export class Gumbel extends LocationScale {
  constructor(...args: Arguments<LocationScaleOptions, typeof LOCATION_SCALE_ORDER>) {
    super('Gumbel', args);
  }

  get mean(): Tensor {
    return this.scale.mul(EULER).add(this.loc);
  }

  get variance(): Tensor {
    return this.scale.square().mul(Math.PI ** 2 / 6);
  }

  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    const { eps, tiny } = floatInfo(this.loc);
    const u = rand([...this.extended(sampleShape)], { dtype: floatDType(this.loc), generator });
    return this.loc.sub(
      u
        .mul(1 - eps - tiny)
        .add(tiny)
        .log()
        .neg()
        .log()
        .mul(this.scale),
    );
  }

  logProb(value: Value): Tensor {
    const z = this.standardized('logProb', value);
    return z.add(z.neg().exp()).neg().sub(this.scale.log());
  }

  override entropy(): Tensor {
    return this.scale.log().add(1 + EULER);
  }

  override cdf(value: Value): Tensor {
    return this.standardized('cdf', value).neg().exp().neg().exp();
  }

  override icdf(value: Value): Tensor {
    return this.loc.sub(valueLike('Gumbel.icdf', value, this.loc).log().neg().log().mul(this.scale));
  }

  expand(batchShape: Shape): Gumbel {
    return new Gumbel(expanded(this.loc, batchShape), expanded(this.scale, batchShape));
  }
}
