/** Making tensors whose elements follow a rule: ranges, identity matrices, positions of triangles. */
import { type DType, getDefaultDtype, isHalf } from '../dtype.js';
import { besselI0e } from '../kernels/bessel.js';
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

/** `steps` numbers from baseˢᵗᵃʳᵗ to baseᵉⁿᵈ, both included, at equal ratios. */
export function logspace(
  start: number,
  end: number,
  steps: number,
  base: number | TensorOptions = 10,
  options?: TensorOptions,
): Tensor {
  const given = typeof base === 'object' ? base : options;
  const radix = typeof base === 'number' ? base : 10;
  checkShape('logspace', [steps]);
  const dtype = dtypeOption('logspace', given) ?? getDefaultDtype();
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  const out = computed('logspace', [steps], dtype, (target) => {
    for (let i = 0; i < steps; i++) {
      const exponent = i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
      target[i] = convert(dtype, radix ** exponent);
    }
  });
  return finish(out, given);
}

/** Coordinates of the elements of a [rows, columns] matrix that a rule takes, as [2, n] of int64. */
function positions(
  op: string,
  rows: number,
  columns: number,
  takes: (i: number, j: number) => boolean,
): Tensor {
  checkShape(op, [rows, columns]);
  const places: [number, number][] = [];
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (takes(i, j)) places.push([i, j]);
  return computed(op, [2, places.length], 'int64', (target) => {
    places.forEach(([i, j], k) => {
      target[k] = i;
      target[places.length + k] = j;
    });
  });
}

/** Where a matrix's lower triangle lies: [2, n] of row and column numbers, up to the diagonal `offset` (0). */
export function trilIndices(rows: number, columns: number, offset = 0): Tensor {
  return positions('trilIndices', rows, columns, (i, j) => j - i <= offset);
}

/** Where a matrix's upper triangle lies: [2, n] of row and column numbers, from the diagonal `offset` (0). */
export function triuIndices(rows: number, columns: number, offset = 0): Tensor {
  return positions('triuIndices', rows, columns, (i, j) => j - i >= offset);
}

export interface WindowOptions extends TensorOptions {
  /** Whether the window continues periodically (the default), or is symmetric. */
  periodic?: boolean;
}

/** A window whose elements are a function of t, from 0 to 1. */
function windowOf(op: string, size: number, options: WindowOptions, at: (t: number) => number): Tensor {
  const { periodic = true, ...rest } = options;
  checkShape(op, [size]);
  const last = periodic ? size : size - 1;
  const out = computed(op, [size], dtypeOption(op, rest) ?? getDefaultDtype(), (target) => {
    for (let i = 0; i < size; i++) target[i] = size === 1 ? 1 : at(i / last);
  });
  return finish(out, rest);
}

/** A window Σ cₖ cos(2πkt), t from 0 to 1. */
function cosineWindow(
  op: string,
  size: number,
  coefficients: readonly number[],
  options: WindowOptions,
): Tensor {
  return windowOf(op, size, options, (t) =>
    coefficients.reduce((sum, c, k) => sum + c * Math.cos(2 * Math.PI * k * t), 0),
  );
}

/** Hann's window ½ − ½ cos(2πt). */
export function hannWindow(size: number, options: WindowOptions = {}): Tensor {
  return cosineWindow('hannWindow', size, [0.5, -0.5], options);
}

/** Hamming's window 0.54 − 0.46 cos(2πt). */
export function hammingWindow(size: number, options: WindowOptions = {}): Tensor {
  return cosineWindow('hammingWindow', size, [0.54, -0.46], options);
}

/** Blackman's window 0.42 − ½ cos(2πt) + 0.08 cos(4πt). */
export function blackmanWindow(size: number, options: WindowOptions = {}): Tensor {
  return cosineWindow('blackmanWindow', size, [0.42, -0.5, 0.08], options);
}

/** Bartlett's window, a triangle: 1 − |2t − 1|, t from 0 to 1. */
export function bartlettWindow(size: number, options: WindowOptions = {}): Tensor {
  return windowOf('bartlettWindow', size, options, (t) => 1 - Math.abs(2 * t - 1));
}

export interface KaiserOptions extends WindowOptions {
  /** How narrow the window is. Default 12. */
  beta?: number;
}

/** Kaiser's window I₀(β √(1 − (2t − 1)²)) / I₀(β), t from 0 to 1. */
export function kaiserWindow(size: number, options: KaiserOptions = {}): Tensor {
  const { beta = 12, ...rest } = options;
  // Both with e^−x before them, so that a large β does not overflow.
  const whole = besselI0e(beta);
  return windowOf('kaiserWindow', size, rest, (t) => {
    const x = Math.abs(beta) * Math.sqrt(Math.max(0, 1 - (2 * t - 1) ** 2));
    return (besselI0e(x) / whole) * Math.exp(x - Math.abs(beta));
  });
}
