/** Adam and AdamW. */

import { flush, gradientOf, type Update, update } from '../kernels/updates.js';
import { f64 } from '../memory.js';
import type { Tensor } from '../tensor.js';
import { atLeast, checkBetas, withDefaults } from './options.js';
import { ElementwiseOptimizer, zerosFor } from './elementwise.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Learning rate (0.001). */
  lr?: number;
  /** How much of the averages of the gradient and of its square is kept ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** Added to the root of the mean square (1e-8). */
  eps?: number;
  /** Adam: factor of the parameter added to its gradient (0). AdamW: part of the parameter that decays (0.01). */
  weightDecay?: number;
  /** Use the largest mean square so far (off); Reddi et al., 2018. */
  amsgrad?: boolean;
  /** Climb instead of descend (off). */
  maximize?: boolean;
}

type Options = Required<AdamOptions>;

interface AdamState extends ParamState {
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
  /** null without amsgrad. */
  maxExpAvgSq: Tensor | null;
}

/** What Adam and AdamW share: all but where the weight decay goes. */
abstract class AdamBase extends ElementwiseOptimizer<Options, AdamState> {
  protected abstract readonly decoupled: boolean;

  protected check(options: Options): void {
    atLeast(this.name, 'lr', options.lr, 0);
    atLeast(this.name, 'eps', options.eps, 0);
    atLeast(this.name, 'weightDecay', options.weightDecay, 0);
    checkBetas(this.name, options.betas);
  }

  protected stateFrom(source: StateSource): AdamState {
    return {
      step: source.number('step', 0),
      expAvg: source.tensor('expAvg'),
      expAvgSq: source.tensor('expAvgSq'),
      maxExpAvgSq: source.optional('maxExpAvgSq'),
    };
  }

  protected rule({ weightDecay, amsgrad, maximize }: ParamGroup<Options>): Update {
    const decay = weightDecay === 0 ? 0 : this.decoupled ? 2 : 1;
    return rules[decay + (amsgrad ? 3 : 0) + (maximize ? 6 : 0)];
  }

  protected kept(state: AdamState, param: Tensor, { amsgrad }: ParamGroup<Options>): readonly Tensor[] {
    const { expAvg, expAvgSq } = state;
    return amsgrad ? [expAvg, expAvgSq, (state.maxExpAvgSq ??= zerosFor(param))] : [expAvg, expAvgSq];
  }

  protected numbers(state: AdamState, group: ParamGroup<Options>, at: number): void {
    const { lr, betas, eps, weightDecay } = group;
    const step = state.step + 1;
    f64[at] = betas[0];
    f64[at + 1] = 1 - betas[0];
    f64[at + 2] = betas[1];
    f64[at + 3] = 1 - betas[1];
    f64[at + 4] = lr / (1 - betas[0] ** step);
    // The root of v is multiplied by it: division is what takes the time here.
    f64[at + 5] = 1 / Math.sqrt(1 - betas[1] ** step);
    f64[at + 6] = eps;
    f64[at + 7] = this.decoupled ? 1 - lr * weightDecay : weightDecay;
  }

  protected override advance(state: AdamState): void {
    state.step++;
  }
}

/** By weight decay (none, of the gradient, decoupled), largest mean square, and direction. */
const rules = Array.from({ length: 12 }, (_, variant) => {
  const decays = (['none', 'gradient', 'decoupled'] as const)[variant % 3];
  const amsgrad = variant % 6 >= 3;
  const maximize = variant >= 6;
  return update('Adam', amsgrad ? 3 : 2, 8, (m, [p, g, mean, square, most], numbers, smallest) => {
    const [beta1, rest1, beta2, rest2, stepSize, correction, eps, decay] = numbers;
    const gradient = gradientOf(m, p, g, { decay: decays === 'gradient' ? decay : null, maximize });
    const parameter = decays === 'decoupled' ? m.mul(p, decay) : p;
    const first = flush(m, m.add(m.mul(beta1, mean), m.mul(rest1, gradient)), smallest);
    const second = m.keep(m.add(m.mul(beta2, square), m.mul(m.mul(rest2, gradient), gradient)));
    const v = m.keep(m.select(m.lt(second, smallest), m.number(0), second));
    const scale = amsgrad ? m.keep(m.max(v, most)) : v;
    const root = m.add(m.mul(m.unary('sqrt', scale), correction), eps);
    const result = m.sub(parameter, m.div(m.mul(stepSize, first), root));
    return amsgrad ? [result, first, v, scale] : [result, first, v];
  });
});

const DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false, maximize: false } as const;

/**
 * Adam (Kingma and Ba, 2014): g ← g + weightDecay p; m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²;
 * p ← p - lr m̂ / (√v̂ + eps), with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).
 */
export class Adam extends AdamBase {
  protected readonly decoupled = false;

  constructor(
    params: ParamsInput<Options>,
    options: AdamOptions | number = {},
    more?: Omit<AdamOptions, 'lr'>,
  ) {
    super(params, withDefaults('Adam', { ...DEFAULTS, weightDecay: 0 }, options, more));
  }
}

/** Adam whose weight decay leaves the averages alone (Loshchilov and Hutter, 2017): p ← p (1 - lr weightDecay) first. */
export class AdamW extends AdamBase {
  protected readonly decoupled = true;

  constructor(
    params: ParamsInput<Options>,
    options: AdamOptions | number = {},
    more?: Omit<AdamOptions, 'lr'>,
  ) {
    super(params, withDefaults('AdamW', { ...DEFAULTS, weightDecay: 0.01 }, options, more));
  }
}
