/** Sorting, and the elements at certain places of the order. */
import { kernels } from '../kernels/index.js';
import { Finder, Sorter } from '../kernels/order.js';
import { wrapDim } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import type { ArgOptions, ValuesIndices } from './extremes.js';
import { foldAround, gatherAlong } from './gather.js';
import { linesOf } from './lines.js';
import { allocateLike } from './operand.js';
import { contiguousData, elements } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { named } from './results.js';
import { takeRows } from './rows.js';
import { copyOf, reshapeTo, squeezeDims, transposeDims } from './shape.js';

export interface SortOptions {
  /** Default −1. */
  dim?: number;
  /** Largest first. Default false. */
  descending?: boolean;
  /** For PyTorch's sake; sorting is always stable. */
  stable?: boolean;
}

/** Rows of so many numbers are sorted by a kernel: its tables have to be cleared for each. */
const LONG = 512;

/** The positions that put each line of a dimension in order; NaN counts as the largest. */
export function orderAlong(op: string, x: Tensor, dim: number, descending: boolean): Tensor {
  if (x.dtype === 'float32' && dim === x.ndim - 1 && x.shape[dim] >= LONG) {
    const out = allocateLike(x, 'int64', op);
    const columns = x.shape[dim];
    kernels.sortRows(x.numel() / columns, columns, descending, contiguousData(x, op).ptr, out.ptr);
    return out;
  }
  const { data, size, step, starts } = linesOf(x, dim, op);
  const out = allocateLike(x, 'int64', op);
  const to = elements(out);
  const line = new Float64Array(size);
  const sorter = new Sorter(size, x.dtype !== 'float64' && x.dtype !== 'int64' && x.dtype !== 'int32');
  for (const start of starts) {
    for (let k = 0; k < size; k++) line[k] = data[start + k * step];
    const { order } = sorter.sort(line, descending);
    for (let k = 0; k < size; k++) to[start + k * step] = order[k];
  }
  return out;
}

/** From so many elements on, putting the lines of another dimension one behind the other is worth the copies. */
const MANY = 4096;

/** The elements of a dimension in order, and where they were. */
function sortAlong(
  op: string,
  input: Tensor,
  dim: number,
  descending: boolean,
): [values: Tensor, indices: Tensor] {
  const last = input.ndim - 1;
  if (dim === last || input.ndim === 0 || input.numel() < MANY) {
    const order = orderAlong(op, input, dim, descending);
    return [gatherAlong(op, input, dim, order), order];
  }
  const lines = transposeDims(input, dim, last);
  const order = orderAlong(op, lines, last, descending);
  const values = gatherAlong(op, lines, last, order);
  return [copyOf(transposeDims(values, dim, last), op), copyOf(transposeDims(order, dim, last), op)];
}

type Sort<R> = (
  input: Tensor,
  dim?: number | SortOptions,
  descending?: boolean | SortOptions,
  stable?: boolean,
) => R;

/** The elements of a dimension in order, and where they were. NaN counts as the largest. */
export const sort: MethodOp<Sort<ValuesIndices>> = methodOp<Sort<ValuesIndices>>(
  {
    name: 'sort',
    params: ['input', 'dim', 'descending', 'stable'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), 0, { descending: true }], [make([])]],
    errors: (make) => [{ args: [make([2]), 1], message: /dimension 1 is out of range/ }],
  },
  (input: Tensor, dim = -1, descending = false) => {
    const at = wrapDim('sort', dim, input.ndim);
    return named(['values', 'indices'], sortAlong('sort', input, at, descending));
  },
);

/** The positions that put the elements of a dimension in order. */
export const argsort: MethodOp<Sort<Tensor>> = methodOp<Sort<Tensor>>(
  {
    name: 'argsort',
    samples: (make) => [[make([2, 3])], [make([2, 3]), 0, true], [make([0, 3])]],
    params: ['input', 'dim', 'descending', 'stable'],
    options: true,
  },
  (input: Tensor, dim = -1, descending = false) =>
    orderAlong('argsort', input, wrapDim('argsort', dim, input.ndim), descending),
);

/** The elements of the first dimension in order. */
export const msort: MethodOp<(input: Tensor) => Tensor> = methodOp<(input: Tensor) => Tensor>(
  { name: 'msort', params: ['input'], samples: (make) => [[make([3, 2])]] },
  (input) => sortAlong('msort', input, 0, false)[0],
);

/** Elements at some places of the order of a dimension, and where they were. */
function fromOrder(
  op: string,
  input: Tensor,
  dim: number,
  order: Tensor,
  places: readonly number[],
): ValuesIndices {
  const shape = input.ndim === 0 ? [] : order.shape.with(dim, places.length);
  const indices = reshapeTo(takeRows(foldAround(order, dim), Int32Array.from(places)), shape);
  return named(['values', 'indices'], [gatherAlong(op, input, dim, indices), indices]);
}

/** So many are found faster by looking for them than by sorting. */
const FEW_FOUND = 16;

/** The positions of the k largest or smallest of each line of a dimension, in order. */
function firstAlong(input: Tensor, dim: number, k: number, largest: boolean): Tensor {
  const { data, size, step, starts } = linesOf(input, dim, 'topk');
  const out = allocateShape(input.ndim === 0 ? [] : input.shape.with(dim, k), 'int64', 'topk');
  const to = elements(out);
  const finder = new Finder(k, largest);
  for (const start of starts) {
    const { places } = finder.find(data, start, step, size);
    const first = ((start - (start % step)) / size) * k + (start % step);
    for (let i = 0; i < k; i++) to[first + i * step] = places[i];
  }
  return out;
}

export interface TopkOptions {
  dim?: number;
  /** Default true. */
  largest?: boolean;
  /** For PyTorch's sake; results are always in order. */
  sorted?: boolean;
}

type Topk = (
  input: Tensor,
  k: number,
  dim?: number | TopkOptions,
  largest?: boolean | TopkOptions,
  sorted?: boolean,
) => ValuesIndices;

/** The k largest (or smallest) elements of a dimension, in order, and where they were. */
export const topk: MethodOp<Topk> = methodOp<Topk>(
  {
    name: 'topk',
    params: ['input', 'k', 'dim', 'largest', 'sorted'],
    options: true,
    samples: (make) => [
      [make([2, 4]), 2],
      [make([4, 2]), 3, { dim: 0, largest: false }],
    ],
    errors: (make) => [{ args: [make([3]), 4], message: /k = 4 .* size 3/ }],
  },
  (input: Tensor, k: number, dim = -1, largest = true) => {
    const at = wrapDim('topk', dim, input.ndim);
    checkCount('topk', k, input, at, 0);
    if (k > 0 && k <= FEW_FOUND) {
      const indices = firstAlong(input, at, k, largest);
      return named(['values', 'indices'], [gatherAlong('topk', input, at, indices), indices]);
    }
    const order = orderAlong('topk', input, at, largest);
    return fromOrder(
      'topk',
      input,
      at,
      order,
      Array.from({ length: k }, (_, i) => i),
    );
  },
);

export function checkCount(op: string, k: number, x: Tensor, dim: number, lowest: number): void {
  const size = x.ndim === 0 ? 1 : x.shape[dim];
  if (!Number.isInteger(k) || k < lowest || k > size) {
    throw new RangeError(
      `${op}: k = ${k} does not fit dimension ${dim} of size ${size}; use ${lowest} to ${size}`,
    );
  }
}

/** Without the dimension that was reduced to size 1, unless it is kept. */
export function reduced(found: ValuesIndices, dim: number, keepdim: boolean, ndim: number): ValuesIndices {
  const dims = keepdim || ndim === 0 ? [] : [dim];
  const [values, indices] = found;
  return named(['values', 'indices'], [squeezeDims(values, dims), squeezeDims(indices, dims)]);
}

type Kth = (
  input: Tensor,
  k: number,
  dim?: number | ArgOptions,
  keepdim?: boolean | ArgOptions,
) => ValuesIndices;

/** The k-th smallest element (from 1) of a dimension, and where it was. */
export const kthvalue: MethodOp<Kth> = methodOp<Kth>(
  {
    name: 'kthvalue',
    params: ['input', 'k', 'dim', 'keepdim'],
    options: true,
    samples: (make) => [
      [make([2, 4]), 2],
      [make([4, 2]), 3, { dim: 0, keepdim: true }],
    ],
    errors: (make) => [{ args: [make([3]), 0], message: /k = 0 does not fit/ }],
  },
  (input: Tensor, k: number, dim = -1, keepdim = false) => {
    const at = wrapDim('kthvalue', dim, input.ndim);
    checkCount('kthvalue', k, input, at, 1);
    const order = orderAlong('kthvalue', input, at, false);
    return reduced(fromOrder('kthvalue', input, at, order, [k - 1]), at, keepdim, input.ndim);
  },
);
