/** Least squares and the pseudo-inverse. */
import { levels } from '../../autograd/levels/wrapped.js';
import { formatShape } from '../../layout.js';
import { allocateShape, type Tensor } from '../../tensor.js';
import { add, neg, sub } from '../arithmetic.js';
import { matmul } from '../matmul.js';
import { square } from '../pointwise.js';
import { apply, isRecorded, OUTPUT, type Primitive } from '../primitive.js';
import { elements, filled } from '../raw.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp, type SampleMaker } from '../record.js';
import { named, type Named } from '../results.js';
import { squeezeDims, unsqueezeDim } from '../shape.js';
import { sumDims } from '../sum.js';
import {
  batchCount,
  batchShape,
  broadcastBatches,
  checkFinite,
  checkMatrices,
  checkSameDType,
  defaultTolerance,
  makeTensor,
  matrixSize,
  readElements,
  transposeMatrix,
} from './batch.js';
import { fewLstsq, fewMatrixRank, fewPinv, fewPinverse } from './few-factors.js';
import { leastSquares } from './numeric/least-squares.js';
import { addScaled, transposed } from './numeric/reflections.js';
import { jacobiSVD, singularValues } from './numeric/svd.js';
import { qrOf } from './qr.js';
import { isVector, triangularSolve } from './solving.js';

/** Singular values up to max(atol, rtol · the largest) count as 0. */
interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

function rankOf(s: Float64Array, { atol, rtol }: Tolerance): number {
  const limit = Math.max(atol, rtol * (s.length === 0 ? 0 : s[0]));
  return s.filter((value) => value > limit).length;
}

function decompose<Result>(
  op: string,
  a: Tensor,
  by: (values: Float64Array, start: number, m: number, n: number) => Result | null,
): Result[] {
  const [m, n] = matrixSize(a.shape);
  const values = readElements(a, op);
  checkFinite(op, a, values);
  return Array.from({ length: batchCount(a) }, (_, i) => {
    const svd = by(values, i * m * n, m, n);
    if (svd === null) throw new Error(`${op}: the singular values did not converge`);
    return svd;
  });
}

function ranksOf(op: string, a: Tensor, tolerance: Tolerance): number[] {
  return decompose(op, a, singularValues).map((s) => rankOf(s, tolerance));
}

interface Attributes extends Tolerance {
  readonly op: string;
}

/** A⁺ = V S⁻¹ Uᵀ. By A: Golub & Pereyra 1973, eq. 4.12, for matrices of constant rank. */
const pinvPrimitive: Primitive<Attributes> = {
  name: 'pinv',
  reads: [[0, OUTPUT]],
  forward: ([a], { op, ...tolerance }) => {
    const [m, n] = matrixSize(a.shape);
    const k = Math.min(m, n);
    const out = new Float64Array(batchCount(a) * m * n);
    decompose(op, a, jacobiSVD).forEach((svd, b) => {
      const rank = rankOf(svd.s, tolerance);
      const u = transposed(svd.u, 0, m, k);
      for (let i = 0; i < n; i++) {
        for (let r = 0; r < rank; r++)
          addScaled(svd.vh[r * n + i] / svd.s[r], u, r * m, out, (b * n + i) * m, m);
      }
    });
    return makeTensor(out, [...batchShape(a), n, m], a, op);
  },
  vjp: (grad, context) => {
    const a = context.input(0);
    const p = context.output();
    const pt = transposeMatrix(p);
    const gt = transposeMatrix(grad);
    const [m, n] = matrixSize(a.shape);
    // The products of the smaller size.
    if (m <= n) {
      const k = matmul(gt, p);
      const kp = matmul(k, pt);
      const inside = sub(kp, matmul(matmul(a, p), kp));
      const outside = matmul(matmul(pt, p), sub(gt, matmul(k, a)));
      return [sub(add(inside, outside), transposeMatrix(matmul(p, k)))];
    }
    const k = matmul(p, gt);
    const pk = matmul(pt, k);
    const inside = sub(pk, matmul(matmul(pk, p), a));
    const outside = matmul(matmul(sub(gt, matmul(a, k)), p), pt);
    return [add(add(inside, outside), neg(transposeMatrix(matmul(k, p))))];
  },
  batch: 'leading',
};

export interface PinvOptions {
  /** Singular values up to max(atol, rtol · the largest) count as 0. Default 0. */
  atol?: number;
  /** Default max(m, n) · the rounding error of the dtype, or 0 where atol is given. */
  rtol?: number;
}

type Pinv = (A: Tensor, options?: PinvOptions) => Tensor;

function pinvOf(op: string, a: Tensor, atol: number | undefined, rtol: number | undefined): Tensor {
  checkMatrices(op, a);
  const relative = rtol ?? (atol !== undefined && atol > 0 ? 0 : defaultTolerance(a));
  return apply(pinvPrimitive, [a], { op, atol: atol ?? 0, rtol: relative });
}

function pinvSamples(make: SampleMaker): unknown[][] {
  return [[make([2, 3])], [make([4, 2])], [make([2, 2, 2])], [make([0, 3])]];
}

/**
 * The pseudo-inverse (Moore–Penrose) [..., n, m] of [..., m, n]: the X of smallest norm that comes nearest to A X = 1.
 * The gradient holds where the rank does not change.
 */
export const pinv: FunctionOp<Pinv> = functionOp<Pinv>(
  {
    name: 'linalg.pinv',
    few: fewPinv,
    params: ['A', 'atol', 'rtol'],
    options: true,
    samples: pinvSamples,
    errors: (make) => [
      { args: [make([3])], message: /takes a matrix .* got shape \[3\]/ },
      { args: [make([2, 2]).mul(Number.NaN)], message: /finite elements/ },
    ],
  },
  (a: Tensor, atol?: number, rtol?: number) => pinvOf('linalg.pinv', a, atol, rtol),
);

/** As `linalg.pinv`; `rcond` is its `rtol`, by default 1e-15. */
export const pinverse: MethodOp<(input: Tensor, rcond?: number) => Tensor> = methodOp(
  { name: 'pinverse', few: fewPinverse, params: ['input', 'rcond'], samples: pinvSamples },
  (input: Tensor, rcond = 1e-15) => pinvOf('pinverse', input, 0, rcond),
);

type MatrixRank = (A: Tensor, options?: PinvOptions) => Tensor;

/** How many singular values of [..., m, n] exceed max(atol, rtol · the largest): see `pinv`. */
export const matrixRank: FunctionOp<MatrixRank> = functionOp<MatrixRank>(
  {
    name: 'linalg.matrixRank',
    few: fewMatrixRank,
    samples: (make) => [[make([2, 3])], [make([2, 3, 3])]],
    torch: 'linalg.matrix_rank',
    params: ['A', 'atol', 'rtol'],
    options: true,
    errors: (make) => [{ args: [make([3])], message: /takes a matrix/ }],
  },
  (a: Tensor, atol?: number, rtol?: number) => {
    const op = 'linalg.matrixRank';
    checkMatrices(op, a);
    const relative = rtol ?? (atol !== undefined && atol > 0 ? 0 : defaultTolerance(a));
    return wholeNumbers(ranksOf(op, a, { atol: atol ?? 0, rtol: relative }), batchShape(a), op);
  },
);

function wholeNumbers(values: readonly number[], shape: readonly number[], op: string): Tensor {
  const out = allocateShape(shape, 'int64', op);
  elements(out).set(values);
  return out;
}

/** Whether all matrices of a triangular factor, [..., k, k], are of full rank, judged by the diagonal. */
function isFullRank(r: Tensor, rtol: number, op: string): boolean {
  const k = r.shape[r.ndim - 1];
  const values = readElements(r.detach(), op);
  for (let start = 0; start < values.length; start += k * k) {
    let smallest = Infinity;
    let largest = 0;
    for (let i = 0; i < k; i++) {
      const size = Math.abs(values[start + i * (k + 1)]);
      smallest = Math.min(smallest, size);
      largest = Math.max(largest, size);
    }
    if (!(smallest > rtol * largest)) return false;
  }
  return true;
}

type LstsqNames = 'solution' | 'residuals' | 'rank' | 'singularValues';

type Lstsq = (
  A: Tensor,
  B: Tensor,
  rcond?: number | null | { rcond?: number | null },
) => Named<LstsqNames, readonly [Tensor, Tensor, Tensor, Tensor]>;

/**
 * The X [..., n, k] that minimizes |A X − B| for A [..., m, n] and B [..., m, k] (or vectors), of smallest norm where
 * there are several: by QR for full rank, else by the pseudo-inverse. Also: `residuals` |A X − B|² of each column (empty
 * unless m > n and the rank is full), `rank`, and `singularValues` (empty, as for PyTorch's default driver).
 */
export const lstsq: FunctionOp<Lstsq> = functionOp<Lstsq>(
  {
    name: 'linalg.lstsq',
    few: fewLstsq,
    params: ['A', 'B', 'rcond'],
    options: true,
    samples: (make) => [
      [make([4, 2]), make([4, 1])],
      [make([2, 3]), make([2, 2])],
      [make([2, 3, 2]), make([2, 3, 1])],
      [make([3, 2]), make([3])],
    ],
    errors: (make) => [
      { args: [make([3, 2]), make([2, 1])], message: /\[3, 2\] .* \[2, 1\] do not fit/ },
      { args: [make([3]), make([3])], message: /takes a matrix/ },
    ],
  },
  (a: Tensor, b: Tensor, rcond?: number) => {
    const op = 'linalg.lstsq';
    checkMatrices(op, a);
    checkSameDType(op, a, b);
    const [m, n] = matrixSize(a.shape);
    const vector = isVector(a, b);
    const right = vector ? unsqueezeDim(b, b.ndim) : b;
    if (!vector) checkMatrices(op, b);
    if (matrixSize(right.shape)[0] !== m) {
      throw new RangeError(
        `${op}: a matrix A of shape ${formatShape(a.shape)} and a right-hand side B of shape ${formatShape(b.shape)} do ` +
          `not fit: for A [..., m, n], B is [..., m, k] or [..., m], here with m = ${m}`,
      );
    }
    const rtol = rcond ?? defaultTolerance(a);
    const [x, y] = broadcastBatches(op, a, right);
    const { solution, full } = solved(op, x, y, rtol);
    const batch = batchShape(x);
    const ranks = full
      ? new Array<number>(batchCount(x)).fill(Math.min(m, n))
      : ranksOf(op, x, { atol: 0, rtol });
    const empty = filled([0], 0, a.dtype, op);
    const residuals =
      full && m > n ? sumDims(square(sub(matmul(x, solution), y)), [x.ndim - 2], false) : empty;
    const last = solution.ndim - 1;
    return named(
      ['solution', 'residuals', 'rank', 'singularValues'],
      [
        vector ? squeezeDims(solution, [last]) : solution,
        vector && residuals !== empty ? squeezeDims(residuals, [residuals.ndim - 1]) : residuals,
        wholeNumbers(ranks, batch, op),
        filled([0], 0, a.dtype, op),
      ],
    );
  },
);

interface Solved {
  readonly solution: Tensor;
  readonly full: boolean;
}

/** Without a graph: each matrix is factorized and solved with at once. */
function solvedDirectly(op: string, a: Tensor, b: Tensor, rtol: number): Solved {
  const [m, n] = matrixSize(a.shape);
  const k = b.shape[b.ndim - 1];
  const count = batchCount(a);
  const out = new Float64Array(count * n * k);
  const [matrices, right] = [readElements(a, op), readElements(b, op)];
  for (let i = 0; i < count; i++) {
    const given = { values: matrices, start: i * m * n };
    const x = leastSquares(given, { values: right, start: i * m * k }, m, n, k, rtol);
    if (x === null) return { solution: matmul(pinvOf(op, a, 0, rtol), b), full: false };
    out.set(x, i * n * k);
  }
  return { solution: makeTensor(out, [...batchShape(a), n, k], a, op), full: true };
}

function solved(op: string, a: Tensor, b: Tensor, rtol: number): Solved {
  if (levels.top === null && !isRecorded([a, b])) return solvedDirectly(op, a, b, rtol);
  const [m, n] = matrixSize(a.shape);
  const upper = { upper: true, unit: false };
  const lower = { upper: false, unit: false };
  if (m >= n) {
    const [q, r] = qrOf(op, a, false);
    if (isFullRank(r, rtol, op)) {
      return { solution: triangularSolve(op, r, matmul(transposeMatrix(q), b), upper), full: true };
    }
  } else {
    // Aᵀ = Q R: the solution of smallest norm is Q R⁻ᵀ B.
    const [q, r] = qrOf(op, transposeMatrix(a), false);
    if (isFullRank(r, rtol, op)) {
      return { solution: matmul(q, triangularSolve(op, transposeMatrix(r), b, lower)), full: true };
    }
  }
  return { solution: matmul(pinvOf(op, a, 0, rtol), b), full: false };
}
