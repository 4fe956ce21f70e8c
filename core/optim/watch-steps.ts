/** Lets somebody look at the steps of all optimizers for a while, without a cost before and after. */
import { knownOptimizers, Optimizer } from './optimizer.js';

/** Makes the step, by `run`, and returns what that returns. */
export type AroundStep = (optimizer: Optimizer, run: () => unknown, args: readonly unknown[]) => unknown;

/**
 * Puts `around` about the `step` of every class of optimizers that a prototype in use inherits from, and hands what takes it off
 * again to `undo`. Returns a function that does so for the prototype of a further class.
 *
 * @internal
 */
export function watchOptimizerSteps(
  around: AroundStep,
  undo: (restore: () => void) => void,
): (prototype: object) => void {
  const watched = new Set<object>();
  const watchClass = (prototype: object): void => {
    for (
      let at: object | null = prototype;
      at !== null && at !== Optimizer.prototype;
      at = Reflect.getPrototypeOf(at)
    ) {
      if (watched.has(at)) continue;
      watched.add(at);
      watchStep(at, around, undo);
    }
  };
  for (const prototype of knownOptimizers) watchClass(prototype);
  return watchClass;
}

function watchStep(prototype: object, around: AroundStep, undo: (restore: () => void) => void): void {
  const own = Object.getOwnPropertyDescriptor(prototype, 'step');
  const step: unknown = own?.value;
  if (own === undefined || typeof step !== 'function') return;
  const watched = function watched(this: Optimizer, ...args: unknown[]): unknown {
    return around(this, () => Reflect.apply(step, this, args), args);
  };
  Object.defineProperty(prototype, 'step', { ...own, value: watched });
  undo(() => {
    Object.defineProperty(prototype, 'step', own);
  });
}
