/** Chooses how a matrix product is computed. */
import type { FloatElement, MatrixOperand, Ptr } from '../api.js';
import { fill } from '../reference/copy.js';
import { elementBytes } from '../views.js';
import { parallel } from '../threads/index.js';
import { tiledFunctions } from './gemm-choice.js';
import { blockRows, compileFewRows, MAX_BLOCK_DEPTH, type FewRowsFunctions } from './gemm-code.js';
import { packedByAll, pieces } from './gemm-threads.js';
import { floatLanes } from './lanes.js';

/** With at most this many rows, packing B would cost more than it brings. */
export const FEW_ROWS = 8;

/** Numbers of a row from which on its few additions to memory cost less than reading columns of B does. */
const LONG_ROW = 64;

/** Multiplications from which on threads are worth it, and matrices from which on each thread takes whole ones. */
const LARGE = 2 ** 20;
const MANY = 8;

/** Multiplications of a matrix from which on it pays to find the fastest kernel. */
const WORTH_TUNING = 2 ** 20;

const compiled: Partial<Record<FloatElement, FewRowsFunctions>> = {};

export function matmul(
  element: FloatElement,
  size: { batch: number; m: number; n: number; k: number },
  a: MatrixOperand,
  b: MatrixOperand,
  c: Ptr,
  beta: 0 | 1,
): void {
  const { k } = size;
  let { batch, m, n } = size;
  if (batch === 0 || m === 0 || n === 0) return;
  if (k === 0) {
    if (beta === 0) fill(element, c, batch * m * n, 0);
    return;
  }
  let { row: aRow, col: aColumn } = a;
  let { row: bRow, col: bColumn } = b;
  let aBatch = a.batch;
  let bBatch = b.batch;
  let aPtr = a.ptr;
  let bPtr = b.ptr;
  if (batch > 1 && bBatch === 0 && aBatch === m * aRow) {
    // One B for all: the matrices of A are the rows of one.
    m *= batch;
    batch = 1;
  }
  if (n === 1 && m > 1) {
    // A column is the transpose of a row.
    [aPtr, bPtr] = [bPtr, aPtr];
    [aRow, aColumn, bRow, bColumn] = [bColumn, bRow, aColumn, aRow];
    [aBatch, bBatch] = [bBatch, aBatch];
    n = m;
    m = 1;
  }
  const byDots = m <= FEW_ROWS && bRow === 1 && aColumn === 1 && (bColumn !== 1 || n === 1);
  const byRow = (m === 1 || (m <= FEW_ROWS && n >= LONG_ROW)) && !byDots && (bColumn === 1 || n === 1);
  const tiled = byDots || byRow ? undefined : tiledFunctions(element, m * n * k >= WORTH_TUNING);
  let run: (...args: number[]) => void;
  if (tiled === undefined) {
    const few = (compiled[element] ??= compileFewRows(floatLanes[element]));
    run = byDots ? few.dots : few.row;
  } else run = m <= FEW_ROWS && (bColumn === 1 || n === 1) ? tiled.direct : tiled.packed;
  const bytes = elementBytes[element];
  // Blocks of equal depth rather than a short last one.
  const depth = Math.ceil(k / Math.ceil(k / MAX_BLOCK_DEPTH));
  const rows = tiled === undefined ? m : blockRows(m, tiled.tile);
  if (batch * m * n * k < LARGE) {
    // Argument by argument: making an array of them takes as long as a product of a few numbers.
    // prettier-ignore
    run(
      aPtr, bPtr, c, m, n, k, aRow * bytes, aColumn * bytes, bRow * bytes, bColumn * bytes, beta, batch, aBatch * bytes,
      bBatch * bytes, depth, n * bytes, rows,
    );
    return;
  }
  // prettier-ignore
  const args = [
    aPtr, bPtr, c, m, n, k, aRow * bytes, aColumn * bytes, bRow * bytes, bColumn * bytes, beta, batch, aBatch * bytes,
    bBatch * bytes, depth, n * bytes, rows,
  ];
  if (run === tiled?.packed && batch < MANY) packedByAll(tiled, floatLanes[element], args);
  else parallel(run, args, ...pieces(args, batch < MANY ? 'columns' : 'matrices', bytes));
}
