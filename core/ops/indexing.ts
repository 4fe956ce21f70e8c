/** Indexing with Python's rules: `x.at(0, slice(1, 3), '...', null, mask, indexTensor)` and `x.set(index, value)`. */
import { computesInJavaScript } from '../kernels/recording.js';
import { isHalf, isIntegral } from '../dtype.js';
import { broadcastShapes, formatShape, sameShape, type Shape, sizeOf } from '../layout.js';
import { f64, u8 } from '../memory.js';
import { allocateShape, Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { tensor } from './creation.js';
import { checkWritable } from './inplace.js';
import { isTensor, type Operand } from './operand.js';
import { contiguousData, elements } from './raw.js';
import { type Few, type MethodOp, methodOp } from './record.js';
import { putRows, type Rows, takeRows } from './rows.js';
import { expandTo, permuteDims, reshapeTo, unsqueezeDim } from './shape.js';
import { clampIndex, selectIndex, sliceDim, wrapIndex } from './slicing.js';
import { fewElements } from './few.js';
import { fewAt } from './few-movement.js';

/** A range of positions, as made by `slice`. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number,
  ) {}
}

/**
 * Positions from `start` up to but without `stop`, `step` apart, for `at` and `set`. As in Python, negative positions count
 * from the end, and null stands for the end that it is at: `slice(1)` drops the first, `slice(null, -1)` the last.
 */
export function slice(
  start: number | null = null,
  stop: number | null = null,
  step: number | null = null,
): Slice {
  const by = step ?? 1;
  if (!Number.isInteger(by) || by < 1) {
    throw new RangeError(`slice: the step is a positive integer, got ${by}; use flip to reverse`);
  }
  return new Slice(start, stop, by);
}

/**
 * One item of an index: a position, a slice (or its text, '1:3'), '...' for all dimensions not named, null for a new dimension, a mask
 * (bool tensor), or positions (integer tensor or array).
 */
export type IndexItem = number | Slice | '...' | SliceText | null | boolean | Tensor | readonly number[];

/** A range as Python writes it: ':', '1:3', '::2', '-2:'. */
export type SliceText = `${string}:${string}`;

/** The ranges that the last texts mean. */
const textSlices = new Map<string, Slice>();
const MOST_TEXTS = 256;

/** The range that a text means. */
function textSlice(op: string, text: string): Slice {
  const known = textSlices.get(text);
  if (known !== undefined) return known;
  if (textSlices.size >= MOST_TEXTS) textSlices.clear();
  const range = parseSlice(op, text);
  textSlices.set(text, range);
  return range;
}

function parseSlice(op: string, text: string): Slice {
  const parts = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/.exec(text);
  if (parts === null) {
    throw new TypeError(`${op}: '${text}' is no index; texts are '...' and ranges such as ':', '1:3', '::2'`);
  }
  const [start, stop, step] = parts
    .slice(1)
    .map((part) => ((part as string | undefined) === undefined ? null : Number(part)));
  return slice(start, stop, step);
}

interface Advanced {
  readonly dim: number;
  /** The dimension of the indexed tensor, for errors. */
  readonly source: number;
  readonly positions: Tensor;
}

/** Positions of the true elements of a mask in row-major order. */
export function truePlaces(mask: Tensor): Int32Array {
  computesInJavaScript();
  const source = contiguousData(mask, 'at');
  const start = source.ptr;
  const end = start + source.layout.size;
  let count = 0;
  for (let i = start; i < end; i++) if (u8[i] !== 0) count++;
  const found = new Int32Array(count);
  // Without a branch, which a random mask makes the processor guess wrongly half of the time.
  for (let i = start, k = 0; k < count; i++) {
    found[k] = i - start;
    k += u8[i] === 0 ? 0 : 1;
  }
  return found;
}

/** Positions of the true elements of a mask, one integer tensor for each of its dimensions. */
export function maskPositions(mask: Tensor): Tensor[] {
  const found = truePlaces(mask);
  let stride = 1;
  const out: Tensor[] = [];
  for (let d = mask.ndim - 1; d >= 0; d--) {
    const size = mask.shape[d];
    const by = stride;
    const places = allocateShape([found.length], 'int64', 'at');
    const start = places.ptr >>> 3;
    for (let i = 0; i < found.length; i++) f64[start + i] = Math.floor(found[i] / by) % size;
    out.unshift(places);
    stride *= size;
  }
  return out;
}

/** How many dimensions an item takes. */
function consumed(item: IndexItem): number {
  if (item === null || item === '...' || typeof item === 'boolean') return 0;
  return isTensor(item) && item.dtype === 'bool' ? item.ndim : 1;
}

/** Applies what is a view (numbers, slices, new dimensions), and collects masks and positions. */
function basic(op: string, x: Tensor, given: readonly IndexItem[]): { view: Tensor; advanced: Advanced[] } {
  let named = 0;
  let rests = 0;
  for (const item of given) {
    named += consumed(item);
    if (item === '...') rests++;
  }
  if (named > x.ndim) {
    throw new RangeError(
      `${op}: ${named} dimensions are indexed, but shape ${formatShape(x.shape)} has ${x.ndim}`,
    );
  }
  if (rests > 1) throw new RangeError(`${op}: '...' can appear only once`);
  let view = x;
  let dim = 0;
  // The same place in the tensor that was given: numbers take dimensions away, null adds them.
  let source = 0;
  const advanced: Advanced[] = [];
  for (const own of given) {
    const item = typeof own === 'string' && own !== '...' ? textSlice(op, own) : own;
    if (item === '...') {
      dim += x.ndim - named;
      source += x.ndim - named;
    } else if (item === null) view = unsqueezeDim(view, dim++);
    else if (typeof item === 'number') {
      view = selectIndex(view, dim, wrapIndex(op, item, view.shape[dim], source++));
    } else if (item instanceof Slice) {
      view = takeSlice(view, dim++, item);
      source++;
    } else if (typeof item === 'boolean') {
      view = unsqueezeDim(view, dim);
      advanced.push({ dim: dim++, source, positions: tensor(item ? [0] : [], { dtype: 'int64' }) });
    } else {
      const positions = isTensor(item) ? item : listed(op, item);
      if (positions.dtype === 'bool') {
        const { shape } = positions;
        shape.forEach((n, i) => {
          if (view.shape[dim + i] !== n) {
            throw new RangeError(
              `${op}: a mask of shape ${formatShape(shape)} does not fit shape ${formatShape(x.shape)} at dimension ${source}`,
            );
          }
        });
        for (const list of maskPositions(positions)) {
          advanced.push({ dim: dim++, source: source++, positions: list });
        }
      } else {
        if (!isIntegral(positions.dtype)) {
          throw new TypeError(
            `${op}: positions are integers, got a ${positions.dtype} tensor; convert it with x.long()`,
          );
        }
        advanced.push({ dim: dim++, source: source++, positions });
      }
    }
  }
  return { view, advanced };
}

/** Positions given as an array. */
function listed(op: string, item: unknown): Tensor {
  if (Array.isArray(item) || ArrayBuffer.isView(item))
    return tensor(item as readonly number[], { dtype: 'int64' });
  throw new TypeError(
    `${op}: ${String(item)} is no index; use a number, slice(start, stop), a text such as '1:3' or '...', null, ` +
      'or a mask or positions as a tensor or an array',
  );
}

/** Positions given for some dimensions, as rows of a tensor in which those dimensions are joined. */
interface Plan {
  /** The order that brings the indexed dimensions together; null where they are. */
  readonly order: readonly number[] | null;
  /** [outer, joined indexed dimensions, inner]. */
  readonly folded: readonly [number, number, number];
  readonly rows: Rows;
  /** The shape of the positions, and of what is before and after. */
  readonly before: Shape;
  readonly positions: Shape;
  readonly after: Shape;
}

function plan(op: string, shape: Shape, advanced: readonly Advanced[]): Plan {
  const dims = advanced.map(({ dim }) => dim);
  const positions = advanced.reduce<Shape>((s, { positions: p }) => broadcastShapes(op, s, p.shape), []);
  const together = dims.every((dim, i) => i === 0 || dim === dims[i - 1] + 1);
  const rest = shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const first = together ? dims[0] : 0;
  const before = together ? shape.slice(0, first) : [];
  const after = together ? shape.slice(first + dims.length) : rest.map((i) => shape[i]);
  const sizes = dims.map((dim) => shape[dim]);
  const rows = new Int32Array(sizeOf(positions));
  advanced.forEach(({ positions: p, source }, k) => {
    const size = sizes[k];
    const list = elements(contiguousData(expandTo(p, positions), op));
    for (let i = 0; i < rows.length; i++) rows[i] = rows[i] * size + wrapIndex(op, list[i], size, source);
  });
  return {
    order: together ? null : [...dims, ...rest],
    folded: [sizeOf(before), sizeOf(sizes), sizeOf(after)],
    rows,
    before,
    positions,
    after,
  };
}

/** How many dimensions elements at positions have. */
function resultDims(x: Tensor, advanced: readonly Advanced[]): number {
  const positions = Math.max(...advanced.map(({ positions: p }) => p.ndim));
  return x.ndim - advanced.length + positions;
}

/** Elements at positions given for some dimensions. */
function takeAt(op: string, x: Tensor, advanced: readonly Advanced[]): Tensor {
  if (isHalf(x.dtype)) return cast(takeAt(op, cast(x, 'float32'), advanced), x.dtype);
  const { order, folded, rows, before, positions, after } = plan(op, x.shape, advanced);
  const moved = order === null ? x : permuteDims(x, order);
  return reshapeTo(takeRows(reshapeTo(moved, folded), rows), [...before, ...positions, ...after]);
}

/** A copy of `x` with values put at positions given for some dimensions. */
export function putAt(
  op: string,
  x: Tensor,
  advanced: readonly Advanced[],
  value: Tensor,
  accumulate: boolean,
): Tensor {
  if (isHalf(x.dtype)) {
    const wide = cast(cast(value, x.dtype), 'float32');
    return cast(putAt(op, cast(x, 'float32'), advanced, wide, accumulate), x.dtype);
  }
  const { order, folded, rows, before, positions, after } = plan(op, x.shape, advanced);
  const moved = order === null ? x : permuteDims(x, order);
  const target = [...before, ...positions, ...after];
  const values = reshapeTo(expandTo(cast(value, x.dtype), target), [folded[0], rows.length, folded[2]]);
  const changed = reshapeTo(putRows(reshapeTo(moved, folded), rows, values, accumulate), moved.shape);
  if (order === null) return changed;
  const inverse = new Array<number>(order.length);
  order.forEach((dim, i) => (inverse[dim] = i));
  return permuteDims(changed, inverse);
}

/**
 * (input, item, item): up to two positions and ranges from the first dimension on, or the last one after '...', as views,
 * or what `fewAt` takes.
 */
const fewItems: Few = (x, first, second) => {
  if (!(x instanceof Tensor) || fewElements.limit === 0) return null;
  if (first instanceof Tensor) return second === undefined ? fewAt(x, first, undefined, undefined) : null;
  const isLast = first === '...' && x.ndim > 0;
  const view = isLast ? x : alongDim(x, 0, first);
  if (second === undefined || view === null) return isLast ? null : view;
  return alongDim(view, isLast ? x.ndim - 1 : typeof first === 'number' ? 0 : 1, second);
};

/** A position or range of a dimension; null for everything else, and errors. */
function alongDim(x: Tensor, dim: number, item: unknown): Tensor | null {
  const { shape } = x.layout;
  if (dim >= shape.length) return null;
  const size = shape[dim];
  if (typeof item === 'number') {
    const at = item < 0 ? item + size : item;
    return (at | 0) === at && at >= 0 && at < size ? selectIndex(x, dim, at) : null;
  }
  const range = typeof item === 'string' && item !== '...' ? textSlices.get(item) : item;
  return range instanceof Slice ? takeSlice(x, dim, range) : null;
}

function takeSlice(x: Tensor, dim: number, { start, stop, step }: Slice): Tensor {
  const size = x.layout.shape[dim];
  const from = clampIndex(start ?? 0, size);
  const to = clampIndex(stop ?? size, size);
  return sliceDim(x, dim, from, Math.max(0, Math.ceil((to - from) / step)), step);
}

type At = (input: Tensor, ...index: IndexItem[]) => Tensor;

/**
 * Part of a tensor by Python's indexing rules: `x.at(0)` a row, `x.at(slice(1, 3))` rows 1 and 2, `x.at('...', 0)` the
 * first of the last dimension, `x.at(null)` a new dimension, `x.at(mask)` elements where a bool tensor holds,
 * `x.at([0, 2])` or `x.at(indexTensor)` rows by number. A view unless masks or positions are used.
 * @throws RangeError for a position that is not there
 */
export const at: MethodOp<At> = methodOp<At>(
  {
    name: 'at',
    few: fewItems,
    several: true,
    params: ['input', 'index'],
    samples: (make) => [
      [make([3, 4]), 1, slice(1, null, 2)],
      [make([3, 4]), '...', -1],
      [make([3, 4]), null, [0, 2, 2]],
      [make([3, 4]), tensor([true, false, true])],
      [make([2, 3, 2]), slice(), tensor([2, 0], { dtype: 'int64' })],
      [make([2, 3, 2]), [0, 1], slice(), [1, 0]],
    ],
    errors: (make) => [
      { args: [make([3, 4]), 3], message: /index 3 is out of range for dimension 0 of size 3/ },
      { args: [make([3]), 0, 0], message: /2 dimensions are indexed/ },
      { args: [make([3, 4]), 0, undefined], message: /at: undefined is no index; use a number/ },
      { args: [make([3]), tensor([true, false])], message: /mask of shape \[2\]/ },
      { args: [make([3]), make([2])], message: /positions are integers/ },
    ],
  },
  (input, ...index) => {
    const { view, advanced } = basic('at', input, index);
    if (advanced.length > 0) return takeAt('at', view, advanced);
    return view === input ? sliceless(input) : view;
  },
);

/** A view of everything. */
function sliceless(x: Tensor): Tensor {
  return expandTo(unsqueezeDim(x, 0), [1, ...x.shape]).squeeze(0);
}

declare module '../tensor.js' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- merged declarations have the same parameters
  interface Tensor<S, D> {
    /**
     * Writes a value (broadcast) into part of this tensor, in place: `x.set([0, slice(1, 3)], 5)`. The index is as for `at`.
     */
    set(index: IndexItem | readonly IndexItem[], value: Operand): this;
  }
}

function isIndexList(index: IndexItem | readonly IndexItem[]): index is readonly IndexItem[] {
  return Array.isArray(index);
}

Tensor.prototype.set = function (index, value, ...more: readonly unknown[]) {
  if (more.length > 0) {
    throw new TypeError(
      'set: takes an index and a value; several indices are one array, as x.set([0, 1], 5)',
    );
  }
  const items = isIndexList(index) ? index : [index];
  const { view, advanced } = basic('set', this, items);
  let data = isTensor(value) ? value : tensor(value, { dtype: this.dtype });
  checkWritable('set', view);
  const room = advanced.length === 0 ? view.ndim : resultDims(view, advanced);
  while (data.ndim > room && data.shape[0] === 1) data = selectIndex(data, 0, 0);
  if (advanced.length === 0) {
    if (!sameShape(broadcastShapes('set', view.shape, data.shape), view.shape)) {
      throw new RangeError(
        `set: a value of shape ${formatShape(data.shape)} does not fit into ${formatShape(view.shape)}`,
      );
    }
    view.copy_(data);
    return this;
  }
  view.copy_(putAt('set', view, advanced, data, false));
  return this;
};

type IndexPut = (
  input: Tensor,
  indices: readonly (Tensor | readonly number[])[],
  values: Tensor,
  accumulate?: boolean | { accumulate?: boolean },
) => Tensor;

/** A copy with `values` put (or added, with `accumulate`) at positions given for the first dimensions. */
export const indexPut: MethodOp<IndexPut> = methodOp<IndexPut>(
  {
    name: 'indexPut',
    params: ['input', 'indices', 'values', 'accumulate'],
    options: true,
    samples: (make) => [
      [make([3, 4]), [tensor([0, 2], { dtype: 'int64' })], make([4])],
      [make([3]), [tensor([0, 0, 1], { dtype: 'int64' })], make([3]), { accumulate: true }],
    ],
  },
  (input: Tensor, indices: readonly (Tensor | readonly number[])[], values: Tensor, accumulate = false) => {
    const { view, advanced } = basic('indexPut', input, indices);
    return putAt('indexPut', view, advanced, values, accumulate);
  },
);
