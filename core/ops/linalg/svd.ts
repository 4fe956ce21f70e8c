/** Singular value decomposition. */
import { levels } from '../../autograd/levels/wrapped.js';
import type { Shape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, mul, sub } from '../arithmetic.js';
import { embedDiagonal } from '../diagonals.js';
import { movedim } from '../dimensions.js';
import { concatenate } from '../joining.js';
import { matmul } from '../matmul.js';
import { square } from '../pointwise.js';
import { apply, isRecorded, OUTPUT, type Primitive } from '../primitive.js';
import { functionOp, type FunctionOp, type SampleMaker } from '../record.js';
import { named, type Named } from '../results.js';
import { unsqueezeDim } from '../shape.js';
import {
  batchCount,
  batchShape,
  checkFinite,
  checkMatrices,
  makeTensor,
  matrixSize,
  readElements,
  transposeMatrix,
} from './batch.js';
import { fewSingularValues, fewSVD } from './few-factors.js';
import { differences, divideOrZero } from './eigen.js';
import { completion, jacobiSVD, singularValues } from './numeric/svd.js';
import { offsetsOf, partsOf } from './parts.js';

interface Attributes {
  readonly op: string;
  readonly shapes: readonly [Shape, Shape, Shape];
}

/**
 * U, S and Vh of [..., m, n], reduced. By A (Townsend 2016): with E_ij = s_j² − s_i² and skew(X) = X − Xᵀ,
 * U [skew(Uᵀ G_U)/E S + S skew(Vᵀ G_V)/E + diag(G_S)] Vᵀ + (1 − U Uᵀ) G_U S⁻¹ Vᵀ + U S⁻¹ G_Vᵀ (1 − V Vᵀ).
 */
const svdPrimitive: Primitive<Attributes> = {
  name: 'svd',
  reads: [[OUTPUT]],
  forward: ([a], { op, shapes }) => {
    const [m, n] = matrixSize(a.shape);
    const k = Math.min(m, n);
    const values = readElements(a, op);
    checkFinite(op, a, values);
    const { offsets, size } = offsetsOf(shapes);
    const out = new Float64Array(size);
    for (let i = 0; i < batchCount(a); i++) {
      const svd = jacobiSVD(values, i * m * n, m, n);
      if (svd === null) throw new Error(`${op}: the singular values did not converge`);
      out.set(svd.u, offsets[0] + i * m * k);
      out.set(svd.s, offsets[1] + i * k);
      out.set(svd.vh, offsets[2] + i * k * n);
    }
    return makeTensor(out, [size], a, op);
  },
  vjp: (grad, context) => {
    const { shapes } = context.attributes;
    const [u, s, vh] = partsOf(context.output(), shapes);
    const [gradU, gradS, gradVh] = partsOf(grad, shapes);
    const m = shapes[0][shapes[0].length - 2];
    const [k, n] = matrixSize(shapes[2]);
    const skew = (x: Tensor): Tensor => sub(x, transposeMatrix(x));
    const overColumns = unsqueezeDim(s, s.ndim - 1);
    const overRows = unsqueezeDim(s, s.ndim);
    const gaps = differences(square(s));
    const uu = matmul(transposeMatrix(u), gradU);
    const vv = matmul(vh, transposeMatrix(gradVh));
    const inner = add(
      add(mul(divideOrZero(skew(uu), gaps), overColumns), mul(overRows, divideOrZero(skew(vv), gaps))),
      embedDiagonal(gradS, 0, -2, -1),
    );
    let result = matmul(u, inner);
    if (m > k) result = add(result, divideOrZero(sub(gradU, matmul(u, uu)), expandLike(overColumns, gradU)));
    result = matmul(result, vh);
    if (n > k) {
      const outside = sub(gradVh, matmul(transposeMatrix(vv), vh));
      result = add(result, matmul(u, divideOrZero(outside, expandLike(overRows, gradVh))));
    }
    return [result];
  },
};

function expandLike(x: Tensor, like: Tensor): Tensor {
  return x.expand(like.shape);
}

/** U, S and Vh, reduced. */
export function svdOf(op: string, a: Tensor): readonly [Tensor, Tensor, Tensor] {
  checkMatrices(op, a);
  const [m, n] = matrixSize(a.shape);
  const k = Math.min(m, n);
  const batch = batchShape(a);
  const shapes = [
    [...batch, m, k],
    [...batch, k],
    [...batch, k, n],
  ] as const;
  const [u, s, vh] = partsOf(apply(svdPrimitive, [a], { op, shapes }), shapes);
  return [u, s, vh];
}

/** Orthonormal columns, without a gradient, that make those of [..., m, k] a basis. */
function missingColumns(op: string, x: Tensor): Tensor {
  const [m, k] = matrixSize(x.shape);
  const values = readElements(x, op);
  const out = new Float64Array(batchCount(x) * m * (m - k));
  for (let i = 0; i < batchCount(x); i++) {
    out.set(completion(values.slice(i * m * k, (i + 1) * m * k), m, k), i * m * (m - k));
  }
  return makeTensor(out, [...batchShape(x), m, m - k], x, op);
}

export interface SVDOptions {
  /** Whether U is [..., m, m] and Vh [..., n, n] (the default, as in PyTorch), or U [..., m, k] and Vh [..., k, n]. */
  fullMatrices?: boolean;
}

type Svd = (
  A: Tensor,
  fullMatrices?: boolean | SVDOptions,
) => Named<'U' | 'S' | 'Vh', readonly [Tensor, Tensor, Tensor]>;

/**
 * A = U diag(S) Vh of [..., m, n], with singular values S [..., k] descending, k = min(m, n). Singular vectors are
 * determined up to a common sign, and their gradient exists only where singular values differ; columns beyond k,
 * which `fullMatrices` adds, have none.
 */
export const svd: FunctionOp<Svd> = functionOp<Svd>(
  {
    name: 'linalg.svd',
    few: fewSVD,
    params: ['A', 'fullMatrices'],
    options: true,
    samples: (make) => [
      [make([3, 2]), { fullMatrices: false }],
      [make([2, 4]), { fullMatrices: false }],
      [make([2, 2, 2])],
      [make([0, 3]), false],
    ],
    errors: (make) => [
      { args: [make([3])], message: /takes a matrix .* got shape \[3\]/ },
      { args: [make([2, 2]).div(0)], message: /finite elements/ },
      { args: [make([2, 2], { dtype: 'int64' })], message: /float tensors/ },
    ],
  },
  (a: Tensor, fullMatrices = true) => {
    const op = 'linalg.svd';
    const [u, s, vh] = svdOf(op, a);
    const [m, n] = matrixSize(a.shape);
    if (!fullMatrices || m === n) return named(['U', 'S', 'Vh'], [u, s, vh]);
    if (m > n) {
      return named(['U', 'S', 'Vh'], [concatenate(op, [u, missingColumns(op, u)], u.ndim - 1), s, vh]);
    }
    const rows = transposeMatrix(missingColumns(op, transposeMatrix(vh)));
    return named(['U', 'S', 'Vh'], [u, s, concatenate(op, [vh, rows], vh.ndim - 2)]);
  },
);

/** The singular values, without a graph: nothing is turned but the matrix itself. */
function valuesOf(op: string, a: Tensor): Tensor {
  checkMatrices(op, a);
  const [m, n] = matrixSize(a.shape);
  const k = Math.min(m, n);
  const values = readElements(a, op);
  checkFinite(op, a, values);
  const out = new Float64Array(batchCount(a) * k);
  for (let i = 0; i < batchCount(a); i++) {
    const s = singularValues(values, i * m * n, m, n);
    if (s === null) throw new Error(`${op}: the singular values did not converge`);
    out.set(s, i * k);
  }
  return makeTensor(out, [...batchShape(a), k], a, op);
}

/** The singular values, in a last dimension, of the matrices that two dimensions hold. */
export function singularValuesOver(op: string, x: Tensor, rows: number, columns: number): Tensor {
  return svdOf(op, movedim(x, [rows, columns], [-2, -1]))[1];
}

type Unary = (A: Tensor) => Tensor;

/** The singular values [..., min(m, n)] of [..., m, n], descending. */
export const svdvals: FunctionOp<Unary> = functionOp<Unary>(
  {
    name: 'linalg.svdvals',
    few: fewSingularValues,
    params: ['A'],
    samples: (make: SampleMaker) => [[make([3, 2])], [make([2, 2, 3])], [make([3, 0])]],
    errors: (make) => [{ args: [make([3])], message: /takes a matrix/ }],
  },
  (a) => {
    if (levels.top !== null || isRecorded([a])) return svdOf('linalg.svdvals', a)[1];
    return valuesOf('linalg.svdvals', a);
  },
);
