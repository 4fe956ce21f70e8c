/** Optimizers that update every parameter by itself, element by element, and keep some tensors beside it. */

import { enableGrad } from '../autograd/mode.js';
import { isHalf, isWideFloat, toFloatType } from '../dtype.js';
import type { FloatElement } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import type { Update, UpdateArrays } from '../kernels/updates.js';
import { deferring } from '../ops/deferred/record.js';
import { castCopy, contiguousData, elements, filled, inDType, move } from '../ops/raw.js';
import type { FloatArray } from '../random/distributions.js';
import { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import { uninterrupted } from '../uninterrupted.js';
import type { ParamGroup, ParamState } from './optimizer.js';
import { FreshState } from './state.js';
import { StatefulOptimizer } from './stateful.js';

/** A parameter to be updated in place; it and its gradient lie in order. */
interface Updated<S> {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly state: S;
  /** What is kept beside it, in the order in which the rule has it. */
  readonly kept: readonly Tensor[];
}

/** Parameters that one call of a kernel updates: of one dtype, with the same numbers. */
interface Together<O, S> {
  readonly update: Update;
  readonly element: FloatElement;
  readonly group: ParamGroup<O>;
  readonly updated: Updated<S>[];
}

/** A step of an optimizer as calls of kernels: what is done before each, and what it is called with. */
export interface PlannedStep {
  readonly calls: readonly PlannedCall[];
  /** Whether the same calls are right for the optimizer as it is now. */
  readonly holds: () => boolean;
  /** Whose elements and gradients are read or changed. */
  readonly params: readonly Tensor[];
  readonly kept: readonly Tensor[];
}

export interface PlannedCall {
  /** Goes on to the next step: counts, and the numbers that the kernel reads. */
  readonly prepare: () => void;
  readonly run: () => void;
  readonly params: readonly Tensor[];
}

/**
 * An optimizer is what it keeps of a parameter, {@link stateFrom}, a rule by which its elements are updated, and the numbers
 * of each step.
 */
export abstract class ElementwiseOptimizer<
  O extends { lr: number },
  S extends ParamState,
> extends StatefulOptimizer<O, S> {
  readonly #numbers: Storage[] = [];

  /** How elements are updated, with the options as they are: the same object for the same options. */
  protected abstract rule(group: ParamGroup<O>): Update;

  /** What is kept of a parameter, in the order in which the rule has it. */
  protected abstract kept(state: S, param: Tensor, group: ParamGroup<O>): readonly Tensor[];

  /** The rule's numbers for the next step, written to `f64` from `at` on. */
  protected abstract numbers(state: S, group: ParamGroup<O>, at: number): void;

  /** Counts a step. */
  protected advance?(state: S, group: ParamGroup<O>): void;

  /** Whether the numbers for both are the same: here where as many steps were counted. */
  protected alike(a: S, b: S): boolean {
    return a.step === b.step;
  }

  /**
   * Makes one update of all parameters that have gradients. With a `closure`, which computes the loss and its
   * gradients, that is called first and its result returned.
   */
  step(): void;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const loss = closure && enableGrad(closure);
    uninterrupted.run(() => {
      this.updateGroups();
    });
    return loss;
  }

  private updateGroups(): void {
    for (const group of this.paramGroups) {
      const calls: Together<O, S>[] = [];
      /** What lies in order in place of a parameter that does not, or is of another dtype. */
      const copies = new Map<Tensor, Tensor>();
      for (const param of group.params) {
        const { grad } = param;
        if (grad === null) continue;
        param.changing();
        const simple = isSimple(param);
        const to = simple ? param : this.inOrder(param);
        if (!simple) copies.set(param, to);
        this.collect(calls, group, param, to, grad);
      }
      for (const call of calls) {
        for (const { state, param } of call.updated) if (param.numel() >= deferring.from) announce(state);
        this.prepare(call, this.slots(0));
        this.runCall(call, this.slots(0));
      }
      for (const [param, copy] of copies)
        move(param.dtype, param.shape, castCopy(copy, param.dtype, this.name), param);
      for (const param of group.params) if (param.grad !== null) param.changed();
    }
  }

  /** The update and what is kept between updates are float32 for 16-bit floats; the parameter is rounded once. */
  private inOrder(param: Tensor): Tensor {
    return isHalf(param.dtype) ? castCopy(param, 'float32', this.name) : contiguousData(param, this.name);
  }

  /** Puts a parameter to those that are updated together with it. */
  private collect(
    calls: Together<O, S>[],
    group: ParamGroup<O>,
    param: Tensor,
    to: Tensor,
    grad: Tensor,
  ): void {
    let state = this.state.get(param);
    if (state === undefined)
      this.state.set(param, (state = this.stateFrom(new FreshState(param), group, param)));
    const update = this.rule(group);
    const element = floatElementOf(to);
    const own = state;
    const kept = this.kept(own, param, group);
    let call = calls.find((each) => each.element === element && this.alike(each.updated[0].state, own));
    if (call === undefined) calls.push((call = { update, element, group, updated: [] }));
    const given = contiguousData(isHalf(param.dtype) ? inDType(grad, 'float32', this.name) : grad, this.name);
    call.updated.push({ param: to, grad: given, state: own, kept });
  }

  /** Where the kernel of the so-manyth call of a step reads its numbers. */
  private slots(number: number): Storage {
    return (this.#numbers[number] ??= Storage.allocate(8 * MOST_NUMBERS, 'optimizer'));
  }

  /** The numbers of the next step; then it is counted. */
  private prepare({ group, updated }: Together<O, S>, slots: Storage): void {
    this.numbers(updated[0].state, group, slots.ptr / 8);
    for (const { state } of updated) this.advance?.(state, group);
  }

  private runCall({ update, element, updated }: Together<O, S>, slots: Storage): void {
    const tensors = updated.map(({ param, grad, kept }): UpdateArrays => [
      param.numel(),
      param.ptr,
      grad.ptr,
      ...kept.map(({ ptr }) => ptr),
    ]);
    kernels.update(update, element, tensors, slots.ptr);
  }

  /**
   * The step for the gradients that are there, as calls that can be made again and again. Null where a parameter is of 16
   * bits or has gaps, or a gradient has.
   *
   * @internal
   */
  plan(): PlannedStep | null {
    const all: Together<O, S>[] = [];
    const rules = this.paramGroups.map((group) => this.rule(group));
    for (const group of this.paramGroups) {
      const calls: Together<O, S>[] = [];
      for (const param of group.params) {
        const { grad } = param;
        if (grad === null) continue;
        if (!isSimple(param) || !grad.isContiguous() || grad.dtype !== param.dtype) return null;
        this.collect(calls, group, param, param, grad);
      }
      all.push(...calls);
    }
    const groups = this.paramGroups.map(({ params }) => [...params]);
    const states = all.flatMap(({ updated }) => updated);
    return {
      calls: all.map((call, number) => {
        const slots = this.slots(number);
        const params = call.updated.map(({ param }) => param);
        const changed = call.updated.flatMap(({ kept }) => kept);
        return {
          prepare: () => {
            for (const tensor of changed) tensor.changing();
            for (const param of params) param.changing();
            this.prepare(call, slots);
          },
          run: () => this.runCall(call, slots),
          params,
        };
      }),
      holds: () =>
        this.paramGroups.length === groups.length &&
        this.paramGroups.every(
          (group, i) =>
            this.rule(group) === rules[i] &&
            group.params.length === groups[i].length &&
            group.params.every((param, k) => param === groups[i][k]),
        ) &&
        states.every(({ param, state }) => this.state.get(param) === state),
      params: groups.flat(),
      kept: states.flatMap(({ kept }) => kept),
    };
  }
}

/** No rule has more. */
const MOST_NUMBERS = 16;

/** Whether elements are updated where they are. */
function isSimple(param: Tensor): boolean {
  return !isHalf(param.dtype) && param.isContiguous();
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
