/** Distributions of functions of samples of others. */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import { getDefaultDtype } from '../dtype.js';
import { broadcastShapes, describeValue, formatShape, type Shape } from '../layout.js';
import { tensor } from '../ops/index.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { type Value, valueLike } from './parameters.js';
import { ComposeTransform, overEvent, Transform } from './transforms.js';

export interface TransformedOptions {
  baseDistribution: Distribution;
  /** One, or several of which the first is applied first. */
  transforms: Transform | readonly Transform[];
}

const ORDER = ['baseDistribution', 'transforms'] as const;

function asTensor(owner: string, value: Value): Tensor {
  return valueLike(owner, value, tensor(0, { dtype: getDefaultDtype() }));
}

/** The base, repeated where the transforms' parameters have more dimensions. */
function enlarged(base: Distribution, shape: Shape): Distribution {
  const whole = [...base.batchShape, ...base.eventShape];
  const wanted = broadcastShapes('TransformedDistribution', whole, shape);
  if (formatShape(wanted) === formatShape(whole)) return base;
  return base.expand(wanted.slice(0, wanted.length - base.eventShape.length));
}

/**
 * The distribution of f(x) with x of another one: its density at y is p(f⁻¹(y)) / |f′(f⁻¹(y))|.
 * `new TransformedDistribution(new Normal(0, 1), [new ExpTransform()])` is a log-normal distribution.
 */
export class TransformedDistribution extends Distribution {
  override readonly hasRsample: boolean;
  readonly baseDistribution: Distribution;
  readonly transforms: readonly Transform[];
  readonly #all: ComposeTransform;

  constructor(...args: Arguments<TransformedOptions, typeof ORDER>) {
    const given = byName<TransformedOptions>('TransformedDistribution', args, ORDER, 2, []);
    const transforms: unknown[] = [given.transforms].flat();
    if (!(given.baseDistribution instanceof Distribution)) {
      throw new TypeError(
        `TransformedDistribution: takes a distribution, got ${describeValue(given.baseDistribution)}`,
      );
    }
    const wrong = transforms.find((t) => !(t instanceof Transform));
    if (wrong !== undefined || transforms.length === 0) {
      throw new TypeError(
        `TransformedDistribution: transforms are one Transform or several in an array, got ${describeValue(wrong ?? given.transforms)}`,
      );
    }
    const known = transforms.filter((t) => t instanceof Transform);
    const all = new ComposeTransform(known);
    const base = enlarged(given.baseDistribution, all.shape);
    super(base.batchShape, base.eventShape);
    this.baseDistribution = base;
    this.transforms = known;
    this.hasRsample = base.hasRsample;
    this.#all = all;
  }

  /** Not known in general. @throws Error */
  get mean(): Tensor {
    throw this.lacks('mean of its own; take that of samples');
  }

  /** Not known in general. @throws Error */
  get variance(): Tensor {
    throw this.lacks('variance of its own; take that of samples');
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return noGrad(() => this.#all.forward(this.baseDistribution.sample(sampleShape, options)));
  }

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return this.#all.forward(this.baseDistribution.rsample(sampleShape, options));
  }

  logProb(value: Value): Tensor {
    let y = asTensor(`${this.name}.logProb`, value);
    let stretched: Tensor | null = null;
    for (const transform of this.transforms.toReversed()) {
      const x = transform.inverse(y);
      const part = overEvent(transform.logAbsDetJacobian(x, y), this.eventShape);
      stretched = stretched === null ? part : stretched.add(part);
      y = x;
    }
    const density = this.baseDistribution.logProb(y);
    return stretched === null ? density : density.sub(stretched);
  }

  override cdf(value: Value): Tensor {
    const y = asTensor(`${this.name}.cdf`, value);
    return this.#turned(this.baseDistribution.cdf(this.#all.inverse(y)));
  }

  override icdf(value: Value): Tensor {
    const p = asTensor(`${this.name}.icdf`, value);
    return this.#all.forward(this.baseDistribution.icdf(this.#turned(p)));
  }

  expand(batchShape: Shape): Distribution {
    return new TransformedDistribution(this.baseDistribution.expand(batchShape), this.transforms);
  }

  protected parameters(): Record<string, Distribution | number> {
    return { baseDistribution: this.baseDistribution, transforms: this.transforms.length };
  }

  /** p, or 1 − p where the function falls. */
  #turned(p: Tensor): Tensor {
    const { sign } = this.#all;
    return p.sub(0.5).mul(sign).add(0.5);
  }
}
