/** Functions that a module calls around `forward` and in the backward pass. */

import { apply, isRecorded, type Primitive } from '../ops/primitive.js';
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

/** Takes a hook off again. */
export interface HookHandle {
  remove(): void;
}

interface HookKinds {
  forwardPre: ForwardPreHook;
  forward: ForwardHook;
  backward: BackwardHook;
}

/** The identity, whose gradient a function sees and may replace on its way back. */
const watched: Primitive<{ readonly onGradient: (grad: Tensor) => Tensor }> = {
  name: 'moduleHook',
  forward: ([input]) => new Tensor(input.storage, input.layout, input.dtype),
  vjp: (grad, { attributes }) => [attributes.onGradient(grad)],
};

/** All hooks of one module. */
export class Hooks {
  readonly #hooks: { [K in keyof HookKinds]: Set<{ call: HookKinds[K] }> } = {
    forwardPre: new Set(),
    forward: new Set(),
    backward: new Set(),
  };

  add<K extends keyof HookKinds>(kind: K, call: HookKinds[K]): HookHandle {
    const entry = { call };
    const hooks: Set<{ call: HookKinds[K] }> = this.#hooks[kind];
    hooks.add(entry);
    return { remove: () => void hooks.delete(entry) };
  }

  /** Runs a module's `forward` with the hooks around it. */
  around(module: Module, given: readonly unknown[]): unknown {
    let inputs = given;
    for (const { call } of this.#hooks.forwardPre) inputs = call(module, inputs) ?? inputs;
    const backward = this.#hooks.backward.size > 0 ? new BackwardCalls(module, this.#hooks.backward) : null;
    if (backward) inputs = backward.watchInputs(inputs);
    let output = module.invoke([...inputs]);
    for (const { call } of this.#hooks.forward) output = call(module, inputs, output) ?? output;
    return backward ? backward.watchOutput(output) : output;
  }
}

/** Gathers the gradients of one call of a module and calls its backward hooks when those by the inputs are there. */
class BackwardCalls {
  #gradOutputs: (Tensor | null)[] = [];
  #gradInputs: (Tensor | null)[] = [];
  readonly #watchedInputs: number[] = [];

  constructor(
    private readonly module: Module,
    private readonly hooks: ReadonlySet<{ call: BackwardHook }>,
  ) {}

  watchInputs(inputs: readonly unknown[]): unknown[] {
    this.#gradInputs = inputs.map(() => null);
    return inputs.map((input, i) => {
      if (!(input instanceof Tensor) || !isRecorded([input])) return input;
      this.#watchedInputs.push(i);
      return apply(watched, [input], { onGradient: (grad) => this.#inputGradient(i, grad) });
    });
  }

  watchOutput(output: unknown): unknown {
    const outputs: unknown[] = Array.isArray(output) ? output : [output];
    this.#gradOutputs = outputs.map(() => null);
    const wrapped = outputs.map((item, i) => {
      if (!(item instanceof Tensor) || !isRecorded([item])) return item;
      return apply(watched, [item], {
        onGradient: (grad) => {
          this.#gradOutputs[i] = grad;
          // Without inputs that need gradients there is nothing to wait for.
          if (this.#watchedInputs.length === 0) this.#call();
          return grad;
        },
      });
    });
    return Array.isArray(output) ? wrapped : wrapped[0];
  }

  #inputGradient(i: number, grad: Tensor): Tensor {
    this.#gradInputs[i] = grad;
    // The last of several inputs to get its gradient is the one whose gradient may still be replaced.
    if (this.#watchedInputs.some((input) => this.#gradInputs[input] === null)) return grad;
    return this.#call()[i] ?? grad;
  }

  #call(): readonly (Tensor | null)[] {
    let gradInputs: readonly (Tensor | null)[] = this.#gradInputs;
    for (const { call } of this.hooks)
      gradInputs = call(this.module, gradInputs, this.#gradOutputs) ?? gradInputs;
    this.#gradInputs = this.#gradInputs.map(() => null);
    return gradInputs;
  }
}
