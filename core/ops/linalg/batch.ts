/** Checks of matrices and batches of them, and their elements as float64, in which all of linear algebra computes. */
import { isFloat, promoteTypes } from '../../dtype.js';
import { broadcastShapes, formatShape, type Shape, sizeOf } from '../../layout.js';
import { allocateShape, type Tensor } from '../../tensor.js';
import { contiguousData, elements } from '../raw.js';
import { expandTo, transposeDims } from '../shape.js';

export function checkFloat(op: string, x: Tensor): void {
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${op}: takes float tensors, got ${x.dtype}; convert it with x.to('float32')`);
  }
}

/** @throws unless `x` is a float tensor of matrices [..., m, n] */
export function checkMatrices(op: string, x: Tensor): void {
  checkFloat(op, x);
  if (x.ndim < 2) {
    throw new RangeError(
      `${op}: takes a matrix [m, n] or a batch of matrices [..., m, n], got shape ${formatShape(x.shape)}`,
    );
  }
}

/** @throws unless `x` is a float tensor of square matrices [..., n, n] */
export function checkSquare(op: string, x: Tensor): void {
  checkMatrices(op, x);
  const [m, n] = matrixSize(x.shape);
  if (m !== n) {
    throw new RangeError(
      `${op}: takes square matrices [..., n, n], got shape ${formatShape(x.shape)} (${m} rows, ${n} columns)`,
    );
  }
}

export function checkSameDType(op: string, a: Tensor, b: Tensor): void {
  checkFloat(op, b);
  if (a.dtype !== b.dtype) {
    throw new TypeError(
      `${op}: both operands must have one dtype, got ${a.dtype} and ${b.dtype}; convert one with x.to('${promoteTypes(a.dtype, b.dtype)}')`,
    );
  }
}

/** Rows and columns. */
export function matrixSize(shape: Shape): readonly [number, number] {
  return [shape[shape.length - 2], shape[shape.length - 1]];
}

/** The rounding error of a dtype relative to the largest singular value, as PyTorch takes it. */
export function defaultTolerance({ shape, dtype }: Tensor): number {
  return Math.max(...matrixSize(shape)) * (dtype === 'float32' ? 2 ** -23 : Number.EPSILON);
}

export function batchShape(x: Tensor): Shape {
  return x.shape.slice(0, -2);
}

/** How many matrices there are. */
export function batchCount(x: Tensor): number {
  return sizeOf(batchShape(x));
}

/** Rows and columns exchanged. */
export function transposeMatrix(x: Tensor): Tensor {
  return transposeDims(x, x.ndim - 2, x.ndim - 1);
}

/** Both operands with the batch that their batches broadcast to. */
export function broadcastBatches(op: string, a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const batch = broadcastShapes(op, batchShape(a), batchShape(b));
  return [expandTo(a, [...batch, ...matrixSize(a.shape)]), expandTo(b, [...batch, ...matrixSize(b.shape)])];
}

/** A copy of the elements, row by row. */
export function readElements(x: Tensor, op: string): Float64Array {
  // Not Float64Array.from, which walks typed arrays by their iterators.
  return new Float64Array(elements(contiguousData(x, op)));
}

/** A new tensor with the given elements, rounded to its dtype. */
export function makeTensor(values: ArrayLike<number>, shape: Shape, like: Tensor, op: string): Tensor {
  const out = allocateShape(shape, like.dtype, op);
  elements(out).set(values);
  return out;
}

/** Ones on the diagonal of [m, n], zeros elsewhere. */
export function identityOf(m: number, n: number, like: Tensor, op: string): Tensor {
  const values = new Float64Array(m * n);
  for (let i = 0; i < Math.min(m, n); i++) values[i * (n + 1)] = 1;
  return makeTensor(values, [m, n], like, op);
}

/** `, matrix 3 of the batch` for a batch; nothing for a single matrix. */
export function whichMatrix(x: Tensor, i: number): string {
  return x.ndim === 2 ? '' : `, matrix ${i} of the batch`;
}

/** @throws RangeError for elements that are infinite or not a number, on which iterations do not converge */
export function checkFinite(op: string, x: Tensor, values: Float64Array): void {
  for (const value of values) {
    if (value - value === 0) continue;
    throw new RangeError(
      `${op}: takes finite elements, but the input of shape ${formatShape(x.shape)} holds ${value}`,
    );
  }
}
