/** Making tensors whose elements follow a rule: ranges, identity matrices, positions of triangles. */
import { type DType, getDefaultDtype, isHalf } from '../dtype.js';
import { checkShape, type Shape } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import type { KnownSize } from '../types/known.js';
import { convert, dtypeOption, finish, type TensorOptions } from './creation.js';
import { castCopy, type ElementArray, elements } from './raw.js';

/** A tensor whose elements `fill` writes; those of a 16-bit dtype are written as float32 and rounded. */
function computed(op: string, shape: Shape, dtype: DType, fill: (target: ElementArray) => void): Tensor {
  const out = allocateShape(shape, isHalf(dtype) ? 'float32' : dtype, op);
  fill(elements(out));
  return isHalf(dtype) ? castCopy(out, dtype, op) : out;
}

/**
 * Numbers from `start` (0) up to but without `end`, `step` (1) apart: `arange(end)`, `arange(start, end, step)`.
 * int64 if all arguments are integers, else the default dtype.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, options?: TensorOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: TensorOptions): Tensor;
export function arange(...args: readonly (number | TensorOptions | undefined)[]): Tensor {
  const numbers = args.filter((x) => typeof x === 'number');
  const last = args[args.length - 1];
  const options = typeof last === 'object' ? last : undefined;
  const [start, end, step] =
    numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1];
  const count = Math.ceil((end - start) / step);
  if (!(count >= 0) || !Number.isFinite(count)) {
    throw new RangeError(`arange: from ${start} to ${end} there is no way in steps of ${step}`);
  }
  const dtype =
    dtypeOption('arange', options) ?? (numbers.every(Number.isInteger) ? 'int64' : getDefaultDtype());
  return finish(
    computed('arange', [count], dtype, (target) => {
      for (let i = 0; i < count; i++) target[i] = convert(dtype, start + i * step);
    }),
    options,
  );
}

/** `steps` numbers from `start` to `end`, both included, at equal distances. */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  checkShape('linspace', [steps]);
  const dtype = dtypeOption('linspace', options) ?? getDefaultDtype();
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  // Counted from the nearer end, as PyTorch does, so that the last is exactly `end`.
  const out = computed('linspace', [steps], dtype, (target) => {
    for (let i = 0; i < steps; i++) {
      target[i] = convert(dtype, i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step);
    }
  });
  return finish(out, options);
}

/** The identity matrix of n rows and m (by default n) columns. */
export function eye<N extends number>(n: N): Tensor<[KnownSize<N>, KnownSize<N>], 'float32'>;
export function eye(n: number, m?: number | TensorOptions, options?: TensorOptions): Tensor;
export function eye(n: number, m?: number | TensorOptions, options?: TensorOptions): Tensor {
  const columns = typeof m === 'number' ? m : n;
  const given = typeof m === 'object' ? m : options;
  checkShape('eye', [n, columns]);
  const out = computed('eye', [n, columns], dtypeOption('eye', given) ?? getDefaultDtype(), (target) => {
    target.fill(0);
    for (let i = 0; i < Math.min(n, columns); i++) target[i * columns + i] = 1;
  });
  return finish(out, given);
}
