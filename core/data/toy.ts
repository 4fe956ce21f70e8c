/** Small made-up data sets for lessons, the same under the same seed. */

import { type FloatArray, fillNormal, fillPermutation, fillUniform } from '../random/distributions.js';
import { defaultGenerator, Generator, type Seed } from '../random/generator.js';
import { describeValue } from '../layout.js';
import { fromTypedArray } from '../ops/creation.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor.js';
import { TensorDataset } from './dataset.js';

/** Where a toy set's randomness comes from: a seed, a generator, or (without either) the default generator. */
export interface ToyOptions {
  seed?: Seed;
  generator?: Generator;
}

/** Options of sets of points in classes. */
export interface ClassesOptions extends ToyOptions {
  /** Standard deviation of what is added to the points. */
  noise?: number;
}

/** Features, [n, features] float32, and classes, [n] int64. */
export type Classification = TensorDataset<[x: Tensor, y: Tensor]>;
/** Features, [n, features] float32, and targets, [n, 1] float32. */
export type Regression = TensorDataset<[x: Tensor, y: Tensor]>;

function generatorOf({ seed, generator }: ToyOptions): Generator {
  return seed === undefined ? (generator ?? defaultGenerator) : new Generator().manualSeed(seed);
}

/** @throws TypeError for an option that there is not; RangeError for numbers that are negative */
function checkToy(op: string, options: ToyOptions, known: readonly string[]): void {
  checkOptions(op, options, [...known, 'seed', 'generator']);
  for (const name of ['noise', 'std', 'factor', 'turns'] as const) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined || (typeof value === 'number' && value >= 0 && Number.isFinite(value))) continue;
    throw new RangeError(`${op}: ${name} is a number from 0 up, got ${describeValue(value)}`);
  }
  for (const name of ['classes', 'features'] as const) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value > 0)) continue;
    throw new RangeError(`${op}: ${name} is a whole number from 1 up, got ${describeValue(value)}`);
  }
}

function checkCount(op: string, n: number, classes = 1): void {
  if (Number.isInteger(n) && n >= classes) return;
  throw new RangeError(`${op}: the number of samples must be an integer of at least ${classes}, got ${n}`);
}

/** One point of a class: its coordinates from its place in the class, from 0 to 1. */
type Curve = (label: number, place: number) => readonly number[];

/** Points of `classes` classes of equal sizes along curves, with noise, in random order. */
function points(
  n: number,
  classes: number,
  generator: Generator,
  options: { noise: number; closed?: boolean },
  curve: Curve,
): Classification {
  const features = curve(0, 0).length;
  const x = new Float32Array(n * features);
  const y = new Float64Array(n);
  const noise = new Float32Array(n * features);
  fillNormal(noise, 0, options.noise, generator);
  const order = new Int32Array(n);
  fillPermutation(order, generator);
  let sample = 0;
  for (let label = 0; label < classes; label++) {
    const count = Math.floor(n / classes) + (label < n % classes ? 1 : 0);
    const steps = Math.max(1, options.closed ? count : count - 1);
    for (let i = 0; i < count; i++, sample++) {
      const row = order[sample];
      curve(label, i / steps).forEach((value, k) => {
        x[row * features + k] = value + noise[row * features + k];
      });
      y[row] = label;
    }
  }
  return classification(x, y, features);
}

function classification(x: Float32Array, y: Float64Array, features: number): Classification {
  return new TensorDataset(
    fromTypedArray(x, { shape: [y.length, features] }),
    fromTypedArray(y, { dtype: 'int64' }),
  );
}

/** Two half circles that reach into each other, in the plane; `noise` is 0.1. */
export function moons(n = 200, options: ClassesOptions = {}): Classification {
  checkToy('moons', options, ['noise']);
  checkCount('moons', n, 2);
  return points(n, 2, generatorOf(options), { noise: options.noise ?? 0.1 }, (label, place) => {
    const angle = Math.PI * place;
    return label === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
  });
}

/** A circle of radius `factor` (0.5) within one of radius 1; `noise` is 0.05. */
export function circles(n = 200, options: ClassesOptions & { factor?: number } = {}): Classification {
  checkToy('circles', options, ['noise', 'factor']);
  checkCount('circles', n, 2);
  const { factor = 0.5, noise = 0.05 } = options;
  return points(n, 2, generatorOf(options), { noise, closed: true }, (label, place) => {
    const radius = label === 0 ? 1 : factor;
    return [radius * Math.cos(2 * Math.PI * place), radius * Math.sin(2 * Math.PI * place)];
  });
}

/** `classes` (2) arms of a spiral that turn `turns` (1) times on the way out to radius 1; `noise` is 0.03. */
export function spirals(
  n = 200,
  options: ClassesOptions & { classes?: number; turns?: number } = {},
): Classification {
  checkToy('spirals', options, ['noise', 'classes', 'turns']);
  const { classes = 2, turns = 1, noise = 0.03 } = options;
  checkCount('spirals', n, classes);
  return points(n, classes, generatorOf(options), { noise }, (label, place) => {
    const angle = 2 * Math.PI * (turns * place + label / classes);
    return [place * Math.cos(angle), place * Math.sin(angle)];
  });
}

/** Options of {@link blobs}. */
export interface BlobsOptions extends ToyOptions {
  /** How many clouds (3), or where their centres are. */
  centers?: number | readonly (readonly number[])[];
  /** Coordinates of a point (2), where centres are drawn. */
  features?: number;
  /** Standard deviation of the clouds (1). */
  std?: number;
  /** Between which numbers centres are drawn ([-10, 10]). */
  box?: readonly [low: number, high: number];
}

/** Clouds of normally distributed points, a class each. */
export function blobs(n = 200, options: BlobsOptions = {}): Classification {
  checkToy('blobs', options, ['centers', 'features', 'std', 'box']);
  const { centers = 3, features = 2, std = 1, box = [-10, 10] } = options;
  const generator = generatorOf(options);
  checkCenters(centers);
  const middles = typeof centers === 'number' ? drawCenters(centers, features, box, generator) : centers;
  checkCount('blobs', n, middles.length);
  return points(n, middles.length, generator, { noise: std }, (label) => middles[label]);
}

function checkCenters(centers: number | readonly (readonly number[])[]): void {
  const fits =
    typeof centers === 'number'
      ? Number.isInteger(centers) && centers > 0
      : centers.length > 0 && centers.every((center) => center.length === centers[0].length);
  if (fits) return;
  throw new RangeError(
    'blobs: centers is how many clouds there are, from 1 up, or where they are: rows of one length',
  );
}

function drawCenters(
  count: number,
  features: number,
  [low, high]: readonly [number, number],
  generator: Generator,
): number[][] {
  return Array.from({ length: count }, () => {
    const center: FloatArray = new Float64Array(features);
    fillUniform(center, low, high, generator);
    return Array.from(center);
  });
}

/** Options of {@link linearRegression}. */
export interface LinearRegressionOptions extends ToyOptions {
  /** The true weights, one a feature ([2, -3.4]). */
  weight?: readonly number[];
  /** The true bias (4.2). */
  bias?: number;
  /** Standard deviation of the noise on the targets (0.1). */
  noise?: number;
}

/** y = x · weight + bias + noise, with x standard normal. */
export function linearRegression(n = 200, options: LinearRegressionOptions = {}): Regression {
  checkToy('linearRegression', options, ['weight', 'bias', 'noise']);
  checkCount('linearRegression', n);
  const { weight = [2, -3.4], bias = 4.2, noise = 0.1 } = options;
  const generator = generatorOf(options);
  const features = weight.length;
  const x = new Float32Array(n * features);
  const y = new Float32Array(n);
  fillNormal(x, 0, 1, generator);
  fillNormal(y, 0, noise, generator);
  for (let i = 0; i < n; i++) weight.forEach((w, k) => (y[i] += x[i * features + k] * w));
  for (let i = 0; i < n; i++) y[i] += bias;
  return new TensorDataset(fromTypedArray(x, { shape: [n, features] }), fromTypedArray(y, { shape: [n, 1] }));
}
