/** Who wants to know what the next `backward()` begins with. */
import type { Tensor } from '../tensor.js';

export interface BackwardListener {
  /** What a `backward()` began with, after it: its graph is still there, what it saved is not. */
  told(outputs: Tensor | readonly Tensor[]): void;
}

/**
 * Listeners are in here from a training pass to the next `backward()` only, so that nobody is held, or told of others'
 * passes, for long. Read by every `backward()`, so it is a plain array.
 */
export const waiting: BackwardListener[] = [];

/** Tells all, who may begin to wait again. */
export function tellWaiting(outputs: Tensor | readonly Tensor[]): void {
  for (let count = waiting.length; count > 0; count--) waiting.shift()?.told(outputs);
}
