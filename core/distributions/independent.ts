/** Dimensions of the batch read as dimensions of one outcome. */
import { type Arguments, byName } from '../arguments.js';
import { describeValue, formatShape, type Shape } from '../layout.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import type { Value } from './parameters.js';

const INDEPENDENT_ORDER = ['baseDistribution', 'reinterpretedBatchNdims'] as const;

export interface IndependentOptions {
  baseDistribution: Distribution;
  /** How many of the last dimensions of the batch belong to an outcome. */
  reinterpretedBatchNdims: number;
}

/**
 * The same distribution whose last batch dimensions belong to one outcome: `logProb` and `entropy` are added up over
 * them. `new Independent(new Normal(mu, sigma), 1)` is a normal vector with a diagonal covariance.
 */
export class Independent extends Distribution {
  override readonly hasRsample: boolean;
  readonly baseDistribution: Distribution;
  readonly reinterpretedBatchNdims: number;

  constructor(...args: Arguments<IndependentOptions, typeof INDEPENDENT_ORDER>) {
    const { baseDistribution: base, reinterpretedBatchNdims: dims } = byName<IndependentOptions>(
      'Independent',
      args,
      INDEPENDENT_ORDER,
      2,
      [],
    );
    if (!(base instanceof Distribution)) {
      throw new TypeError(`Independent: takes a distribution, got ${describeValue(base)}`);
    }
    const { batchShape, eventShape } = base;
    if (!Number.isInteger(dims) || dims < 0 || dims > batchShape.length) {
      throw new RangeError(
        `Independent: a batch of shape ${formatShape(batchShape)} has no ${dims} dimensions to take into the event`,
      );
    }
    const kept = batchShape.length - dims;
    super(batchShape.slice(0, kept), [...batchShape.slice(kept), ...eventShape]);
    this.hasRsample = base.hasRsample;
    this.baseDistribution = base;
    this.reinterpretedBatchNdims = dims;
  }

  get mean(): Tensor {
    return this.baseDistribution.mean;
  }

  override get mode(): Tensor {
    return this.baseDistribution.mode;
  }

  get variance(): Tensor {
    return this.baseDistribution.variance;
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return this.baseDistribution.sample(sampleShape, options);
  }

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return this.baseDistribution.rsample(sampleShape, options);
  }

  logProb(value: Value): Tensor {
    return sumLast(this.baseDistribution.logProb(value), this.reinterpretedBatchNdims);
  }

  override entropy(): Tensor {
    return sumLast(this.baseDistribution.entropy(), this.reinterpretedBatchNdims);
  }

  expand(batchShape: Shape): Independent {
    const inner = this.baseDistribution.batchShape.slice(this.batchShape.length);
    return new Independent(
      this.baseDistribution.expand([...batchShape, ...inner]),
      this.reinterpretedBatchNdims,
    );
  }

  protected parameters(): Record<string, Distribution | number> {
    return {
      baseDistribution: this.baseDistribution,
      reinterpretedBatchNdims: this.reinterpretedBatchNdims,
    };
  }
}

/** The sum over the last `dims` dimensions. */
export function sumLast(x: Tensor, dims: number): Tensor {
  return dims === 0 ? x : x.sum(Array.from({ length: dims }, (_, i) => -1 - i));
}
