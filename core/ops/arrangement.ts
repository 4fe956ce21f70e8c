/** Ops that move elements about: repeating, flipping, rolling, triangles, diagonals, moving dimensions. */
import { formatShape, inferShape, sizeOf, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { foldAround } from './gather.js';
import { concatenate } from './joining.js';
import { allocateLike } from './operand.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData, elements, filled } from './raw.js';
import { functionOp, type FunctionOp, type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { putRows, type Rows, takeRows } from './rows.js';
import { copyOf, expandTo, permuteDims, reshapeTo, type Sizes, transposeDims } from './shape.js';
import { diagonalView } from './slicing.js';

type SizesOp = (input: Tensor, ...sizes: Sizes) => Tensor;

function listOf(sizes: Sizes): readonly number[] {
  const [first] = sizes;
  return typeof first === 'object' ? first : (sizes as readonly number[]);
}

/** Rows of one dimension in a new order (with repeats). */
function pick(x: Tensor, dim: number, rows: Rows): Tensor {
  const shape = x.shape.slice();
  if (x.ndim > 0) shape[dim] = rows.length;
  return reshapeTo(takeRows(foldAround(x, dim), rows), shape);
}

function repeated(op: string, input: Tensor, counts: readonly number[]): Tensor {
  if (counts.length < input.ndim || counts.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new RangeError(
      `${op}: takes one count for each of the ${input.ndim} dimensions (or more, for new ones in front), got [${counts.join(', ')}]`,
    );
  }
  const lead = counts.length - input.ndim;
  const shape = [...new Array<number>(lead).fill(1), ...input.shape];
  // Each dimension of size n becomes [count, n] by expanding, and the pair is joined.
  const paired = shape.flatMap((n) => [1, n]);
  const wide = shape.flatMap((n, i) => [counts[i], n]);
  const result = reshapeTo(
    expandTo(reshapeTo(input, paired), wide),
    shape.map((n, i) => n * counts[i]),
  );
  return result.storage === input.storage ? copyOf(result, op) : result;
}

/** The tensor repeated along each dimension; new dimensions are added in front. Copies. */
export const repeat: MethodOp<SizesOp> = methodOp<SizesOp>(
  {
    name: 'repeat',
    params: ['input', 'sizes'],
    samples: (make) => [
      [make([2, 3]), [2, 1]],
      [make([2]), [2, 3]],
    ],
    errors: (make) => [{ args: [make([2, 3]), [2]], message: /one count for each of the 2 dimensions/ }],
  },
  (input, ...sizes) => repeated('repeat', input, listOf(sizes)),
);

/** As repeat, where missing counts in front are 1. */
export const tile: MethodOp<SizesOp> = methodOp<SizesOp>(
  { name: 'tile', params: ['input', 'dims'], samples: (make) => [[make([2, 3]), [2]]] },
  (input, ...sizes) => {
    const counts = listOf(sizes);
    const missing = Math.max(0, input.ndim - counts.length);
    return repeated('tile', input, [...new Array<number>(missing).fill(1), ...counts]);
  },
);

type RepeatInterleave = (
  input: Tensor,
  repeats: number | Tensor | { repeats: number | Tensor; dim?: number | null },
  options?: number | null | { dim?: number | null },
) => Tensor;

/** Each element (of a dimension, or of all flattened) repeated in place. */
export const repeatInterleave: MethodOp<RepeatInterleave> = methodOp<RepeatInterleave>(
  {
    name: 'repeatInterleave',
    params: ['input', 'repeats', 'dim'],
    options: true,
    samples: (make) => [
      [make([2, 3]), 2],
      [make([2, 3]), 3, 1],
    ],
  },
  (input: Tensor, repeats: number | Tensor, dim?: number) => {
    const x = dim === undefined ? reshapeTo(input, [input.numel()]) : input;
    const at = wrapDim('repeatInterleave', dim ?? 0, x.ndim);
    const size = x.shape[at] ?? 1;
    const counts = typeof repeats === 'number' ? null : elements(contiguousData(repeats, 'repeatInterleave'));
    const countOf = (i: number): number =>
      counts === null ? (repeats as number) : counts[counts.length === 1 ? 0 : i];
    const rows: number[] = [];
    for (let i = 0; i < size; i++) for (let k = 0; k < countOf(i); k++) rows.push(i);
    return pick(x, at, Int32Array.from(rows));
  },
);

type Flip = (input: Tensor, ...dims: Sizes) => Tensor;

function reversed(size: number): Rows {
  return Int32Array.from({ length: size }, (_, i) => size - 1 - i);
}

function flipDims(op: string, input: Tensor, dims: readonly number[]): Tensor {
  const list = dims.map((dim) => wrapDim(op, dim, input.ndim));
  if (list.length === 0 || input.ndim === 0) return copyOf(input, op);
  return list.reduce((x, dim) => pick(x, dim, reversed(x.shape[dim])), input);
}

/** The elements of the given dimensions in reverse order. Copies. */
export const flip: MethodOp<Flip> = methodOp<Flip>(
  { name: 'flip', params: ['input', 'dims'], samples: (make) => [[make([2, 3]), [0, 1]]] },
  (input, ...dims) => flipDims('flip', input, listOf(dims)),
);

type Same = (input: Tensor) => Tensor;

/** Left and right exchanged: dimension 1 reversed. */
export const fliplr: MethodOp<Same> = methodOp<Same>(
  {
    name: 'fliplr',
    params: ['input'],
    samples: (make) => [[make([2, 3])]],
    errors: (make) => [{ args: [make([2])], message: /at least 2 dimensions/ }],
  },
  (input) => {
    if (input.ndim < 2) throw new RangeError('fliplr: takes at least 2 dimensions; use flip');
    return flipDims('fliplr', input, [1]);
  },
);

/** Top and bottom exchanged: dimension 0 reversed. */
export const flipud: MethodOp<Same> = methodOp<Same>(
  { name: 'flipud', params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => flipDims('flipud', input, [0]),
);

type Roll = (
  input: Tensor,
  shifts: number | readonly number[] | RollOptions,
  dims?: number | readonly number[] | RollOptions,
) => Tensor;

export interface RollOptions {
  shifts?: number | readonly number[];
  dims?: number | readonly number[];
}

/** Elements moved on by `shifts` places along dimensions (or all in a row), the last coming first again. */
export const roll: MethodOp<Roll> = methodOp<Roll>(
  {
    name: 'roll',
    params: ['input', 'shifts', 'dims'],
    options: true,
    samples: (make) => [
      [make([2, 3]), 1],
      [make([2, 3]), [1, -1], [0, 1]],
    ],
    errors: (make) => [{ args: [make([2, 3]), [1, 2], [0]], message: /as many shifts as dimensions/ }],
  },
  (input: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]) => {
    const by = [shifts].flat();
    const over = dims === undefined ? [] : [dims].flat();
    if (over.length === 0) return reshapeTo(rolled(reshapeTo(input, [input.numel()]), 0, by[0]), input.shape);
    if (over.length !== by.length) {
      throw new RangeError(`roll: takes as many shifts as dimensions, got ${by.length} and ${over.length}`);
    }
    return over.reduce((x, dim, i) => rolled(x, wrapDim('roll', dim, x.ndim), by[i]), input);
  },
);

function rolled(x: Tensor, dim: number, shift: number): Tensor {
  const size = x.shape[dim] ?? 1;
  return pick(
    x,
    dim,
    Int32Array.from({ length: size }, (_, i) => (((i - shift) % size) + size) % size),
  );
}

type Rot90 = (
  input: Tensor,
  k?: number | { k?: number; dims?: readonly number[] },
  dims?: readonly number[],
) => Tensor;

/** The plane of two dimensions turned by 90°, k times, from the first towards the second. */
export const rot90: MethodOp<Rot90> = methodOp<Rot90>(
  {
    name: 'rot90',
    params: ['input', 'k', 'dims'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), 3]],
  },
  (input: Tensor, k = 1, dims: readonly number[] = [0, 1]) => {
    const [a, b] = dims.map((dim) => wrapDim('rot90', dim, input.ndim)) as [number, number];
    switch (((k % 4) + 4) % 4) {
      case 1:
        return transposeDims(flipDims('rot90', input, [b]), a, b);
      case 2:
        return flipDims('rot90', input, [a, b]);
      case 3:
        return flipDims('rot90', transposeDims(input, a, b), [b]);
      default:
        return copyOf(input, 'rot90');
    }
  },
);

interface TriangleAttributes {
  readonly upper: boolean;
  readonly diagonal: number;
}

const trianglePrimitive: Primitive<TriangleAttributes> = {
  name: 'triangle',
  forward: ([x], { upper, diagonal }) => {
    const source = contiguousData(x, 'triangle');
    const out = allocateLike(source, source.dtype, 'triangle');
    const from = elements(source);
    const to = elements(out);
    const columns = source.shape[source.ndim - 1];
    const rows = source.shape[source.ndim - 2];
    for (let i = 0; i < from.length; i++) {
      const column = i % columns;
      const row = Math.floor(i / columns) % rows;
      const keep = upper ? column - row >= diagonal : column - row <= diagonal;
      to[i] = keep ? from[i] : 0;
    }
    return out;
  },
  vjp: (grad, { attributes }) => [apply(trianglePrimitive, [grad], attributes)],
};

type Triangle = (input: Tensor, diagonal?: number | { diagonal?: number }) => Tensor;

function triangleOp(name: 'tril' | 'triu', upper: boolean): InPlaceOp<Triangle> {
  return inPlaceOp<Triangle>(
    {
      name,
      params: ['input', 'diagonal'],
      options: true,
      samples: (make) => [[make([3, 3])], [make([2, 3, 4]), 1], [make([3, 2]), { diagonal: -1 }]],
      errors: (make) => [{ args: [make([3])], message: /at least 2 dimensions/ }],
    },
    (input: Tensor, diagonal = 0) => {
      if (input.ndim < 2) {
        throw new RangeError(`${name}: takes at least 2 dimensions, got shape ${formatShape(input.shape)}`);
      }
      return apply(trianglePrimitive, [input], { upper, diagonal });
    },
  );
}

/** Matrices with everything above a diagonal set to 0. */
export const tril: InPlaceOp<Triangle> = triangleOp('tril', false);
/** Matrices with everything below a diagonal set to 0. */
export const triu: InPlaceOp<Triangle> = triangleOp('triu', true);

export interface DiagEmbedOptions {
  /** Which diagonal: above the main one if positive. Default 0. */
  offset?: number;
  /** The dimensions of rows and columns; by default the last two. */
  dim1?: number;
  dim2?: number;
}

type DiagEmbed = (
  input: Tensor,
  offset?: number | DiagEmbedOptions,
  dim1?: number | DiagEmbedOptions,
  dim2?: number,
) => Tensor;

/** Matrices of zeros with the last dimension of the input on a diagonal. */
export function embedDiagonal(input: Tensor, offset: number, dim1: number, dim2: number): Tensor {
  const ndim = input.ndim + 1;
  const a = wrapDim('diagEmbed', dim1, ndim);
  const b = wrapDim('diagEmbed', dim2, ndim);
  if (a === b) throw new RangeError(`diagEmbed: takes two different dimensions, got ${dim1} and ${dim2}`);
  const length = input.shape[input.ndim - 1];
  const size = length + Math.abs(offset);
  const batch = input.shape.slice(0, -1);
  const rows = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    rows[i] = (i + Math.max(0, -offset)) * size + i + Math.max(0, offset);
  }
  const count = sizeOf(batch);
  const zeros = filled([count, size * size, 1], 0, input.dtype, 'diagEmbed');
  const placed = reshapeTo(putRows(zeros, rows, reshapeTo(input, [count, length, 1]), false), [
    ...batch,
    size,
    size,
  ]);
  // The matrix is the last two dimensions; they go where they are wanted.
  const order: number[] = [];
  let next = 0;
  for (let d = 0; d < ndim; d++) order.push(d === a ? ndim - 2 : d === b ? ndim - 1 : next++);
  return permuteDims(placed, order);
}

/** Matrices of zeros whose diagonal is the last dimension of the input. */
export const diagEmbed: MethodOp<DiagEmbed> = methodOp<DiagEmbed>(
  {
    name: 'diagEmbed',
    params: ['input', 'offset', 'dim1', 'dim2'],
    options: true,
    samples: (make) => [[make([2, 3])], [make([2, 3]), 1, 0, 2]],
  },
  (input: Tensor, offset = 0, dim1 = -2, dim2 = -1) => embedDiagonal(input, offset, dim1, dim2),
);

type Diag = (input: Tensor, diagonal?: number | { diagonal?: number }) => Tensor;

/** The diagonal of a matrix, or a matrix with a vector as its diagonal. */
export const diag: MethodOp<Diag> = methodOp<Diag>(
  {
    name: 'diag',
    params: ['input', 'diagonal'],
    options: true,
    samples: (make) => [[make([3])], [make([2, 3]), 1]],
    errors: (make) => [{ args: [make([2, 2, 2])], message: /vector or a matrix/ }],
  },
  (input: Tensor, diagonal = 0) => {
    if (input.ndim === 1) return embedDiagonal(input, diagonal, 0, 1);
    if (input.ndim === 2) return copyOf(diagonalView(input, diagonal, 0, 1), 'diag');
    throw new RangeError(`diag: takes a vector or a matrix, got shape ${formatShape(input.shape)}`);
  },
);

type Diagflat = (input: Tensor, offset?: number | { offset?: number }) => Tensor;

/** A matrix with all elements, in a row, as its diagonal. */
export const diagflat: MethodOp<Diagflat> = methodOp<Diagflat>(
  { name: 'diagflat', params: ['input', 'offset'], options: true, samples: (make) => [[make([2, 2])]] },
  (input: Tensor, offset = 0) => embedDiagonal(reshapeTo(input, [input.numel()]), offset, 0, 1),
);

/** The sum of a matrix's diagonal. */
export const trace: MethodOp<Same> = methodOp<Same>(
  {
    name: 'trace',
    params: ['input'],
    samples: (make) => [[make([2, 3])]],
    errors: (make) => [{ args: [make([3])], message: /takes a matrix/ }],
  },
  (input) => {
    if (input.ndim !== 2)
      throw new RangeError(`trace: takes a matrix, got shape ${formatShape(input.shape)}`);
    return diagonalView(input, 0, 0, 1).sum();
  },
);

type Movedim = (
  input: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
) => Tensor;

/** A view with dimensions moved to other places; the others keep their order. */
export const movedim: MethodOp<Movedim> = methodOp<Movedim>(
  {
    name: 'movedim',
    params: ['input', 'source', 'destination'],
    samples: (make) => [[make([2, 3, 4]), 0, -1]],
    errors: (make) => [{ args: [make([2, 3]), [0, 1], 0], message: /as many/ }],
  },
  (input, source, destination) => {
    const from = [source].flat().map((dim) => wrapDim('movedim', dim, input.ndim));
    const to = [destination].flat().map((dim) => wrapDim('movedim', dim, input.ndim));
    if (from.length !== to.length) {
      throw new RangeError(
        `movedim: takes as many sources as destinations, got ${from.length} and ${to.length}`,
      );
    }
    const order = new Array<number>(input.ndim).fill(-1);
    to.forEach((place, i) => (order[place] = from[i]!));
    const rest = input.shape.map((_, i) => i).filter((i) => !from.includes(i));
    return permuteDims(
      input,
      order.map((dim) => (dim === -1 ? rest.shift()! : dim)),
    );
  },
);

type TwoDims = (input: Tensor, axis0: number, axis1: number) => Tensor;

/** A view with two dimensions exchanged: NumPy's name for transpose. */
export const swapaxes: MethodOp<TwoDims> = methodOp<TwoDims>(
  { name: 'swapaxes', params: ['input', 'axis0', 'axis1'], samples: (make) => [[make([2, 3, 4]), 0, 2]] },
  (input, a, b) =>
    transposeDims(input, wrapDim('swapaxes', a, input.ndim), wrapDim('swapaxes', b, input.ndim)),
);

/** A view of matrices with rows and columns exchanged: the last two dimensions. */
export const mT: FunctionOp<Same> = functionOp<Same>(
  {
    name: 'mT',
    torch: 'mT',
    params: ['input'],
    samples: (make) => [[make([2, 3])]],
    errors: (make) => [{ args: [make([3])], message: /at least 2 dimensions/ }],
  },
  (input) => {
    if (input.ndim === 0) return input;
    if (input.ndim < 2)
      throw new RangeError(`mT: takes at least 2 dimensions, got shape ${formatShape(input.shape)}`);
    return transposeDims(input, input.ndim - 2, input.ndim - 1);
  },
);

/** All elements in a row. */
export const ravel: MethodOp<Same> = methodOp<Same>(
  { name: 'ravel', params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => reshapeTo(input, [input.numel()]),
);

type Unflatten = (input: Tensor, dim: number, sizes: readonly number[]) => Tensor;

/** A view with one dimension cut into several. */
export const unflatten: MethodOp<Unflatten> = methodOp<Unflatten>(
  { name: 'unflatten', params: ['input', 'dim', 'sizes'], samples: (make) => [[make([2, 6]), 1, [2, -1]]] },
  (input, dim, sizes) => {
    const at = wrapDim('unflatten', dim, input.ndim);
    const inner = inferShape('unflatten', sizes, input.shape[at]);
    return reshapeTo(input, [...input.shape.slice(0, at), ...inner, ...input.shape.slice(at + 1)]);
  },
);

/** As expand. */
export const broadcastTo: MethodOp<SizesOp> = methodOp<SizesOp>(
  { name: 'broadcastTo', params: ['input', 'size'], samples: (make) => [[make([3, 1]), [3, 4]]] },
  (input, ...sizes) => input.expand(...sizes),
);

type Like = (input: Tensor, other: Tensor) => Tensor;

/** Expanded to the shape of another tensor. */
export const expandAs: MethodOp<Like> = methodOp<Like>(
  {
    name: 'expandAs',
    params: ['input', 'other'],
    samples: (make) => [[make([1, 3]), make([2, 3], { requiresGrad: false })]],
  },
  (input, other) => input.expand(other.shape),
);

type ManyTensors = (...tensors: Tensor[]) => Tensor;

/** Matrices along a diagonal, zeros elsewhere. */
export const blockDiag: FunctionOp<ManyTensors> = functionOp<ManyTensors>(
  { name: 'blockDiag', params: ['tensors'], samples: (make) => [[make([1, 2]), make([2, 1])]] },
  (...tensors) => {
    const blocks = tensors.map((x) => (x.ndim === 2 ? x : reshapeTo(x, [1, x.numel()])));
    const columns = blocks.reduce((n, x) => n + x.shape[1], 0);
    let start = 0;
    const rows = blocks.map((x) => {
      const [height, width] = x.shape as [number, number];
      const left = filled([height, start], 0, x.dtype, 'blockDiag');
      start += width;
      const right = filled([height, columns - start], 0, x.dtype, 'blockDiag');
      return concatenate('blockDiag', [left, x, right], 1);
    });
    return concatenate('blockDiag', rows, 0);
  },
);

type Meshgrid = (tensors: readonly Tensor[], options?: { indexing?: 'ij' | 'xy' }) => Tensor[];

/** Coordinates of a grid, one tensor for each vector: expanded along all the others' dimensions. */
export const meshgrid: FunctionOp<Meshgrid> = functionOp<Meshgrid>(
  {
    name: 'meshgrid',
    params: ['tensors', 'indexing'],
    options: true,
    samples: (make) => [[[make([2]), make([3])]], [[make([2]), make([3])], { indexing: 'xy' }]],
  },
  (tensors: readonly Tensor[], indexing: 'ij' | 'xy' = 'ij') => {
    const swap = indexing === 'xy' && tensors.length > 1;
    const shape = tensors.map((x) => x.numel());
    const grids = tensors.map((x, i) => {
      const own = shape.map((n, d) => (d === i ? n : 1));
      return expandTo(reshapeTo(x, own), shape);
    });
    return swap ? grids.map((x) => transposeDims(x, 0, 1)) : grids;
  },
);

/** All combinations of one element of each vector, one row for each. */
export const cartesianProd: FunctionOp<ManyTensors> = functionOp<ManyTensors>(
  { name: 'cartesianProd', params: ['tensors'], samples: (make) => [[make([2]), make([3])]] },
  (...tensors) => {
    if (tensors.length === 1) return tensors[0];
    const grids = meshgrid(tensors, { indexing: 'ij' });
    return concatenate(
      'cartesianProd',
      grids.map((x) => reshapeTo(x, [x.numel(), 1])),
      1,
    );
  },
);

type Combinations = (input: Tensor, r?: number | CombinationOptions, options?: CombinationOptions) => Tensor;

export interface CombinationOptions {
  /** How many elements each has. Default 2. */
  r?: number;
  /** Whether an element may appear several times. Default false. */
  withReplacement?: boolean;
}

/** All combinations of r elements of a vector, in order, one row for each. */
export const combinations: FunctionOp<Combinations> = functionOp<Combinations>(
  {
    name: 'combinations',
    params: ['input', 'r', 'withReplacement'],
    options: true,
    samples: (make) => [[make([4])]],
  },
  (input: Tensor, r = 2, withReplacement = false) => {
    const rows: number[] = [];
    const chosen: number[] = [];
    const walk = (from: number): void => {
      if (chosen.length === r) {
        rows.push(...chosen);
        return;
      }
      for (let i = from; i < input.numel(); i++) {
        chosen.push(i);
        walk(withReplacement ? i : i + 1);
        chosen.pop();
      }
    };
    walk(0);
    return reshapeTo(takeRows(reshapeTo(input, [1, input.numel(), 1]), Int32Array.from(rows)), [
      rows.length / r,
      r,
    ]);
  },
);
