/** Sample inputs of op records, and calls of them, for the generic tests. */
import { tensor, Tensor } from 'nabla/core';
import type { OpRecord, SampleMaker } from '../../../core/ops/record.js';

/** Sample inputs of deterministic pseudo-random numbers (a linear congruential generator), float64 unless said otherwise. */
export function sampleMaker(): SampleMaker {
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return (shape, options = {}) => {
    const { low = -2, high = 2, dtype = 'float64' } = options;
    const float = dtype === 'float32' || dtype === 'float64';
    const size = shape.reduce((n, d) => n * d, 1);
    const data = Array.from({ length: size }, () => {
      const value = low + (high - low) * next();
      return float ? value : Math.floor(value);
    });
    return tensor(data, { shape, dtype, requiresGrad: options.requiresGrad ?? float });
  };
}

export type Call = (...args: unknown[]) => unknown;

export function callOf(record: OpRecord): Call {
  return record.call as unknown as Call;
}

/** All tensors among arguments or results, also inside arrays. */
export function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value).flatMap(tensorsIn);
  }
  return [];
}

/** The same arguments with other tensors in the places of their tensors, in order. */
export function replaceTensors(args: readonly unknown[], replacements: readonly Tensor[]): unknown[] {
  let i = 0;
  const replace = (value: unknown): unknown => {
    if (value instanceof Tensor) return replacements[i++];
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replace(entry)]));
    }
    return value;
  };
  return args.map(replace);
}

/** The same elements with gaps and in another order in memory. */
export function scattered(x: Tensor): Tensor {
  if (x.ndim === 0) return x;
  const wide = tensor(
    Array.from(x.toTypedArray()).flatMap((v) => [v, 99]),
    { dtype: x.dtype, shape: [...x.shape, 2] },
  );
  const gaps = wide.select(-1, 0);
  return x.ndim === 1 ? gaps : gaps.transpose(0, -1).contiguous().transpose(0, -1);
}
