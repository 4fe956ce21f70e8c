/**
 * What operations need of levels, where that is itself made of operations: filled in by `levels/index.ts`, which is
 * loaded by whatever opens a level.
 */
import type { Tensor } from '../../tensor.js';

interface Late {
  /** Calls an op whose arguments are wrapped: as it is composed, else sample by sample. */
  guard: (name: string, call: (...args: unknown[]) => unknown, args: readonly unknown[]) => unknown;
  /** A product with the Jacobian, made of two vector-Jacobian products. */
  jvpByVjp: (
    vjp: (grad: Tensor) => readonly (Tensor | null)[],
    tangents: readonly (Tensor | null)[],
    output: Tensor,
  ) => Tensor | null;
  /** Throws for a tensor that stands for a batch of them. */
  refuseReading: (what: string, x: Tensor) => void;
  /** `fn` for each sample of tensors whose first dimension is a batch. */
  mapSamples: (fn: (...samples: Tensor[]) => Tensor, values: readonly Tensor[]) => Tensor;
}

const notLoaded = (): never => {
  throw new Error('the levels of function transforms are not loaded');
};

export const late: Late = {
  guard: notLoaded,
  jvpByVjp: notLoaded,
  refuseReading: notLoaded,
  mapSamples: notLoaded,
};
