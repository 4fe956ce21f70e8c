/** Distributions of probabilities: Dirichlet's, and Beta of a single one. */
import { type Arguments, byName } from '../arguments.js';
import { describeValue, type Shape } from '../layout.js';
import { isTensor } from '../ops/operand.js';
import { onesLike, stack, where } from '../ops/index.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { dirichletSample } from './draws.js';
import {
  broadcastParameters,
  canLook,
  checkElements,
  expanded,
  positive,
  unitInterval,
  type Value,
  valueLike,
} from './parameters.js';

const DIRICHLET_ORDER = ['concentration'] as const;
const BETA_ORDER = ['concentration1', 'concentration0'] as const;

/** How far from 1 the sum of an outcome may be. */
const TOLERANCE = 1e-5;

export interface DirichletOptions {
  /** α, above 0: of shape [...batchShape, K]. */
  concentration: Tensor;
}

/** Density Π xᵢ^(αᵢ − 1) Γ(Σ αᵢ) / Π Γ(αᵢ) of K numbers xᵢ that add up to 1. */
export class Dirichlet extends Distribution {
  readonly concentration: Tensor;

  constructor(...args: Arguments<DirichletOptions, typeof DIRICHLET_ORDER>) {
    const { concentration } = byName<DirichletOptions>('Dirichlet', args, DIRICHLET_ORDER, 1, []);
    if (!isTensor(concentration) || concentration.ndim < 1) {
      throw new TypeError(
        `Dirichlet: concentration is a tensor of at least one dimension, got ${describeValue(concentration)}`,
      );
    }
    const [alpha] = broadcastParameters('Dirichlet', { concentration });
    checkElements('Dirichlet', 'concentration', alpha, positive);
    super(alpha.shape.slice(0, -1), alpha.shape.slice(-1));
    this.concentration = alpha;
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.concentration.div(this.concentration.sum(-1, { keepdim: true }));
  }

  get variance(): Tensor {
    const total = this.concentration.sum(-1, { keepdim: true });
    return this.concentration.mul(total.sub(this.concentration)).div(total.square().mul(total.add(1)));
  }

  /** Where no αᵢ is above 1 the density is largest in corners, of which this is the first, as in PyTorch. */
  override get mode(): Tensor {
    const { concentration } = this;
    const above = concentration.sub(1).clampMin(0);
    const corner = onesLike(concentration).cumsum(-1).eq(1).to(concentration.dtype);
    const none = concentration.lt(1).all(-1, true);
    return where(none, corner, above.div(above.sum(-1, { keepdim: true })));
  }

  override rsample(sampleShape: Shape = [], { generator }: DrawOptions = {}): Tensor {
    return dirichletSample(expanded(this.concentration, this.extended(sampleShape)), generator);
  }

  logProb(value: Value): Tensor {
    const { concentration } = this;
    const x = valueLike('Dirichlet.logProb', value, concentration);
    checkElements('Dirichlet.logProb', 'the value', x, unitInterval);
    checkElements('Dirichlet.logProb', 'the sum of the value', x.detach().sum(-1), {
      words: '1',
      holds: (sum) => Math.abs(sum - 1) < TOLERANCE,
    });
    return concentration
      .sub(1)
      .xlogy(x)
      .sum(-1)
      .add(concentration.sum(-1).lgamma())
      .sub(concentration.lgamma().sum(-1));
  }

  override entropy(): Tensor {
    const { concentration } = this;
    const classes = this.eventShape[0];
    const total = concentration.sum(-1);
    return concentration
      .lgamma()
      .sum(-1)
      .sub(total.lgamma())
      .sub(total.neg().add(classes).mul(total.digamma()))
      .sub(concentration.sub(1).mul(concentration.digamma()).sum(-1));
  }

  expand(batchShape: Shape): Dirichlet {
    return new Dirichlet(expanded(this.concentration, [...batchShape, ...this.eventShape]));
  }

  protected parameters(): Record<string, Tensor> {
    return { concentration: this.concentration };
  }
}

export interface BetaOptions {
  /** α, above 0. */
  concentration1: Value;
  /** β, above 0. */
  concentration0: Value;
}

/** Density x^(α − 1) (1 − x)^(β − 1) / B(α, β) of x in (0, 1). */
export class Beta extends Distribution {
  readonly concentration1: Tensor;
  readonly concentration0: Tensor;
  readonly #pair: Dirichlet;

  constructor(...args: Arguments<BetaOptions, typeof BETA_ORDER>) {
    const given = byName<BetaOptions>('Beta', args, BETA_ORDER, 2, []);
    const [alpha, beta] = broadcastParameters('Beta', {
      concentration1: given.concentration1,
      concentration0: given.concentration0,
    });
    checkElements('Beta', 'concentration1', alpha, positive);
    checkElements('Beta', 'concentration0', beta, positive);
    super(alpha.shape);
    this.concentration1 = alpha;
    this.concentration0 = beta;
    this.#pair = new Dirichlet(stack([alpha, beta], -1));
  }

  override readonly hasRsample: boolean = true;

  get mean(): Tensor {
    return this.concentration1.div(this.concentration1.add(this.concentration0));
  }

  override get mode(): Tensor {
    return this.#pair.mode.select(-1, 0);
  }

  get variance(): Tensor {
    const { concentration1: a, concentration0: b } = this;
    const total = a.add(b);
    return a.mul(b).div(total.square().mul(total.add(1)));
  }

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return this.#pair.rsample(sampleShape, options).select(-1, 0);
  }

  logProb(value: Value): Tensor {
    const x = valueLike('Beta.logProb', value, this.concentration1);
    if (canLook()) checkElements('Beta.logProb', 'the value', x, unitInterval);
    return this.#pair.logProb(stack([x, x.neg().add(1)], -1));
  }

  override entropy(): Tensor {
    return this.#pair.entropy();
  }

  expand(batchShape: Shape): Beta {
    return new Beta(expanded(this.concentration1, batchShape), expanded(this.concentration0, batchShape));
  }

  protected parameters(): Record<string, Tensor> {
    return { concentration1: this.concentration1, concentration0: this.concentration0 };
  }
}
