/** Optimizers of other families: averaged SGD and resilient backpropagation. */

import { gradientOf, type Update, update } from '../kernels/updates.js';
import { f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { atLeast, withDefaults } from './options.js';
import { ElementwiseOptimizer } from './elementwise.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link ASGD}. */
export interface ASGDOptions {
  /** Learning rate (0.01). */
  lr?: number;
  /** Decay of the parameter (1e-4). */
  lambd?: number;
  /** Exponent with which the rate falls (0.75). */
  alpha?: number;
  /** The step from which on parameters are averaged (1e6). */
  t0?: number;
  /** Factor of the parameter added to its gradient (0). */
  weightDecay?: number;
  maximize?: boolean;
}

interface ASGDState extends ParamState {
  step: number;
  eta: number;
  mu: number;
  /** The averaged parameter. */
  readonly ax: Tensor;
}

/** Averaged SGD (Polyak and Juditsky, 1992): p ← p (1 - lambd η) - η g, η = lr / (1 + lambd lr t)^alpha; `state.ax` averages p. */
export class ASGD extends ElementwiseOptimizer<Required<ASGDOptions>, ASGDState> {
  constructor(
    params: ParamsInput<Required<ASGDOptions>>,
    options: ASGDOptions | number = {},
    more?: Omit<ASGDOptions, 'lr'>,
  ) {
    const defaults = { lr: 0.01, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false };
    super(params, withDefaults('ASGD', defaults, options, more));
  }

  protected check(options: Required<ASGDOptions>): void {
    atLeast('ASGD', 'lr', options.lr, 0);
    atLeast('ASGD', 'weightDecay', options.weightDecay, 0);
  }

  protected stateFrom(source: StateSource, group: ParamGroup<Required<ASGDOptions>>): ASGDState {
    return {
      step: source.number('step', 0),
      eta: source.number('eta', group.lr),
      mu: source.number('mu', 1),
      ax: source.tensor('ax'),
    };
  }

  protected rule({ maximize }: ParamGroup<Required<ASGDOptions>>): Update {
    return asgd[maximize ? 1 : 0];
  }

  protected kept({ ax }: ASGDState): readonly Tensor[] {
    return [ax];
  }

  protected override alike(a: ASGDState, b: ASGDState): boolean {
    return super.alike(a, b) && a.eta === b.eta && a.mu === b.mu;
  }

  protected numbers(
    { eta, mu }: ASGDState,
    { lambd, weightDecay }: ParamGroup<Required<ASGDOptions>>,
    at: number,
  ): void {
    f64[at] = eta;
    f64[at + 1] = 1 - lambd * eta;
    f64[at + 2] = mu;
    f64[at + 3] = weightDecay;
  }

  protected override advance(state: ASGDState, group: ParamGroup<Required<ASGDOptions>>): void {
    const { lr, lambd, alpha, t0 } = group;
    state.step++;
    state.eta = lr / (1 + lambd * lr * state.step) ** alpha;
    state.mu = 1 / Math.max(1, state.step - t0);
  }
}

/** Options of {@link Rprop}. */
export interface RpropOptions {
  /** First step size of every element (0.01). */
  lr?: number;
  /** Factors of a step after a change of sign and without one ([0.5, 1.2]). */
  etas?: readonly [number, number];
  /** Smallest and largest step ([1e-6, 50]). */
  stepSizes?: readonly [number, number];
  maximize?: boolean;
}

interface RpropState extends ParamState {
  step: number;
  readonly prev: Tensor;
  readonly stepSize: Tensor;
}

/**
 * Resilient backpropagation (Riedmiller and Braun, 1993): only the gradient's sign counts; a step grows while the sign
 * stays, shrinks where it changes, and is left out once after a change.
 */
export class Rprop extends ElementwiseOptimizer<Required<RpropOptions>, RpropState> {
  constructor(
    params: ParamsInput<Required<RpropOptions>>,
    options: RpropOptions | number = {},
    more?: Omit<RpropOptions, 'lr'>,
  ) {
    const defaults = { lr: 0.01, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false } as const;
    super(params, withDefaults('Rprop', defaults, options, more));
  }

  protected check(options: Required<RpropOptions>): void {
    atLeast('Rprop', 'lr', options.lr, 0);
    const [down, up] = options.etas;
    if (!(down > 0 && down < 1 && up > 1)) {
      throw new RangeError(`Rprop: etas must be below and above 1, got ${down} and ${up}`);
    }
  }

  protected stateFrom(source: StateSource, group: ParamGroup<Required<RpropOptions>>): RpropState {
    return {
      step: source.number('step', 0),
      prev: source.tensor('prev'),
      stepSize: source.tensor('stepSize', group.lr),
    };
  }

  protected rule({ maximize }: ParamGroup<Required<RpropOptions>>): Update {
    return rprop[maximize ? 1 : 0];
  }

  protected kept({ prev, stepSize }: RpropState): readonly Tensor[] {
    return [prev, stepSize];
  }

  protected numbers(
    _state: RpropState,
    { etas, stepSizes }: ParamGroup<Required<RpropOptions>>,
    at: number,
  ): void {
    f64[at] = etas[0];
    f64[at + 1] = etas[1];
    f64[at + 2] = stepSizes[0];
    f64[at + 3] = stepSizes[1];
  }

  protected override advance(state: RpropState): void {
    state.step++;
  }
}

const asgd = [false, true].map((maximize) =>
  update('ASGD', 1, 4, (m, [p, g, average], [eta, keep, mu, weightDecay]) => {
    const d = gradientOf(m, p, g, { decay: weightDecay, maximize });
    const next = m.keep(m.sub(m.mul(p, keep), m.mul(eta, d)));
    const averaged = m.add(average, m.mul(m.sub(next, average), mu));
    return [next, m.select(m.eq(mu, m.number(1)), next, averaged)];
  }),
);

const rprop = [false, true].map((maximize) =>
  update('Rprop', 2, 4, (m, [p, g, previous, size], [down, up, least, most]) => {
    const d = m.keep(maximize ? m.unary('neg', g) : g);
    const zero = m.number(0);
    const agreement = m.keep(m.mul(d, previous));
    const scaled = m.mul(size, m.select(m.gt(agreement, zero), up, down));
    const changed = m.or(m.gt(agreement, zero), m.lt(agreement, zero));
    const next = m.keep(m.select(changed, m.min(most, m.max(least, scaled)), size));
    const kept = m.keep(m.select(m.lt(agreement, zero), zero, d));
    return [m.sub(p, m.mul(m.unary('sign', kept), next)), kept, next];
  }),
);
