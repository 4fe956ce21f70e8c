/** Linear systems with square matrices, and inverses. */
import { formatShape, sameShape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, neg } from '../arithmetic.js';
import { tril, triu } from '../diagonals.js';
import { matmul } from '../matmul.js';
import { apply, OUTPUT, type Primitive } from '../primitive.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp, type SampleMaker } from '../record.js';
import { squeezeDims, unsqueezeDim } from '../shape.js';
import {
  batchCount,
  broadcastBatches,
  checkMatrices,
  checkSameDType,
  checkSquare,
  makeTensor,
  matrixSize,
  readElements,
  transposeMatrix,
  whichMatrix,
} from './batch.js';
import { fewInverse, fewSolve, fewSolveTriangular } from './few.js';
import { factorize, type LU, solveFactorized } from './numeric/lu.js';
import { solveTriangle, type Triangle } from './numeric/triangular.js';
import { invertibleSample } from './samples.js';

/** @throws RangeError for a matrix without inverse */
function invertible(op: string, a: Tensor, lu: LU, i: number): LU {
  if (lu.singular < 0) return lu;
  throw new RangeError(
    `${op}: the matrix of shape ${formatShape(a.shape)}${whichMatrix(a, i)} is singular (column ${lu.singular} has no ` +
      'pivot), so that there is no unique solution; linalg.lstsq and linalg.pinv take singular matrices',
  );
}

/** A⁻¹ of square matrices. By A: −A⁻ᵀ G A⁻ᵀ (Giles 2008, 2.2.3). */
const inversePrimitive: Primitive<string> = {
  name: 'inverse',
  reads: [[OUTPUT]],
  forward: ([a], op) => {
    const n = a.shape[a.ndim - 1];
    const values = readElements(a, op);
    const out = new Float64Array(values.length);
    const identity = new Float64Array(values.length);
    for (let i = 0; i < batchCount(a); i++) {
      const start = i * n * n;
      for (let k = 0; k < n; k++) identity[start + k * (n + 1)] = 1;
      solveFactorized(invertible(op, a, factorize(values, start, n), i), identity, out, start, n);
    }
    return makeTensor(out, a.shape, a, op);
  },
  vjp: (grad, context) => {
    const y = transposeMatrix(context.output());
    return [neg(matmul(matmul(y, grad), y))];
  },
  // −A⁻¹ Ȧ A⁻¹
  jvp: ([tangent], context) =>
    tangent === null ? null : neg(matmul(matmul(context.output(), tangent), context.output())),
  batch: 'leading',
};

/** A⁻¹ of matrices that were checked to be square. */
export function inverseOf(op: string, a: Tensor): Tensor {
  return apply(inversePrimitive, [a], op);
}

/** X = A⁻¹ B of one batch. By B: A⁻ᵀ G; by A: −(A⁻ᵀ G) Xᵀ (Giles 2008, 2.3.1). */
const solvePrimitive: Primitive<string> = {
  name: 'solve',
  reads: [[0, OUTPUT], [0]],
  forward: ([a, b], op) => {
    const [n, k] = matrixSize(b.shape);
    const matrices = readElements(a, op);
    const right = readElements(b, op);
    const out = new Float64Array(right.length);
    const count = batchCount(a);
    for (let i = 0; i < count; i++) {
      // Right-hand sides lie n · k apart, matrices n · n.
      const lu = invertible(op, a, factorize(matrices, i * n * n, n), i);
      solveFactorized(lu, right, out, i * n * k, k);
    }
    return makeTensor(out, b.shape, b, op);
  },
  vjp: (grad, context) => {
    const byB = apply(solvePrimitive, [transposeMatrix(context.input(0)), grad], context.attributes);
    return [context.needs(0) ? neg(matmul(byB, transposeMatrix(context.output()))) : null, byB];
  },
  // A⁻¹ (Ḃ − Ȧ X)
  jvp: ([byA, byB], context) => {
    const turned = byA === null ? null : neg(matmul(byA, context.output()));
    const right = turned === null ? byB : byB === null ? turned : add(turned, byB);
    return right === null ? null : apply(solvePrimitive, [context.input(0), right], context.attributes);
  },
  batch: 'leading',
};

/** Whether B is a batch of vectors, as PyTorch decides it: 1-d, or of the shape of A without its last dimension. */
export function isVector(a: Tensor, b: Tensor): boolean {
  return b.ndim === 1 || (a.ndim - 1 === b.ndim && sameShape(b.shape, a.shape.slice(0, -1)));
}

export function solveOf(op: string, a: Tensor, b: Tensor, left: boolean): Tensor {
  checkSquare(op, a);
  checkSameDType(op, a, b);
  const n = a.shape[a.ndim - 1];
  if (isVector(a, b)) {
    if (!left)
      throw new RangeError(
        `${op}: left: false takes matrices B [..., k, n], got shape ${formatShape(b.shape)}`,
      );
    checkFits(op, a, b, b.shape[b.ndim - 1], n, '[..., n] or [..., n, k]');
    const [x, y] = broadcastBatches(op, a, unsqueezeDim(b, b.ndim));
    return squeezeDims(apply(solvePrimitive, [x, y], op), [y.ndim - 1]);
  }
  checkMatrices(op, b);
  const [rows, columns] = matrixSize(b.shape);
  checkFits(op, a, b, left ? rows : columns, n, left ? '[..., n, k]' : '[..., k, n]');
  const [x, y] = broadcastBatches(op, a, b);
  return left
    ? apply(solvePrimitive, [x, y], op)
    : transposeMatrix(apply(solvePrimitive, [transposeMatrix(x), transposeMatrix(y)], op));
}

function checkFits(op: string, a: Tensor, b: Tensor, size: number, n: number, wanted: string): void {
  if (size === n) return;
  throw new RangeError(
    `${op}: a matrix A of shape ${formatShape(a.shape)} and a right-hand side B of shape ${formatShape(b.shape)} do not ` +
      `fit: for A [..., n, n], B is ${wanted}, here with n = ${n}`,
  );
}

type Unary = (input: Tensor) => Tensor;

function inverseSamples(make: SampleMaker): unknown[][] {
  return [[invertibleSample(make, 3)], [invertibleSample(make, 2, [2])], [make([0, 0])], [make([2, 0, 0])]];
}

/**
 * The inverse of square matrices [..., n, n].
 * @throws RangeError for matrices that are not square, or singular
 */
export const inv: FunctionOp<Unary> = functionOp<Unary>(
  {
    name: 'linalg.inv',
    few: fewInverse('linalg.inv'),
    params: ['input'],
    samples: inverseSamples,
    errors: (make) => [
      { args: [make([2, 3])], message: /square matrices .* got shape \[2, 3\]/ },
      { args: [make([2])], message: /got shape \[2\]/ },
      { args: [make([2, 2]).mul(0)], message: /singular .* linalg.pinv/ },
      { args: [make([2, 2, 2]).mul(0)], message: /matrix 0 of the batch is singular/ },
    ],
  },
  (input) => {
    checkSquare('linalg.inv', input);
    return inverseOf('linalg.inv', input);
  },
);

/** The same as `linalg.inv`. */
export const inverse: MethodOp<Unary> = methodOp<Unary>(
  {
    name: 'inverse',
    few: fewInverse('inverse'),
    params: ['input'],
    samples: inverseSamples,
    errors: (make) => [{ args: [make([2, 2]).mul(0)], message: /singular/ }],
  },
  (input) => {
    checkSquare('inverse', input);
    return inverseOf('inverse', input);
  },
);

export interface SolveOptions {
  /** Whether A X = B is solved (the default), or X A = B. */
  left?: boolean;
}

type Solve = (A: Tensor, B: Tensor, options?: SolveOptions) => Tensor;

/**
 * The X with A X = B, for square A [..., n, n] and B [..., n, k], or [..., n] for vectors. Batches broadcast.
 * @throws RangeError for shapes that do not fit, or a singular A
 */
export const solve: FunctionOp<Solve> = functionOp<Solve>(
  {
    name: 'linalg.solve',
    few: fewSolve,
    params: ['A', 'B', 'left'],
    options: true,
    samples: (make) => [
      [invertibleSample(make, 3), make([3])],
      [invertibleSample(make, 3), make([3, 2])],
      [invertibleSample(make, 2), make([3, 2, 1])],
      [invertibleSample(make, 3), make([2, 3]), { left: false }],
      [make([0, 0]), make([0, 2])],
    ],
    errors: (make) => [
      { args: [make([2, 3]), make([2])], message: /square matrices/ },
      { args: [invertibleSample(make, 2), make([3])], message: /\[2, 2\] .* \[3\] do not fit/ },
      { args: [make([2, 2, 2]), make([3, 2, 1])], message: /do not broadcast/ },
      { args: [make([2, 2]).mul(0), make([2])], message: /singular .* linalg.lstsq/ },
      { args: [make([2, 2]), make([2], { dtype: 'float32' })], message: /one dtype/ },
    ],
  },
  (a: Tensor, b: Tensor, left = true) => solveOf('linalg.solve', a, b, left),
);

/** X = A⁻¹ B with a triangular A. As for `solve`, where the gradient by A keeps to the triangle that is read. */
const triangularPrimitive: Primitive<Triangle> = {
  name: 'solveTriangular',
  reads: [[0, OUTPUT], [0]],
  forward: ([a, b], triangle) => {
    const [n, k] = matrixSize(b.shape);
    const matrices = readElements(a, 'linalg.solveTriangular');
    const out = readElements(b, 'linalg.solveTriangular');
    const count = batchCount(a);
    for (let i = 0; i < count; i++) solveTriangle(matrices, i * n * n, n, out, i * n * k, k, triangle);
    return makeTensor(out, b.shape, b, 'linalg.solveTriangular');
  },
  vjp: (grad, context) => {
    const { upper, unit } = context.attributes;
    const a = transposeMatrix(context.input(0));
    const byB = apply(triangularPrimitive, [a, grad], { upper: !upper, unit });
    if (!context.needs(0)) return [null, byB];
    const full = neg(matmul(byB, transposeMatrix(context.output())));
    const diagonal = unit ? 1 : 0;
    return [upper ? triu(full, diagonal) : tril(full, -diagonal), byB];
  },
  batch: 'leading',
};

/** A⁻¹ B (or B A⁻¹, for `left` false) for a triangular A; batches broadcast. */
export function triangularSolve(op: string, a: Tensor, b: Tensor, triangle: Triangle, left = true): Tensor {
  const [x, y] = broadcastBatches(op, a, b);
  if (left) return apply(triangularPrimitive, [x, y], triangle);
  return transposeMatrix(
    apply(triangularPrimitive, [transposeMatrix(x), transposeMatrix(y)], {
      upper: !triangle.upper,
      unit: triangle.unit,
    }),
  );
}

export interface SolveTriangularOptions extends SolveOptions {
  /** Whether A is upper triangular, or lower. Must be given. */
  upper: boolean;
  /** Whether the diagonal of A counts as ones. Default false. */
  unitriangular?: boolean;
}

type SolveTriangular = (A: Tensor, B: Tensor, options: SolveTriangularOptions) => Tensor;

/**
 * The X with A X = B (or X A = B, with `left: false`) for a triangular A [..., n, n]; the other triangle is not read.
 * A zero on the diagonal gives infinities, as in PyTorch.
 */
export const solveTriangular: FunctionOp<SolveTriangular> = functionOp<SolveTriangular>(
  {
    name: 'linalg.solveTriangular',
    few: fewSolveTriangular,
    torch: 'linalg.solve_triangular',
    params: ['A', 'B', 'left', 'upper', 'unitriangular'],
    options: true,
    samples: (make) => [
      [invertibleSample(make, 3), make([3, 2]), { upper: true }],
      [invertibleSample(make, 3), make([2, 3]), { upper: false, left: false }],
      [invertibleSample(make, 2), make([2, 2, 1]), { upper: false, unitriangular: true }],
    ],
    errors: (make) => [
      { args: [make([2, 2]), make([3, 1]), { upper: true }], message: /\[2, 2\] .* \[3, 1\] do not fit/ },
      { args: [make([2, 2]), make([2]), { upper: true }], message: /takes a matrix .* got shape \[2\]/ },
      { args: [make([2, 2]), make([2, 1])], message: /upper: true or false/ },
    ],
  },
  (a: Tensor, b: Tensor, left = true, upper?: boolean, unitriangular = false) => {
    const op = 'linalg.solveTriangular';
    if (upper === undefined) throw new TypeError(`${op}: say which triangle A is: { upper: true or false }`);
    checkSquare(op, a);
    checkMatrices(op, b);
    checkSameDType(op, a, b);
    const [rows, columns] = matrixSize(b.shape);
    const n = a.shape[a.ndim - 1];
    checkFits(op, a, b, left ? rows : columns, n, left ? '[..., n, k]' : '[..., k, n]');
    return triangularSolve(op, a, b, { upper, unit: unitriangular }, left);
  },
);
