/** Mixtures of distributions of one family. */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import { broadcastShapes, describeValue, formatShape, type Shape } from '../layout.js';
import { functional as F } from '../nn/index.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Categorical } from './categorical.js';
import { Distribution } from './distribution.js';
import { type Value, valueLike } from './parameters.js';

export interface MixtureOptions {
  /** How likely each component is: a batch [...] of distributions of k classes. */
  mixtureDistribution: Categorical;
  /** The components, a batch [..., k]. */
  componentDistribution: Distribution;
}

const ORDER = ['mixtureDistribution', 'componentDistribution'] as const;

/**
 * Density Σ wᵢ pᵢ(x): a component is drawn by the weights wᵢ, and then the outcome by it. The components are the last
 * dimension of a batch: `new MixtureSameFamily(new Categorical(weights), new Normal(means, deviations))`.
 */
export class MixtureSameFamily extends Distribution {
  readonly mixtureDistribution: Categorical;
  readonly componentDistribution: Distribution;

  constructor(...args: Arguments<MixtureOptions, typeof ORDER>) {
    const { mixtureDistribution: mixture, componentDistribution: component } = byName<MixtureOptions>(
      'MixtureSameFamily',
      args,
      ORDER,
      2,
      [],
    );
    if (!(mixture instanceof Categorical) || !(component instanceof Distribution)) {
      throw new TypeError(
        `MixtureSameFamily: takes a Categorical and a distribution, got ${describeValue(mixture)} and ${describeValue(component)}`,
      );
    }
    const classes = mixture.logits.shape.at(-1);
    const { batchShape, eventShape } = component;
    if (batchShape.at(-1) !== classes) {
      throw new RangeError(
        `MixtureSameFamily: ${classes} weights need components of batch shape [..., ${classes}], got ${formatShape(batchShape)}`,
      );
    }
    const batch = batchShape.slice(0, -1);
    broadcastShapes('MixtureSameFamily', mixture.batchShape, batch);
    super(batch, eventShape);
    this.mixtureDistribution = mixture;
    this.componentDistribution = component;
  }

  get mean(): Tensor {
    return this.#weighted(this.componentDistribution.mean);
  }

  /** The mean of the components' variances and the variance of their means. */
  get variance(): Tensor {
    const { mean, variance } = this.componentDistribution;
    const apart = mean.sub(this.mean.unsqueeze(this.#dim())).square();
    return this.#weighted(variance).add(this.#weighted(apart));
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noGrad(() => {
      const which = this.mixtureDistribution.expand(this.batchShape).sample(sampleShape, options);
      const drawn = this.componentDistribution.sample(sampleShape, options);
      const dim = sampleShape.length + this.batchShape.length;
      const ones = this.eventShape.map(() => 1);
      const index = which
        .reshape([...which.shape, 1, ...ones])
        .expand([...which.shape, 1, ...this.eventShape]);
      return drawn.gather(dim, index).squeeze(dim);
    });
  }

  logProb(value: Value): Tensor {
    const x = valueLike('MixtureSameFamily.logProb', value, this.mixtureDistribution.logits);
    const densities = this.componentDistribution.logProb(x.unsqueeze(this.#dim()));
    return densities.add(F.logSoftmax(this.mixtureDistribution.logits, -1)).logsumexp(-1);
  }

  override cdf(value: Value): Tensor {
    const x = valueLike('MixtureSameFamily.cdf', value, this.mixtureDistribution.logits);
    return this.componentDistribution
      .cdf(x.unsqueeze(this.#dim()))
      .mul(this.mixtureDistribution.probs)
      .sum(-1);
  }

  expand(batchShape: Shape): MixtureSameFamily {
    const classes = this.componentDistribution.batchShape.slice(-1);
    return new MixtureSameFamily(
      this.mixtureDistribution.expand(batchShape),
      this.componentDistribution.expand([...batchShape, ...classes]),
    );
  }

  protected parameters(): Record<string, Distribution> {
    const { mixtureDistribution, componentDistribution } = this;
    return { mixtureDistribution, componentDistribution };
  }

  /** Where the components lie, counted from the end. */
  #dim(): number {
    return -1 - this.eventShape.length;
  }

  #weighted(x: Tensor): Tensor {
    const { probs } = this.mixtureDistribution;
    return x.mul(probs.reshape([...probs.shape, ...this.eventShape.map(() => 1)])).sum(this.#dim());
  }
}
