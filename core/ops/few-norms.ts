/** Normalization of few floats as one loop: what several passes and ops do otherwise. */
import { Layout, sameShape } from '../layout.js';
import { allocate, Tensor } from '../tensor.js';
import { floatsOf, isFewFloats, startOf } from './few-lines.js';
import type { Few } from './record.js';

/** Up to so many elements. */
const FEW = 128;

/** Where factors or terms lie, one for each of `size`; −1 where there are none, −2 where they are no such thing. */
function startOfParameter(value: unknown, x: Tensor, size: number): number {
  if (value === undefined || value === null) return -1;
  return isFewFloats(value, FEW) && value.dtype === x.dtype && value.layout.size === size
    ? startOf(value)
    : -2;
}

/**
 * Lines of `size` elements, one after the other, divided by their standard deviation after their mean is taken off
 * (`centered`), or by the root of their mean square. The parameter of an element changes after every `run` elements, and
 * begins anew after `count` parameters.
 */
function normalized(
  x: Tensor,
  size: number,
  centered: boolean,
  weight: number,
  bias: number,
  count: number,
  run: number,
  eps: number,
  name: string,
): Tensor {
  const out = allocate(x.layout.compact(), x.dtype, name);
  const array = floatsOf(x);
  const from = startOf(x);
  const to = startOf(out);
  const total = x.layout.size;
  for (let line = 0; line < total; line += size) {
    let mean = 0;
    if (centered) {
      for (let i = line; i < line + size; i++) mean += array[from + i];
      mean /= size;
    }
    let squares = 0;
    for (let i = line; i < line + size; i++) squares += (array[from + i] - mean) * (array[from + i] - mean);
    const factor = 1 / Math.sqrt(squares / size + eps);
    if (weight < 0 && bias < 0) {
      for (let i = line; i < line + size; i++) array[to + i] = (array[from + i] - mean) * factor;
      continue;
    }
    let own = Math.floor(line / run) % count;
    for (let i = line; i < line + size; i += run) {
      const by = weight < 0 ? factor : factor * array[weight + own];
      const plus = bias < 0 ? 0 : array[bias + own];
      for (let k = i; k < i + run; k++) array[to + k] = (array[from + k] - mean) * by + plus;
      if (++own === count) own = 0;
    }
  }
  return out;
}

/** The number of elements of the last dimensions, where they are these; 0 where they are not. */
function sizeOfLast(layout: Layout, given: unknown): number {
  const { shape, ndim } = layout;
  if (typeof given === 'number') return ndim > 0 && shape[ndim - 1] === given ? given : 0;
  if (!Array.isArray(given) || given.length === 0 || given.length > ndim) return 0;
  const last: readonly number[] = given.map(Number);
  if (!sameShape(ndim === last.length ? shape : shape.slice(ndim - last.length), last)) return 0;
  return last.reduce((a, b) => a * b, 1);
}

function epsilon(value: unknown): number {
  return value === undefined ? 1e-5 : typeof value === 'number' ? value : NaN;
}

/** (input, normalizedShape, weight, bias, eps) */
export const fewLayerNorm: Few = (x, shape, weight, bias, eps) => {
  if (!isFewFloats(x, FEW)) return null;
  const size = sizeOfLast(x.layout, shape);
  const by = epsilon(eps);
  if (size === 0 || by !== by) return null;
  const w = startOfParameter(weight, x, size);
  const b = startOfParameter(bias, x, size);
  return w === -2 || b === -2 ? null : normalized(x, size, true, w, b, size, 1, by, 'layerNorm');
};

/** (input, normalizedShape, weight, eps) */
export const fewRmsNorm: Few = (x, shape, weight, eps) => {
  if (!isFewFloats(x, FEW) || (eps !== undefined && typeof eps !== 'number')) return null;
  const size = sizeOfLast(x.layout, shape);
  if (size === 0) return null;
  const w = startOfParameter(weight, x, size);
  const by = eps ?? (x.dtype === 'float32' ? 2 ** -23 : Number.EPSILON);
  return w === -2 ? null : normalized(x, size, false, w, -1, size, 1, by, 'rmsNorm');
};

/** (input, numGroups, weight, bias, eps) */
export const fewGroupNorm: Few = (x, groups, weight, bias, eps) => {
  if (!isFewFloats(x, FEW) || x.ndim < 2 || typeof groups !== 'number') return null;
  const [, channels] = x.layout.shape;
  const by = epsilon(eps);
  if (!(groups >= 1) || channels % groups !== 0 || by !== by) return null;
  const plane = x.layout.size / (x.layout.shape[0] * channels);
  const size = (channels / groups) * plane;
  // The op says that one element has no variance.
  if (size < 2) return null;
  const w = startOfParameter(weight, x, channels);
  const b = startOfParameter(bias, x, channels);
  return w === -2 || b === -2 ? null : normalized(x, size, true, w, b, channels, plane, by, 'groupNorm');
};

/** (input, runningMean, runningVar, weight, bias, useInputStats) by each sample, without running statistics. */
export const fewInstanceNorm: Few = (x, means, variances, weight, bias, own) => {
  if ((means ?? null) !== null || (variances ?? null) !== null || (own !== undefined && own !== true))
    return null;
  if (!isFewFloats(x, FEW) || x.ndim < 3) return null;
  const [samples, channels] = x.layout.shape;
  const plane = x.layout.size / (samples * channels);
  const w = startOfParameter(weight, x, channels);
  const b = startOfParameter(bias, x, channels);
  return w === -2 || b === -2
    ? null
    : normalized(x, plane, true, w, b, channels, plane, 1e-5, 'instanceNorm');
};

/** By the batch, where no running statistics have to follow it. */
function normalizedBatch(x: Tensor, weight: number, bias: number): Tensor | null {
  const { shape, size } = x.layout;
  const [samples, channels] = shape;
  const plane = size / (samples * channels);
  const count = samples * plane;
  // The op says that one element has no variance.
  if (count < 2) return null;
  const out = allocate(x.layout.compact(), x.dtype, 'batchNorm');
  const array = floatsOf(x);
  const from = startOf(x);
  const to = startOf(out);
  const apart = channels * plane;
  for (let c = 0, first = 0; c < channels; c++, first += plane) {
    let mean = 0;
    for (let i = first; i < size; i += apart) for (let k = i; k < i + plane; k++) mean += array[from + k];
    mean /= count;
    let squares = 0;
    for (let i = first; i < size; i += apart)
      for (let k = i; k < i + plane; k++) squares += (array[from + k] - mean) * (array[from + k] - mean);
    const factor = (weight < 0 ? 1 : array[weight + c]) / Math.sqrt(squares / count + 1e-5);
    const plus = bias < 0 ? 0 : array[bias + c];
    for (let i = first; i < size; i += apart)
      for (let k = i; k < i + plane; k++) array[to + k] = (array[from + k] - mean) * factor + plus;
  }
  return out;
}

/** (input, runningMean, runningVar, weight, bias, training) by the running statistics, or by the batch without them. */
export const fewBatchNorm: Few = (x, means, variances, weight, bias, training) => {
  if (!isFewFloats(x, FEW) || x.ndim < 2 || (training !== undefined && typeof training !== 'boolean'))
    return null;
  if (training === true) {
    if ((means ?? null) !== null || (variances ?? null) !== null) return null;
    const factors = startOfParameter(weight, x, x.layout.shape[1]);
    const terms = startOfParameter(bias, x, x.layout.shape[1]);
    return factors === -2 || terms === -2 ? null : normalizedBatch(x, factors, terms);
  }
  if (!(means instanceof Tensor) || !(variances instanceof Tensor)) return null;
  const { shape, size } = x.layout;
  const [, channels] = shape;
  const mean = startOfParameter(means, x, channels);
  const variance = startOfParameter(variances, x, channels);
  const w = startOfParameter(weight, x, channels);
  const b = startOfParameter(bias, x, channels);
  if (mean < 0 || variance < 0 || w === -2 || b === -2) return null;
  const out = allocate(x.layout.compact(), x.dtype, 'batchNorm');
  const array = floatsOf(x);
  const from = startOf(x);
  const to = startOf(out);
  const plane = size / (shape[0] * channels);
  for (let i = 0; i < size; i += plane) {
    const channel = (i / plane) % channels;
    const factor = (w < 0 ? 1 : array[w + channel]) / Math.sqrt(array[variance + channel] + 1e-5);
    const term = (b < 0 ? 0 : array[b + channel]) - array[mean + channel] * factor;
    for (let k = i; k < i + plane; k++) array[to + k] = array[from + k] * factor + term;
  }
  return out;
};
