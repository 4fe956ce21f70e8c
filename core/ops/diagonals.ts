/** Triangles and diagonals of matrices. */
import { itemSize } from '../dtype.js';
import { triangle as triangleRows } from '../kernels/counting.js';
import { formatShape, sizeOf, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { fewTriangle } from './few-grids.js';
import { fewDiag, fewDiagonal, fewTrace } from './few-others.js';
import { allocateLike } from './operand.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData, filled } from './raw.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { putRows } from './rows.js';
import { copyOf, permuteDims, reshapeTo } from './shape.js';
import { diagonalView } from './slicing.js';
import type { Same } from './arrangement.js';

interface TriangleAttributes {
  readonly upper: boolean;
  readonly diagonal: number;
}

const trianglePrimitive: Primitive<TriangleAttributes> = {
  name: 'triangle',
  forward: ([x], { upper, diagonal }) => {
    const source = contiguousData(x, 'triangle');
    const out = allocateLike(source, source.dtype, 'triangle');
    const { size } = source.layout;
    if (size === 0) return out;
    const columns = source.shape[source.ndim - 1];
    const rows = source.shape[source.ndim - 2];
    const matrices = size / (rows * columns);
    const bytes = itemSize(source.dtype);
    // 16-bit floats come here as float32.
    if (bytes === 1 || bytes === 4 || bytes === 8)
      triangleRows(bytes, upper, diagonal, [matrices, rows, columns], source.ptr, out.ptr);
    return out;
  },
  vjp: (grad, { attributes }) => [apply(trianglePrimitive, [grad], attributes)],
  jvp: 'linear',
  batch: 'leading',
};

type Triangle = (input: Tensor, diagonal?: number | { diagonal?: number }) => Tensor;

function triangleOp(name: 'tril' | 'triu', upper: boolean): InPlaceOp<Triangle> {
  return inPlaceOp<Triangle>(
    {
      name,
      few: fewTriangle(name, upper),
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
    few: fewDiagonal,
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
    few: fewDiag,
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
  {
    name: 'diagflat',
    few: fewDiagonal,
    params: ['input', 'offset'],
    options: true,
    samples: (make) => [[make([2, 2])]],
  },
  (input: Tensor, offset = 0) => embedDiagonal(reshapeTo(input, [input.numel()]), offset, 0, 1),
);

/** The sum of a matrix's diagonal. */
export const trace: MethodOp<Same> = methodOp<Same>(
  {
    name: 'trace',
    few: fewTrace,
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
