/** Adam and AdamW. */

import { type FloatElement, kernels } from '../kernels/index.js';
import type { AdamArrays } from '../kernels/layers.js';
import type { Tensor } from '../tensor.js';
import { atLeast, checkBetas, withDefaults } from './options.js';
import { ElementwiseOptimizer, floatElementOf, type Updated, zerosFor } from './elementwise.js';
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

  protected update(param: Tensor, grad: Tensor, state: AdamState, group: ParamGroup<Options>): void {
    this.updateAll([{ param, grad, state }], group);
  }

  /** Those of one dtype that have made as many steps are updated by one call. */
  protected override updateAll(together: readonly Updated<AdamState>[], group: ParamGroup<Options>): void {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    const { decoupled } = this;
    const calls: { element: FloatElement; step: number; tensors: AdamArrays[] }[] = [];
    for (const { param, grad, state } of together) {
      const element = floatElementOf(param);
      const step = state.step + 1;
      if (amsgrad) state.maxExpAvgSq ??= zerosFor(param);
      let call = calls.find((own) => own.step === step && own.element === element);
      if (call === undefined) calls.push((call = { element, step, tensors: [] }));
      const { expAvg, expAvgSq, maxExpAvgSq } = state;
      const most = amsgrad ? (maxExpAvgSq?.ptr ?? 0) : 0;
      call.tensors.push([param.numel(), param.ptr, grad.ptr, expAvg.ptr, expAvgSq.ptr, most]);
    }
    const [beta1, beta2] = betas;
    for (const { element, step, tensors } of calls)
      kernels.adamSteps(element, tensors, {
        lr,
        beta1,
        beta2,
        eps,
        weightDecay,
        decoupled,
        amsgrad,
        maximize,
        step,
      });
    for (const { state } of together) state.step++;
  }
}

const DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false, maximize: false } as const;

/**
 * Adam (Kingma and Ba, 2014): g ← g + weightDecay p; m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²;
 * p ← p - lr m̂ / (√v̂ + eps), with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).
 */
export class Adam extends AdamBase {
  protected readonly decoupled = false;

  constructor(params: ParamsInput<Options>, options: AdamOptions = {}) {
    super(params, withDefaults('Adam', { ...DEFAULTS, weightDecay: 0 }, options));
  }
}

/** Adam whose weight decay leaves the averages alone (Loshchilov and Hutter, 2017): p ← p (1 - lr weightDecay) first. */
export class AdamW extends AdamBase {
  protected readonly decoupled = true;

  constructor(params: ParamsInput<Options>, options: AdamOptions = {}) {
    super(params, withDefaults('AdamW', { ...DEFAULTS, weightDecay: 0.01 }, options));
  }
}
