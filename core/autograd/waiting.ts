/** Who wants to know what the next `backward()` begins with. */
import type { Tensor } from '../tensor.js';

export interface BackwardListener {
  /** What a `backward()` began with, after it: its graph is still there, what it saved is not. */
  told(outputs: Tensor | readonly Tensor[]): void;
}

/**
 * Listeners are in here from a training pass to the next `backward()` only, so that nobody is held, or told of others'
 * passes, for long. Read by every `backward()`: usually there is none, or one, which takes no list.
 */
export const waiting: { first: BackwardListener | null; others: BackwardListener[] } = {
  first: null,
  others: [],
};

export function waitForBackward(listener: BackwardListener): void {
  if (waiting.first === null) waiting.first = listener;
  else waiting.others.push(listener);
}

/** Tells all, who may begin to wait again. */
export function tellWaiting(outputs: Tensor | readonly Tensor[]): void {
  const { first, others } = waiting;
  waiting.first = null;
  if (others.length > 0) waiting.others = [];
  first?.told(outputs);
  for (const one of others) one.told(outputs);
}
