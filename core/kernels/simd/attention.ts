/**
 * Attention in blocks (Dao et al., 2022): scores exist for a block of rows and columns at a time, and what is kept for
 * backward is a number for each row. So memory grows with the length of the sequence, not with its square. Factors of
 * dropout exist for a block of rows, and are drawn once more in backward.
 */
import type { FloatElement, Ptr } from '../api.js';
import type { AttentionArrays, AttentionShape } from '../attention.js';
import { Storage } from '../../storage.js';
import { type AttentionFunctions, compileAttention } from './attention-code.js';
import { matmul } from './gemm.js';
import { fill } from './optimizers.js';

/** Sizes of a block of one head, and bytes of scores that several heads may take together. */
const ROWS = 128;
const COLUMNS = 256;
const SCORES_BYTES = 2 ** 18;

const BYTES = { float32: 4, float64: 8 } as const;

const compiled: Partial<Record<FloatElement, AttentionFunctions>> = {};

function functionsFor(element: FloatElement): AttentionFunctions {
  return (compiled[element] ??= compileAttention(element));
}

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
function headsAtOnce(element: FloatElement, { heads, rows, columns }: AttentionShape): number {
  if (rows > ROWS || columns > COLUMNS) return 1;
  return Math.min(heads, Math.max(1, Math.floor(SCORES_BYTES / (BYTES[element] * rows * columns))));
}

function eachHeads(
  element: FloatElement,
  s: AttentionShape,
  visit: (head: number, heads: number) => void,
): void {
  const size = headsAtOnce(element, s);
  for (let head = 0; head < s.heads; head += size) visit(head, Math.min(size, s.heads - head));
}

function eachPart(total: number, size: number, visit: (start: number, count: number) => void): void {
  for (let start = 0; start < total; start += size) visit(start, Math.min(size, total - start));
}

/** Whether all of a block lies where no row looks. */
function isUnseen(s: AttentionShape, b: Block): boolean {
  return s.causal && b.column > b.row + b.rows - 1;
}

/** What goes over blocks of some attention: where things lie, and products of a block's rows. */
class Blocks {
  readonly bytes: 4 | 8;
  readonly scores: Storage;
  /** Factors of a block of rows, with all columns; null where there are none. */
  readonly #factors: Storage | null;
  #part = 0;

  constructor(
    readonly element: FloatElement,
    readonly s: AttentionShape,
  ) {
    this.bytes = BYTES[element];
    this.scores = this.scratch(Math.min(COLUMNS, s.columns));
    this.#factors = s.dropout === null ? null : this.scratch(s.columns);
  }

  /** Room for the rows of a block. */
  scratch(columns: number): Storage {
    const rows = headsAtOnce(this.element, this.s) * Math.min(ROWS, this.s.rows);
    return Storage.allocate(this.bytes * rows * columns, 'attention');
  }

  release(): void {
    this.scores.release();
    this.#factors?.release();
  }

  /** Visits all blocks in the order of their rows, in which factors are drawn. */
  visit(fill: 'draw' | 'repeat', visitor: (block: Block) => void): void {
    const { element, s } = this;
    eachHeads(element, s, (head, heads) => {
      eachPart(s.rows, ROWS, (row, rows) => {
        if (this.#factors !== null)
          s.dropout?.[fill](this.#part++, this.#factors.ptr, heads * rows * s.columns);
        eachPart(s.columns, COLUMNS, (column, columns) => {
          const block: Block = { head, heads, row, rows, column, columns };
          if (!isUnseen(s, block)) visitor(block);
        });
      });
    });
  }

  /** The first arguments of the code that goes over a block. */
  arguments(b: Block): number[] {
    const { bytes, s } = this;
    const { mask } = s;
    const seen = s.causal ? [b.row - b.column + 1, 1] : [b.columns, 0];
    const start = mask === null ? 0 : mask.ptr + bytes * (b.row * mask.row + b.column);
    const offsets = mask === null || mask.offsets === 0 ? 0 : mask.offsets + 4 * b.head;
    const factors = this.#factors === null ? 0 : this.#factors.ptr + bytes * b.column;
    const maskRow = bytes * (mask?.row ?? 0);
    return [
      ...[b.heads, b.rows, b.columns, this.scores.ptr, s.scale, start, offsets, maskRow],
      ...[...seen, factors, factors === 0 ? 0 : bytes * s.columns],
    ];
  }

  /** Addresses of a block's rows in [heads, rows, width] arrays. */
  rowsAt(ptr: Ptr, b: Block, all: number, row: number, width: number): Ptr {
    return ptr + this.bytes * (b.head * all + row) * width;
  }

  /** out = a bᵀ of rows of both. */
  scoresOf(b: Block, left: Ptr, right: Ptr, width: number, out: Ptr): void {
    const { rows, columns } = this.s;
    matmul(
      this.element,
      { batch: b.heads, m: b.rows, n: b.columns, k: width },
      { ptr: this.rowsAt(left, b, rows, b.row, width), row: width, col: 1, batch: rows * width },
      { ptr: this.rowsAt(right, b, columns, b.column, width), row: 1, col: width, batch: columns * width },
      out,
      0,
    );
  }
}

export function attention(element: FloatElement, s: AttentionShape, a: AttentionArrays): void {
  const { soften, finish } = functionsFor(element);
  const { heads, rows, columns, width, valueWidth } = s;
  const blocks = new Blocks(element, s);
  const { bytes, scores } = blocks;
  // What becomes the logarithm in the end is the largest score until then.
  const sums = Storage.allocate(bytes * heads * rows, 'attention');
  blocks.visit('draw', (b) => {
    blocks.scoresOf(b, a.query, a.key, width, scores.ptr);
    const first = b.column === 0;
    const numbers = bytes * (b.head * rows + b.row);
    const out = blocks.rowsAt(a.out, b, rows, b.row, valueWidth);
    soften(...blocks.arguments(b), sums.ptr + numbers, a.kept + numbers, out, valueWidth, first ? 1 : 0);
    const value = blocks.rowsAt(a.value, b, columns, b.column, valueWidth);
    matmul(
      element,
      { batch: b.heads, m: b.rows, n: valueWidth, k: b.columns },
      { ptr: scores.ptr, row: b.columns, col: 1, batch: b.rows * b.columns },
      { ptr: value, row: valueWidth, col: 1, batch: columns * valueWidth },
      out,
      first ? 0 : 1,
    );
  });
  finish(heads * rows, valueWidth, sums.ptr, a.kept, a.out, a.kept);
  sums.release();
  blocks.release();
}

export function attentionGrad(
  element: FloatElement,
  s: AttentionShape,
  a: AttentionArrays,
  grad: Ptr,
  [byQuery, byKey, byValue]: readonly [Ptr, Ptr, Ptr],
): void {
  const { dots, grads } = functionsFor(element);
  const { heads, rows, columns, width, valueWidth } = s;
  const blocks = new Blocks(element, s);
  const { bytes, scores } = blocks;
  const byWeights = blocks.scratch(Math.min(COLUMNS, columns));
  const sums = Storage.allocate(bytes * heads * rows, 'attention');
  dots(heads * rows, valueWidth, grad, a.out, sums.ptr);
  // In one block each gradient is one product; otherwise products are added up.
  const beta = rows > ROWS || columns > COLUMNS ? 1 : 0;
  if (beta === 1) {
    fill(element, byQuery, heads * rows * width, 0);
    fill(element, byKey, heads * columns * width, 0);
    fill(element, byValue, heads * columns * valueWidth, 0);
  }
  blocks.visit('repeat', (b) => {
    blocks.scoresOf(b, a.query, a.key, width, scores.ptr);
    blocks.scoresOf(b, grad, a.value, valueWidth, byWeights.ptr);
    const numbers = bytes * (b.head * rows + b.row);
    grads(...blocks.arguments(b), a.kept + numbers, sums.ptr + numbers, byWeights.ptr);
    const batch = b.rows * b.columns;
    const product = (
      turned: boolean,
      left: Ptr,
      [right, all, from, size]: readonly [right: Ptr, all: number, from: number, size: number],
      out: Ptr,
    ): void => {
      const [m, k] = turned ? [b.columns, b.rows] : [b.rows, b.columns];
      const [outAll, outFrom] = turned ? [columns, b.column] : [rows, b.row];
      matmul(
        element,
        { batch: b.heads, m, n: size, k },
        { ptr: left, row: turned ? 1 : b.columns, col: turned ? b.columns : 1, batch },
        { ptr: blocks.rowsAt(right, b, all, from, size), row: size, col: 1, batch: all * size },
        blocks.rowsAt(out, b, outAll, outFrom, size),
        beta,
      );
    };
    product(true, scores.ptr, [grad, rows, b.row, valueWidth], byValue);
    product(false, byWeights.ptr, [a.key, columns, b.column, width], byQuery);
    product(true, byWeights.ptr, [a.query, rows, b.row, width], byKey);
  });
  for (const storage of [sums, byWeights]) storage.release();
  blocks.release();
}
