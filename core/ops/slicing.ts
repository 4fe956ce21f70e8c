/** Parts of a tensor as views: select, narrow, slices, diagonals, windows; and cutting into parts. */
import { formatShape, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { type MethodOp, methodOp } from './record.js';
import { makeView, type ViewRecord } from './view.js';

interface SliceAttributes {
  readonly dim: number;
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

const sliceRecord: ViewRecord<SliceAttributes> = {
  name: 'slice',
  layout: (layout, { dim, start, size, step }) => layout.slice(dim, start, size, step),
};

const selectRecord: ViewRecord<{ readonly dim: number; readonly index: number }> = {
  name: 'select',
  layout: (layout, { dim, index }) => layout.select(dim, index),
};

const diagonalRecord: ViewRecord<{ readonly offset: number; readonly dim1: number; readonly dim2: number }> =
  {
    name: 'diagonal',
    layout: (layout, { offset, dim1, dim2 }) => layout.diagonal(offset, dim1, dim2),
  };

const unfoldRecord: ViewRecord<{ readonly dim: number; readonly size: number; readonly step: number }> = {
  name: 'unfold',
  layout: (layout, { dim, size, step }) => layout.unfold(dim, size, step),
};

/** An index along a dimension, counted from the front. */
export function wrapIndex(op: string, index: number, size: number, dim: number): number {
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new RangeError(
      size === 0
        ? `${op}: index ${index} is out of range for dimension ${dim}, which is empty`
        : `${op}: index ${index} is out of range for dimension ${dim} of size ${size}; use ${-size} to ${size - 1}`,
    );
  }
  return index < 0 ? index + size : index;
}

export function selectIndex(x: Tensor, dim: number, index: number): Tensor {
  return makeView(selectRecord, x, { dim, index });
}

/** Elements start, start + step, … of a dimension. */
export function sliceDim(x: Tensor, dim: number, start: number, size: number, step = 1): Tensor {
  return makeView(sliceRecord, x, { dim, start, size, step });
}

type Select = (input: Tensor, dim: number, index: number) => Tensor;

/** A view of one element of a dimension, which goes away. */
export const select: MethodOp<Select> = methodOp<Select>(
  {
    name: 'select',
    params: ['input', 'dim', 'index'],
    samples: (make) => [[make([2, 3]), 1, -1]],
    errors: (make) => [
      { args: [make([2, 3]), 1, 3], message: /index 3 is out of range for dimension 1 of size 3/ },
      { args: [make([]), 0, 0], message: /0-d/ },
    ],
  },
  (input, dim, index) => {
    if (input.ndim === 0) throw new RangeError('select: a 0-d tensor has no dimension to select from');
    const at = wrapDim('select', dim, input.ndim);
    return selectIndex(input, at, wrapIndex('select', index, input.shape[at], at));
  },
);

type Narrow = (input: Tensor, dim: number, start: number | Tensor, length: number) => Tensor;

/** A view of `length` elements of a dimension from `start`. */
export const narrow: MethodOp<Narrow> = methodOp<Narrow>(
  {
    name: 'narrow',
    params: ['input', 'dim', 'start', 'length'],
    samples: (make) => [
      [make([2, 4]), 1, 1, 2],
      [make([3]), 0, -1, 1],
      [make([3]), 0, 3, 0],
    ],
    errors: (make) => [{ args: [make([2, 3]), 1, 2, 2], message: /start 2 .* length 2 .* size 3/ }],
  },
  (input, dim, first, length) => {
    const start = typeof first === 'number' ? first : first.item();
    if (input.ndim === 0) throw new RangeError('narrow: a 0-d tensor has no dimension to narrow');
    const at = wrapDim('narrow', dim, input.ndim);
    const size = input.shape[at];
    const from = start < 0 ? start + size : start;
    if (
      !Number.isInteger(from) ||
      !Number.isInteger(length) ||
      from < 0 ||
      length < 0 ||
      from + length > size
    ) {
      throw new RangeError(
        `narrow: start ${start} and length ${length} do not fit dimension ${at} of size ${size}`,
      );
    }
    return sliceDim(input, at, from, length);
  },
);

export interface DiagonalOptions {
  /** Which diagonal: above the main one if positive. Default 0. */
  offset?: number;
  /** The dimensions of rows and columns; by default 0 and 1. */
  dim1?: number;
  dim2?: number;
}

type Diagonal = (
  input: Tensor,
  offset?: number | DiagonalOptions,
  dim1?: number | DiagonalOptions,
  dim2?: number,
) => Tensor;

/** A view of the elements (i, i + offset) of two dimensions, as a new last dimension. */
export const diagonal: MethodOp<Diagonal> = methodOp<Diagonal>(
  {
    name: 'diagonal',
    params: ['input', 'offset', 'dim1', 'dim2'],
    options: true,
    samples: (make) => [[make([3, 3])], [make([2, 3, 4]), 1, 0, 2], [make([2, 2]), { offset: -1 }]],
    errors: (make) => [{ args: [make([2, 2]), 0, 1, 1], message: /two different dimensions/ }],
  },
  (input: Tensor, offset = 0, dim1 = 0, dim2 = 1) => {
    const a = wrapDim('diagonal', dim1, input.ndim);
    const b = wrapDim('diagonal', dim2, input.ndim);
    if (a === b || input.ndim < 2) {
      throw new RangeError(
        `diagonal: takes two different dimensions, got ${dim1} and ${dim2} of shape ${formatShape(input.shape)}`,
      );
    }
    return diagonalView(input, offset, a, b);
  },
);

export function diagonalView(x: Tensor, offset: number, dim1: number, dim2: number): Tensor {
  return makeView(diagonalRecord, x, { offset, dim1, dim2 });
}

type Unfold = (input: Tensor, dimension: number, size: number, step: number) => Tensor;

/** A view of all windows of `size` elements, `step` apart, of a dimension; the window is a new last dimension. */
export const unfold: MethodOp<Unfold> = methodOp<Unfold>(
  {
    name: 'unfold',
    params: ['input', 'dimension', 'size', 'step'],
    samples: (make) => [
      [make([5]), 0, 3, 1],
      [make([2, 6]), 1, 2, 3],
    ],
    errors: (make) => [{ args: [make([3]), 0, 4, 1], message: /window of 4 .* size 3/ }],
  },
  (input, dimension, size, step) => {
    const dim = wrapDim('unfold', dimension, input.ndim);
    const available = input.ndim === 0 ? 1 : input.shape[dim];
    if (!Number.isInteger(size) || size < 0 || size > available) {
      throw new RangeError(`unfold: a window of ${size} does not fit dimension ${dim} of size ${available}`);
    }
    if (!Number.isInteger(step) || step < 1)
      throw new RangeError(`unfold: the step is at least 1, got ${step}`);
    return makeView(unfoldRecord, input, { dim, size, step });
  },
);

function cut(x: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  // Loops, because what arrays have for it takes several times as long for a few.
  const parts = new Array<Tensor>(sizes.length);
  for (let i = 0, start = 0; i < sizes.length; start += sizes[i++])
    parts[i] = sliceDim(x, dim, start, sizes[i]);
  return parts;
}

export interface DimOptions {
  /** Default 0. */
  dim?: number;
}

type Split = (input: Tensor, sizes: number | readonly number[], dim?: number | DimOptions) => Tensor[];

/** Views of parts of a dimension: of one size (the last may be smaller), or of the sizes given. */
export const split: MethodOp<Split> = methodOp<Split>(
  {
    name: 'split',
    params: ['input', 'splitSizeOrSections', 'dim'],
    options: true,
    samples: (make) => [
      [make([5, 2]), 2],
      [make([2, 5]), [1, 4], 1],
    ],
    errors: (make) => [
      { args: [make([5]), [1, 2]], message: /sizes add up to 3, .* size 5/ },
      { args: [make([5]), -1], message: /size of the parts/ },
    ],
  },
  (input: Tensor, sizes: number | readonly number[], dim = 0) => {
    const at = wrapDim('split', dim, input.ndim);
    const size = input.shape[at] ?? 1;
    if (typeof sizes !== 'number') {
      const total = sizes.reduce((a, b) => a + b, 0);
      if (total !== size) {
        throw new RangeError(`split: the sizes add up to ${total}, but dimension ${at} has size ${size}`);
      }
      return cut(input, at, sizes);
    }
    if (!Number.isInteger(sizes) || sizes < 0 || (sizes === 0 && size > 0)) {
      throw new RangeError(`split: the size of the parts is a positive integer, got ${sizes}`);
    }
    return cut(input, at, partsOf(size, sizes));
  },
);

function partsOf(size: number, part: number): number[] {
  if (size === 0) return [0];
  const sizes = new Array<number>(Math.ceil(size / part));
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.min(part, size - i * part);
  return sizes;
}

type Chunk = (input: Tensor, chunks: number, dim?: number | DimOptions) => Tensor[];

/** Views of at most `chunks` parts of one size (the last may be smaller) of a dimension. */
export const chunk: MethodOp<Chunk> = methodOp<Chunk>(
  {
    name: 'chunk',
    params: ['input', 'chunks', 'dim'],
    options: true,
    samples: (make) => [
      [make([5, 2]), 2],
      [make([2, 5]), 3, 1],
    ],
    errors: (make) => [{ args: [make([5]), 0], message: /at least 1/ }],
  },
  (input: Tensor, chunks: number, dim = 0) => {
    if (!Number.isInteger(chunks) || chunks < 1)
      throw new RangeError(`chunk: takes at least 1 chunk, got ${chunks}`);
    const at = wrapDim('chunk', dim, input.ndim);
    const size = input.shape[at] ?? 1;
    if (size === 0) return cut(input, at, new Array<number>(chunks).fill(0));
    return cut(input, at, partsOf(size, Math.ceil(size / chunks)));
  },
);

type TensorSplit = (
  input: Tensor,
  at: number | readonly number[] | Tensor,
  dim?: number | DimOptions,
) => Tensor[];

/** Views of a number of parts whose sizes differ by at most 1, or of the parts between given indices. */
export const tensorSplit: MethodOp<TensorSplit> = methodOp<TensorSplit>(
  {
    name: 'tensorSplit',
    params: ['input', 'indicesOrSections', 'dim'],
    options: true,
    samples: (make) => [
      [make([5, 2]), 2],
      [make([2, 5]), [1, 3], 1],
    ],
  },
  (input: Tensor, where: number | readonly number[] | Tensor, dim = 0) => {
    const at = wrapDim('tensorSplit', dim, input.ndim);
    const size = input.shape[at] ?? 1;
    const given =
      typeof where === 'object' && 'toTypedArray' in where ? Array.from(where.toTypedArray()) : where;
    if (typeof given === 'number') {
      if (!Number.isInteger(given) || given < 1)
        throw new RangeError(`tensorSplit: the number of parts is a positive integer, got ${given}`);
      const small = Math.floor(size / given);
      const sizes = new Array<number>(given);
      for (let i = 0; i < given; i++) sizes[i] = small + (i < size % given ? 1 : 0);
      return cut(input, at, sizes);
    }
    const bounds = [0, ...given.map((i) => clampIndex(i, size)), size];
    return bounds.slice(1).map((end, i) => {
      const start = bounds[i];
      return sliceDim(input, at, Math.min(start, size), Math.max(0, end - start));
    });
  },
);

/** A bound of a slice as Python reads it: negative counts from the end, and out of range is cut off. */
export function clampIndex(index: number, size: number): number {
  return Math.min(size, Math.max(0, index < 0 ? index + size : index));
}

type Unbind = (input: Tensor, dim?: number | DimOptions) => Tensor[];

/** Views of all elements of a dimension, which goes away. */
export const unbind: MethodOp<Unbind> = methodOp<Unbind>(
  {
    name: 'unbind',
    params: ['input', 'dim'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), 1]],
    errors: (make) => [{ args: [make([])], message: /0-d/ }],
  },
  (input: Tensor, dim = 0) => {
    if (input.ndim === 0) throw new RangeError('unbind: a 0-d tensor has no dimension to unbind');
    const at = wrapDim('unbind', dim, input.ndim);
    const parts = new Array<Tensor>(input.shape[at]);
    for (let i = 0; i < parts.length; i++) parts[i] = selectIndex(input, at, i);
    return parts;
  },
);
