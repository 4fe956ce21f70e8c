/** Optimizers that update every parameter by itself, element by element, and keep some tensors beside it. */

import { enableGrad } from '../autograd/mode.js';
import { isHalf, isWideFloat, toFloatType } from '../dtype.js';
import type { FloatElement } from '../kernels/api.js';
import { deferring } from '../ops/deferred/record.js';
import { castCopy, contiguousData, elements, filled, inDType, move } from '../ops/raw.js';
import type { FloatArray } from '../random/distributions.js';
import { Tensor } from '../tensor.js';
import { Optimizer, type OptimizerState, type ParamGroup, type ParamState } from './optimizer.js';
import { FreshState, SavedState, type StateSource } from './state.js';

/** A parameter to be updated in place; it and its gradient lie in order. */
export interface Updated<S> {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly state: S;
}

/** An optimizer is what it keeps of a parameter, {@link stateFrom}, and one update of it. */
export abstract class ElementwiseOptimizer<
  O extends { lr: number },
  S extends ParamState,
> extends Optimizer<O> {
  /** What is kept of each parameter; filled by its first step. */
  readonly state = new Map<Tensor, S>();

  /** What is kept of a parameter: every value is asked from `source` by its name. */
  protected abstract stateFrom(source: StateSource, group: ParamGroup<O>): S;

  /** Updates one parameter in place; param and grad are contiguous. */
  protected abstract update(param: Tensor, grad: Tensor, state: S, group: ParamGroup<O>): void;

  /**
   * Makes one update of all parameters that have gradients. With a `closure`, which computes the loss and its
   * gradients, that is called first and its result returned.
   */
  step(): void;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const loss = closure && enableGrad(closure);
    for (const group of this.paramGroups) {
      const together: Updated<S>[] = [];
      for (const param of group.params) {
        const { grad } = param;
        if (grad === null) continue;
        let state = this.state.get(param);
        if (state === undefined)
          this.state.set(param, (state = this.stateFrom(new FreshState(param), group)));
        param.changing();
        if (param.numel() >= deferring.from) announce(state);
        if (!isHalf(param.dtype) && param.isContiguous()) {
          together.push({ param, grad: contiguousData(grad, this.name), state });
          continue;
        }
        this.updateWhole(param, grad, state, group);
        param.changed();
      }
      this.updateAll(together, group);
      for (const { param } of together) param.changed();
    }
    return loss;
  }

  /** Updates parameters whose elements lie in order; a class may do so in one call of a kernel. */
  protected updateAll(together: readonly Updated<S>[], group: ParamGroup<O>): void {
    for (const { param, grad, state } of together) this.update(param, grad, state, group);
  }

  private updateWhole(param: Tensor, grad: Tensor, state: S, group: ParamGroup<O>): void {
    if (isHalf(param.dtype)) {
      // The update and what is kept between updates are float32; the parameter is rounded once.
      const wide = castCopy(param, 'float32', this.name);
      this.update(wide, contiguousData(inDType(grad, 'float32', this.name), this.name), state, group);
      move(param.dtype, param.shape, castCopy(wide, param.dtype, this.name), param);
      return;
    }
    const given = contiguousData(grad, this.name);
    if (param.isContiguous()) {
      this.update(param, given, state, group);
      return;
    }
    const copy = contiguousData(param, this.name);
    this.update(copy, given, state, group);
    move(param.dtype, param.shape, copy, param);
  }

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
      if (values) state.set(param, this.stateFrom(new SavedState(this.name, number, param, values), group));
    });
    this.state.clear();
    for (const [param, values] of state) this.state.set(param, values);
    this.loadGroups(saved);
  }
}

/** The elements of a contiguous float tensor. */
export function floats(tensor: Tensor): FloatArray {
  const array = elements(tensor);
  if (array instanceof Float32Array || array instanceof Float64Array) return array;
  throw new TypeError(`optimizer: parameters must be float, got ${tensor.dtype}`);
}

/** A parameter's element type, as kernels name it. */
export function floatElementOf(tensor: Tensor): FloatElement {
  const { dtype } = tensor;
  if (isWideFloat(dtype)) return dtype;
  throw new TypeError(`optimizer: parameters must be float, got ${dtype}`);
}

/** Zeros for a state that is kept beside a parameter: float32 beside 16-bit floats. */
export function zerosFor(param: Tensor): Tensor {
  return filled(param.shape, 0, toFloatType(param.dtype), 'optimizer state');
}

/** What is kept of a parameter is about to be changed. */
function announce(state: object): void {
  for (const kept of Object.values(state)) if (kept instanceof Tensor) kept.changing();
}
