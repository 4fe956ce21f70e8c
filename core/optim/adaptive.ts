/** Optimizers that scale each element's step by the size of its past gradients: Adagrad, Adadelta, RMSprop. */

import { flush, gradientOf, type Update, update } from '../kernels/updates.js';
import { f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { atLeast, withDefaults } from './options.js';
import { ElementwiseOptimizer, zerosFor } from './elementwise.js';
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
  constructor(
    params: ParamsInput<Required<AdagradOptions>>,
    options: AdagradOptions | number = {},
    more?: Omit<AdagradOptions, 'lr'>,
  ) {
    const defaults = {
      lr: 0.01,
      lrDecay: 0,
      weightDecay: 0,
      initialAccumulatorValue: 0,
      eps: 1e-10,
      maximize: false,
    };
    super(params, withDefaults('Adagrad', defaults, options, more));
  }

  protected check(options: Required<AdagradOptions>): void {
    for (const name of ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps'] as const) {
      atLeast('Adagrad', name, options[name], 0);
    }
  }

  protected stateFrom(source: StateSource, group: ParamGroup<Required<AdagradOptions>>): AdagradState {
    return { step: source.number('step', 0), sum: source.tensor('sum', group.initialAccumulatorValue) };
  }

  protected rule({ maximize }: ParamGroup<Required<AdagradOptions>>): Update {
    return adagrad[maximize ? 1 : 0];
  }

  protected kept({ sum }: AdagradState): readonly Tensor[] {
    return [sum];
  }

  protected numbers(
    { step }: AdagradState,
    { lr, lrDecay, weightDecay, eps }: ParamGroup<Required<AdagradOptions>>,
    at: number,
  ): void {
    f64[at] = lr / (1 + step * lrDecay);
    f64[at + 1] = eps;
    f64[at + 2] = weightDecay;
  }

  protected override advance(state: AdagradState): void {
    state.step++;
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
  constructor(
    params: ParamsInput<Required<AdadeltaOptions>>,
    options: AdadeltaOptions | number = {},
    more?: Omit<AdadeltaOptions, 'lr'>,
  ) {
    const defaults = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false };
    super(params, withDefaults('Adadelta', defaults, options, more));
  }

  protected check(options: Required<AdadeltaOptions>): void {
    for (const name of ['lr', 'rho', 'eps', 'weightDecay'] as const)
      atLeast('Adadelta', name, options[name], 0);
    if (options.rho > 1) throw new RangeError(`Adadelta: rho must be in [0, 1], got ${options.rho}`);
  }

  protected stateFrom(source: StateSource): AdadeltaState {
    return { squareAvg: source.tensor('squareAvg'), accDelta: source.tensor('accDelta') };
  }

  protected rule({ maximize }: ParamGroup<Required<AdadeltaOptions>>): Update {
    return adadelta[maximize ? 1 : 0];
  }

  protected kept({ squareAvg, accDelta }: AdadeltaState): readonly Tensor[] {
    return [squareAvg, accDelta];
  }

  protected numbers(
    _state: AdadeltaState,
    { lr, rho, eps, weightDecay }: ParamGroup<Required<AdadeltaOptions>>,
    at: number,
  ): void {
    f64[at] = lr;
    f64[at + 1] = rho;
    f64[at + 2] = 1 - rho;
    f64[at + 3] = eps;
    f64[at + 4] = weightDecay;
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
  constructor(
    params: ParamsInput<Required<RMSpropOptions>>,
    options: RMSpropOptions | number = {},
    more?: Omit<RMSpropOptions, 'lr'>,
  ) {
    const defaults = {
      lr: 0.01,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
      maximize: false,
    };
    super(params, withDefaults('RMSprop', defaults, options, more));
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

  protected rule({ momentum, centered, maximize }: ParamGroup<Required<RMSpropOptions>>): Update {
    return rmsprop[(momentum > 0 ? 1 : 0) + (centered ? 2 : 0) + (maximize ? 4 : 0)];
  }

  protected kept(
    state: RMSpropState,
    param: Tensor,
    { momentum, centered }: ParamGroup<Required<RMSpropOptions>>,
  ): readonly Tensor[] {
    const kept = [state.squareAvg];
    if (momentum > 0) kept.push((state.momentumBuffer ??= zerosFor(param)));
    if (centered) kept.push((state.gradAvg ??= zerosFor(param)));
    return kept;
  }

  protected numbers(
    _state: RMSpropState,
    { lr, alpha, eps, weightDecay, momentum }: ParamGroup<Required<RMSpropOptions>>,
    at: number,
  ): void {
    f64[at] = lr;
    f64[at + 1] = alpha;
    f64[at + 2] = 1 - alpha;
    f64[at + 3] = eps;
    f64[at + 4] = weightDecay;
    f64[at + 5] = momentum;
  }
}

const adagrad = [false, true].map((maximize) =>
  update('Adagrad', 1, 3, (m, [p, g, sum], [rate, eps, weightDecay]) => {
    const d = m.keep(gradientOf(m, p, g, { decay: weightDecay, maximize }));
    const total = m.keep(m.add(sum, m.mul(d, d)));
    return [m.sub(p, m.div(m.mul(rate, d), m.add(m.unary('sqrt', total), eps))), total];
  }),
);

const adadelta = [false, true].map((maximize) =>
  update('Adadelta', 2, 5, (m, [p, g, square, moved], [lr, rho, rest, eps, weightDecay], smallest) => {
    const d = m.keep(gradientOf(m, p, g, { decay: weightDecay, maximize }));
    const v = flush(m, m.add(m.mul(rho, square), m.mul(m.mul(rest, d), d)), smallest);
    const ratio = m.div(m.unary('sqrt', m.add(moved, eps)), m.unary('sqrt', m.add(v, eps)));
    const delta = m.keep(m.mul(ratio, d));
    const u = flush(m, m.add(m.mul(rho, moved), m.mul(m.mul(rest, delta), delta)), smallest);
    return [m.sub(p, m.mul(lr, delta)), v, u];
  }),
);

/** By momentum, centering and direction. */
const rmsprop = Array.from({ length: 8 }, (_, variant) => {
  const hasMomentum = (variant & 1) !== 0;
  const centered = (variant & 2) !== 0;
  const maximize = (variant & 4) !== 0;
  const kept = 1 + (hasMomentum ? 1 : 0) + (centered ? 1 : 0);
  return update('RMSprop', kept, 6, (m, [p, g, square, ...others], numbers, smallest) => {
    const [lr, alpha, rest, eps, weightDecay, momentum] = numbers;
    const d = m.keep(gradientOf(m, p, g, { decay: weightDecay, maximize }));
    const v = flush(m, m.add(m.mul(alpha, square), m.mul(m.mul(rest, d), d)), smallest);
    const average = centered
      ? flush(m, m.add(m.mul(alpha, others[kept - 2]), m.mul(rest, d)), smallest)
      : null;
    const spread = average === null ? v : m.sub(v, m.mul(average, average));
    const scaled = m.keep(m.div(d, m.add(m.unary('sqrt', spread), eps)));
    const step = hasMomentum ? m.keep(m.add(m.mul(momentum, others[0]), scaled)) : scaled;
    const result = [m.sub(p, m.mul(lr, step)), v];
    if (hasMomentum) result.push(step);
    if (average !== null) result.push(average);
    return result;
  });
});
