/** Optimizers whose update is written in tensor operations, one parameter at a time. */

import { enableGrad, noGrad } from '../autograd/mode.js';
import { toFloatType } from '../dtype.js';
import { inDType } from '../ops/raw.js';
import type { Tensor } from '../tensor.js';
import { uninterrupted } from '../uninterrupted.js';
import type { ParamGroup, ParamState } from './optimizer.js';
import { FreshState } from './state.js';
import { StatefulOptimizer } from './stateful.js';

/** What a step makes of a parameter and of what is kept of it. */
export interface Next<S> {
  readonly param: Tensor;
  readonly state: S;
}

/**
 * An optimizer is a function from a parameter, its gradient and what is kept of it to the next parameter and what is kept then;
 * it changes none of them. All are computed before the first is taken over, so that an interrupt leaves no half of a step.
 */
export abstract class ComposedOptimizer<
  O extends { lr: number },
  S extends ParamState,
> extends StatefulOptimizer<O, S> {
  /** The next parameter and state; gradients come as float32 or float64, and what is returned may be so too. */
  protected abstract next(param: Tensor, grad: Tensor, state: S, group: ParamGroup<O>): Next<S>;

  /**
   * Makes one update of all parameters that have gradients. With a `closure`, which computes the loss and its
   * gradients, that is called first and its result returned.
   */
  step(): void;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const loss = closure && enableGrad(closure);
    noGrad(() => {
      const all = this.paramGroups.flatMap((group) =>
        group.params.flatMap((param) => this.#of(param, group)),
      );
      uninterrupted.run(() => {
        for (const [param, next] of all) {
          param.copy_(next.param);
          this.state.set(param, next.state);
        }
      });
    });
    return loss;
  }

  /** Nothing for a parameter without a gradient. */
  #of(param: Tensor, group: ParamGroup<O>): [param: Tensor, next: Next<S>][] {
    if (param.grad === null) return [];
    const state = this.state.get(param) ?? this.stateFrom(new FreshState(param), group, param);
    const grad = inDType(param.grad, toFloatType(param.dtype), this.name);
    return [[param, this.next(inDType(param, grad.dtype, this.name), grad, state, group)]];
  }
}
