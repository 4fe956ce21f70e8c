/** Stochastic gradient descent. */

import { type FloatElement, kernels } from '../kernels/index.js';
import type { SgdArrays } from '../kernels/layers.js';
import { allocate, type Tensor } from '../tensor.js';
import { atLeast, withDefaults } from './options.js';
import { ElementwiseOptimizer, floatElementOf, type Updated } from './elementwise.js';
import type { ParamGroup, ParamsInput, ParamState } from './optimizer.js';
import type { StateSource } from './state.js';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number;
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
  constructor(params: ParamsInput<Options>, options: SGDOptions) {
    const defaults = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    super(params, withDefaults('SGD', defaults, options));
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

  protected update(param: Tensor, grad: Tensor, state: SGDState, group: ParamGroup<Options>): void {
    this.updateAll([{ param, grad, state }], group);
  }

  /** Those of one dtype are updated by one call, their first step with momentum by another. */
  protected override updateAll(together: readonly Updated<SGDState>[], group: ParamGroup<Options>): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    const calls: { element: FloatElement; first: boolean; tensors: SgdArrays[] }[] = [];
    for (const { param, grad, state } of together) {
      const element = floatElementOf(param);
      const first = momentum !== 0 && state.momentumBuffer === null;
      if (first) state.momentumBuffer = allocate(param.layout.compact(), param.dtype, 'SGD');
      let call = calls.find((own) => own.first === first && own.element === element);
      if (call === undefined) calls.push((call = { element, first, tensors: [] }));
      const buffer = momentum === 0 ? 0 : (state.momentumBuffer?.ptr ?? 0);
      call.tensors.push([param.numel(), param.ptr, grad.ptr, buffer]);
    }
    for (const { element, first, tensors } of calls)
      kernels.sgdSteps(element, tensors, { lr, momentum, dampening, weightDecay, nesterov, maximize, first });
  }
}
