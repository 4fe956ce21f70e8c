/** `vmap`: a function of one sample, made one of a batch. */
import { formatShape, wrapDim } from '../layout.js';
import { movedim } from '../ops/dimensions.js';
import { cat } from '../ops/joining.js';
import { sliceDim } from '../ops/slicing.js';
import { expandTo, unsqueezeDim } from '../ops/shape.js';
import { Tensor } from '../tensor.js';
import { Batched, BatchLevel, type Randomness } from './levels/index.js';
import { isPlainObject } from './levels/wrapped.js';
import { checkTree } from './trees.js';

/** A dimension for all tensors of an argument (null: the same for all samples), or one for each of its entries. */
export type Dims = number | null | readonly Dims[] | { readonly [name: string]: Dims };

export interface VmapOptions {
  /** Which dimension of the arguments is mapped over: one for all, or one for each argument. Default 0. */
  inDims?: Dims;
  /** Where results have the batch. null for those that are the same for all samples. Default 0. */
  outDims?: Dims;
  /**
   * What random functions do inside: throw ('error', the default), draw the same numbers for all samples ('same'), or
   * others for each ('different').
   */
  randomness?: Randomness;
  /** At most this many samples at once, to save memory. */
  chunkSize?: number;
}

/** Calls `visit` for each tensor with its dimension. */
function walk(
  where: string,
  value: unknown,
  dims: Dims,
  visit: (x: Tensor, dim: number | null) => unknown,
): unknown {
  if (value instanceof Tensor) {
    if (typeof dims === 'number' || dims === null) return visit(value, dims);
    throw new TypeError(`${where}: a tensor has one dimension or null, got ${JSON.stringify(dims)}`);
  }
  const single = typeof dims === 'number' || dims === null;
  if (Array.isArray(value)) {
    if (!single && (!Array.isArray(dims) || dims.length !== value.length)) {
      throw new TypeError(
        `${where}: for ${value.length} values there must be as many dimensions, got ${JSON.stringify(dims)}`,
      );
    }
    return value.map((entry: unknown, i) => walk(where, entry, single ? dims : entryOf(dims, i), visit));
  }
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        key,
        walk(where, entry, single ? dims : entryOf(dims, key), visit),
      ]),
    );
  }
  return value;
}

function entryOf(dims: Dims, key: string | number): Dims {
  const entry: unknown = typeof dims === 'object' && dims !== null ? Reflect.get(dims, key) : dims;
  return isDims(entry) ? entry : null;
}

function isDims(value: unknown): value is Dims {
  return value === null || typeof value === 'number' || Array.isArray(value) || isPlainObject(value);
}

/** Number of samples that the arguments have. */
function batchSize(args: readonly unknown[], inDims: Dims): number {
  const sizes: number[] = [];
  walk('vmap: inDims', args, inDims, (x, dim) => {
    if (dim === null) return x;
    if (x.ndim === 0 || dim < -x.ndim || dim >= x.ndim) {
      throw new RangeError(
        `vmap: inDims has dimension ${dim} for a tensor of ${x.ndim} dimensions (shape ${formatShape(x.shape)}); ` +
          'null is for arguments that are the same for all samples',
      );
    }
    sizes.push(x.shape[wrapDim('vmap', dim, x.ndim)]);
    return x;
  });
  if (sizes.length === 0) {
    throw new RangeError(
      'vmap: at least one argument must be mapped over: a tensor whose entry in inDims is not null',
    );
  }
  if (sizes.some((size) => size !== sizes[0])) {
    throw new RangeError(
      `vmap: expected all tensors to have the same size in the mapped dimension, got sizes ${formatShape(sizes)}`,
    );
  }
  return sizes[0];
}

/** The batch of a result, at the dimension where it is asked for. */
function unwrapped(level: BatchLevel, x: Tensor, dim: number | null): Tensor {
  const batched = level.owns(x);
  if (dim === null) {
    if (!batched) return x;
    throw new Error(
      'vmap: a result whose entry in outDims is null must be the same for all samples, but this one is batched',
    );
  }
  const value = batched ? level.unwrap(x) : expandTo(unsqueezeDim(x, 0), [level.size, ...x.shape]);
  return dim === 0 ? value : movedim(value, 0, wrapDim('vmap (outDims)', dim, value.ndim));
}

function mapOnce<Args extends readonly unknown[], Out>(
  fn: (...args: Args) => Out,
  args: Args,
  size: number,
  inDims: Dims,
  outDims: Dims,
  randomness: Randomness,
): Out {
  const level = new BatchLevel(size, randomness);
  const fronted = walk('vmap: inDims', args, inDims, (x, dim) => {
    if (dim === null) return x;
    return { value: dim === 0 ? x : movedim(x, dim, 0) };
  });
  const result = level.within(() => {
    const wrap = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(wrap);
      if (!isPlainObject(value)) return value;
      const { value: front } = value;
      if (front instanceof Tensor && Object.keys(value).length === 1) return new Batched(level, front);
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, wrap(entry)]));
    };
    // The arguments as they were, but for their tensors.
    const output = fn(...(wrap(fronted) as Args));
    checkTree('vmap', output);
    return output;
  });
  return walk('vmap: outDims', result, outDims, (x, dim) => unwrapped(level, x, dim)) as Out;
}

/**
 * A function that computes `fn`, which is written for one sample, for a whole batch at once. Inside of `fn`, tensors do
 * not have the mapped dimension; each operation is carried out for all samples together. As `torch.func.vmap`.
 *
 * ```ts
 * const dots = vmap((a: Tensor, b: Tensor) => a.dot(b));           // [n, k], [n, k] → [n]
 * const perSample = vmap(gradFn(loss), { inDims: [null, 0, 0] });  // a gradient for each sample
 * ```
 * @throws Error where `fn` reads elements (`item()`), which it cannot do for all samples at once
 */
export function vmap<Args extends readonly unknown[], Out>(
  fn: (...args: Args) => Out,
  options: VmapOptions = {},
): (...args: Args) => Out {
  const { inDims = 0, outDims = 0, randomness = 'error', chunkSize } = options;
  if (chunkSize !== undefined && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new RangeError(`vmap: chunkSize is a whole number above 0, got ${chunkSize}`);
  }
  return (...args) => {
    const size = batchSize(args, inDims);
    if (chunkSize === undefined || chunkSize >= size)
      return mapOnce(fn, args, size, inDims, outDims, randomness);
    const parts: Out[] = [];
    for (let start = 0; start < size; start += chunkSize) {
      const count = Math.min(chunkSize, size - start);
      const some = walk('vmap: inDims', args, inDims, (x, dim) =>
        dim === null ? x : sliceDim(x, wrapDim('vmap', dim, x.ndim), start, count),
      );
      parts.push(mapOnce(fn, some as Args, count, inDims, outDims, randomness));
    }
    return joined(parts, outDims) as Out;
  };
}

/** Results of chunks, joined where they have the batch. */
function joined(parts: readonly unknown[], outDims: Dims): unknown {
  const lists = parts.map((part) => {
    const list: { x: Tensor; dim: number | null }[] = [];
    walk('vmap: outDims', part, outDims, (x, dim) => list.push({ x, dim }));
    return list;
  });
  let at = 0;
  return walk('vmap: outDims', parts[0], outDims, (x, dim) => {
    const i = at++;
    return dim === null
      ? x
      : cat(
          lists.map((list) => list[i].x),
          dim,
        );
  });
}
