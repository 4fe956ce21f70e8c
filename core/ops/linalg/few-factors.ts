/** Factorizations of one small matrix, and what follows from them, in arrays that are there already: see `few.ts`. */
import { Layout } from '../../layout.js';
import { allocate, type Tensor } from '../../tensor.js';
import { f64 } from '../../memory.js';
import type { Few } from '../record.js';
import { named, pairsOf } from '../results.js';
import { defaultTolerance } from './batch.js';
import { isOperand, isSquare, matrix, read, right, write } from './few.js';
import { symmetricEigen } from './numeric/eigen.js';
import { leastSquares } from './numeric/least-squares.js';
import { householderQR } from './numeric/qr.js';
import { withScratch, zeros } from './numeric/scratch.js';
import { jacobiSVD, singularValues } from './numeric/svd.js';

/** Reads a matrix; false where an element is no finite number, on which iterations do not converge. */
function readFinite(a: Tensor): boolean {
  read(a, matrix);
  for (let i = 0; i < a.layout.size; i++) if (matrix[i] - matrix[i] !== 0) return false;
  return true;
}

function isMatrix(a: unknown): a is Tensor {
  return isOperand(a) && a.layout.ndim === 2;
}

const factors = pairsOf(['Q', 'R']);

/** (A, mode) with as many rows as columns, or more; the reduced factors. */
export const fewQR: Few = (a, mode) => {
  if ((mode !== undefined && mode !== 'reduced') || !isMatrix(a)) return null;
  const [m, n] = a.layout.shape;
  if (m < n) return null;
  read(a, matrix);
  return withScratch(() => {
    const { q, r } = householderQR(matrix, 0, m, n, n);
    const left = write(q, a.layout.compact(), a, 'linalg.qr');
    return factors(left, write(r, Layout.contiguous([n, n]), a, 'linalg.qr'));
  });
};

/** (A, fullMatrices) of a square matrix, or the reduced factors. */
export const fewSVD: Few = (a, full) => {
  if ((full !== undefined && typeof full !== 'boolean') || !isMatrix(a) || !readFinite(a)) return null;
  const [m, n] = a.layout.shape;
  if (m !== n && full !== false) return null;
  const k = Math.min(m, n);
  return withScratch(() => {
    const svd = jacobiSVD(matrix, 0, m, n);
    if (svd === null) return null;
    const own = (values: Float64Array, shape: readonly number[]): Tensor =>
      write(values, Layout.contiguous(shape), a, 'linalg.svd');
    return named(['U', 'S', 'Vh'], [own(svd.u, [m, k]), own(svd.s, [k]), own(svd.vh, [k, n])]);
  });
};

/** (A) */
export const fewSingularValues: Few = (a) => {
  if (!isMatrix(a) || !readFinite(a)) return null;
  const [m, n] = a.layout.shape;
  return withScratch(() => {
    const values = singularValues(matrix, 0, m, n);
    return values === null ? null : write(values, Layout.contiguous([Math.min(m, n)]), a, 'linalg.svdvals');
  });
};

/** How many singular values exceed `limit` times the largest. */
function rankOf(values: Float64Array, limit: number): number {
  let rank = 0;
  while (rank < values.length && values[rank] > limit * values[0]) rank++;
  return rank;
}

/** (A) with the usual tolerance. */
export const fewMatrixRank: Few = (a, atol, rtol) => {
  if (atol !== undefined || rtol !== undefined || !isMatrix(a) || !readFinite(a)) return null;
  const [m, n] = a.layout.shape;
  const rank = withScratch(() => {
    const values = singularValues(matrix, 0, m, n);
    return values === null ? -1 : rankOf(values, defaultTolerance(a));
  });
  return rank < 0 ? null : wholeNumber(rank, 'linalg.matrixRank');
};

function wholeNumber(value: number, name: string): Tensor {
  const out = allocate(Layout.scalar, 'int64', name);
  f64[out.start(3)] = value;
  return out;
}

function pseudoInverse(a: Tensor, limit: number, name: string): Tensor | null {
  if (!readFinite(a)) return null;
  const [m, n] = a.layout.shape;
  const k = Math.min(m, n);
  return withScratch(() => {
    const svd = jacobiSVD(matrix, 0, m, n);
    if (svd === null) return null;
    const rank = rankOf(svd.s, limit);
    const out = zeros(m * n);
    for (let i = 0; i < n; i++)
      for (let r = 0; r < rank; r++) {
        const factor = svd.vh[r * n + i] / svd.s[r];
        for (let j = 0; j < m; j++) out[i * m + j] += factor * svd.u[j * k + r];
      }
    return write(out, Layout.contiguous([n, m]), a, name);
  });
}

/** (A) with the usual tolerance. */
export const fewPinv: Few = (a, atol, rtol) =>
  atol !== undefined || rtol !== undefined || !isMatrix(a)
    ? null
    : pseudoInverse(a, defaultTolerance(a), 'linalg.pinv');

/** (input, rcond) */
export const fewPinverse: Few = (a, rcond) =>
  (rcond !== undefined && typeof rcond !== 'number') || !isMatrix(a)
    ? null
    : pseudoInverse(a, rcond ?? 1e-15, 'pinverse');

/** (A, B) of a square matrix of full rank and a matrix. */
export const fewLstsq: Few = (a, b, rcond) => {
  if (rcond !== undefined || !isSquare(a) || !isMatrix(b) || a.dtype !== b.dtype) return null;
  const [n, k] = b.layout.shape;
  if (a.layout.shape[0] !== n) return null;
  read(a, matrix);
  read(b, right);
  const name = 'linalg.lstsq';
  const solution = withScratch(() => {
    const given = { values: matrix, start: 0 };
    const x = leastSquares(given, { values: right, start: 0 }, n, n, k, defaultTolerance(a));
    return x === null ? null : write(x, b.layout.compact(), b, name);
  });
  if (solution === null) return null;
  const empty = allocate(NONE, a.dtype, name);
  return named(
    ['solution', 'residuals', 'rank', 'singularValues'],
    [solution, empty, wholeNumber(n, name), allocate(NONE, a.dtype, name)],
  );
};

const NONE = Layout.contiguous([0]);

/** The decomposition of a symmetric matrix, of which one triangle is read. */
function decompose<Result>(
  a: unknown,
  triangle: unknown,
  give: (a: Tensor, n: number) => Result,
): Result | null {
  if ((triangle !== undefined && triangle !== 'L') || !isSquare(a) || !readFinite(a)) return null;
  const n = a.layout.shape[0];
  for (let r = 0; r < n; r++) for (let c = r + 1; c < n; c++) matrix[r * n + c] = matrix[c * n + r];
  return withScratch(() => give(a, n));
}

const eigen = pairsOf(['eigenvalues', 'eigenvectors']);

/** (A, UPLO) by the lower triangle. */
export const fewEigh: Few = (a, triangle) =>
  decompose(a, triangle, (x, n) => {
    const found = symmetricEigen(matrix, n);
    if (found === null) return null;
    const values = write(found.values, Layout.contiguous([n]), x, 'linalg.eigh');
    return eigen(values, write(found.vectors, x.layout.compact(), x, 'linalg.eigh'));
  });

/** (A, UPLO) by the lower triangle. */
export const fewEigvalsh: Few = (a, triangle) =>
  decompose(a, triangle, (x, n) => {
    const found = symmetricEigen(matrix, n);
    return found === null ? null : write(found.values, Layout.contiguous([n]), x, 'linalg.eigvalsh');
  });
