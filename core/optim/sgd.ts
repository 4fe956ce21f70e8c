/** Stochastic gradient descent. */

import { flush, gradientOf, type Update, update } from '../kernels/updates.js';
import { f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { atLeast, withDefaults } from './options.js';
import { ElementwiseOptimizer, zerosFor } from './elementwise.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate (1e-3). */
  lr?: number;
  /** Part of the last update that is kept (0). */
  momentum?: number;
  /** Part of the gradient that momentum leaves out (0). */
  dampening?: number;
  /** Factor of the parameter that is added to its gradient, an L2 penalty (0). */
  weightDecay?: number;
  /** Look ahead along the momentum (off); needs momentum and no dampening. */
  nesterov?: boolean;
  /** Climb instead of descend (off). */
  maximize?: boolean;
}

type Options = Required<SGDOptions>;

interface SGDState extends ParamState {
  /** null before the first step with momentum. */
  momentumBuffer: Tensor | null;
}

/**
 * Stochastic gradient descent, with momentum (Sutskever et al., 2013) if asked for:
 *
 * g ← g + weightDecay p; b ← momentum b + (1 - dampening) g (the first time b ← g); p ← p - lr b, or with `nesterov`
 * p ← p - lr (g + momentum b).
 */
export class SGD extends ElementwiseOptimizer<Options, SGDState> {
  /** States whose buffer has no gradient yet. */
  readonly #fresh = new WeakSet<SGDState>();

  constructor(
    params: ParamsInput<Options>,
    options: SGDOptions | number = {},
    more?: Omit<SGDOptions, 'lr'>,
  ) {
    const defaults = {
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      weightDecay: 0,
      nesterov: false,
      maximize: false,
    };
    super(params, withDefaults('SGD', defaults, options, more));
  }

  protected check(options: Options): void {
    atLeast('SGD', 'lr', options.lr, 0);
    atLeast('SGD', 'momentum', options.momentum, 0);
    atLeast('SGD', 'weightDecay', options.weightDecay, 0);
    if (options.nesterov && (options.momentum <= 0 || options.dampening !== 0)) {
      throw new RangeError('SGD: nesterov needs a momentum above 0 and no dampening');
    }
  }

  protected stateFrom(source: StateSource): SGDState {
    return { momentumBuffer: source.optional('momentumBuffer') };
  }

  protected rule({ momentum, weightDecay, nesterov, maximize }: ParamGroup<Options>): Update {
    return rules[
      (momentum === 0 ? 0 : 1) + (nesterov ? 2 : 0) + (weightDecay === 0 ? 0 : 4) + (maximize ? 8 : 0)
    ];
  }

  protected kept(state: SGDState, param: Tensor, { momentum }: ParamGroup<Options>): readonly Tensor[] {
    if (momentum === 0) return NOTHING;
    if (state.momentumBuffer === null) {
      this.#fresh.add(state);
      state.momentumBuffer = zerosFor(param);
    }
    return [state.momentumBuffer];
  }

  protected override alike(a: SGDState, b: SGDState): boolean {
    return this.#fresh.has(a) === this.#fresh.has(b);
  }

  protected numbers(state: SGDState, group: ParamGroup<Options>, at: number): void {
    const { lr, momentum, dampening, weightDecay } = group;
    const first = this.#fresh.has(state);
    f64[at] = lr;
    f64[at + 1] = momentum;
    // The first time the buffer becomes the gradient.
    f64[at + 2] = first ? 0 : momentum;
    f64[at + 3] = first ? 1 : 1 - dampening;
    f64[at + 4] = weightDecay;
  }

  protected override advance(state: SGDState): void {
    this.#fresh.delete(state);
  }
}

const NOTHING: readonly Tensor[] = [];

/** By momentum, Nesterov, weight decay and direction. */
const rules = Array.from({ length: 16 }, (_, variant) => {
  const hasMomentum = (variant & 1) !== 0;
  const nesterov = (variant & 2) !== 0;
  const decays = (variant & 4) !== 0;
  const maximize = (variant & 8) !== 0;
  return update('SGD', hasMomentum ? 1 : 0, 5, (m, [p, g, buffer], numbers, smallest) => {
    const [lr, momentum, keep, undamped, weightDecay] = numbers;
    const gradient = gradientOf(m, p, g, { decay: decays ? weightDecay : null, maximize });
    if (!hasMomentum) return [m.sub(p, m.mul(lr, gradient))];
    const moment = flush(m, m.add(m.mul(keep, buffer), m.mul(undamped, gradient)), smallest);
    const step = nesterov ? m.add(gradient, m.mul(momentum, moment)) : moment;
    return [m.sub(p, m.mul(lr, step)), moment];
  });
});
