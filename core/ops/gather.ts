/** Taking and putting elements by index tensors along one dimension. */
import { computesInJavaScript } from '../kernels/recording.js';
import { isIntegral } from '../dtype.js';
import { f64 } from '../memory.js';
import { formatShape, sizeOf, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { mul } from './arithmetic.js';
import { cast } from './cast.js';
import { isTensor, type Operand } from './operand.js';
import { contiguousData, elements, filled, inDType } from './raw.js';
import {
  type InPlaceOp,
  inPlaceOp,
  type MethodOp,
  methodOp,
  notATensor,
  type SampleMaker,
} from './record.js';
import { fillRows, putRows, type Rows, takeRows, takeRowsOf } from './rows.js';
import { expandTo, reshapeTo } from './shape.js';
import { fewIndexFill } from './few-grids.js';
import { sliceDim, wrapIndex } from './slicing.js';
import {
  fewGather,
  fewIndexSelect,
  fewPutLines,
  fewScatter,
  fewTake,
  fewTakeAlongDim,
} from './few-movement.js';

export function checkIndex(op: string, index: Tensor): void {
  if (!isTensor(index) || !isIntegral(index.dtype) || index.dtype === 'bool') {
    throw new TypeError(`${op}: the index is an integer tensor; convert it with x.long()`);
  }
}

/** x as [outer, size of dim, inner]. */
export function foldAround(x: Tensor, dim: number): Tensor {
  const { shape } = x;
  if (x.ndim === 0) return reshapeTo(x, [1, 1, 1]);
  return reshapeTo(x, [sizeOf(shape.slice(0, dim)), shape[dim], sizeOf(shape.slice(dim + 1))]);
}

/** A 1-d (or 0-d) index as rows of a dimension. */
export function rowsOf(op: string, index: Tensor, size: number, dim: number): Rows {
  checkIndex(op, index);
  if (index.ndim > 1)
    throw new RangeError(`${op}: the index is a vector, got shape ${formatShape(index.shape)}`);
  return wrappedIndices(op, index, size, dim);
}

/** Indices as whole numbers from 0 up. */
export function wrappedIndices(op: string, index: Tensor, size: number, dim: number): Rows {
  computesInJavaScript();
  // Always of the type of int64, so that the loop meets one kind of array.
  const wide = inDType(contiguousData(index, op), 'int64', op);
  const count = wide.layout.size;
  const rows = new Int32Array(count);
  const start = wide.ptr >>> 3;
  for (let i = 0; i < count; i++) {
    const index = f64[start + i];
    rows[i] = index >= 0 && index < size && (index | 0) === index ? index : wrapIndex(op, index, size, dim);
  }
  return rows;
}

function withSize(x: Tensor, dim: number, size: number): number[] {
  const shape = x.shape.slice();
  if (x.ndim > 0) shape[dim] = size;
  return shape;
}

type IndexSelect = (input: Tensor, dim: number, index: Tensor) => Tensor;

/** The positions of a dimension that a vector of integers names, in its order. */
export const indexSelect: MethodOp<IndexSelect> = methodOp<IndexSelect>(
  {
    name: 'indexSelect',
    few: fewIndexSelect,
    params: ['input', 'dim', 'index'],
    samples: (make) => [[make([3, 4]), 1, make([2], { dtype: 'int64', low: 0, high: 4 })]],
    errors: (make) => [
      { args: [make([3]), 0, make([2], { dtype: 'int64', low: 3, high: 5 })], message: /out of range/ },
      { args: [make([3]), 0, make([2])], message: /integer tensor/ },
    ],
  },
  (input, dim, index) => {
    const at = wrapDim('indexSelect', dim, input.ndim);
    const rows = rowsOf('indexSelect', index, input.shape[at] ?? 1, at);
    const { shape } = input;
    let outer = 1;
    let inner = 1;
    for (let d = 0; d < shape.length; d++) {
      if (d < at) outer *= shape[d];
      else if (d > at) inner *= shape[d];
    }
    return takeRowsOf(input, { outer, size: shape[at] ?? 1, inner }, rows, withSize(input, at, rows.length));
  },
);

/**
 * For each element of `index`, the flat position in a contiguous tensor of `shape` that it names along `dim`; the
 * other coordinates are the element's own.
 */
export function positionsAlong(op: string, shape: readonly number[], dim: number, index: Tensor): Rows {
  checkIndex(op, index);
  const ndim = Math.max(shape.length, 1);
  const full = shape.length === 0 ? [1] : shape;
  const counts = index.ndim === 0 ? [1] : index.shape;
  const fits = counts.length === ndim && counts.every((n, i) => i === dim || n <= full[i]);
  const count = index.layout.size;
  if (count === 0) return new Int32Array(0);
  if (!fits) {
    throw new RangeError(
      `${op}: an index of shape ${formatShape(index.shape)} does not fit shape ${formatShape(shape)}: it has as many ` +
        `dimensions, and no dimension but ${dim} may be larger`,
    );
  }
  const strides = new Array<number>(ndim);
  let step = 1;
  for (let i = ndim - 1; i >= 0; i--) {
    strides[i] = step;
    step *= full[i];
  }
  const size = full[dim];
  const along = strides[dim];
  const whole = counts.every((n, i) => i === dim || n === full[i]);
  if (whole && along === 1) return positionsInRows(op, index, size, counts[dim], dim);
  const rows = wrappedIndices(op, index, size, dim);
  if (whole) {
    // The usual case: nothing is left out, so that positions follow from three loops.
    const outer = along * size === 0 ? 0 : count / (along * counts[dim]);
    let i = 0;
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < counts[dim]; k++)
        for (let inner = o * size * along; inner < o * size * along + along; inner++, i++)
          rows[i] = inner + rows[i] * along;
    return rows;
  }
  const place = new Array<number>(ndim).fill(0);
  let base = 0;
  for (let i = 0; i < rows.length; i++) {
    rows[i] = base + rows[i] * along;
    for (let d = ndim - 1; d >= 0; d--) {
      if (d !== dim) base += strides[d];
      if (++place[d] < counts[d]) break;
      if (d !== dim) base -= strides[d] * counts[d];
      place[d] = 0;
    }
  }
  return rows;
}

/** Positions along the last dimension, of rows of `size` elements with `count` indices each. */
function positionsInRows(op: string, index: Tensor, size: number, count: number, dim: number): Rows {
  computesInJavaScript();
  const wide = inDType(contiguousData(index, op), 'int64', op);
  const rows = new Int32Array(wide.layout.size);
  const start = wide.ptr >>> 3;
  for (let i = 0, base = 0; i < rows.length; base += size) {
    for (const end = i + count; i < end; i++) {
      const at = f64[start + i];
      const inside = at >= 0 && at < size && (at | 0) === at;
      rows[i] = base + (inside ? at : wrapIndex(op, at, size, dim));
    }
  }
  return rows;
}

/** All elements in one row, as [1, n, 1]. */
export function flat(x: Tensor): Tensor {
  return reshapeTo(x, [1, x.layout.size, 1]);
}

/** Elements of x along `dim` as an index tensor says. */
export function gatherAlong(op: string, x: Tensor, dim: number, index: Tensor): Tensor {
  const run = { outer: 1, size: x.layout.size, inner: 1 };
  return takeRowsOf(x, run, positionsAlong(op, x.shape, dim, index), index.shape);
}

/** An index for samples of gather and scatter: of shape [2, 2], into the second dimension of [2, 3]. */
function sampleIndex(make: SampleMaker): Tensor {
  return make([2, 2], { dtype: 'int64', low: 0, high: 3 });
}

type Gather = (input: Tensor, dim: number, index: Tensor) => Tensor;

/** out[i][j] = input[i][index[i][j]] for dim = 1: one element along `dim` for each element of the index. */
export const gather: MethodOp<Gather> = methodOp<Gather>(
  {
    name: 'gather',
    few: fewGather,
    params: ['input', 'dim', 'index'],
    samples: (make) => [[make([2, 3]), 1, sampleIndex(make)]],
    errors: (make) => [
      { args: [make([2, 3]), 1, make([3, 1], { dtype: 'int64', low: 0, high: 1 })], message: /does not fit/ },
      { args: [make([2, 3]), 1, make([2, 2], { dtype: 'int64', low: 3, high: 4 })], message: /out of range/ },
    ],
  },
  (input, dim, index) => gatherAlong('gather', input, wrapDim('gather', dim, input.ndim), index),
);

/** The part of `src` that an index of the given shape addresses. */
export function leading(src: Tensor, shape: readonly number[]): Tensor {
  return shape.reduce((x, size, dim) => (x.shape[dim] === size ? x : sliceDim(x, dim, 0, size)), src);
}

/** Elements are moved as they are, so that what is put must be of the dtype of where it is put. */
export function checkSource(op: string, input: Tensor, source: Tensor): void {
  if (!isTensor(source)) throw notATensor(op, source);
  if (source.dtype !== input.dtype) {
    throw new TypeError(
      `${op}: the source must have the dtype of the input, ${input.dtype}; got ${source.dtype}: convert it with x.to('${input.dtype}')`,
    );
  }
}

function scatterOf(
  op: string,
  input: Tensor,
  dim: number,
  index: Tensor,
  src: Operand,
  accumulate: boolean,
): Tensor {
  const at = wrapDim(op, dim, input.ndim);
  const rows = positionsAlong(op, input.shape, at, index);
  if (typeof src === 'number' && !accumulate) return reshapeTo(fillRows(flat(input), rows, src), input.shape);
  const values = typeof src === 'number' ? filled(index.shape, src, input.dtype, op) : src;
  checkSource(op, input, values);
  return reshapeTo(putRows(flat(input), rows, flat(leading(values, index.shape)), accumulate), input.shape);
}

export interface ScatterOptions {
  /** What happens with the elements that are there: replaced by default, 'add' or 'multiply'. */
  reduce?: 'add' | 'multiply';
}

type Scatter = (input: Tensor, dim: number, index: Tensor, src: Operand, options?: ScatterOptions) => Tensor;

/** A copy with out[i][index[i][j]] = src[i][j] for dim = 1; `src` may be a number. */
export const scatter: InPlaceOp<Scatter> = inPlaceOp<Scatter>(
  {
    name: 'scatter',
    few: fewScatter('scatter', false),
    params: ['input', 'dim', 'index', 'src', 'reduce'],
    options: true,
    samples: (make) => [
      [make([2, 3]), 1, make([2, 1], { dtype: 'int64', low: 0, high: 3 }), make([2, 1])],
      [make([2, 3]), 1, sampleIndex(make), 0.5],
    ],
  },
  (input: Tensor, dim: number, index: Tensor, src: Operand, reduce?: 'add' | 'multiply') => {
    if (reduce === 'multiply') {
      const ones = filled(input.shape, 1, input.dtype, 'scatter');
      // Factors of one element that is named several times multiply up.
      return mul(input, multiplied(ones, wrapDim('scatter', dim, input.ndim), index, src));
    }
    return scatterOf('scatter', input, dim, index, src, reduce === 'add');
  },
);

function multiplied(ones: Tensor, dim: number, index: Tensor, src: Operand): Tensor {
  const rows = positionsAlong('scatter', ones.shape, dim, index);
  const out = elements(ones);
  const factors =
    typeof src === 'number' ? null : elements(contiguousData(leading(src, index.shape), 'scatter'));
  rows.forEach((row, i) => (out[row] *= factors === null ? (src as number) : factors[i]));
  return ones;
}

/** A copy with src[i][j] added to element [i][index[i][j]], for dim = 1. */
export const scatterAdd: InPlaceOp<(input: Tensor, dim: number, index: Tensor, src: Tensor) => Tensor> =
  inPlaceOp<(input: Tensor, dim: number, index: Tensor, src: Tensor) => Tensor>(
    {
      name: 'scatterAdd',
      few: fewScatter('scatterAdd', true),
      params: ['input', 'dim', 'index', 'src'],
      samples: (make) => [[make([2, 3]), 1, sampleIndex(make), make([2, 2])]],
      errors: (make) => [{ args: [make([2]), 0, make([2]), make([2])], message: /integer tensor/ }],
    },
    (input, dim, index, src) => scatterOf('scatterAdd', input, dim, index, src, true),
  );

interface AlphaOption {
  /** Factor of the source; default 1. */
  alpha?: number;
}

type IndexAdd = (input: Tensor, dim: number, index: Tensor, source: Tensor, options?: AlphaOption) => Tensor;

/** A copy with alpha · source[i] added to row index[i] along `dim`. */
export const indexAdd: InPlaceOp<IndexAdd> = inPlaceOp<IndexAdd>(
  {
    name: 'indexAdd',
    few: fewPutLines('indexAdd', true),
    params: ['input', 'dim', 'index', 'source', 'alpha'],
    options: true,
    samples: (make) => [[make([3, 2]), 0, make([4], { dtype: 'int64', low: 0, high: 3 }), make([4, 2])]],
  },
  (input: Tensor, dim: number, index: Tensor, source: Tensor, alpha = 1) =>
    putIndexed(
      'indexAdd',
      input,
      dim,
      index,
      alpha === 1 ? source : cast(mul(source, alpha), source.dtype),
      true,
    ),
);

function putIndexed(
  op: string,
  input: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  accumulate: boolean,
): Tensor {
  const at = wrapDim(op, dim, input.ndim);
  const rows = rowsOf(op, index, input.shape[at] ?? 1, at);
  const shape = withSize(input, at, rows.length);
  if (sizeOf(shape) !== source.layout.size) {
    throw new RangeError(
      `${op}: for ${rows.length} indices the source has shape ${formatShape(shape)}, got ${formatShape(source.shape)}`,
    );
  }
  checkSource(op, input, source);
  const values = reshapeTo(source, shape);
  return reshapeTo(putRows(foldAround(input, at), rows, foldAround(values, at), accumulate), input.shape);
}

type IndexCopy = (input: Tensor, dim: number, index: Tensor, source: Tensor) => Tensor;

/** A copy with row index[i] along `dim` replaced by source[i]. */
export const indexCopy: InPlaceOp<IndexCopy> = inPlaceOp<IndexCopy>(
  {
    name: 'indexCopy',
    few: fewPutLines('indexCopy', false),
    samples: (make) => [[make([3, 4]), 1, make([1], { dtype: 'int64', low: 1, high: 4 }), make([3, 1])]],
    params: ['input', 'dim', 'index', 'source'],
  },
  (input, dim, index, source) => putIndexed('indexCopy', input, dim, index, source, false),
);

type IndexFill = (input: Tensor, dim: number, index: Tensor, value: Operand) => Tensor;

/** A copy with the rows of a dimension that the index names filled with one value. */
export const indexFill: InPlaceOp<IndexFill> = inPlaceOp<IndexFill>(
  {
    name: 'indexFill',
    few: fewIndexFill,
    samples: (make) => [
      [make([3, 4]), 1, make([2], { dtype: 'int64', low: 0, high: 4 }), 1.5],
      [make([3, 4]), 0, make([1], { dtype: 'int64', low: 0, high: 3 }), make([])],
    ],
    params: ['input', 'dim', 'index', 'value'],
  },
  (input, dim, index, value) => {
    const at = wrapDim('indexFill', dim, input.ndim);
    const rows = rowsOf('indexFill', index, input.shape[at] ?? 1, at);
    if (typeof value === 'number')
      return reshapeTo(fillRows(foldAround(input, at), rows, value), input.shape);
    return putIndexed(
      'indexFill',
      input,
      dim,
      index,
      expandTo(cast(value, input.dtype), withSize(input, at, rows.length)),
      false,
    );
  },
);

type Take = (input: Tensor, index: Tensor) => Tensor;

/** Elements by their number in row-major order. */
export const take: MethodOp<Take> = methodOp<Take>(
  {
    name: 'take',
    few: fewTake,
    params: ['input', 'index'],
    samples: (make) => [[make([2, 3]), make([4], { dtype: 'int64', low: 0, high: 6 })]],
    errors: (make) => [
      { args: [make([2]), make([1], { dtype: 'int64', low: 5, high: 6 })], message: /out of range/ },
    ],
  },
  (input, index) => {
    checkIndex('take', index);
    const size = input.layout.size;
    return reshapeTo(takeRows(flat(input), wrappedIndices('take', index, size, 0)), index.shape);
  },
);

type TakeAlongDim = (input: Tensor, indices: Tensor, dim?: number | { dim?: number }) => Tensor;

/** Elements along a dimension by an index tensor that broadcasts; without a dimension, of all elements in a row. */
export const takeAlongDim: MethodOp<TakeAlongDim> = methodOp<TakeAlongDim>(
  {
    name: 'takeAlongDim',
    few: fewTakeAlongDim,
    samples: (make) => [
      [make([3, 4]), make([3, 2], { dtype: 'int64', low: 0, high: 4 }), 1],
      [make([3, 4]), make([5], { dtype: 'int64', low: 0, high: 12 })],
    ],
    params: ['input', 'indices', 'dim'],
    options: true,
  },
  (input: Tensor, indices: Tensor, dim?: number) => {
    if (dim === undefined) return take(input, reshapeTo(indices, [indices.layout.size]));
    const at = wrapDim('takeAlongDim', dim, input.ndim);
    const common = input.shape.map((n, i) => (i === at ? 1 : Math.max(n, indices.shape[i])));
    const wide = common.map((n, i) => (i === at ? input.shape[i] : n));
    const index = common.map((n, i) => (i === at ? indices.shape[i] : n));
    return gatherAlong('takeAlongDim', expandTo(input, wide), at, expandTo(indices, index));
  },
);
