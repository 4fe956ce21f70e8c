/** Optimizers of other families: averaged SGD and resilient backpropagation. */

import type { Tensor } from '../tensor.js';
import { atLeast, withDefaults } from './options.js';
import { ElementwiseOptimizer, floats } from './elementwise.js';
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
  constructor(params: ParamsInput<Required<ASGDOptions>>, options: ASGDOptions = {}) {
    const defaults = { lr: 0.01, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false };
    super(params, withDefaults('ASGD', defaults, options));
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

  protected update(
    param: Tensor,
    grad: Tensor,
    state: ASGDState,
    group: ParamGroup<Required<ASGDOptions>>,
  ): void {
    const { lr, lambd, alpha, t0, weightDecay, maximize } = group;
    const { eta, mu } = state;
    const [p, g, ax] = [floats(param), floats(grad), floats(state.ax)];
    state.step++;
    for (let i = 0; i < p.length; i++) {
      const d = (maximize ? -g[i] : g[i]) + weightDecay * p[i];
      p[i] = p[i] * (1 - lambd * eta) - eta * d;
      ax[i] = mu === 1 ? p[i] : ax[i] + (p[i] - ax[i]) * mu;
    }
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
  constructor(params: ParamsInput<Required<RpropOptions>>, options: RpropOptions = {}) {
    const defaults = { lr: 0.01, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false } as const;
    super(params, withDefaults('Rprop', defaults, options));
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

  protected update(
    param: Tensor,
    grad: Tensor,
    state: RpropState,
    group: ParamGroup<Required<RpropOptions>>,
  ): void {
    const { etas, stepSizes, maximize } = group;
    const [p, g, previous, size] = [floats(param), floats(grad), floats(state.prev), floats(state.stepSize)];
    state.step++;
    for (let i = 0; i < p.length; i++) {
      let d = maximize ? -g[i] : g[i];
      const agreement = d * previous[i];
      if (agreement !== 0) {
        const factor = agreement > 0 ? etas[1] : etas[0];
        size[i] = Math.min(stepSizes[1], Math.max(stepSizes[0], size[i] * factor));
      }
      if (agreement < 0) d = 0;
      p[i] -= Math.sign(d) * size[i];
      previous[i] = d;
    }
  }
}
