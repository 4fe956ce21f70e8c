/** Losses as users write them: of numbers or of tensors, giving numbers or tensors. */
import { flatNumbers, isTensorLike } from '../../../core/diagnostics/index.js';
import { noGrad, tensor, Tensor } from '../../../core/index.js';

/** A loss: a number, or a tensor of one element. */
export type LossValue = number | Tensor;

/** @throws TypeError or RangeError for what is no single number */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (isTensorLike(value)) {
    const numbers = flatNumbers(value);
    if (numbers.length === 1) return numbers[0];
    throw new RangeError(`a loss has one element, this one has ${numbers.length}`);
  }
  throw new TypeError(`expected a number or a tensor of one element, got ${typeof value}`);
}

/** Calls it with numbers, or with tensors where it does not take numbers. */
export function calledWith(f: (...at: unknown[]) => unknown, count: number): (...at: number[]) => number {
  const withTensors = (...at: number[]): number =>
    noGrad(() => numberOf(f(...at.map((value) => tensor(value)))));
  try {
    f(...new Array<number>(count).fill(0.5));
    return (...at) => noGrad(() => numberOf(f(...at)));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return withTensors;
  }
}

export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}
