/** What all distributions have. */
import { noGrad } from '../autograd/mode.js';
import { formatShape, type Shape } from '../layout.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import type { Value } from './parameters.js';

function isShape(value: unknown): boolean {
  return Array.isArray(value);
}

/**
 * A probability distribution, or a batch of independent ones. `batchShape` is the shape of the batch, `eventShape` that
 * of one outcome (empty for a number): samples have shape [...sampleShape, ...batchShape, ...eventShape], and
 * `logProb` gives one number for each of the batch. As PyTorch's `torch.distributions`.
 */
export abstract class Distribution {
  constructor(
    readonly batchShape: Shape,
    readonly eventShape: Shape = [],
  ) {}

  /** The expected value, of shape [...batchShape, ...eventShape]. */
  abstract get mean(): Tensor;
  /** The variance of each element. */
  abstract get variance(): Tensor;
  /** The logarithm of the density (or of the probability, of discrete outcomes) at `value`, which broadcasts. */
  abstract logProb(value: Value): Tensor;
  /** The same distribution repeated to a larger batch. */
  abstract expand(batchShape: Shape): Distribution;
  /** What `toString` shows. */
  protected abstract parameters(): Readonly<Record<string, Tensor | Distribution | number>>;

  /** Whether samples carry gradients to the parameters (`rsample`). */
  readonly hasRsample: boolean = false;

  get stddev(): Tensor {
    return this.variance.sqrt();
  }

  /** The most probable outcome. */
  get mode(): Tensor {
    throw this.lacks('mode');
  }

  /** Samples of shape [...sampleShape, ...batchShape, ...eventShape], through which no gradient flows. */
  sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noGrad(() => this.rsample(sampleShape, options));
  }

  /**
   * Samples that are differentiable functions of the parameters (the reparametrization trick).
   * @throws Error where there are none: outcomes that are discrete
   */
  rsample(sampleShape?: Shape, options?: DrawOptions): Tensor;
  rsample(): Tensor {
    throw new Error(
      `${this.name}: has no rsample, its outcomes are discrete; take sample() and, for a gradient by the parameters, -logProb(sample) times the reward`,
    );
  }

  /** −∫ p ln p, in nats, one number for each of the batch. */
  entropy(): Tensor {
    throw this.lacks('entropy');
  }

  /** eᴴ of the entropy H. */
  perplexity(): Tensor {
    return this.entropy().exp();
  }

  /** The probability of outcomes up to `value`. */
  cdf(value: Value): Tensor;
  cdf(): Tensor {
    throw this.lacks('cdf');
  }

  /** The outcome up to which the probability is `value`. */
  icdf(value: Value): Tensor;
  icdf(): Tensor {
    throw this.lacks('icdf');
  }

  /** All outcomes along a new first dimension. @throws Error where they cannot be counted */
  enumerateSupport(expand?: boolean): Tensor;
  enumerateSupport(): Tensor {
    throw this.lacks('enumerateSupport');
  }

  /** The class's name, as errors say it. */
  protected get name(): string {
    return this.constructor.name;
  }

  protected lacks(what: string): Error {
    return new Error(`${this.name}: has no ${what}`);
  }

  /** The shape of samples. */
  protected extended(sampleShape: Shape): Shape {
    if (!isShape(sampleShape)) {
      throw new TypeError(`${this.name}: the sample shape is an array of sizes: sample([3])`);
    }
    return [...sampleShape, ...this.batchShape, ...this.eventShape];
  }

  toString(): string {
    const parts = Object.entries(this.parameters()).map(([name, value]) => {
      if (typeof value === 'number' || value instanceof Distribution) return `${name}: ${String(value)}`;
      return `${name}: ${value.numel() === 1 ? String(Number(value.item().toPrecision(4))) : formatShape(value.shape)}`;
    });
    return `${this.name}(${parts.join(', ')})`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
