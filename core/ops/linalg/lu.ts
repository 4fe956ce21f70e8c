/** LU factorization with partial pivoting, and what is solved with its factors. */
import { levels } from '../../autograd/levels/wrapped.js';
import { formatShape } from '../../layout.js';
import { allocateShape, type Tensor } from '../../tensor.js';
import { add } from '../arithmetic.js';
import { tril, triu } from '../diagonals.js';
import { concatenate } from '../joining.js';
import { matmul } from '../matmul.js';
import { apply, isRecorded, OUTPUT, type Primitive } from '../primitive.js';
import { contiguousData, elements, filled } from '../raw.js';
import { functionOp, type FunctionOp } from '../record.js';
import { named, type Named } from '../results.js';
import { sliceDim } from '../slicing.js';
import {
  batchCount,
  batchShape,
  broadcastBatches,
  checkMatrices,
  checkSameDType,
  checkSquare,
  identityOf,
  makeTensor,
  matrixSize,
  readElements,
  transposeMatrix,
} from './batch.js';
import { factorizeRows } from './numeric/lu-rows.js';
import { invertibleSample } from './samples.js';
import { triangularSolve } from './solving.js';

const UPPER = { upper: true, unit: false };
const UPPER_UNIT = { upper: true, unit: true };
const LOWER = { upper: false, unit: false };
const LOWER_UNIT = { upper: false, unit: true };

/**
 * L and U of A = L U in one matrix [..., n, n], without pivoting. By A, with N = tril(Lᵀ G_L, −1) + triu(G_U Uᵀ):
 * L⁻ᵀ N U⁻ᵀ, from dL = L tril(L⁻¹ dA U⁻¹, −1) and dU = triu(L⁻¹ dA U⁻¹) U.
 */
const luPrimitive: Primitive<string> = {
  name: 'lu',
  reads: [[OUTPUT]],
  forward: ([a], op) => {
    const n = a.shape[a.ndim - 1];
    const values = readElements(a, op);
    const out = new Float64Array(values.length);
    for (let i = 0; i < batchCount(a); i++)
      out.set(factorizeRows(values, i * n * n, n, n, false).data, i * n * n);
    return makeTensor(out, a.shape, a, op);
  },
  vjp: (grad, context) => {
    const op = context.attributes;
    const both = context.output();
    const lower = transposeMatrix(withOnes(tril(both, -1), op));
    const upper = transposeMatrix(triu(both));
    const inner = add(tril(matmul(lower, tril(grad, -1)), -1), triu(matmul(triu(grad), upper)));
    const left = triangularSolve(op, lower, inner, UPPER_UNIT);
    return [triangularSolve(op, upper, left, LOWER, false)];
  },
  batch: 'leading',
};

/** With ones added to the diagonal of [..., m, n]. */
function withOnes(x: Tensor, op: string): Tensor {
  const [m, n] = matrixSize(x.shape);
  return add(x, identityOf(m, n, x, op));
}

interface Factors {
  /** Both factors in one matrix. */
  readonly both: Tensor;
  /** The exchanges of rows, from 1 on, as LAPACK counts. */
  readonly pivots: Tensor;
  /** P in A = P L U. */
  readonly permutation: Tensor;
}

/** P A's rows in front of A's: the permutation matrices [..., m, m] of what each row of the factors was before. */
function permutationMatrix(
  rows: readonly Int32Array[],
  batch: readonly number[],
  like: Tensor,
  op: string,
): Tensor {
  const m = rows.length === 0 ? like.shape[like.ndim - 2] : rows[0].length;
  const out = new Float64Array(rows.length * m * m);
  rows.forEach((order, b) => {
    order.forEach((from, to) => {
      out[(b * m + from) * m + to] = 1;
    });
  });
  return makeTensor(out, [...batch, m, m], like, op);
}

function factorsOf(op: string, a: Tensor): Factors {
  checkMatrices(op, a);
  const [m, n] = matrixSize(a.shape);
  const k = Math.min(m, n);
  const batch = batchShape(a);
  const values = readElements(a.detach(), op);
  const found = Array.from({ length: batchCount(a) }, (_, i) => factorizeRows(values, i * m * n, m, n, true));
  const pivots = allocateShape([...batch, k], 'int32', op);
  found.forEach((lu, i) =>
    elements(pivots).set(
      lu.pivots.map((row) => row + 1),
      i * k,
    ),
  );
  const permutation = permutationMatrix(
    found.map(({ rows }) => rows),
    batch,
    a,
    op,
  );
  if (levels.top === null && !isRecorded([a])) {
    const out = new Float64Array(values.length);
    found.forEach(({ data }, i) => out.set(data, i * m * n));
    return { both: makeTensor(out, a.shape, a, op), pivots, permutation };
  }
  return { both: recordedFactors(op, matmul(transposeMatrix(permutation), a)), pivots, permutation };
}

/** Both factors of rows that are in order: of the square in front, and what follows from it for the rest. */
function recordedFactors(op: string, a: Tensor): Tensor {
  const [m, n] = matrixSize(a.shape);
  if (m === n) return apply(luPrimitive, [a], op);
  const k = Math.min(m, n);
  const dim = m < n ? a.ndim - 1 : a.ndim - 2;
  const square = apply(luPrimitive, [sliceDim(a, dim, 0, k)], op);
  const rest = sliceDim(a, dim, k, Math.max(m, n) - k);
  const solved =
    m < n ? triangularSolve(op, square, rest, LOWER_UNIT) : triangularSolve(op, square, rest, UPPER, false);
  return concatenate(op, [square, solved], dim);
}

/** L [..., m, k] and U [..., k, n] of both in one matrix. */
function triangles(op: string, both: Tensor): readonly [Tensor, Tensor] {
  const [m, n] = matrixSize(both.shape);
  const k = Math.min(m, n);
  const lower = tril(sliceDim(both, both.ndim - 1, 0, k), -1);
  return [withOnes(lower, op), triu(sliceDim(both, both.ndim - 2, 0, k))];
}

type LuFactor = (A: Tensor) => Named<'LU' | 'pivots', readonly [Tensor, Tensor]>;

/**
 * A = P L U of [..., m, n], by partial pivoting: L (without its ones) below the diagonal of `LU` and U from it up;
 * `pivots` [..., min(m, n)] (int32, from 1 on, as LAPACK counts) say with which row each row was exchanged.
 * `linalg.luSolve` and `luUnpack` take both. The gradient needs the first min(m, n) columns to be independent.
 */
export const luFactor: FunctionOp<LuFactor> = functionOp<LuFactor>(
  {
    name: 'linalg.luFactor',
    torch: 'linalg.lu_factor',
    params: ['A'],
    samples: (make) => [
      [make([3, 3])],
      [make([2, 4])],
      [make([4, 2])],
      [invertibleSample(make, 2, [2])],
      [make([0, 2])],
    ],
    errors: (make) => [{ args: [make([2])], message: /takes a matrix .* got shape \[2\]/ }],
  },
  (a) => {
    const { both, pivots } = factorsOf('linalg.luFactor', a);
    return named(['LU', 'pivots'], [both, pivots]);
  },
);

type Lu = (A: Tensor) => Named<'P' | 'L' | 'U', readonly [Tensor, Tensor, Tensor]>;

/**
 * A = P L U of [..., m, n] by partial pivoting, with k = min(m, n): a permutation P [..., m, m], L [..., m, k] lower
 * triangular with ones on the diagonal, U [..., k, n] upper triangular.
 */
export const lu: FunctionOp<Lu> = functionOp<Lu>(
  {
    name: 'linalg.lu',
    params: ['A'],
    samples: (make) => [[make([3, 3])], [make([2, 3])], [make([2, 3, 2])], [make([0, 2])]],
    errors: (make) => [{ args: [make([2])], message: /takes a matrix .* got shape \[2\]/ }],
  },
  (a) => {
    const op = 'linalg.lu';
    const { both, permutation } = factorsOf(op, a);
    const [lower, upper] = triangles(op, both);
    return named(['P', 'L', 'U'], [permutation, lower, upper]);
  },
);

/** P of the exchanges of rows that {@link luFactor} gives. */
function permutationOf(op: string, both: Tensor, pivots: Tensor): Tensor {
  const [m, n] = matrixSize(both.shape);
  const steps = Math.min(m, n);
  const batch = batchShape(both);
  if (pivots.dtype !== 'int32' && pivots.dtype !== 'int64')
    throw new TypeError(`${op}: pivots are whole numbers, as luFactor gives them, got ${pivots.dtype}`);
  if (formatShape(pivots.shape) !== formatShape([...batch, steps])) {
    throw new RangeError(
      `${op}: factors of shape ${formatShape(both.shape)} have pivots of shape ${formatShape([...batch, steps])}, got ${formatShape(pivots.shape)}`,
    );
  }
  const values = elements(contiguousData(pivots, op));
  const rows = Array.from({ length: batchCount(both) }, (_, b) => {
    const order = Int32Array.from({ length: m }, (_, i) => i);
    for (let k = 0; k < steps; k++) {
      const row = values[b * steps + k] - 1;
      if (!(row >= k && row < m)) {
        throw new RangeError(
          `${op}: pivot ${k} is a row from ${k + 1} to ${m}, counted from 1, got ${row + 1}`,
        );
      }
      [order[k], order[row]] = [order[row], order[k]];
    }
    return order;
  });
  return permutationMatrix(rows, batch, both, op);
}

type LuUnpack = (
  LUData: Tensor,
  LUPivots: Tensor,
) => Named<'P' | 'L' | 'U', readonly [Tensor, Tensor, Tensor]>;

/** The P, L and U of `linalg.luFactor`'s results: see `linalg.lu`. */
export const luUnpack: FunctionOp<LuUnpack> = functionOp<LuUnpack>(
  {
    name: 'luUnpack',
    torch: 'lu_unpack',
    params: ['LUData', 'LUPivots'],
    samples: (make) => [[make([3, 2]), pivotSample(2)]],
    errors: (make) => [
      { args: [make([2, 2]), make([2], { dtype: 'float32' })], message: /whole numbers/ },
      { args: [make([2, 2]), pivotSample(3)], message: /have pivots of shape \[2\], got \[3\]/ },
    ],
  },
  (both, pivots) => {
    const op = 'luUnpack';
    checkMatrices(op, both);
    const [lower, upper] = triangles(op, both);
    return named(['P', 'L', 'U'], [permutationOf(op, both, pivots), lower, upper]);
  },
);

/** No exchanges but the first, with the last. */
function pivotSample(n: number): Tensor {
  const pivots = filled([n], n, 'int32', 'luSolve');
  for (let i = 1; i < n; i++) elements(pivots)[i] = i + 1;
  return pivots;
}

export interface LuSolveOptions {
  /** Whether A X = B is solved (the default), or X A = B. */
  left?: boolean;
  /** Whether Aᵀ takes the place of A. Default false. */
  adjoint?: boolean;
}

type LuSolve = (LU: Tensor, pivots: Tensor, B: Tensor, options?: LuSolveOptions) => Tensor;

/** The X [..., n, k] with A X = B for the factors of A that `linalg.luFactor` gives; batches broadcast. */
export const luSolve: FunctionOp<LuSolve> = functionOp<LuSolve>(
  {
    name: 'linalg.luSolve',
    torch: 'linalg.lu_solve',
    params: ['LU', 'pivots', 'B', 'left', 'adjoint'],
    options: true,
    samples: (make) => [
      [invertibleSample(make, 3), pivotSample(3), make([3, 2])],
      [invertibleSample(make, 2), pivotSample(2), make([3, 2, 1]), { adjoint: true }],
      [invertibleSample(make, 2), pivotSample(2), make([1, 2]), { left: false }],
      [invertibleSample(make, 2), pivotSample(2), make([3, 2]), { left: false, adjoint: true }],
    ],
    errors: (make) => [
      { args: [make([2, 3]), pivotSample(2), make([2, 1])], message: /square matrices/ },
      { args: [make([2, 2]), pivotSample(2), make([3, 1])], message: /\[2, 2\] .* \[3, 1\] do not fit/ },
      {
        args: [make([2, 2]), pivotSample(3), make([2, 1])],
        message: /have pivots of shape \[2\], got \[3\]/,
      },
    ],
  },
  (both: Tensor, pivots: Tensor, b: Tensor, left = true, adjoint = false) => {
    const op = 'linalg.luSolve';
    checkSquare(op, both);
    checkMatrices(op, b);
    checkSameDType(op, both, b);
    const n = both.shape[both.ndim - 1];
    const permutation = permutationOf(op, both, pivots);
    const right = left ? b : transposeMatrix(b);
    if (right.shape[right.ndim - 2] !== n) {
      throw new RangeError(
        `${op}: factors of shape ${formatShape(both.shape)} and a right-hand side B of shape ${formatShape(b.shape)} do ` +
          `not fit: B is ${left ? '[..., n, k]' : '[..., k, n]'}, here with n = ${n}`,
      );
    }
    const [lu, given] = broadcastBatches(op, both, right);
    // X A = B is Aᵀ Xᵀ = Bᵀ.
    const turned = adjoint === left;
    const solved = turned
      ? solveTurned(op, lu, permutation, given)
      : solveStraight(op, lu, permutation, given);
    return left ? solved : transposeMatrix(solved);
  },
);

/** P L U X = B. */
function solveStraight(op: string, lu: Tensor, permutation: Tensor, b: Tensor): Tensor {
  const inner = triangularSolve(op, lu, matmul(transposeMatrix(permutation), b), LOWER_UNIT);
  return triangularSolve(op, lu, inner, UPPER);
}

/** Uᵀ Lᵀ Pᵀ X = B. */
function solveTurned(op: string, lu: Tensor, permutation: Tensor, b: Tensor): Tensor {
  const turned = transposeMatrix(lu);
  return matmul(permutation, triangularSolve(op, turned, triangularSolve(op, turned, b, LOWER), UPPER_UNIT));
}
