/** Tensors of random numbers, with PyTorch's numbers for the same seed. */

import { type DType, type FloatDType, getDefaultDtype, isFloat } from '../dtype.js';
import { broadcastShapes, checkShape, formatShape, type Shape } from '../layout.js';
import { contiguousData, elements, inDType } from '../ops/raw.js';
import { expandTo } from '../ops/shape.js';
import type { KnownDType, KnownShape } from '../types/known.js';
import { allocateShape, type Tensor } from '../tensor.js';
import {
  fillBernoulliOf,
  fillNormal,
  fillPermutation,
  fillRandomIntegers,
  fillUniform,
  type FloatArray,
  sampleWithoutReplacement,
  sampleWithReplacement,
} from './distributions.js';
import { defaultGenerator, type Generator } from './generator.js';
import { draw, fillTensor, writeElements } from './in-place.js';
import { drawBinomial, drawPoisson } from './rejection.js';

/** What random functions draw from: the default generator unless one is given. */
export interface DrawOptions {
  generator?: Generator;
}

/** Options of functions that make random float tensors. */
export interface RandomOptions extends DrawOptions {
  /** float32 or float64; the default dtype. */
  dtype?: FloatDType;
  requiresGrad?: boolean;
}

/** Options of functions that make random integers. */
export interface RandomIntegerOptions extends DrawOptions {
  /** int64 by default. */
  dtype?: DType;
}

/** A shape and options: `rand(2, 3)`, `rand([2, 3])`, `rand([2, 3], { dtype: 'float64' })`. */
export type SizeArguments<Options> = readonly (number | Shape | Options | undefined)[] &
  (
    | readonly [shape: Shape, options?: Options]
    | readonly [...sizes: number[]]
    | readonly [...sizes: number[], options: Options]
  );

function isShape(value: unknown): value is Shape {
  return Array.isArray(value);
}

function sizeAndOptions<Options extends object>(
  op: string,
  args: readonly (number | Shape | Options | undefined)[],
): { shape: Shape; options: Partial<Options> } {
  const shape: number[] = [];
  let options: Partial<Options> = {};
  for (const arg of args) {
    if (typeof arg === 'number') shape.push(arg);
    else if (isShape(arg)) shape.push(...arg);
    else if (arg !== undefined) options = arg;
  }
  checkShape(op, shape);
  return { shape, options };
}

function floats(
  op: string,
  args: SizeArguments<RandomOptions>,
  fill: (out: FloatArray, generator: Generator) => void,
): Tensor {
  const { shape, options } = sizeAndOptions<RandomOptions>(op, args);
  const { dtype = getDefaultDtype(), generator = defaultGenerator, requiresGrad = false } = options;
  const out = allocateShape(shape, dtype, op);
  const drawn = draw(out, (fresh) => fillTensor(op, fresh, (numbers) => fill(numbers, generator)));
  drawn.requiresGrad = requiresGrad;
  return drawn;
}

/** Numbers uniform in [0, 1): `rand(2, 3)`, `rand([2, 3], { dtype: 'float64', generator })`. */
export function rand<const R extends Shape, E extends FloatDType = 'float32'>(
  shape: R,
  options?: RandomOptions & { dtype?: E },
): Tensor<KnownShape<R>, KnownDType<E>>;
export function rand<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, 'float32'>;
export function rand(...args: SizeArguments<RandomOptions>): Tensor;
export function rand(...args: SizeArguments<RandomOptions>): Tensor {
  return floats('rand', args, (out, generator) => fillUniform(out, 0, 1, generator));
}

/** Numbers of the standard normal distribution: `randn(2, 3)`, `randn([2, 3], { requiresGrad: true })`. */
export function randn<const R extends Shape, E extends FloatDType = 'float32'>(
  shape: R,
  options?: RandomOptions & { dtype?: E },
): Tensor<KnownShape<R>, KnownDType<E>>;
export function randn<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, 'float32'>;
export function randn(...args: SizeArguments<RandomOptions>): Tensor;
export function randn(...args: SizeArguments<RandomOptions>): Tensor {
  return floats('randn', args, (out, generator) => fillNormal(out, 0, 1, generator));
}

function likeDType(op: string, input: Tensor, options: RandomOptions): FloatDType {
  const dtype = options.dtype ?? input.dtype;
  if (!isFloat(dtype)) {
    throw new TypeError(
      `${op}: the numbers are float, but the tensor is ${dtype}; give { dtype: 'float32' }`,
    );
  }
  return dtype;
}

/** Numbers uniform in [0, 1), of the shape and dtype of `input`. */
export function randLike(input: Tensor, options: RandomOptions = {}): Tensor {
  return rand(input.shape, { ...options, dtype: likeDType('randLike', input, options) });
}

/** Standard normal numbers, of the shape and dtype of `input`. */
export function randnLike(input: Tensor, options: RandomOptions = {}): Tensor {
  return randn(input.shape, { ...options, dtype: likeDType('randnLike', input, options) });
}

/**
 * Integers uniform in [low, high): `randint(10, [3])`, `randint(-5, 5, [2, 3])`; int64 unless told otherwise.
 * @throws RangeError if the range is empty or its ends are not integers.
 */
export function randint(high: number, shape: Shape, options?: RandomIntegerOptions): Tensor;
export function randint(low: number, high: number, shape: Shape, options?: RandomIntegerOptions): Tensor;
export function randint(
  first: number,
  second: number | Shape,
  third: Shape | RandomIntegerOptions = {},
  fourth: RandomIntegerOptions = {},
): Tensor {
  if (typeof second !== 'number') return integers(0, first, second, isShape(third) ? fourth : third);
  if (!isShape(third)) throw new TypeError('randint: give the shape as an array: randint(low, high, [2, 3])');
  return integers(first, second, third, fourth);
}

function integers(low: number, high: number, shape: Shape, options: RandomIntegerOptions): Tensor {
  const { dtype = 'int64', generator = defaultGenerator } = options;
  checkRange('randint', low, high);
  checkShape('randint', shape);
  const out = allocateShape(shape, dtype, 'randint');
  return draw(out, (fresh) =>
    writeElements(fresh, (numbers) => fillRandomIntegers(numbers, low, high, generator)),
  );
}

/** @throws RangeError unless low and high are integers and low < high. */
export function checkRange(op: string, low: number, high: number): void {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low >= high) {
    throw new RangeError(`${op}: the integers from ${low} to before ${high} are not a range to draw from`);
  }
}

/** Integers uniform in [low, high) (low is 0 if only one bound is given), of the shape and dtype of `input`. */
export function randintLike(input: Tensor, high: number, options?: RandomIntegerOptions): Tensor;
export function randintLike(input: Tensor, low: number, high: number, options?: RandomIntegerOptions): Tensor;
export function randintLike(
  input: Tensor,
  first: number,
  second: number | RandomIntegerOptions = {},
  third: RandomIntegerOptions = {},
): Tensor {
  const [low, high, options] = typeof second === 'number' ? [first, second, third] : [0, first, second];
  return integers(low, high, input.shape, { dtype: input.dtype, ...options });
}

/**
 * A random permutation of 0, 1, …, n - 1; int64 unless told otherwise.
 * @throws RangeError if n is negative or not an integer.
 */
export function randperm(n: number, options: RandomIntegerOptions = {}): Tensor {
  const { dtype = 'int64', generator = defaultGenerator } = options;
  checkShape('randperm', [n]);
  return draw(allocateShape([n], dtype, 'randperm'), (fresh) =>
    writeElements(fresh, (out) => {
      for (let start = 0; start < out.length; start += n)
        fillPermutation(out.subarray(start, start + n), generator);
    }),
  );
}

/**
 * Normal numbers: `normal(mean, std)` with at least one a tensor (they broadcast; one number an element), or
 * `normal(mean, std, shape)` with two numbers.
 * @throws RangeError if a std is negative, TypeError if neither tensors nor a shape are given.
 */
export function normal(
  mean: Tensor | number,
  std: Tensor | number = 1,
  shape?: Shape,
  options: RandomOptions = {},
): Tensor {
  if (typeof std === 'number' && std < 0)
    throw new RangeError(`normal: std must not be negative, got ${std}`);
  if (typeof mean === 'number' && typeof std === 'number') {
    if (!shape)
      throw new TypeError('normal: give a shape, normal(mean, std, [2, 3]), or a tensor as mean or std');
    return floats('normal', [shape, options], (out, generator) => fillNormal(out, mean, std, generator));
  }
  const size =
    typeof mean === 'number' ? shapeOf(std) : typeof std === 'number' ? mean.shape : mean.add(std).shape;
  const noise = randn(size, options);
  return noise.mul(std).add(mean).detach();
}

function shapeOf(value: Tensor | number): Shape {
  return typeof value === 'number' ? [] : value.shape;
}

/**
 * 1 with the probabilities in `input` (in [0, 1]), else 0; of its shape and dtype.
 * @throws TypeError if it is not float.
 */
export function bernoulli(input: Tensor, options: DrawOptions = {}): Tensor {
  const { dtype } = input;
  if (!isFloat(dtype)) throw new TypeError(`bernoulli: the probabilities must be float, got ${dtype}`);
  const p = elements(contiguousData(input, 'bernoulli'));
  const out = allocateShape(input.shape, dtype, 'bernoulli');
  return draw(out, (fresh) =>
    fillTensor('bernoulli', fresh, (numbers) => {
      if (p instanceof Float32Array || p instanceof Float64Array) {
        fillBernoulliOf(numbers, p, options.generator ?? defaultGenerator);
      }
    }),
  );
}

/**
 * Counts of Poisson's distribution with the means in `input`, of its shape and dtype.
 * @throws TypeError if it is not float, RangeError for a negative mean.
 */
export function poisson(input: Tensor, options: DrawOptions = {}): Tensor {
  return drawEach('poisson', [input], options, ([rate], generator) => {
    if (!(rate >= 0)) throw new RangeError(`poisson: a mean is 0 or more, got ${rate}`);
    return drawPoisson(rate, generator);
  });
}

/**
 * How many of `count` trials succeed with probability `prob` each; both broadcast.
 * @throws TypeError if they are not float, RangeError for a probability outside of [0, 1].
 */
export function binomial(count: Tensor, prob: Tensor, options: DrawOptions = {}): Tensor {
  return drawEach('binomial', [count, prob], options, ([trials, p], generator) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`binomial: a probability is in [0, 1], got ${p}`);
    if (!(trials >= 0)) throw new RangeError(`binomial: a number of trials is 0 or more, got ${trials}`);
    return drawBinomial(trials, p, generator);
  });
}

/** A number for each place of operands that broadcast, of the dtype of the first. */
function drawEach(
  op: string,
  operands: readonly Tensor[],
  { generator = defaultGenerator }: DrawOptions,
  drawOne: (parameters: readonly number[], generator: Generator) => number,
): Tensor {
  const [{ dtype }] = operands;
  for (const x of operands) {
    if (!isFloat(x.dtype)) throw new TypeError(`${op}: the parameters must be float, got ${x.dtype}`);
  }
  const shape = operands.reduce<Shape>((all, x) => broadcastShapes(op, all, x.shape), []);
  const data = operands.map((x) => elements(contiguousData(inDType(expandTo(x, shape), 'float64', op), op)));
  const out = allocateShape(shape, dtype, op);
  return draw(out, (fresh) =>
    writeElements(fresh, (numbers) => {
      const parameters = new Array<number>(data.length);
      for (let i = 0; i < numbers.length; i++) {
        // In batches, each sample has as many numbers as there are parameters.
        for (let k = 0; k < data.length; k++) parameters[k] = data[k][i % data[k].length];
        numbers[i] = drawOne(parameters, generator);
      }
    }),
  );
}

/** Options of {@link multinomial}. */
export interface MultinomialOptions extends DrawOptions {
  replacement?: boolean;
}

/**
 * Draws indices of the last dimension in proportion to the weights in `input`, [n] or [rows, n]: `numSamples` for each
 * row, distinct ones unless `replacement` is set. The result is int64, [numSamples] or [rows, numSamples].
 * @throws RangeError for other shapes, weights that are negative or not finite or all 0, or more distinct indices than n.
 */
export function multinomial(input: Tensor, numSamples: number, options: MultinomialOptions = {}): Tensor {
  const { replacement = false, generator = defaultGenerator } = options;
  const { shape, ndim } = input;
  if (ndim < 1 || ndim > 2) {
    throw new RangeError(`multinomial: the weights have shape [n] or [rows, n], got ${formatShape(shape)}`);
  }
  const size = shape[ndim - 1];
  if (!Number.isInteger(numSamples) || numSamples < 1 || (!replacement && numSamples > size)) {
    throw new RangeError(
      `multinomial: cannot draw ${numSamples} ${replacement ? '' : 'distinct '}indices from ${size} weights`,
    );
  }
  const dtype = input.dtype === 'float64' ? 'float64' : 'float32';
  const weights = elements(contiguousData(inDType(input, dtype, 'multinomial'), 'multinomial'));
  if (!(weights instanceof Float32Array || weights instanceof Float64Array))
    throw new TypeError('multinomial: not float');
  checkWeights(weights, size);
  const out = allocateShape([...shape.slice(0, -1), numSamples], 'int64', 'multinomial');
  return writeElements(out, (indices) => {
    if (!replacement) {
      sampleWithoutReplacement(indices, weights, size, numSamples, generator);
      return;
    }
    for (let row = 0; row * numSamples < indices.length; row++) {
      const drawn = indices.subarray(row * numSamples, (row + 1) * numSamples);
      sampleWithReplacement(drawn, weights.subarray(row * size, (row + 1) * size), generator);
    }
  });
}

function checkWeights(weights: FloatArray, size: number): void {
  for (let start = 0; start < weights.length; start += size) {
    let sum = 0;
    for (let i = start; i < start + size; i++) {
      if (!(weights[i] >= 0 && weights[i] < Infinity)) {
        throw new RangeError(`multinomial: weights must be finite and not negative, got ${weights[i]}`);
      }
      sum += weights[i];
    }
    if (!(sum > 0)) throw new RangeError('multinomial: the weights of a row are all 0');
  }
}
