/** Optimizers that keep something of each parameter by itself, and save it. */

import type { Tensor } from '../tensor.js';
import { Optimizer, type OptimizerState, type ParamGroup, type ParamState } from './optimizer.js';
import { SavedState, type StateSource } from './state.js';

/** An optimizer says what it keeps of a parameter, {@link stateFrom}; saving and loading follow. */
export abstract class StatefulOptimizer<O extends { lr: number }, S extends ParamState> extends Optimizer<O> {
  /** What is kept of each parameter; filled by its first step. */
  readonly state = new Map<Tensor, S>();

  /** What is kept of a parameter: every value is asked from `source` by its name. */
  protected abstract stateFrom(source: StateSource, group: ParamGroup<O>, param: Tensor): S;

  /** Options and state, for {@link loadStateDict}; tensors are the optimizer's own, not copies. */
  stateDict(): OptimizerState {
    const state: Record<number, ParamState> = {};
    this.numbered().forEach(([param], number) => {
      const values = this.state.get(param);
      if (values) state[number] = { ...values };
    });
    return { state, paramGroups: this.groupsState() };
  }

  /**
   * Takes over options and state of an optimizer of the same kind for the same parameters in the same order.
   * @throws Error where groups, parameters or their shapes do not match; nothing has been taken over then.
   */
  loadStateDict(saved: OptimizerState): void {
    this.checkGroups(saved);
    const state = new Map<Tensor, S>();
    this.numbered().forEach(([param, group], number) => {
      const values = Object.hasOwn(saved.state, number) ? saved.state[number] : undefined;
      if (values)
        state.set(param, this.stateFrom(new SavedState(this.name, number, param, values), group, param));
    });
    this.state.clear();
    for (const [param, values] of state) this.state.set(param, values);
    this.loadGroups(saved);
  }
}
