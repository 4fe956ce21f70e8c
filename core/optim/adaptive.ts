/** Optimizers that scale each element's step by the size of its past gradients: Adagrad, Adadelta, RMSprop. */

import type { Tensor } from '../tensor.js';
import { atLeast, withDefaults } from './options.js';
import { ElementwiseOptimizer, floats, zerosFor } from './elementwise.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link Adagrad}. */
export interface AdagradOptions {
  /** Learning rate (0.01). */
  lr?: number;
  /** The rate falls as lr / (1 + t lrDecay) (0). */
  lrDecay?: number;
  /** Factor of the parameter added to its gradient (0). */
  weightDecay?: number;
  /** What the sums of squares begin with (0). */
  initialAccumulatorValue?: number;
  /** Added to the root of the sum (1e-10). */
  eps?: number;
  maximize?: boolean;
}

interface AdagradState extends ParamState {
  step: number;
  readonly sum: Tensor;
}

/** Adagrad (Duchi et al., 2011): s ← s + g²; p ← p - lr / (1 + (t - 1) lrDecay) g / (√s + eps). */
export class Adagrad extends ElementwiseOptimizer<Required<AdagradOptions>, AdagradState> {
  constructor(params: ParamsInput<Required<AdagradOptions>>, options: AdagradOptions = {}) {
    const defaults = {
      lr: 0.01,
      lrDecay: 0,
      weightDecay: 0,
      initialAccumulatorValue: 0,
      eps: 1e-10,
      maximize: false,
    };
    super(params, withDefaults('Adagrad', defaults, options));
  }

  protected check(options: Required<AdagradOptions>): void {
    for (const name of ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps'] as const) {
      atLeast('Adagrad', name, options[name], 0);
    }
  }

  protected stateFrom(source: StateSource, group: ParamGroup<Required<AdagradOptions>>): AdagradState {
    return { step: source.number('step', 0), sum: source.tensor('sum', group.initialAccumulatorValue) };
  }

  protected update(
    param: Tensor,
    grad: Tensor,
    state: AdagradState,
    group: ParamGroup<Required<AdagradOptions>>,
  ): void {
    const { lr, lrDecay, weightDecay, eps, maximize } = group;
    const [p, g, sum] = [floats(param), floats(grad), floats(state.sum)];
    const rate = lr / (1 + state.step * lrDecay);
    state.step++;
    for (let i = 0; i < p.length; i++) {
      const d = (maximize ? -g[i] : g[i]) + weightDecay * p[i];
      sum[i] += d * d;
      p[i] -= (rate * d) / (Math.sqrt(sum[i]) + eps);
    }
  }
}

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions {
  /** Factor of the step (1). */
  lr?: number;
  /** How much of the averages is kept (0.9). */
  rho?: number;
  /** Added under the roots (1e-6). */
  eps?: number;
  /** Factor of the parameter added to its gradient (0). */
  weightDecay?: number;
  maximize?: boolean;
}

interface AdadeltaState extends ParamState {
  readonly squareAvg: Tensor;
  readonly accDelta: Tensor;
}

/** Adadelta (Zeiler, 2012): v ← ρ v + (1 - ρ) g²; Δ = √(u + eps) / √(v + eps) g; u ← ρ u + (1 - ρ) Δ²; p ← p - lr Δ. */
export class Adadelta extends ElementwiseOptimizer<Required<AdadeltaOptions>, AdadeltaState> {
  constructor(params: ParamsInput<Required<AdadeltaOptions>>, options: AdadeltaOptions = {}) {
    const defaults = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false };
    super(params, withDefaults('Adadelta', defaults, options));
  }

  protected check(options: Required<AdadeltaOptions>): void {
    for (const name of ['lr', 'rho', 'eps', 'weightDecay'] as const)
      atLeast('Adadelta', name, options[name], 0);
    if (options.rho > 1) throw new RangeError(`Adadelta: rho must be in [0, 1], got ${options.rho}`);
  }

  protected stateFrom(source: StateSource): AdadeltaState {
    return { squareAvg: source.tensor('squareAvg'), accDelta: source.tensor('accDelta') };
  }

  protected update(
    param: Tensor,
    grad: Tensor,
    state: AdadeltaState,
    group: ParamGroup<Required<AdadeltaOptions>>,
  ): void {
    const { lr, rho, eps, weightDecay, maximize } = group;
    const [p, g, v, u] = [floats(param), floats(grad), floats(state.squareAvg), floats(state.accDelta)];
    for (let i = 0; i < p.length; i++) {
      const d = (maximize ? -g[i] : g[i]) + weightDecay * p[i];
      v[i] = rho * v[i] + (1 - rho) * d * d;
      const delta = (Math.sqrt(u[i] + eps) / Math.sqrt(v[i] + eps)) * d;
      u[i] = rho * u[i] + (1 - rho) * delta * delta;
      p[i] -= lr * delta;
    }
  }
}

/** Options of {@link RMSprop}. */
export interface RMSpropOptions {
  /** Learning rate (0.01). */
  lr?: number;
  /** How much of the averages is kept (0.99). */
  alpha?: number;
  /** Added to the root of the mean square (1e-8). */
  eps?: number;
  /** Factor of the parameter added to its gradient (0). */
  weightDecay?: number;
  /** Part of the last step that is kept (0). */
  momentum?: number;
  /** Divide by the root of the variance rather than of the mean square (off). */
  centered?: boolean;
  maximize?: boolean;
}

interface RMSpropState extends ParamState {
  readonly squareAvg: Tensor;
  /** null without momentum. */
  momentumBuffer: Tensor | null;
  /** null unless centered. */
  gradAvg: Tensor | null;
}

/**
 * RMSprop (Hinton, 2012): v ← α v + (1 - α) g²; p ← p - lr g / (√v + eps), where `centered` subtracts the square of the
 * gradient's average from v, and momentum keeps b ← momentum b + g / (√v + eps).
 */
export class RMSprop extends ElementwiseOptimizer<Required<RMSpropOptions>, RMSpropState> {
  constructor(params: ParamsInput<Required<RMSpropOptions>>, options: RMSpropOptions = {}) {
    const defaults = {
      lr: 0.01,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
      maximize: false,
    };
    super(params, withDefaults('RMSprop', defaults, options));
  }

  protected check(options: Required<RMSpropOptions>): void {
    for (const name of ['lr', 'alpha', 'eps', 'weightDecay', 'momentum'] as const) {
      atLeast('RMSprop', name, options[name], 0);
    }
  }

  protected stateFrom(source: StateSource): RMSpropState {
    return {
      squareAvg: source.tensor('squareAvg'),
      momentumBuffer: source.optional('momentumBuffer'),
      gradAvg: source.optional('gradAvg'),
    };
  }

  protected update(
    param: Tensor,
    grad: Tensor,
    state: RMSpropState,
    group: ParamGroup<Required<RMSpropOptions>>,
  ): void {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    const [p, g, v] = [floats(param), floats(grad), floats(state.squareAvg)];
    const buffer = momentum > 0 ? floats((state.momentumBuffer ??= zerosFor(param))) : null;
    const average = centered ? floats((state.gradAvg ??= zerosFor(param))) : null;
    for (let i = 0; i < p.length; i++) {
      const d = (maximize ? -g[i] : g[i]) + weightDecay * p[i];
      v[i] = alpha * v[i] + (1 - alpha) * d * d;
      let spread = v[i];
      if (average) {
        average[i] = alpha * average[i] + (1 - alpha) * d;
        spread -= average[i] * average[i];
      }
      const scaled = d / (Math.sqrt(spread) + eps);
      p[i] -= lr * (buffer ? (buffer[i] = momentum * buffer[i] + scaled) : scaled);
    }
  }
}
