/** Functions that a module calls around `forward` and in the backward pass. */

import { DifferentiableFunction, type FunctionContext } from '../autograd/function.js';
import { isGradEnabled } from '../autograd/mode.js';
import { tracing } from '../autograd/tracing.js';
import { Tensor } from '../tensor.js';
import type { Module } from './module.js';

/** See {@link Module.registerForwardPreHook}. */
export type ForwardPreHook = (module: Module, inputs: readonly unknown[]) => readonly unknown[] | undefined;
/** See {@link Module.registerForwardHook}. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;
/** See {@link Module.registerFullBackwardHook}. */
export type BackwardHook = (
  module: Module,
  gradInputs: readonly (Tensor | null)[],
  gradOutputs: readonly (Tensor | null)[],
) => readonly (Tensor | null)[] | undefined;

/**
 * Somebody who looks at some of a module's calls and changes none: unlike a hook, it does not keep a step from being compiled.
 */
export interface CallObserver {
  /** A call begins; `traced` where a step is written down that will be repeated without it. */
  begins?(traced: boolean): void;
  /** What a call that is not traced has given. */
  ran?(inputs: readonly unknown[], output: unknown): void;
  /** A compiled step that calls the module begins: whether it has to run as written this time, to be looked at. */
  wants?(): boolean;
  /** `fit` has measured the loss on data that the model does not learn from. */
  validated?(loss: number): void;
}

/** Grows when an observer comes or goes. */
export const observing = { version: 0 };

/** Takes a hook off again. */
export interface HookHandle {
  remove(): void;
}

/** The same tensors, whose gradients a function sees together on their way back, and may replace. */
function watch(
  tensors: readonly Tensor[],
  onGradients: (grads: readonly Tensor[]) => readonly (Tensor | null)[],
): readonly Tensor[] {
  class ModuleHook extends DifferentiableFunction {
    static forward(_context: FunctionContext, ...inputs: Tensor[]): Tensor[] {
      return inputs.map((input) => input.detach());
    }

    static backward(_context: FunctionContext, ...grads: Tensor[]): readonly (Tensor | null)[] {
      return onGradients(grads);
    }
  }
  return ModuleHook.apply(...tensors);
}

/** All hooks of one module. */
export class Hooks {
  // Lists are replaced and never changed, so that a hook may take itself or another off while they run.
  #forwardPre: readonly { call: ForwardPreHook }[] = [];
  #forward: readonly { call: ForwardHook }[] = [];
  #backward: readonly { call: BackwardHook }[] = [];
  #observers: readonly CallObserver[] = [];

  // Fields, as every call of a module reads one.
  #any = false;
  #interfere = false;

  /** Whether any function is to be called. */
  get any(): boolean {
    return this.#any;
  }

  /** Whether any of them may change what is computed. */
  get interfere(): boolean {
    return this.#interfere;
  }

  get observers(): readonly CallObserver[] {
    return this.#observers;
  }

  addObserver(observer: CallObserver): HookHandle {
    const change = (observers: readonly CallObserver[]): void => {
      this.#observers = observers;
      observing.version += 1;
      this.#count();
    };
    change([...this.#observers, observer]);
    return {
      remove: () => {
        change(this.#observers.filter((one) => one !== observer));
      },
    };
  }

  addForwardPre(call: ForwardPreHook): HookHandle {
    const entry = { call };
    this.#forwardPre = [...this.#forwardPre, entry];
    return this.#added(() => (this.#forwardPre = this.#forwardPre.filter((one) => one !== entry)));
  }

  addForward(call: ForwardHook): HookHandle {
    const entry = { call };
    this.#forward = [...this.#forward, entry];
    return this.#added(() => (this.#forward = this.#forward.filter((one) => one !== entry)));
  }

  addBackward(call: BackwardHook): HookHandle {
    const entry = { call };
    this.#backward = [...this.#backward, entry];
    return this.#added(() => (this.#backward = this.#backward.filter((one) => one !== entry)));
  }

  #added(remove: () => unknown): HookHandle {
    this.#count();
    return {
      remove: () => {
        remove();
        this.#count();
      },
    };
  }

  #count(): void {
    this.#interfere = this.#forwardPre.length + this.#forward.length + this.#backward.length > 0;
    this.#any = this.#interfere || this.#observers.length > 0;
  }

  /** Runs a module's `forward` with the hooks around it. */
  around(module: Module, given: unknown[]): unknown {
    let inputs: readonly unknown[] = given;
    const traced = tracing.current !== null;
    for (const observer of this.#observers) observer.begins?.(traced);
    for (const { call } of this.#forwardPre) inputs = call(module, inputs) ?? inputs;
    const backward = this.#backward.length > 0 ? new BackwardCalls(module, this.#backward) : null;
    if (backward) inputs = backward.watchInputs(inputs);
    let output = module.invoke(inputs === given ? given : [...inputs]);
    for (const { call } of this.#forward) output = call(module, inputs, output) ?? output;
    if (!traced) for (const observer of this.#observers) observer.ran?.(inputs, output);
    return backward ? backward.watchOutput(output) : output;
  }
}

/** Gathers the gradients of one call of a module and calls its backward hooks when those by the inputs are there. */
class BackwardCalls {
  #gradOutputs: readonly (Tensor | null)[] = [];
  #gradInputs: readonly null[] = [];
  #waitsForInputs = false;

  constructor(
    private readonly module: Module,
    private readonly hooks: readonly { call: BackwardHook }[],
  ) {}

  watchInputs(inputs: readonly unknown[]): readonly unknown[] {
    this.#gradInputs = inputs.map(() => null);
    const watched = watchSome(inputs, (gradInputs) => this.#call(gradInputs));
    this.#waitsForInputs = watched !== inputs;
    return watched;
  }

  watchOutput(output: unknown): unknown {
    const outputs: readonly unknown[] = Array.isArray(output) ? output : [output];
    const watched = watchSome(outputs, (gradOutputs) => {
      this.#gradOutputs = gradOutputs;
      if (!this.#waitsForInputs) this.#call(this.#gradInputs);
      return gradOutputs;
    });
    return Array.isArray(output) ? watched : watched[0];
  }

  #call(given: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    let gradInputs = given;
    for (const { call } of this.hooks)
      gradInputs = call(this.module, gradInputs, this.#gradOutputs) ?? gradInputs;
    return gradInputs;
  }
}

/** Watches those of the values that are tensors with gradients; the gradients stand in the places of the values. */
function watchSome(
  values: readonly unknown[],
  onGradients: (grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[],
): readonly unknown[] {
  const places: number[] = [];
  const tensors: Tensor[] = [];
  values.forEach((value, i) => {
    if (!(value instanceof Tensor) || !isGradEnabled() || !value.requiresGrad) return;
    places.push(i);
    tensors.push(value);
  });
  if (tensors.length === 0) return values;
  const watched = watch(tensors, (grads) => {
    const placed = values.map((_, i): Tensor | null => {
      const at = places.indexOf(i);
      return at < 0 ? null : grads[at];
    });
    const result = onGradients(placed);
    return places.map((place) => result[place]);
  });
  return values.map((value, i) => {
    const at = places.indexOf(i);
    return at < 0 ? value : watched[at];
  });
}
