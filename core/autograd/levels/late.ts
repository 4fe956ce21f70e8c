/**
 * What operations need of levels, where that is itself made of operations: filled in by `levels/index.ts`, which is
 * loaded by whatever opens a level.
 */
import type { Tensor } from '../../tensor.js';
import type { RunOptions } from '../engine.js';
import type { Node } from '../node.js';

interface Late {
  /** Calls an op whose arguments are wrapped: as it is composed, else sample by sample. */
  guard: (name: string, call: (...args: unknown[]) => unknown, args: readonly unknown[]) => unknown;
  /** A product with the Jacobian, made of two vector-Jacobian products. */
  jvpByVjp: (
    vjp: (...grads: Tensor[]) => readonly (Tensor | null)[],
    tangents: readonly (Tensor | null)[],
    outputs: readonly Tensor[],
  ) => (Tensor | null)[];
  /** Throws for a tensor that stands for a batch of them. */
  refuseReading: (what: string, x: Tensor) => void;
  /** Fills a new tensor with random numbers, as the surrounding `vmap` says. */
  draw: (fresh: Tensor, fill: (tensor: Tensor) => Tensor) => Tensor;
  /** The same of a tensor in place. */
  redraw: (tensor: Tensor, fill: (tensor: Tensor) => Tensor) => Tensor;
  /** `fn` for each sample of tensors whose first dimension is a batch. */
  mapSamples: (fn: (...samples: Tensor[]) => Tensor, values: readonly Tensor[]) => Tensor;
  /** A pass backward within a derivative; filled in by the engine. */
  backward: (roots: readonly Node[], gradients: readonly Tensor[], options: RunOptions) => (Tensor | null)[];
}

const notLoaded = (): never => {
  throw new Error('the levels of function transforms are not loaded');
};

export const late: Late = {
  guard: notLoaded,
  jvpByVjp: notLoaded,
  refuseReading: notLoaded,
  draw: notLoaded,
  redraw: notLoaded,
  mapSamples: notLoaded,
  backward: notLoaded,
};
