/** Functions on parameters and their gradients, PyTorch's `torch.nn.utils`. */

import { hostCall } from '../kernels/recording.js';
import { tracing } from '../autograd/tracing.js';
import { isWideFloat } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { describeValue } from '../layout.js';
import { f64 } from '../memory.js';
import { isIterable } from '../options.js';
import { numberAt } from '../ops/operand.js';
import { reshapeTo } from '../ops/shape.js';
import { contiguousData, elements } from '../ops/raw.js';
import { cat } from '../ops/joining.js';
import { fillTensor } from '../random/in-place.js';
import { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';

function gradients(parameters: Tensor | Iterable<Tensor>): Tensor[] {
  return listed('gradients', parameters)
    .map((parameter) => parameter.grad)
    .filter((grad) => grad !== null);
}

function listed(operation: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  if (isTensor(parameters)) return [parameters];
  if (isIterable(parameters)) return [...parameters];
  throw new TypeError(
    `${operation}: takes parameters, as model.parameters(), got ${describeValue(parameters)}`,
  );
}

function isTensor(value: Tensor | Iterable<Tensor>): value is Tensor {
  return value instanceof Tensor;
}

/** Options of {@link clipGradNorm_}. */
export interface ClipNormOptions {
  /** p of the p-norm (2); `Infinity` for the largest element. */
  normType?: number;
  /** Throw if the norm is NaN or infinite (off). */
  errorIfNonfinite?: boolean;
}

function sumSquares(x: Tensor): number {
  const sum = Storage.allocate(8, 'gradNorm');
  kernels.sumSquares(x.dtype === 'float32' ? 'float32' : 'float64', x.numel(), x.ptr, sum.ptr);
  const total = f64[sum.ptr / 8];
  sum.release();
  return total;
}

/** The p-norm of all gradients taken as one vector: (Σ |g|ᵖ)^(1/p). */
export function gradNorm(parameters: Tensor | Iterable<Tensor>, normType = 2): number {
  if (tracing.current !== null) tracing.current.escapes('gradNorm()');
  let total = 0;
  for (const grad of gradients(parameters)) {
    if (normType === 2 && isWideFloat(grad.dtype)) {
      total += sumSquares(contiguousData(grad, 'gradNorm'));
      continue;
    }
    const values = elements(contiguousData(grad, 'gradNorm'));
    if (normType === Infinity) {
      for (const value of values) if (!(Math.abs(value) <= total)) total = Math.abs(value);
    } else if (normType === 2) {
      for (const value of values) total += value * value;
    } else {
      for (const value of values) total += Math.abs(value) ** normType;
    }
  }
  return normType === Infinity ? total : total ** (1 / normType);
}

/**
 * Scales all gradients together so that their norm is at most `maxNorm`: g ← g min(1, maxNorm / (norm + 1e-6)).
 * Returns the norm before.
 * @throws RangeError with `errorIfNonfinite` if the norm is NaN or infinite
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: ClipNormOptions = {},
): number {
  const list = listed('clipGradNorm_', parameters);
  return hostCall('clipGradNorm_', () => clippedNorm(list, maxNorm, options));
}

function clippedNorm(list: readonly Tensor[], maxNorm: number, options: ClipNormOptions): number {
  const norm = gradNorm(list, options.normType);
  if (options.errorIfNonfinite && !Number.isFinite(norm)) {
    throw new RangeError(`clipGradNorm_: the gradients' norm is ${norm}, so they cannot be clipped`);
  }
  const factor = Math.min(1, maxNorm / (norm + 1e-6));
  if (factor !== 1) {
    for (const grad of gradients(list)) {
      if (isWideFloat(grad.dtype) && grad.isContiguous() && !grad.requiresGrad) {
        const element = grad.dtype === 'float32' ? 'float32' : 'float64';
        grad.changing();
        const number = numberAt(factor, element, 0);
        kernels.binaryFlat('mul', element, grad.numel(), grad.ptr, number, grad.ptr, 1, 0);
        grad.changed();
        continue;
      }
      const values = elements(contiguousData(grad, 'clipGradNorm_'));
      fillTensor('clipGradNorm_', grad, (out) => {
        for (let i = 0; i < out.length; i++) out[i] = values[i] * factor;
      });
    }
  }
  return norm;
}

/** Cuts every element of the gradients to [-clipValue, clipValue]. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  const list = listed('clipGradValue_', parameters);
  hostCall('clipGradValue_', () => clipValues(list, clipValue));
}

function clipValues(list: readonly Tensor[], clipValue: number): void {
  for (const grad of gradients(list)) {
    const values = elements(contiguousData(grad, 'clipGradValue_'));
    fillTensor('clipGradValue_', grad, (out) => {
      for (let i = 0; i < out.length; i++) out[i] = Math.min(clipValue, Math.max(-clipValue, values[i]));
    });
  }
}

/** All parameters as one vector, copied. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return cat([...parameters].map((parameter) => reshapeTo(parameter, [parameter.numel()])));
}

/**
 * Copies a vector into the parameters, the reverse of {@link parametersToVector}.
 * @throws RangeError if the sizes differ
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const list = [...parameters];
  const size = list.reduce((sum, parameter) => sum + parameter.numel(), 0);
  if (vector.numel() !== size) {
    throw new RangeError(
      `vectorToParameters: the parameters have ${size} elements, the vector ${vector.numel()}`,
    );
  }
  const values = elements(contiguousData(vector, 'vectorToParameters'));
  let at = 0;
  for (const parameter of list) {
    fillTensor('vectorToParameters', parameter, (out) => {
      out.set(values.subarray(at, (at += out.length)));
    });
  }
}
