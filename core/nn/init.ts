/**
 * Ways to fill parameters before training, PyTorch's `torch.nn.init`, with its sequences under a seed. All work in
 * place, are not recorded for gradients, and return the tensor.
 */

import { describeValue, formatShape, type Shape } from '../layout.js';
import { checkOptions } from '../options.js';
import { fillNormal, fillPermutation, fillUniform } from '../random/distributions.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { fillTensor } from '../random/in-place.js';
import type { Tensor } from '../tensor.js';
import { erfinv, normalCdf, orthonormalRows } from './init-math.js';

/** What an initialization draws from, by default the default generator. */
export interface InitOptions {
  generator?: Generator;
}

/** An activation whose gain {@link calculateGain} knows. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

/**
 * The factor by which an activation's inputs should be scaled to keep the variance: 1 for linear and sigmoid, 5/3 for
 * tanh, √2 for relu, √(2 / (1 + slope²)) for leaky_relu (`param` is its slope, 0.01), 3/4 for selu.
 */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  checkNonlinearity('calculateGain', nonlinearity);
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + param ** 2));
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}

/**
 * How many inputs each output of a weight sees and how many outputs each input feeds: the sizes of dimensions 1 and 0,
 * times those of all further ones.
 * @throws RangeError for fewer than two dimensions.
 */
export function calculateFanInAndFanOut(shape: Shape): [fanIn: number, fanOut: number] {
  if (shape.length < 2) {
    throw new RangeError(
      `init: fan in and fan out need a tensor of two or more dimensions, got ${formatShape(shape)}`,
    );
  }
  const field = shape.slice(2).reduce((product, size) => product * size, 1);
  return [shape[1] * field, shape[0] * field];
}

/** Options as they were given, by name or (the numbers, in PyTorch's order) one after the other; checked. */
function given<T extends object>(
  owner: string,
  first: number | T | undefined,
  positional: Readonly<Partial<T>>,
  known: readonly (keyof T & string)[],
): Partial<T> {
  const raw: unknown = first;
  if (raw !== undefined && typeof raw !== 'number') checkOptions(owner, raw, known);
  const options = typeof first === 'object' ? first : positional;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || typeof value === 'number') continue;
    if (name === 'generator' ? value instanceof Generator : typeof value === 'string' && WORDS.includes(name))
      continue;
    throw new TypeError(
      `${owner}: ${name} is a ${name === 'generator' ? 'Generator' : 'number'}, got ${describeValue(value)}`,
    );
  }
  return options;
}

/** Options that are words. */
const WORDS: readonly string[] = ['mode', 'nonlinearity'];

/** The bounds of U[a, b). */
export interface UniformOptions extends InitOptions {
  a?: number;
  b?: number;
}

/** U[a, b), by default [0, 1): `uniform_(w, -1, 1)` or `uniform_(w, { a: -1, b: 1 })`. */
export function uniform_(
  tensor: Tensor,
  first?: number | UniformOptions,
  second?: number,
  source?: Generator,
): Tensor {
  const {
    a = 0,
    b = 1,
    generator = defaultGenerator,
  } = given<UniformOptions>('uniform_', first, { a: numberOf(first), b: second, generator: source }, [
    'a',
    'b',
    'generator',
  ]);
  return fillTensor('uniform_', tensor, (out) => fillUniform(out, a, b, generator));
}

/** What is not a number was given by name. */
function numberOf(first: unknown): number | undefined {
  return typeof first === 'number' ? first : undefined;
}

/** Mean and standard deviation of a normal distribution. */
export interface NormalOptions extends InitOptions {
  mean?: number;
  std?: number;
}

/** N(mean, std²), by default N(0, 1): `normal_(w, 0, 0.02)` or `normal_(w, { std: 0.02 })`. */
export function normal_(
  tensor: Tensor,
  first?: number | NormalOptions,
  second?: number,
  source?: Generator,
): Tensor {
  const {
    mean = 0,
    std = 1,
    generator = defaultGenerator,
  } = given<NormalOptions>('normal_', first, { mean: numberOf(first), std: second, generator: source }, [
    'mean',
    'std',
    'generator',
  ]);
  if (!(std >= 0)) throw new RangeError(`normal_: std is not negative, got ${std}`);
  return fillTensor('normal_', tensor, (out) => fillNormal(out, mean, std, generator));
}

/** A normal distribution and where it is cut. */
export type TruncNormalOptions = NormalOptions & UniformOptions;

/** N(mean, std²) cut to [a, b] (by default N(0, 1) in [-2, 2]), by the inverse of its distribution function: PyTorch 1.13's numbers. */
export function truncNormal_(
  tensor: Tensor,
  first?: number | TruncNormalOptions,
  second?: number,
  from?: number,
  to?: number,
  source?: Generator,
): Tensor {
  const {
    mean = 0,
    std = 1,
    a = -2,
    b = 2,
    generator = defaultGenerator,
  } = given<TruncNormalOptions>(
    'truncNormal_',
    first,
    { mean: numberOf(first), std: second, a: from, b: to, generator: source },
    ['mean', 'std', 'a', 'b', 'generator'],
  );
  const low = normalCdf((a - mean) / std);
  const high = normalCdf((b - mean) / std);
  return fillTensor('truncNormal_', tensor, (out) => {
    fillUniform(out, 2 * low - 1, 2 * high - 1, generator);
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.min(b, Math.max(a, erfinv(out[i]) * std * Math.SQRT2 + mean));
    }
  });
}

/** All elements `val`. */
export function constant_(tensor: Tensor, val: number): Tensor {
  if (typeof val !== 'number') throw new TypeError(`constant_: val is a number, got ${describeValue(val)}`);
  return fillTensor('constant_', tensor, (out) => out.fill(val));
}

/** All elements 1. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/** All elements 0. */
export function zeros_(tensor: Tensor): Tensor {
  return constant_(tensor, 0);
}

/**
 * A matrix with ones on its diagonal.
 * @throws RangeError unless the tensor has two dimensions.
 */
export function eye_(tensor: Tensor): Tensor {
  if (tensor.ndim !== 2)
    throw new RangeError(`eye_: expected two dimensions, got ${formatShape(tensor.shape)}`);
  const [rows, columns] = tensor.shape;
  return fillTensor('eye_', tensor, (out) => {
    out.fill(0);
    for (let i = 0; i < Math.min(rows, columns); i++) out[i * columns + i] = 1;
  });
}

/**
 * A convolution's weight that passes channels through: a one in the middle of the kernel from each input channel to
 * the output channel of the same number, group by group.
 * @throws RangeError unless the tensor has 3 to 5 dimensions and its first one divides by `groups`.
 */
export function dirac_(tensor: Tensor, groups = 1): Tensor {
  const { shape } = tensor;
  if (shape.length < 3 || shape.length > 5 || shape[0] % groups !== 0) {
    throw new RangeError(
      `dirac_: expected 3 to 5 dimensions with the first divisible by ${groups} groups, got ${formatShape(shape)}`,
    );
  }
  const [outChannels, inChannels, ...kernel] = shape;
  const perGroup = outChannels / groups;
  const field = kernel.reduce((product, size) => product * size, 1);
  const middle = kernel.reduce((at, size) => at * size + Math.floor(size / 2), 0);
  return fillTensor('dirac_', tensor, (out) => {
    out.fill(0);
    for (let group = 0; group < groups; group++) {
      for (let d = 0; d < Math.min(perGroup, inChannels); d++) {
        out[((group * perGroup + d) * inChannels + d) * field + middle] = 1;
      }
    }
  });
}

/** How much larger weights are. */
export interface GainOptions extends InitOptions {
  /** Default 1. See {@link calculateGain}. */
  gain?: number;
}

function gainOf(
  owner: string,
  first: number | GainOptions | undefined,
  generator: Generator | undefined,
): Partial<GainOptions> {
  return given<GainOptions>(owner, first, { gain: numberOf(first), generator }, ['gain', 'generator']);
}

/** Glorot and Bengio (2010): U[-a, a) with a = gain √(6 / (fan in + fan out)). */
export function xavierUniform_(tensor: Tensor, first?: number | GainOptions, source?: Generator): Tensor {
  const { gain, generator } = gainOf('xavierUniform_', first, source);
  const bound = Math.sqrt(3) * xavierStd(tensor, gain);
  return uniform_(tensor, -bound, bound, generator);
}

/** Glorot and Bengio (2010): N(0, std²) with std = gain √(2 / (fan in + fan out)). */
export function xavierNormal_(tensor: Tensor, first?: number | GainOptions, source?: Generator): Tensor {
  const { gain, generator } = gainOf('xavierNormal_', first, source);
  return normal_(tensor, 0, xavierStd(tensor, gain), generator);
}

function xavierStd(tensor: Tensor, gain = 1): number {
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor.shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** Options of the initializations of He et al. */
export interface KaimingOptions extends InitOptions {
  /** Slope of the leaky ReLU that follows (0). */
  a?: number;
  /** Which pass keeps its variance: `fan_in` (default) the forward, `fan_out` the backward one. */
  mode?: 'fan_in' | 'fan_out';
  /** What follows: `leaky_relu` by default. */
  nonlinearity?: Nonlinearity;
}

const NONLINEARITIES: readonly string[] = [
  'linear',
  'conv1d',
  'conv2d',
  'conv3d',
  'conv_transpose1d',
  'conv_transpose2d',
  'conv_transpose3d',
  'sigmoid',
  'tanh',
  'relu',
  'leaky_relu',
  'selu',
];

function kaimingOptions(
  owner: string,
  first: number | KaimingOptions | undefined,
  mode: KaimingOptions['mode'],
  nonlinearity: Nonlinearity | undefined,
  generator: Generator | undefined,
): Partial<KaimingOptions> {
  const options = given<KaimingOptions>(owner, first, { a: numberOf(first), mode, nonlinearity, generator }, [
    'a',
    'mode',
    'nonlinearity',
    'generator',
  ]);
  if (options.mode !== undefined && !['fan_in', 'fan_out'].includes(options.mode))
    throw new TypeError(`${owner}: mode is 'fan_in' or 'fan_out', got ${describeValue(options.mode)}`);
  if (options.nonlinearity !== undefined) checkNonlinearity(owner, options.nonlinearity);
  return options;
}

/** @throws TypeError for a name that is no nonlinearity */
function checkNonlinearity(owner: string, name: string): void {
  if (NONLINEARITIES.includes(name)) return;
  throw new TypeError(
    `${owner}: there is no nonlinearity ${describeValue(name)}; there are ${NONLINEARITIES.join(', ')}`,
  );
}

/** He et al. (2015): U[-b, b) with b = gain √(3 / fan). */
export function kaimingUniform_(
  tensor: Tensor,
  first?: number | KaimingOptions,
  mode?: KaimingOptions['mode'],
  nonlinearity?: Nonlinearity,
  source?: Generator,
): Tensor {
  const options = kaimingOptions('kaimingUniform_', first, mode, nonlinearity, source);
  if (tensor.numel() === 0) return tensor;
  const bound = Math.sqrt(3) * kaimingStd(tensor, options);
  return uniform_(tensor, -bound, bound, options.generator);
}

/** He et al. (2015): N(0, std²) with std = gain / √fan. */
export function kaimingNormal_(
  tensor: Tensor,
  first?: number | KaimingOptions,
  mode?: KaimingOptions['mode'],
  nonlinearity?: Nonlinearity,
  source?: Generator,
): Tensor {
  const options = kaimingOptions('kaimingNormal_', first, mode, nonlinearity, source);
  if (tensor.numel() === 0) return tensor;
  return normal_(tensor, 0, kaimingStd(tensor, options), options.generator);
}

function kaimingStd(tensor: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu' } = options;
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor.shape);
  return calculateGain(nonlinearity, a) / Math.sqrt(mode === 'fan_in' ? fanIn : fanOut);
}

/**
 * Saxe et al. (2013): a (semi-)orthogonal matrix times `gain`; dimensions after the first are taken as one.
 * @throws RangeError for fewer than two dimensions.
 */
export function orthogonal_(tensor: Tensor, first?: number | GainOptions, source?: Generator): Tensor {
  const { gain = 1, generator = defaultGenerator } = gainOf('orthogonal_', first, source);
  if (tensor.ndim < 2) {
    throw new RangeError(`orthogonal_: expected two or more dimensions, got ${formatShape(tensor.shape)}`);
  }
  const rows = tensor.shape[0];
  return fillTensor('orthogonal_', tensor, (out) => {
    if (out.length === 0) return;
    const columns = out.length / rows;
    fillNormal(out, 0, 1, generator);
    const matrix = orthonormalRows(Float64Array.from(out), rows, columns);
    for (let i = 0; i < out.length; i++) out[i] = matrix[i] * gain;
  });
}

/** How much of each column is 0, and the standard deviation of the rest. */
export interface SparseOptions extends InitOptions {
  sparsity: number;
  std?: number;
}

/**
 * Martens (2010): N(0, std²) (std 0.01) with the part `sparsity` of each column set to 0.
 * @throws RangeError unless the tensor has two dimensions.
 */
export function sparse_(
  tensor: Tensor,
  first: number | SparseOptions,
  second?: number,
  source?: Generator,
): Tensor {
  const {
    sparsity,
    std = 0.01,
    generator = defaultGenerator,
  } = given<SparseOptions>('sparse_', first, { sparsity: numberOf(first), std: second, generator: source }, [
    'sparsity',
    'std',
    'generator',
  ]);
  if (sparsity === undefined || !(sparsity >= 0 && sparsity <= 1))
    throw new RangeError(
      `sparse_: sparsity is the part of each column that is 0, from 0 to 1; got ${sparsity}`,
    );
  if (tensor.ndim !== 2)
    throw new RangeError(`sparse_: expected two dimensions, got ${formatShape(tensor.shape)}`);
  const [rows, columns] = tensor.shape;
  const zeros = Math.ceil(sparsity * rows);
  return fillTensor('sparse_', tensor, (out) => {
    fillNormal(out, 0, std, generator);
    const order = new Int32Array(rows);
    for (let column = 0; column < columns; column++) {
      fillPermutation(order, generator);
      for (const row of order.subarray(0, zeros)) out[row * columns + column] = 0;
    }
  });
}
