/** QR factorization. */
import { formatShape, type Shape } from '../../layout.js';
import type { Tensor } from '../../tensor.js';
import { add, sub } from '../arithmetic.js';
import { triu } from '../diagonals.js';
import { concatenate } from '../joining.js';
import { matmul } from '../matmul.js';
import { apply, OUTPUT, type Primitive } from '../primitive.js';
import { filled } from '../raw.js';
import { functionOp, type FunctionOp } from '../record.js';
import { named, type Named } from '../results.js';
import { sliceDim } from '../slicing.js';
import {
  batchCount,
  batchShape,
  checkMatrices,
  makeTensor,
  matrixSize,
  readElements,
  transposeMatrix,
} from './batch.js';
import { fewQR } from './few-factors.js';
import { halfDiagonal } from './cholesky.js';
import { householderQR } from './numeric/qr.js';
import { offsetsOf, partsOf } from './parts.js';
import { triangularSolve } from './solving.js';

export type QRMode = 'reduced' | 'complete' | 'r';

interface Attributes {
  readonly op: string;
  /** The columns of Q. */
  readonly columns: number;
  readonly shapes: readonly [Shape, Shape];
}

/**
 * Q and R of [..., m, n] with m ≥ n. By A, for as many columns of Q as A has (Walter & Lehmann 2012):
 * (G_Q + Q sym(M)) R⁻ᵀ, where sym(M) mirrors the upper triangle of M = G_R Rᵀ − Qᵀ G_Q.
 */
const qrPrimitive: Primitive<Attributes> = {
  name: 'qr',
  reads: [[OUTPUT]],
  forward: ([a], { op, columns, shapes }) => {
    const [m, n] = matrixSize(a.shape);
    const values = readElements(a, op);
    const { offsets, size } = offsetsOf(shapes);
    const out = new Float64Array(size);
    for (let i = 0; i < batchCount(a); i++) {
      const { q, r } = householderQR(values, i * m * n, m, n, columns);
      out.set(q, offsets[0] + i * m * columns);
      out.set(r, offsets[1] + i * columns * n);
    }
    return makeTensor(out, [size], a, op);
  },
  vjp: (grad, context) => {
    const { op, columns, shapes } = context.attributes;
    const n = shapes[1][shapes[1].length - 1];
    if (columns > n) {
      throw new Error(
        `${op}: with mode 'complete', the columns of Q beyond those of an input with more rows than columns have no ` +
          "gradient; use mode 'reduced'",
      );
    }
    const [q, r] = partsOf(context.output(), shapes);
    const [gradQ, gradR] = partsOf(grad, shapes);
    const inner = sub(matmul(gradR, transposeMatrix(r)), matmul(transposeMatrix(q), gradQ));
    const upper = halfDiagonal(triu(inner));
    const left = add(gradQ, matmul(q, add(upper, transposeMatrix(upper))));
    return [triangularSolve(op, transposeMatrix(r), left, { upper: false, unit: false }, false)];
  },
};

function factor(op: string, a: Tensor, columns: number): readonly [Tensor, Tensor] {
  const [m, n] = matrixSize(a.shape);
  const batch = batchShape(a);
  const shapes = [
    [...batch, m, columns],
    [...batch, columns, n],
  ] as const;
  const [q, r] = partsOf(apply(qrPrimitive, [a], { op, columns, shapes }), shapes);
  return [q, r];
}

/** Q and R, by rows and columns of any number. */
export function qrOf(op: string, a: Tensor, complete: boolean): readonly [Tensor, Tensor] {
  const [m, n] = matrixSize(a.shape);
  if (m >= n) return factor(op, a, complete ? m : n);
  // The first m columns determine Q; the others are turned by it.
  const [q, r] = factor(op, sliceDim(a, a.ndim - 1, 0, m), m);
  const rest = matmul(transposeMatrix(q), sliceDim(a, a.ndim - 1, m, n - m));
  return [q, concatenate(op, [r, rest], a.ndim - 1)];
}

type QROp = (A: Tensor, mode?: QRMode | { mode?: QRMode }) => Named<'Q' | 'R', readonly [Tensor, Tensor]>;

/**
 * A = Q R of [..., m, n]: Q with orthonormal columns, R upper triangular. With k = min(m, n), mode 'reduced' gives
 * Q [..., m, k] and R [..., k, n], 'complete' Q [..., m, m] and R [..., m, n], and 'r' only R, with an empty Q.
 * The gradient needs the first k columns of A to be independent.
 */
export const qr: FunctionOp<QROp> = functionOp<QROp>(
  {
    name: 'linalg.qr',
    few: fewQR,
    params: ['A', 'mode'],
    options: true,
    samples: (make) => [
      [make([3, 3])],
      [make([4, 2])],
      [make([2, 3, 2])],
      [make([2, 4])],
      [make([3, 2]), 'r'],
      [make([2, 3]), { mode: 'complete' }],
      [make([0, 2])],
    ],
    errors: (make) => [
      { args: [make([2])], message: /takes a matrix .* got shape \[2\]/ },
      { args: [make([2, 2]), 'full'], message: /'reduced', 'complete' or 'r'/ },
    ],
  },
  (a: Tensor, mode: QRMode = 'reduced') => {
    const op = 'linalg.qr';
    checkMatrices(op, a);
    if (!['reduced', 'complete', 'r'].includes(mode)) {
      throw new RangeError(
        `${op}: the mode is 'reduced', 'complete' or 'r', got '${mode}' (input ${formatShape(a.shape)})`,
      );
    }
    const [q, r] = qrOf(op, a, mode === 'complete');
    return named(['Q', 'R'], [mode === 'r' ? filled([0], 0, a.dtype, op) : q, r]);
  },
);
