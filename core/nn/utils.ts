/** Functions on parameters and their gradients, PyTorch's `torch.nn.utils`. */

import { hasSimd } from '../kernels/features.js';
import { hostCall, recording } from '../kernels/recording.js';
import { type Update, update, type UpdateArrays } from '../kernels/updates.js';
import { tracing } from '../autograd/tracing.js';
import { isWideFloat } from '../dtype.js';
import { type FloatElement, kernels } from '../kernels/index.js';
import { describeValue } from '../layout.js';
import { f64 } from '../memory.js';
import { isIterable } from '../options.js';
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

/** Those of one dtype, as kernels for several tensors want them. */
function listsOf(tensors: readonly Tensor[]): Map<FloatElement, (readonly [n: number, ptr: number])[]> {
  const lists = new Map<FloatElement, (readonly [n: number, ptr: number])[]>();
  for (const tensor of tensors) {
    const element = tensor.dtype === 'float32' ? 'float32' : 'float64';
    let list = lists.get(element);
    if (list === undefined) lists.set(element, (list = []));
    list.push([tensor.numel(), tensor.ptr]);
  }
  return lists;
}

/** Two numbers for kernels, at first 0. */
function numbersFor(operation: string): Storage {
  const numbers = Storage.allocate(16, operation);
  f64[numbers.ptr / 8] = f64[numbers.ptr / 8 + 1] = 0;
  return numbers;
}

function sumSquares(tensors: readonly Tensor[]): number {
  const sum = numbersFor('gradNorm');
  for (const [element, list] of listsOf(tensors)) kernels.sumSquares(element, list, sum.ptr);
  const total = f64[sum.ptr / 8];
  sum.release();
  return total;
}

/** The p-norm of all gradients taken as one vector: (Σ |g|ᵖ)^(1/p). */
export function gradNorm(parameters: Tensor | Iterable<Tensor>, normType = 2): number {
  if (tracing.current !== null) tracing.current.escapes('gradNorm()');
  return normOf(gradients(parameters), normType);
}

function normOf(all: readonly Tensor[], normType: number): number {
  const byKernel = all.filter(({ dtype }) => normType === 2 && isWideFloat(dtype));
  let total =
    byKernel.length === 0 ? 0 : sumSquares(byKernel.map((grad) => contiguousData(grad, 'gradNorm')));
  for (const grad of all) {
    if (byKernel.includes(grad)) continue;
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
 * The p-norm of tensors taken as one vector: (Σ |x|ᵖ)^(1/p), as a number, for {@link clipGradsWithNorm_}.
 * @throws RangeError with `errorIfNonfinite` if the norm is NaN or infinite
 */
export function getTotalNorm(
  tensors: Tensor | Iterable<Tensor>,
  normType: number | ClipNormOptions = 2,
  errorIfNonfinite = false,
): number {
  if (tracing.current !== null) tracing.current.escapes('getTotalNorm()');
  const options: ClipNormOptions = typeof normType === 'number' ? { normType, errorIfNonfinite } : normType;
  const all = listed('getTotalNorm', tensors).map((x) => (isWideFloat(x.dtype) ? x : x.detach().float()));
  const norm = normOf(all, options.normType ?? 2);
  if (options.errorIfNonfinite === true && !Number.isFinite(norm))
    throw new RangeError(`getTotalNorm: the norm is ${norm}`);
  return norm;
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
  const { normType = 2, errorIfNonfinite = false } = options;
  const grads = gradients(list);
  if (recording.current !== null && normType === 2 && !errorIfNonfinite && hasSimd() && grads.every(isSimple))
    return clippedByKernels(grads, maxNorm);
  return hostCall('clipGradNorm_', () => clippedNorm(list, maxNorm, options));
}

/** Whether kernels can change a gradient where it is. */
function isSimple(grad: Tensor): boolean {
  return isWideFloat(grad.dtype) && grad.isContiguous() && !grad.requiresGrad;
}

/** x factor, and x between -limit and limit. */
const scaling = update('clipGradNorm_', 0, 1, (m, [x], [factor]) => [m.mul(x, factor)]);
const limiting = update('clipGradValue_', 0, 2, (m, [x], [low, high]) => [m.min(m.max(x, low), high)]);

function updateInPlace(rule: Update, grads: readonly Tensor[], numbers: number): void {
  for (const grad of grads) grad.changing();
  for (const [element, list] of listsOf(grads))
    kernels.update(
      rule,
      element,
      list.map(([n, ptr]): UpdateArrays => [n, ptr, ptr]),
      numbers,
    );
  for (const grad of grads) grad.changed();
}

/** The same where the norm need not be known in JavaScript. */
function clippedByKernels(grads: readonly Tensor[], maxNorm: number): number {
  const numbers = numbersFor('clipGradNorm_');
  for (const [element, list] of listsOf(grads)) kernels.sumSquares(element, list, numbers.ptr);
  kernels.clipFactor(maxNorm, numbers.ptr);
  updateInPlace(scaling, grads, numbers.ptr);
  return Math.sqrt(f64[numbers.ptr / 8 + 1]);
}

function clippedNorm(list: readonly Tensor[], maxNorm: number, options: ClipNormOptions): number {
  const norm = gradNorm(list, options.normType);
  if (options.errorIfNonfinite && !Number.isFinite(norm)) {
    throw new RangeError(`clipGradNorm_: the gradients' norm is ${norm}, so they cannot be clipped`);
  }
  scaleTo('clipGradNorm_', gradients(list), maxNorm, norm);
  return norm;
}

/** g ← g min(1, maxNorm / (norm + 1e-6)) */
function scaleTo(op: string, all: readonly Tensor[], maxNorm: number, norm: number): void {
  const factor = Math.min(1, maxNorm / (norm + 1e-6));
  if (factor === 1) return;
  const simple = all.filter(isSimple);
  const numbers = numbersFor(op);
  f64[numbers.ptr / 8] = factor;
  updateInPlace(scaling, simple, numbers.ptr);
  numbers.release();
  for (const grad of all) {
    if (simple.includes(grad)) continue;
    const values = elements(contiguousData(grad, op));
    fillTensor(op, grad, (out) => {
      for (let i = 0; i < out.length; i++) out[i] = values[i] * factor;
    });
  }
}

/**
 * Scales all gradients together by a norm that is known, as {@link getTotalNorm} gives it:
 * g ← g min(1, maxNorm / (totalNorm + 1e-6)).
 */
export function clipGradsWithNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  totalNorm: number | Tensor,
): void {
  const list = listed('clipGradsWithNorm_', parameters);
  const norm = typeof totalNorm === 'number' ? totalNorm : totalNorm.item();
  hostCall('clipGradsWithNorm_', () => {
    scaleTo('clipGradsWithNorm_', gradients(list), maxNorm, norm);
  });
}

/** Cuts every element of the gradients to [-clipValue, clipValue]. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  const list = listed('clipGradValue_', parameters);
  const grads = gradients(list);
  if (!hasSimd() || !grads.every(isSimple)) {
    hostCall('clipGradValue_', () => clipValues(list, clipValue));
    return;
  }
  const numbers = numbersFor('clipGradValue_');
  f64[numbers.ptr / 8] = -clipValue;
  f64[numbers.ptr / 8 + 1] = clipValue;
  updateInPlace(limiting, grads, numbers.ptr);
  numbers.release();
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

export * as parametrizations from './parametrizations.js';
export * as parametrize from './parametrize.js';
export { spectralNorm, weightNorm } from './parametrizations.js';
export * as rnn from './packed.js';
