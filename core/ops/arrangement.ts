/** Ops that move elements about: repeating, flipping, rolling, turning. */
import { itemSize } from '../dtype.js';
import { wrapDim } from '../layout.js';
import { allocateShape, type Tensor } from '../tensor.js';
import { foldAround } from './gather.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData, elements, move } from './raw.js';
import { type MethodOp, methodOp } from './record.js';
import { type Rows, takeRows } from './rows.js';
import { copyOf, expandTo, reshapeTo, type Sizes, transposeDims, unsqueezeDim } from './shape.js';
import { fewFlip, fewFliplr, fewFlipud } from './few-movement.js';

export type SizesOp = (input: Tensor, ...sizes: Sizes) => Tensor;

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
    if (typeof repeats === 'number' && repeats >= 1 && Number.isInteger(repeats) && x.ndim > 0) {
      const { shape } = x;
      const many = expandTo(unsqueezeDim(x, at + 1), shape.toSpliced(at + 1, 0, repeats));
      const result = reshapeTo(many, shape.with(at, shape[at] * repeats));
      return result.storage === input.storage ? copyOf(result, 'repeatInterleave') : result;
    }
    const size = x.shape[at] ?? 1;
    const counts = typeof repeats === 'number' ? null : elements(contiguousData(repeats, 'repeatInterleave'));
    const countOf = (i: number): number =>
      counts === null ? (repeats as number) : counts[counts.length === 1 ? 0 : i];
    let total = 0;
    for (let i = 0; i < size; i++) total += Math.max(0, countOf(i));
    const rows = new Int32Array(total);
    for (let i = 0, to = 0; i < size; i++) {
      const end = to + Math.max(0, countOf(i));
      while (to < end) rows[to++] = i;
    }
    return pick(x, at, rows);
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
  { name: 'flip', few: fewFlip, params: ['input', 'dims'], samples: (make) => [[make([2, 3]), [0, 1]]] },
  (input, ...dims) => flipDims('flip', input, listOf(dims)),
);

export type Same = (input: Tensor) => Tensor;

/** Left and right exchanged: dimension 1 reversed. */
export const fliplr: MethodOp<Same> = methodOp<Same>(
  {
    name: 'fliplr',
    few: fewFliplr,
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
  { name: 'flipud', few: fewFlipud, params: ['input'], samples: (make) => [[make([2, 3])]] },
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

/** Elements moved on by a shift within the size of a dimension: two parts, exchanged. */
const rollPrimitive: Primitive<{ readonly dim: number; readonly shift: number }> = {
  name: 'roll',
  forward: ([x], { dim, shift }) => {
    const out = allocateShape(x.shape, x.dtype, 'roll');
    const bytes = itemSize(x.dtype);
    const kept = x.shape[dim] - shift;
    const part = (from: number, to: number, count: number): void =>
      move(
        x.dtype,
        x.shape.with(dim, count),
        { ptr: x.ptr + from * x.strides[dim] * bytes, strides: x.strides },
        { ptr: out.ptr + to * out.strides[dim] * bytes, strides: out.strides },
      );
    part(0, shift, kept);
    part(kept, 0, shift);
    return out;
  },
  vjp: (grad, { attributes: { dim, shift } }) => [
    apply(rollPrimitive, [grad], { dim, shift: grad.shape[dim] - shift }),
  ],
  jvp: 'linear',
  batch: ([x], { dim, shift }) => apply(rollPrimitive, [x], { dim: dim + 1, shift }),
};

function rolled(x: Tensor, dim: number, shift: number): Tensor {
  if (x.numel() === 0 || x.ndim === 0) return copyOf(x, 'roll');
  const size = x.shape[dim];
  const by = ((shift % size) + size) % size;
  return by === 0 ? copyOf(x, 'roll') : apply(rollPrimitive, [x], { dim, shift: by });
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
