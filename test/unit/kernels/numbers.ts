/** The elements of a tensor as plain numbers. */
import type { Tensor } from '../../../core/index.js';

export function numbers(x: Tensor): number[] {
  return Array.from(x.contiguous().toTypedArray(), Number);
}
