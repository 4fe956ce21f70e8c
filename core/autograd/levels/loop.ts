/** The way that is always there: an operation on a batch as a loop over its samples. */
import { Tensor } from '../../tensor.js';
import { BatchedAccess, type BatchLevel } from './batched.js';
import { batchOf, sampleOf } from './crossing.js';
import { isPlainObject } from './wrapped.js';

/** The same value with one sample in the place of each batch. */
export function sampleAll<T>(value: T, level: BatchLevel, index: number): T;
export function sampleAll(value: unknown, level: BatchLevel, index: number): unknown {
  if (value instanceof Tensor) return sampleOf(value, level, index);
  if (Array.isArray(value)) return value.map((entry: unknown) => sampleAll(entry, level, index));
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, sampleAll(entry, level, index)]),
    );
  }
  return value;
}

/** Samples of results, as batches: tensors, or arrays of them (whose entries may have names). */
function joinAll(results: readonly unknown[], level: BatchLevel, op: string): unknown {
  const [first] = results;
  const tensors = results.filter((result) => result instanceof Tensor);
  if (tensors.length === results.length) {
    const [{ shape }] = tensors;
    for (const x of tensors) {
      if (x.shape.join() !== shape.join()) {
        throw new BatchedAccess(level, `${op}, whose result has another shape for each sample,`, true);
      }
    }
    return batchOf(tensors, level);
  }
  if (Array.isArray(first)) {
    const columns: unknown[][] = first.map((_, i) =>
      results.map((result): unknown => (Array.isArray(result) ? result[i] : undefined)),
    );
    const joined = columns.map((column) => joinAll(column, level, op));
    for (const name of Object.getOwnPropertyNames(first)) {
      const at = first.indexOf(Reflect.get(first, name));
      if (name === 'length' || !(at >= 0) || String(at) === name) continue;
      Object.defineProperty(joined, name, { value: joined[at], enumerable: false });
    }
    return joined;
  }
  if (first === null || first === undefined) return first;
  throw new BatchedAccess(level, `${op}, which answers with a ${typeof first} instead of a tensor,`, true);
}

/** Calls `call` for each sample, and makes batches of the results. */
export function loopAll(
  level: BatchLevel,
  args: readonly unknown[],
  call: (args: readonly unknown[]) => unknown,
  op: string,
): unknown {
  const results: unknown[] = [];
  const { looping } = level;
  level.looping = true;
  try {
    for (let i = 0; i < Math.max(level.size, 1); i++) results.push(call(sampleAll(args, level, i)));
  } finally {
    level.looping = looping;
  }
  return joinAll(results, level, op);
}
