/** Relatives of Adam: Adamax, NAdam, RAdam. */

import { flush, type Update, update } from '../kernels/updates.js';
import { f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { atLeast, checkBetas, withDefaults } from './options.js';
import { ElementwiseOptimizer } from './elementwise.js';
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
  constructor(
    params: ParamsInput<Required<AdamVariantOptions>>,
    options: AdamVariantOptions | number = {},
    more?: Omit<AdamVariantOptions, 'lr'>,
  ) {
    super(params, withDefaults('Adamax', { lr: 2e-3, ...DEFAULTS }, options, more));
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

  protected rule(): Update {
    return adamax;
  }

  protected kept({ expAvg, expInf }: AdamaxState): readonly Tensor[] {
    return [expAvg, expInf];
  }

  protected numbers(
    { step }: AdamaxState,
    { lr, betas, eps, weightDecay }: ParamGroup<Required<AdamVariantOptions>>,
    at: number,
  ): void {
    f64[at] = betas[0];
    f64[at + 1] = 1 - betas[0];
    f64[at + 2] = betas[1];
    f64[at + 3] = eps;
    f64[at + 4] = weightDecay;
    f64[at + 5] = lr / (1 - betas[0] ** (step + 1));
  }

  protected override advance(state: AdamaxState): void {
    state.step++;
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
  constructor(
    params: ParamsInput<Required<NAdamOptions>>,
    options: NAdamOptions | number = {},
    more?: Omit<NAdamOptions, 'lr'>,
  ) {
    super(params, withDefaults('NAdam', { lr: 2e-3, ...DEFAULTS, momentumDecay: 4e-3 }, options, more));
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

  protected rule(): Update {
    return nadam;
  }

  protected kept({ expAvg, expAvgSq }: NAdamState): readonly Tensor[] {
    return [expAvg, expAvgSq];
  }

  protected override alike(a: NAdamState, b: NAdamState): boolean {
    return super.alike(a, b) && a.muProduct === b.muProduct;
  }

  protected numbers(state: NAdamState, group: ParamGroup<Required<NAdamOptions>>, at: number): void {
    const { lr, betas, eps, weightDecay } = group;
    const step = state.step + 1;
    const mu = momentumAt(step, group);
    const muNext = momentumAt(step + 1, group);
    const product = state.muProduct * mu;
    f64[at] = betas[0];
    f64[at + 1] = 1 - betas[0];
    f64[at + 2] = betas[1];
    f64[at + 3] = 1 - betas[1];
    f64[at + 4] = eps;
    f64[at + 5] = weightDecay;
    f64[at + 6] = (lr * (1 - mu)) / (1 - product);
    // The product has μₜ twice: so it is in PyTorch 1.13 (2.0 has it once), whose numbers these are.
    f64[at + 7] = (lr * muNext) / (1 - product * mu * muNext);
    f64[at + 8] = 1 / Math.sqrt(1 - betas[1] ** step);
  }

  protected override advance(state: NAdamState, group: ParamGroup<Required<NAdamOptions>>): void {
    state.step++;
    state.muProduct *= momentumAt(state.step, group);
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
  constructor(
    params: ParamsInput<Required<AdamVariantOptions>>,
    options: AdamVariantOptions | number = {},
    more?: Omit<AdamVariantOptions, 'lr'>,
  ) {
    super(params, withDefaults('RAdam', { lr: 1e-3, ...DEFAULTS }, options, more));
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

  protected rule(): Update {
    return radam;
  }

  protected kept({ expAvg, expAvgSq }: RAdamState): readonly Tensor[] {
    return [expAvg, expAvgSq];
  }

  protected numbers(
    state: RAdamState,
    { lr, betas, eps, weightDecay }: ParamGroup<Required<AdamVariantOptions>>,
    at: number,
  ): void {
    const [beta1, beta2] = betas;
    const step = state.step + 1;
    const correction2 = 1 - beta2 ** step;
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * step * beta2 ** step) / correction2;
    f64[at] = beta1;
    f64[at + 1] = 1 - beta1;
    f64[at + 2] = beta2;
    f64[at + 3] = 1 - beta2;
    f64[at + 4] = eps;
    f64[at + 5] = weightDecay;
    f64[at + 6] = lr / (1 - beta1 ** step);
    // 0: the variance cannot be estimated yet.
    f64[at + 7] = length > 5 ? rectification(length, longest) * Math.sqrt(correction2) : 0;
  }

  protected override advance(state: RAdamState): void {
    state.step++;
  }
}

/** rₜ = √((ρₜ - 4)(ρₜ - 2) ρ / ((ρ - 4)(ρ - 2) ρₜ)), ρ the longest length of the average and ρₜ the present one. */
function rectification(length: number, longest: number): number {
  return Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
}

/** NAdam's μₜ. */
function momentumAt(step: number, { betas, momentumDecay }: Required<NAdamOptions>): number {
  return betas[0] * (1 - 0.5 * 0.96 ** (step * momentumDecay));
}

const adamax = update('Adamax', 2, 6, (m, [p, g, mean, size], numbers, smallest) => {
  const [beta1, rest1, beta2, eps, weightDecay, rate] = numbers;
  const d = m.keep(m.add(g, m.mul(weightDecay, p)));
  const first = flush(m, m.add(m.mul(beta1, mean), m.mul(rest1, d)), smallest);
  const u = flush(m, m.max(m.mul(beta2, size), m.add(m.unary('abs', d), eps)), smallest);
  return [m.sub(p, m.div(m.mul(rate, first), u)), first, u];
});

const nadam = update('NAdam', 2, 9, (m, [p, g, mean, square], numbers, smallest) => {
  const [beta1, rest1, beta2, rest2, eps, weightDecay, gradRate, averageRate, correction] = numbers;
  const d = m.keep(m.add(g, m.mul(weightDecay, p)));
  const first = flush(m, m.add(m.mul(beta1, mean), m.mul(rest1, d)), smallest);
  const v = flush(m, m.add(m.mul(beta2, square), m.mul(m.mul(rest2, d), d)), smallest);
  const step = m.add(m.mul(gradRate, d), m.mul(averageRate, first));
  return [m.sub(p, m.div(step, m.add(m.mul(m.unary('sqrt', v), correction), eps))), first, v];
});

const radam = update('RAdam', 2, 8, (m, [p, g, mean, square], numbers, smallest) => {
  const [beta1, rest1, beta2, rest2, eps, weightDecay, rate, rectified] = numbers;
  const d = m.keep(m.add(g, m.mul(weightDecay, p)));
  const first = flush(m, m.add(m.mul(beta1, mean), m.mul(rest1, d)), smallest);
  const v = flush(m, m.add(m.mul(beta2, square), m.mul(m.mul(rest2, d), d)), smallest);
  const scale = m.div(rectified, m.add(m.unary('sqrt', v), eps));
  const factor = m.select(m.gt(rectified, m.number(0)), scale, m.number(1));
  return [m.sub(p, m.mul(m.mul(rate, first), factor)), first, v];
});
