/**
 * Attention in blocks (Dao et al., 2022): scores exist for a block of rows and columns at a time, and what is kept for
 * backward is a number for each row. So memory grows with the length of the sequence, not with its square.
 */
import type { Ptr } from '../api.js';
import type { AttentionArrays, AttentionShape } from '../attention.js';
import { Storage } from '../../storage.js';
import { type AttentionFunctions, compileAttention } from './attention-code.js';
import { matmul } from './gemm.js';
import { fill } from './optimizers.js';

/** Sizes of a block of one head, and bytes of scores that several heads may take together. */
const ROWS = 128;
const COLUMNS = 256;
const SCORES_BYTES = 2 ** 18;

let functions: AttentionFunctions | undefined;

/** Rows and columns of some heads: of all that there are, or of one head. */
interface Block {
  readonly head: number;
  readonly heads: number;
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

/** Heads at a time where a block holds a whole one; 1 where it takes several blocks. */
function headsAtOnce({ heads, rows, columns }: AttentionShape): number {
  if (rows > ROWS || columns > COLUMNS) return 1;
  return Math.min(heads, Math.max(1, Math.floor(SCORES_BYTES / (4 * rows * columns))));
}

function eachHeads(s: AttentionShape, visit: (head: number, heads: number) => void): void {
  const size = headsAtOnce(s);
  for (let head = 0; head < s.heads; head += size) visit(head, Math.min(size, s.heads - head));
}

function eachPart(total: number, size: number, visit: (start: number, count: number) => void): void {
  for (let start = 0; start < total; start += size) visit(start, Math.min(size, total - start));
}

/** Whether all of a block lies where no row looks. */
function isUnseen(s: AttentionShape, b: Block): boolean {
  return s.causal && b.column > b.row + b.rows - 1;
}

/** The first arguments of the code that goes over a block. */
function blockArguments(s: AttentionShape, b: Block, scores: Ptr): number[] {
  const { mask } = s;
  const seen = s.causal ? [b.row - b.column + 1, 1] : [b.columns, 0];
  const start = mask === null ? 0 : mask.ptr + 4 * (b.row * mask.row + b.column);
  const offsets = mask === null || mask.offsets === 0 ? 0 : mask.offsets + 4 * b.head;
  return [b.heads, b.rows, b.columns, scores, s.scale, start, offsets, 4 * (mask?.row ?? 0), ...seen];
}

/** Addresses of a block's rows in [heads, rows, width] arrays. */
function rowsAt(ptr: Ptr, b: Block, all: number, row: number, width: number): Ptr {
  return ptr + 4 * (b.head * all + row) * width;
}

/** scores = a bᵀ of rows of both. */
function scoresOf(s: AttentionShape, b: Block, left: Ptr, right: Ptr, width: number, out: Ptr): void {
  matmul(
    'float32',
    { batch: b.heads, m: b.rows, n: b.columns, k: width },
    { ptr: rowsAt(left, b, s.rows, b.row, width), row: width, col: 1, batch: s.rows * width },
    { ptr: rowsAt(right, b, s.columns, b.column, width), row: 1, col: width, batch: s.columns * width },
    out,
    0,
  );
}

export function attention(s: AttentionShape, a: AttentionArrays): void {
  const { soften, finish } = (functions ??= compileAttention());
  const { heads, rows, columns, width, valueWidth } = s;
  const scores = scratchFor(s);
  // What becomes the logarithm in the end is the largest score until then.
  const sums = Storage.allocate(4 * heads * rows, 'attention');
  eachHeads(s, (head, count) => {
    eachPart(rows, ROWS, (row, someRows) => {
      eachPart(columns, COLUMNS, (column, someColumns) => {
        const b: Block = { head, heads: count, row, rows: someRows, column, columns: someColumns };
        if (isUnseen(s, b)) return;
        scoresOf(s, b, a.query, a.key, width, scores.ptr);
        const first = column === 0;
        const numbers = 4 * (head * rows + row);
        const out = rowsAt(a.out, b, rows, row, valueWidth);
        soften(
          ...blockArguments(s, b, scores.ptr),
          sums.ptr + numbers,
          a.kept + numbers,
          out,
          valueWidth,
          first ? 1 : 0,
        );
        matmul(
          'float32',
          { batch: count, m: someRows, n: valueWidth, k: someColumns },
          { ptr: scores.ptr, row: someColumns, col: 1, batch: someRows * someColumns },
          {
            ...{ ptr: rowsAt(a.value, b, columns, column, valueWidth), row: valueWidth, col: 1 },
            batch: columns * valueWidth,
          },
          out,
          first ? 0 : 1,
        );
      });
    });
  });
  finish(heads * rows, valueWidth, sums.ptr, a.kept, a.out, a.kept);
  sums.release();
  scores.release();
}

function scratchFor(s: AttentionShape): Storage {
  const block = Math.min(ROWS, s.rows) * Math.min(COLUMNS, s.columns);
  return Storage.allocate(4 * headsAtOnce(s) * block, 'attention');
}

export function attentionGrad(
  s: AttentionShape,
  a: AttentionArrays,
  grad: Ptr,
  [byQuery, byKey, byValue]: readonly [Ptr, Ptr, Ptr],
): void {
  const { dots, grads } = (functions ??= compileAttention());
  const { heads, rows, columns, width, valueWidth } = s;
  const scores = scratchFor(s);
  const byWeights = scratchFor(s);
  const sums = Storage.allocate(4 * heads * rows, 'attention');
  dots(heads * rows, valueWidth, grad, a.out, sums.ptr);
  // In one block each gradient is one product; otherwise products are added up.
  const beta = rows > ROWS || columns > COLUMNS ? 1 : 0;
  if (beta === 1) {
    fill('float32', byQuery, heads * rows * width, 0);
    fill('float32', byKey, heads * columns * width, 0);
    fill('float32', byValue, heads * columns * valueWidth, 0);
  }
  eachHeads(s, (head, count) => {
    eachPart(columns, COLUMNS, (column, someColumns) => {
      eachPart(rows, ROWS, (row, someRows) => {
        const b: Block = { head, heads: count, row, rows: someRows, column, columns: someColumns };
        if (isUnseen(s, b)) return;
        scoresOf(s, b, a.query, a.key, width, scores.ptr);
        scoresOf(s, b, grad, a.value, valueWidth, byWeights.ptr);
        const numbers = 4 * (head * rows + row);
        const start = blockArguments(s, b, scores.ptr);
        grads(...start, a.kept + numbers, sums.ptr + numbers, byWeights.ptr);
        const whole = someRows * someColumns;
        const product = (
          turned: boolean,
          left: Ptr,
          [right, all, from, size]: readonly [right: Ptr, all: number, from: number, size: number],
          out: Ptr,
        ): void => {
          const [m, k] = turned ? [someColumns, someRows] : [someRows, someColumns];
          const [outAll, outFrom] = turned ? [columns, column] : [rows, row];
          matmul(
            'float32',
            { batch: count, m, n: size, k },
            {
              ptr: left,
              row: turned ? 1 : someColumns,
              col: turned ? someColumns : 1,
              batch: whole,
            },
            { ptr: rowsAt(right, b, all, from, size), row: size, col: 1, batch: all * size },
            rowsAt(out, b, outAll, outFrom, size),
            beta,
          );
        };
        product(true, scores.ptr, [grad, rows, row, valueWidth], byValue);
        product(false, byWeights.ptr, [a.key, columns, column, width], byQuery);
        product(true, byWeights.ptr, [a.query, rows, row, width], byKey);
      });
    });
  });
  for (const storage of [sums, byWeights, scores]) storage.release();
}
