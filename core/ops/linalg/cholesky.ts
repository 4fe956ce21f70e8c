/** Cholesky factors, and systems given by them. */
import { formatShape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, mul, sub } from '../arithmetic.js';
import { embedDiagonal, tril } from '../diagonals.js';
import { matmul } from '../matmul.js';
import { apply, OUTPUT, type Primitive } from '../primitive.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from '../record.js';
import { diagonalView } from '../slicing.js';
import {
  batchCount,
  checkMatrices,
  checkSameDType,
  checkSquare,
  identityOf,
  makeTensor,
  matrixSize,
  readElements,
  transposeMatrix,
  whichMatrix,
} from './batch.js';
import { fewCholesky, fewCholeskySolve } from './few.js';
import { choleskyInPlace } from './numeric/triangular.js';
import { definiteSample, invertibleSample } from './samples.js';
import { triangularSolve } from './solving.js';

/** The diagonals of matrices [..., m, n]. */
export function diagonalsOf(x: Tensor): Tensor {
  return diagonalView(x, 0, x.ndim - 2, x.ndim - 1);
}

/** (X + Xᵀ)/2 */
export function symmetrized(x: Tensor): Tensor {
  return mul(add(x, transposeMatrix(x)), 0.5);
}

/** X with half of its diagonal. */
export function halfDiagonal(x: Tensor): Tensor {
  return sub(x, embedDiagonal(mul(diagonalsOf(x), 0.5), 0, -2, -1));
}

/** The lower triangular L with A = L Lᵀ. By A: sym(L⁻ᵀ Φ(Lᵀ G) L⁻¹), Φ the lower triangle with half the diagonal (Murray 2016). */
const choleskyPrimitive: Primitive<string> = {
  name: 'cholesky',
  reads: [[OUTPUT]],
  forward: ([a], op) => {
    const n = a.shape[a.ndim - 1];
    const values = readElements(a, op);
    for (let i = 0; i < batchCount(a); i++) {
      const minor = choleskyInPlace(values, i * n * n, n);
      if (minor === 0) continue;
      throw new RangeError(
        `${op}: the matrix of shape ${formatShape(a.shape)}${whichMatrix(a, i)} is not positive definite (its leading ` +
          `minor of order ${minor} is not positive); a covariance matrix becomes so by adding a little on the diagonal`,
      );
    }
    return makeTensor(values, a.shape, a, op);
  },
  vjp: (grad, context) => {
    const op = context.attributes;
    const l = context.output();
    const inner = halfDiagonal(tril(matmul(transposeMatrix(l), grad)));
    const lower = { upper: false, unit: false };
    const left = triangularSolve(op, transposeMatrix(l), inner, { upper: true, unit: false });
    return [symmetrized(triangularSolve(op, l, left, lower, false))];
  },
  batch: 'leading',
};

type Cholesky = (input: Tensor, upper?: boolean | { upper?: boolean }) => Tensor;

function choleskyOf(op: string, input: Tensor, upper: boolean): Tensor {
  checkSquare(op, input);
  const source = upper ? transposeMatrix(input) : input;
  const l = apply(choleskyPrimitive, [source], op);
  return upper ? transposeMatrix(l) : l;
}

/**
 * The lower triangular L with A = L Lᵀ of symmetric positive definite matrices [..., n, n], or, with `upper`, its
 * transpose. Only that triangle of A is read; the gradient is symmetric.
 * @throws RangeError for a matrix that is not positive definite
 */
export const linalgCholesky: FunctionOp<Cholesky> = functionOp<Cholesky>(
  {
    name: 'linalg.cholesky',
    few: fewCholesky('linalg.cholesky'),
    samples: (make) => [[definiteSample(make, 3)], [definiteSample(make, 2, [2]), { upper: true }]],
    params: ['input', 'upper'],
    options: true,
    errors: (make) => [
      { args: [make([2, 3])], message: /square matrices/ },
      { args: [make([2, 2]).mul(0).sub(1)], message: /not positive definite .* order 1/ },
    ],
  },
  (input: Tensor, upper = false) => choleskyOf('linalg.cholesky', input, upper),
);

/** The same as `linalg.cholesky`. */
export const cholesky: MethodOp<Cholesky> = methodOp<Cholesky>(
  {
    name: 'cholesky',
    few: fewCholesky('cholesky'),
    samples: (make) => [[definiteSample(make, 3)]],
    params: ['input', 'upper'],
    options: true,
    errors: (make) => [{ args: [make([2, 3])], message: /square matrices/ }],
  },
  (input: Tensor, upper = false) => choleskyOf('cholesky', input, upper),
);

type CholeskySolve = (input: Tensor, L: Tensor, upper?: boolean | { upper?: boolean }) => Tensor;

/** The X with A X = B, where A = L Lᵀ is given by its Cholesky factor L [..., n, n] (Lᵀ, for `upper`); B is [..., n, k]. */
export const choleskySolve: MethodOp<CholeskySolve> = methodOp<CholeskySolve>(
  {
    name: 'choleskySolve',
    few: fewCholeskySolve,
    params: ['input', 'L', 'upper'],
    options: true,
    samples: (make) => [
      [make([3, 2]), invertibleSample(make, 3)],
      [make([2, 2, 1]), invertibleSample(make, 2), { upper: true }],
    ],
    errors: (make) => [
      { args: [make([3, 1]), make([2, 2])], message: /\[3, 1\] .* \[2, 2\] do not fit/ },
      { args: [make([2, 1]), make([2, 3])], message: /square matrices/ },
    ],
  },
  (input: Tensor, factor: Tensor, upper = false) => {
    const op = 'choleskySolve';
    checkMatrices(op, input);
    checkSquare(op, factor);
    checkSameDType(op, input, factor);
    const [n] = matrixSize(factor.shape);
    if (matrixSize(input.shape)[0] !== n) {
      throw new RangeError(
        `${op}: a right-hand side of shape ${formatShape(input.shape)} and a factor of shape ` +
          `${formatShape(factor.shape)} do not fit: for a factor [..., n, n], it is [..., n, k], here with n = ${n}`,
      );
    }
    const l = upper ? transposeMatrix(factor) : factor;
    const half = triangularSolve(op, l, input, { upper: false, unit: false });
    return triangularSolve(op, transposeMatrix(l), half, { upper: true, unit: false });
  },
);

type CholeskyInverse = (L: Tensor, upper?: boolean | { upper?: boolean }) => Tensor;

/** A⁻¹ of A = L Lᵀ, given by its Cholesky factor L [..., n, n] (Lᵀ, for `upper`). */
export const choleskyInverse: MethodOp<CholeskyInverse> = methodOp<CholeskyInverse>(
  {
    name: 'choleskyInverse',
    params: ['L', 'upper'],
    options: true,
    samples: (make) => [[invertibleSample(make, 3)], [invertibleSample(make, 2, [2]), { upper: true }]],
    errors: (make) => [{ args: [make([2, 3])], message: /square matrices/ }],
  },
  (factor: Tensor, upper = false) => {
    const op = 'choleskyInverse';
    checkSquare(op, factor);
    const n = factor.shape[factor.ndim - 1];
    const given = identityOf(n, n, factor, op);
    const l = upper ? transposeMatrix(factor) : factor;
    const half = triangularSolve(op, l, given, { upper: false, unit: false });
    return matmul(transposeMatrix(half), half);
  },
);
