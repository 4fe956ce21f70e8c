/** Relatives of Adam: Adamax, NAdam, RAdam. */

import type { Tensor } from '../tensor.js';
import { atLeast, checkBetas, withDefaults } from './options.js';
import { ElementwiseOptimizer, floats } from './elementwise.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link Adamax} and {@link RAdam}. */
export interface AdamVariantOptions {
  /** Learning rate (0.002; RAdam 0.001). */
  lr?: number;
  /** How much of the averages of the gradient and of its size is kept ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** Keeps divisors from 0 (1e-8). */
  eps?: number;
  /** Factor of the parameter added to its gradient (0). */
  weightDecay?: number;
}

function checkCommon(name: string, options: Required<AdamVariantOptions>): void {
  for (const option of ['lr', 'eps', 'weightDecay'] as const) atLeast(name, option, options[option], 0);
  checkBetas(name, options.betas);
}

const DEFAULTS = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;

interface AdamaxState extends ParamState {
  step: number;
  readonly expAvg: Tensor;
  readonly expInf: Tensor;
}

/** Adamax (Kingma and Ba, 2014), Adam with the largest size: u ← max(β₂ u, |g| + eps); p ← p - lr / (1 - β₁ᵗ) m / u. */
export class Adamax extends ElementwiseOptimizer<Required<AdamVariantOptions>, AdamaxState> {
  constructor(params: ParamsInput<Required<AdamVariantOptions>>, options: AdamVariantOptions = {}) {
    super(params, withDefaults('Adamax', { lr: 2e-3, ...DEFAULTS }, options));
  }

  protected check(options: Required<AdamVariantOptions>): void {
    checkCommon('Adamax', options);
  }

  protected stateFrom(source: StateSource): AdamaxState {
    return {
      step: source.number('step', 0),
      expAvg: source.tensor('expAvg'),
      expInf: source.tensor('expInf'),
    };
  }

  protected update(
    param: Tensor,
    grad: Tensor,
    state: AdamaxState,
    group: ParamGroup<Required<AdamVariantOptions>>,
  ): void {
    const { lr, betas, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    const [p, g, m, u] = [floats(param), floats(grad), floats(state.expAvg), floats(state.expInf)];
    state.step++;
    const rate = lr / (1 - beta1 ** state.step);
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i];
      m[i] = beta1 * m[i] + (1 - beta1) * d;
      u[i] = Math.max(beta2 * u[i], Math.abs(d) + eps);
      p[i] -= (rate * m[i]) / u[i];
    }
  }
}

/** Options of {@link NAdam}. */
export interface NAdamOptions extends AdamVariantOptions {
  /** How fast the momentum approaches β₁ (0.004). */
  momentumDecay?: number;
}

interface NAdamState extends ParamState {
  step: number;
  muProduct: number;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
}

/**
 * NAdam (Dozat, 2016), Adam with Nesterov's momentum, μₜ = β₁ (1 - 0.96^(t momentumDecay) / 2):
 * p ← p - lr ((1 - μₜ) g / (1 - Πμ) + μₜ₊₁ m / (1 - Πμ μₜ μₜ₊₁)) / (√v̂ + eps).
 */
export class NAdam extends ElementwiseOptimizer<Required<NAdamOptions>, NAdamState> {
  constructor(params: ParamsInput<Required<NAdamOptions>>, options: NAdamOptions = {}) {
    super(params, withDefaults('NAdam', { lr: 2e-3, ...DEFAULTS, momentumDecay: 4e-3 }, options));
  }

  protected check(options: Required<NAdamOptions>): void {
    checkCommon('NAdam', options);
    atLeast('NAdam', 'momentumDecay', options.momentumDecay, 0);
  }

  protected stateFrom(source: StateSource): NAdamState {
    return {
      step: source.number('step', 0),
      muProduct: source.number('muProduct', 1),
      expAvg: source.tensor('expAvg'),
      expAvgSq: source.tensor('expAvgSq'),
    };
  }

  protected update(
    param: Tensor,
    grad: Tensor,
    state: NAdamState,
    group: ParamGroup<Required<NAdamOptions>>,
  ): void {
    const { lr, betas, eps, weightDecay, momentumDecay } = group;
    const [beta1, beta2] = betas;
    const [p, g, m, v] = [floats(param), floats(grad), floats(state.expAvg), floats(state.expAvgSq)];
    const step = ++state.step;
    const mu = beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
    const muNext = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * momentumDecay));
    state.muProduct *= mu;
    const correction2 = 1 - beta2 ** step;
    const gradRate = (lr * (1 - mu)) / (1 - state.muProduct);
    // The product has μₜ twice: so it is in PyTorch 1.13 (2.0 has it once), whose numbers these are.
    const averageRate = (lr * muNext) / (1 - state.muProduct * mu * muNext);
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i];
      m[i] = beta1 * m[i] + (1 - beta1) * d;
      v[i] = beta2 * v[i] + (1 - beta2) * d * d;
      p[i] -= (gradRate * d + averageRate * m[i]) / (Math.sqrt(v[i] / correction2) + eps);
    }
  }
}

interface RAdamState extends ParamState {
  step: number;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
}

/**
 * RAdam (Liu et al., 2019), Adam that takes plain steps p ← p - lr m̂ until the variance of its step can be estimated
 * (ρₜ > 5), then p ← p - lr rₜ m̂ √(1 - β₂ᵗ) / (√v + eps).
 */
export class RAdam extends ElementwiseOptimizer<Required<AdamVariantOptions>, RAdamState> {
  constructor(params: ParamsInput<Required<AdamVariantOptions>>, options: AdamVariantOptions = {}) {
    super(params, withDefaults('RAdam', { lr: 1e-3, ...DEFAULTS }, options));
  }

  protected check(options: Required<AdamVariantOptions>): void {
    checkCommon('RAdam', options);
  }

  protected stateFrom(source: StateSource): RAdamState {
    return {
      step: source.number('step', 0),
      expAvg: source.tensor('expAvg'),
      expAvgSq: source.tensor('expAvgSq'),
    };
  }

  protected update(
    param: Tensor,
    grad: Tensor,
    state: RAdamState,
    group: ParamGroup<Required<AdamVariantOptions>>,
  ): void {
    const { lr, betas, eps, weightDecay } = group;
    const [beta1, beta2] = betas;
    const [p, g, m, v] = [floats(param), floats(grad), floats(state.expAvg), floats(state.expAvgSq)];
    const step = ++state.step;
    const correction1 = 1 - beta1 ** step;
    const correction2 = 1 - beta2 ** step;
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * step * beta2 ** step) / correction2;
    const rate = lr / correction1;
    const rectified = length > 5 ? rectification(length, longest) * Math.sqrt(correction2) : null;
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i];
      m[i] = beta1 * m[i] + (1 - beta1) * d;
      v[i] = beta2 * v[i] + (1 - beta2) * d * d;
      p[i] -= rate * m[i] * (rectified === null ? 1 : rectified / (Math.sqrt(v[i]) + eps));
    }
  }
}

/** rₜ = √((ρₜ - 4)(ρₜ - 2) ρ / ((ρ - 4)(ρ - 2) ρₜ)), ρ the longest length of the average and ρₜ the present one. */
function rectification(length: number, longest: number): number {
  return Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
}
