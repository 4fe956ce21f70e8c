/** Sorting, and what follows from order: extreme and middle elements, quantiles, distinct elements, search. */
import { formatShape, wrapDim, wrapDims } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { add, div, mul, sub } from './arithmetic.js';
import { cast } from './cast.js';
import { tensor } from './creation.js';
import { eq, logicalAnd, logicalOr } from './comparison.js';
import { toFloat } from './elementwise.js';
import type { ArgOptions, ValuesIndices } from './extremes.js';
import { foldAround, gatherAlong } from './gather.js';
import { concatenate } from './joining.js';
import { ascending, linesOf } from './lines.js';
import { allocateLike, isTensor, type Operand } from './operand.js';
import { apply, OUTPUT, type Primitive } from './primitive.js';
import { contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from './record.js';
import { named } from './results.js';
import { takeRows } from './rows.js';
import { copyOf, permuteDims, reshapeTo, squeezeDims } from './shape.js';
import { sumDims } from './sum.js';
import { isnan } from './predicates.js';

export interface SortOptions {
  /** Default −1. */
  dim?: number;
  /** Largest first. Default false. */
  descending?: boolean;
  /** For PyTorch's sake; sorting is always stable. */
  stable?: boolean;
}

/** The positions that put each line of a dimension in order; NaN counts as the largest. */
function orderAlong(op: string, x: Tensor, dim: number, descending: boolean): Tensor {
  const { data, size, step, starts } = linesOf(x, dim, op);
  const out = allocateLike(x, 'int64', op);
  const to = elements(out);
  const line = new Float64Array(size);
  const positions = Array.from({ length: size }, (_, i) => i);
  for (const start of starts) {
    for (let k = 0; k < size; k++) line[k] = data[start + k * step];
    const order = positions.toSorted(
      descending ? (a, b) => ascending(line[b], line[a]) : (a, b) => ascending(line[a], line[b]),
    );
    for (let k = 0; k < size; k++) to[start + k * step] = order[k];
  }
  return out;
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
    const order = orderAlong('sort', input, at, descending);
    return named(['values', 'indices'], [gatherAlong('sort', input, at, order), order]);
  },
);

/** The positions that put the elements of a dimension in order. */
export const argsort: MethodOp<Sort<Tensor>> = methodOp<Sort<Tensor>>(
  { name: 'argsort', params: ['input', 'dim', 'descending', 'stable'], options: true },
  (input: Tensor, dim = -1, descending = false) =>
    orderAlong('argsort', input, wrapDim('argsort', dim, input.ndim), descending),
);

/** The elements of the first dimension in order. */
export const msort: MethodOp<(input: Tensor) => Tensor> = methodOp<(input: Tensor) => Tensor>(
  { name: 'msort', params: ['input'], samples: (make) => [[make([3, 2])]] },
  (input) => gatherAlong('msort', input, 0, orderAlong('msort', input, 0, false)),
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

function checkCount(op: string, k: number, x: Tensor, dim: number, lowest: number): void {
  const size = x.ndim === 0 ? 1 : x.shape[dim];
  if (!Number.isInteger(k) || k < lowest || k > size) {
    throw new RangeError(
      `${op}: k = ${k} does not fit dimension ${dim} of size ${size}; use ${lowest} to ${size}`,
    );
  }
}

/** Without the dimension that was reduced to size 1, unless it is kept. */
function reduced(found: ValuesIndices, dim: number, keepdim: boolean, ndim: number): ValuesIndices {
  const dims = keepdim || ndim === 0 ? [] : [dim];
  return named(['values', 'indices'], [squeezeDims(found.values, dims), squeezeDims(found.indices, dims)]);
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

/** The position of the median of each line: the lower one of two; the first NaN, or (skipping) the median of the others. */
function medianPositions(op: string, x: Tensor, dim: number, skipNan: boolean): Tensor {
  const { data, size, step, starts } = linesOf(x, dim, op);
  const order = elements(orderAlong(op, x, dim, false));
  const out = allocateShape(x.ndim === 0 ? [] : x.shape.with(dim, 1), 'int64', op);
  const to = elements(out);
  starts.forEach((start, i) => {
    let numbers = 0;
    while (numbers < size && !Number.isNaN(data[start + order[start + numbers * step] * step])) numbers++;
    const place = skipNan ? (Math.max(numbers, 1) - 1) >> 1 : numbers < size ? numbers : (size - 1) >> 1;
    to[i] = order[start + place * step];
  });
  return out;
}

/** The gradient of one element chosen of all, shared by those equal to it. */
const chosenPrimitive: Primitive<{ readonly position: number }> = {
  name: 'median',
  reads: [[0, OUTPUT]],
  forward: ([x], { position }) => {
    const out = allocateShape([], x.dtype, 'median');
    elements(out)[0] = elements(contiguousData(x, 'median'))[position];
    return out;
  },
  vjp: (grad, context) => {
    const x = context.input(0).detach();
    const y = context.output().detach();
    const mask = cast(logicalOr(eq(x, y), logicalAnd(isnan(x), isnan(y))), grad.dtype);
    return [div(mul(mask, grad), sumDims(mask, wrapDims('median', null, mask.ndim), false))];
  },
};

export interface Median {
  /** Of all elements. */
  (input: Tensor): Tensor;
  /** Along a dimension: values and positions. */
  (input: Tensor, dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
}

export interface MedianMethod {
  (): Tensor;
  (dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
}

function medianOp(name: 'median' | 'nanmedian', skipNan: boolean): MethodOp<Median, MedianMethod> {
  function median(input: Tensor): Tensor;
  function median(input: Tensor, dim: number | ArgOptions, keepdim?: boolean | ArgOptions): ValuesIndices;
  function median(
    input: Tensor,
    second?: number | ArgOptions,
    third?: boolean | ArgOptions,
  ): Tensor | ValuesIndices {
    if (second === undefined) {
      if (input.numel() === 0) throw new RangeError(`${name}: a tensor without elements has no median`);
      const flat = reshapeTo(input, [input.numel()]);
      const position = medianPositions(name, flat.detach(), 0, skipNan).item();
      return apply(chosenPrimitive, [input], { position });
    }
    const options = typeof second === 'object' ? second : typeof third === 'object' ? third : {};
    const dim = typeof second === 'number' ? second : (options.dim ?? -1);
    const keepdim = typeof third === 'boolean' ? third : (options.keepdim ?? false);
    const at = wrapDim(name, dim, input.ndim);
    checkCount(name, 1, input, at, 1);
    const indices = medianPositions(name, input.detach(), at, skipNan);
    const values = gatherAlong(name, input, at, indices);
    return reduced(named(['values', 'indices'], [values, indices]), at, keepdim, input.ndim);
  }
  return methodOp<Median, MedianMethod>(
    {
      name,
      params: ['input', 'dim', 'keepdim'],
      samples: (make) => [[make([2, 3])], [make([2, 3]), 1], [make([3, 2]), { dim: 0, keepdim: true }]],
      errors: (make) => [{ args: [make([0])], message: /no median/ }],
    },
    median,
  );
}

/** The middle element (of two, the lower), of all or of a dimension; NaN if there is one. */
export const median: MethodOp<Median, MedianMethod> = medianOp('median', false);
/** The median of the elements that are not NaN. */
export const nanmedian: MethodOp<Median, MedianMethod> = medianOp('nanmedian', true);

export interface QuantileOptions {
  /** Without it, of all elements. */
  dim?: number | null;
  keepdim?: boolean;
  /** What to do between two elements. Default 'linear'. */
  interpolation?: 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';
}

type Quantile = (
  input: Tensor,
  q: Operand,
  dim?: number | null | QuantileOptions,
  keepdim?: boolean | QuantileOptions,
  interpolation?: QuantileOptions['interpolation'],
) => Tensor;

function quantileOp(name: 'quantile' | 'nanquantile', skipNan: boolean): MethodOp<Quantile> {
  return methodOp<Quantile>(
    {
      name,
      params: ['input', 'q', 'dim', 'keepdim', 'interpolation'],
      options: true,
      samples: (make) => [
        [make([5]), 0.3],
        [make([2, 4]), make([2], { low: 0, high: 1, requiresGrad: false }), { dim: 1 }],
      ],
      errors: (make) => [
        { args: [make([3]), 1.5], message: /from 0 to 1, got 1.5/ },
        { args: [make([2], { dtype: 'int64' }), 0.5], message: /takes float tensors/ },
      ],
    },
    (
      input: Tensor,
      q: Operand,
      dim?: number,
      keepdim = false,
      interpolation: QuantileOptions['interpolation'] = 'linear',
    ) => {
      const x = dim === undefined ? reshapeTo(input, [input.numel()]) : input;
      const at = wrapDim(name, dim ?? 0, x.ndim);
      if (input.dtype !== toFloat(input).dtype) {
        throw new TypeError(`${name}: takes float tensors, got ${input.dtype}; convert it with x.float()`);
      }
      const points = isTensor(q) ? Array.from(elements(contiguousData(q, name))) : [q];
      for (const point of points) {
        if (!(point >= 0 && point <= 1))
          throw new RangeError(`${name}: a quantile is from 0 to 1, got ${point}`);
      }
      const results = points.map((point) => quantileAlong(name, x, at, point, interpolation, skipNan));
      const kept = dim === undefined ? input.shape.map(() => 1) : x.ndim === 0 ? [] : x.shape.with(at, 1);
      const gone = dim === undefined || x.ndim === 0 ? [] : x.shape.toSpliced(at, 1);
      const shape = keepdim ? kept : gone;
      if (!isTensor(q) || q.ndim === 0) return reshapeTo(results[0], shape);
      return reshapeTo(stackRows(name, results), [points.length, ...shape]);
    },
  );
}

/** The quantile of each line, with the dimension kept. */
function quantileAlong(
  op: string,
  x: Tensor,
  dim: number,
  point: number,
  interpolation: QuantileOptions['interpolation'],
  skipNan: boolean,
): Tensor {
  const { data, size, step, starts } = linesOf(x, dim, op);
  const order = elements(orderAlong(op, x.detach(), dim, false));
  const shape = x.ndim === 0 ? [] : x.shape.with(dim, 1);
  const below = allocateShape(shape, 'int64', op);
  const above = allocateShape(shape, 'int64', op);
  const weight = allocateShape(shape, x.dtype, op);
  const [lower, upper, between] = [elements(below), elements(above), elements(weight)];
  starts.forEach((start, i) => {
    let numbers = 0;
    while (numbers < size && !Number.isNaN(data[start + order[start + numbers * step] * step])) numbers++;
    const spoiled = numbers < size && !skipNan;
    // One NaN makes the result NaN: the last in order is one.
    const rank = spoiled ? size - 1 : point * Math.max(0, numbers - 1);
    const place =
      interpolation === 'lower'
        ? Math.floor(rank)
        : interpolation === 'higher'
          ? Math.ceil(rank)
          : interpolation === 'nearest'
            ? roundHalfEven(rank)
            : rank;
    const first = Math.floor(place);
    lower[i] = order[start + first * step];
    upper[i] = order[start + Math.ceil(place) * step];
    between[i] = interpolation === 'midpoint' ? (Number.isInteger(place) ? 0 : 0.5) : place - first;
  });
  const low = gatherAlong(op, x, dim, below);
  const high = gatherAlong(op, x, dim, above);
  return add(low, mul(sub(high, low), weight));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function stackRows(op: string, rows: readonly Tensor[]): Tensor {
  return concatenate(
    op,
    rows.map((row) => reshapeTo(row, [1, row.numel()])),
    0,
  );
}

/** The q-quantile of all elements or of a dimension; for several q, a new first dimension. */
export const quantile: MethodOp<Quantile> = quantileOp('quantile', false);
/** The quantile of the elements that are not NaN. */
export const nanquantile: MethodOp<Quantile> = quantileOp('nanquantile', true);

export interface UniqueOptions {
  /** For PyTorch's sake; the result is always sorted. */
  sorted?: boolean;
  /** Whether to give, for each element, its place in the result. */
  returnInverse?: boolean;
  /** Whether to give how often each element of the result appears. */
  returnCounts?: boolean;
  /** Compare the slices of a dimension instead of elements. */
  dim?: number | null;
}

type Unique = (input: Tensor, options?: UniqueOptions) => Tensor | Tensor[];

/** What is compared: elements, or the slices of a dimension as rows. */
function itemsOf(
  input: Tensor,
  dim: number | undefined,
  op: string,
): { rows: number[][]; moved: Tensor | null } {
  if (dim === undefined) {
    return { rows: Array.from(elements(contiguousData(input, op)), (value) => [value]), moved: null };
  }
  const at = wrapDim(op, dim, input.ndim);
  const order = [at, ...input.shape.map((_, i) => i).filter((i) => i !== at)];
  const moved = copyOf(permuteDims(input.detach(), order), op);
  const data = elements(moved);
  const count = moved.shape[0];
  const width = count === 0 ? 0 : data.length / count;
  return {
    rows: Array.from({ length: count }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width))),
    moved,
  };
}

function compareRows(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = ascending(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function sameRow(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i]);
}

/** The result from groups of equal items, each given by the positions of its items. */
function uniqueResult(
  op: string,
  input: Tensor,
  dim: number | undefined,
  moved: Tensor | null,
  groups: readonly (readonly number[])[],
  returnInverse: boolean,
  returnCounts: boolean,
): Tensor | Tensor[] {
  const firsts = Int32Array.from(groups, (group) => group[0]);
  const source = moved ?? reshapeTo(input.detach(), [input.numel()]);
  const picked = reshapeTo(takeRows(foldAround(source, 0), firsts), [
    firsts.length,
    ...source.shape.slice(1),
  ]);
  const at = dim === undefined ? 0 : wrapDim(op, dim, input.ndim);
  const back = picked.shape.map((_, i) => (i < at ? i + 1 : i === at ? 0 : i));
  const values = moved === null ? picked : copyOf(permuteDims(picked, back), op);
  const results = [values];
  if (returnInverse) {
    const total = groups.reduce((n, group) => n + group.length, 0);
    const inverse = new Array<number>(total);
    groups.forEach((group, i) => group.forEach((position) => (inverse[position] = i)));
    const flat = tensor(inverse, { dtype: 'int64' });
    results.push(dim === undefined ? reshapeTo(flat, input.shape) : flat);
  }
  if (returnCounts) {
    results.push(
      tensor(
        groups.map((group) => group.length),
        { dtype: 'int64' },
      ),
    );
  }
  return results.length === 1 ? values : results;
}

/** The distinct elements (or slices of a dimension) in order; on demand their inverse and counts, as an array of results. */
export const unique: MethodOp<Unique> = methodOp<Unique>(
  { name: 'unique', params: ['input', 'sorted', 'returnInverse', 'returnCounts', 'dim'], options: true },
  (
    ...[input, , returnInverse = false, returnCounts = false, dim]: [
      Tensor,
      boolean?,
      boolean?,
      boolean?,
      number?,
    ]
  ) => {
    const { rows, moved } = itemsOf(input, dim, 'unique');
    const order = rows.map((_, i) => i).sort((a, b) => compareRows(rows[a], rows[b]));
    const groups: number[][] = [];
    for (const position of order) {
      const last = groups.at(-1);
      if (last !== undefined && sameRow(rows[last[0]], rows[position])) last.push(position);
      else groups.push([position]);
    }
    return uniqueResult('unique', input, dim, moved, groups, returnInverse, returnCounts);
  },
);

export interface UniqueConsecutiveOptions {
  returnInverse?: boolean;
  returnCounts?: boolean;
  dim?: number | null;
}

/** The elements (or slices of a dimension) without those that equal the one before. */
export const uniqueConsecutive: MethodOp<
  (input: Tensor, options?: UniqueConsecutiveOptions) => Tensor | Tensor[]
> = methodOp<(input: Tensor, options?: UniqueConsecutiveOptions) => Tensor | Tensor[]>(
  { name: 'uniqueConsecutive', params: ['input', 'returnInverse', 'returnCounts', 'dim'], options: true },
  (input: Tensor, returnInverse = false, returnCounts = false, dim?: number) => {
    const { rows, moved } = itemsOf(input, dim, 'uniqueConsecutive');
    const groups: number[][] = [];
    rows.forEach((row, position) => {
      const last = groups.at(-1);
      if (last !== undefined && sameRow(rows[last[0]], row)) last.push(position);
      else groups.push([position]);
    });
    return uniqueResult('uniqueConsecutive', input, dim, moved, groups, returnInverse, returnCounts);
  },
);

export interface SearchOptions {
  /** Whether equal elements go before the place. Default false. */
  right?: boolean;
  /** The same in words. */
  side?: 'left' | 'right';
}

/** How many of the sorted numbers are below (or, from the right, at most) a value. */
function placeOf(
  data: ArrayLike<number>,
  start: number,
  size: number,
  value: number,
  right: boolean,
): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = ascending(data[start + middle], value);
    if (order < 0 || (right && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Search = (sorted: Tensor, values: Operand, options?: SearchOptions) => Tensor;

/** Where values belong in sorted rows: sorted [..., n] with values [..., m], or one sorted vector for all values. */
export const searchsorted: FunctionOp<Search> = functionOp<Search>(
  {
    name: 'searchsorted',
    params: ['sortedSequence', 'values', 'outInt32', 'right', 'side'],
    options: true,
    errors: (make) => [{ args: [make([2, 3]), make([3, 2])], message: /\[2, 3\].*\[3, 2\]/ }],
  },
  (
    ...[sorted, values, , right = false, side]: [Tensor, Operand, boolean?, boolean?, ('left' | 'right')?]
  ) => {
    const x = isTensor(values) ? values : filled([], values, sorted.dtype, 'searchsorted');
    const rows = sorted.shape.slice(0, -1);
    if (sorted.ndim > 1 && formatShape(rows) !== formatShape(x.shape.slice(0, -1))) {
      throw new RangeError(
        `searchsorted: sorted rows of shape ${formatShape(sorted.shape)} and values of shape ${formatShape(x.shape)} must ` +
          'agree in all but the last dimension',
      );
    }
    const data = elements(contiguousData(sorted, 'searchsorted'));
    const size = sorted.shape.at(-1) ?? 1;
    const per = sorted.ndim > 1 ? x.shape.at(-1)! : Math.max(1, x.numel());
    const out = allocateLike(x, 'int64', 'searchsorted');
    const to = elements(out);
    const from = elements(contiguousData(x, 'searchsorted'));
    for (let i = 0; i < to.length; i++) {
      to[i] = placeOf(data, Math.floor(i / per) * size, size, from[i], right || side === 'right');
    }
    return out;
  },
);

type Bucketize = (input: Operand, boundaries: Tensor, options?: { right?: boolean }) => Tensor;

/** The number of the bucket, between sorted boundaries, that each element falls into. */
export const bucketize: FunctionOp<Bucketize> = functionOp<Bucketize>(
  { name: 'bucketize', params: ['input', 'boundaries', 'outInt32', 'right'], options: true },
  (...[input, boundaries, , right = false]: [Operand, Tensor, boolean?, boolean?]) =>
    searchsorted(boundaries, input, { right }),
);

export interface BincountOptions {
  weights?: Tensor | null;
  minlength?: number;
}

type Bincount = (input: Tensor, weights?: Tensor | null | BincountOptions, minlength?: number) => Tensor;

/** How often each integer from 0 on appears in a vector, or the sum of the weights there. */
export const bincount: MethodOp<Bincount> = methodOp<Bincount>(
  {
    name: 'bincount',
    params: ['input', 'weights', 'minlength'],
    options: true,
    errors: (make) => [
      { args: [make([2], { dtype: 'int64', low: -3, high: -2 })], message: /integers from 0 up/ },
    ],
  },
  (input: Tensor, weights?: Tensor, minlength = 0) => {
    const labels = Array.from(elements(contiguousData(input, 'bincount')));
    if (labels.some((label) => !Number.isInteger(label) || label < 0)) {
      throw new RangeError('bincount: counts integers from 0 up');
    }
    const size = labels.reduce((n, label) => Math.max(n, label + 1), minlength);
    const dtype = weights === undefined ? 'int64' : weights.dtype === 'float32' ? 'float32' : 'float64';
    const out = filled([size], 0, dtype, 'bincount');
    const data = elements(out);
    const factors = weights === undefined ? null : elements(contiguousData(weights.detach(), 'bincount'));
    labels.forEach((label, i) => (data[label] += factors === null ? 1 : factors[i]));
    return out;
  },
);

export interface HistcOptions {
  /** Default 100. */
  bins?: number;
  /** The range; by default that of the elements. */
  min?: number;
  max?: number;
}

type Histc = (input: Tensor, bins?: number | HistcOptions, min?: number, max?: number) => Tensor;

/** How many elements fall into each of `bins` equal parts of a range; elements outside of it are not counted. */
export const histc: MethodOp<Histc> = methodOp<Histc>(
  {
    name: 'histc',
    params: ['input', 'bins', 'min', 'max'],
    options: true,
    errors: (make) => [{ args: [make([2]), { bins: 0 }], message: /at least 1 bin/ }],
  },
  (input: Tensor, bins = 100, min = 0, max = 0) => {
    if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`histc: takes at least 1 bin, got ${bins}`);
    const data = elements(contiguousData(input.detach(), 'histc'));
    let low = min;
    let high = max;
    if (low === high && data.length > 0) {
      low = Infinity;
      high = -Infinity;
      for (const value of data) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    if (low === high) {
      low -= 1;
      high += 1;
    }
    const out = filled([bins], 0, input.dtype, 'histc');
    const counts = elements(out);
    for (const value of data) {
      if (!(value >= low && value <= high)) continue;
      counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
    }
    return out;
  },
);
