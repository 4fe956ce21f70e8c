/** Matrix products divided among threads. The parts are computed as in the whole, so the results are the same. */
import { getNumThreads, job, jointly, type Axis } from '../threads/index.js';
import { SHARED_B, SHARED_B_BYTES, BLOCK_ROWS, type TiledFunctions } from './gemm-code.js';
import type { FloatLanes } from './lanes.js';

/** Multiplications that are worth a chunk, and that a chunk of rows has (some twenty microseconds). */
const PER_CHUNK = 2 ** 17;
const PER_ROWS = 2 ** 20;
/** Numbers that are, to be packed. */
const PACKED_PER_CHUNK = 2 ** 13;

/** Columns of a product of few rows that are a chunk, where there are many. */
const LONG_PART = 512;

/** Rows of C at least, for which all of B is read. The last chunk is waited for, so it is not to be long. */
const LEAST_ROWS = 8;

/** So many rows (columns) of C a thread are worth packing all of B (A) for, which is then a tenth of the work at most. */
const OWN_PER_THREAD = 64;

const MOST_PRODUCTS = 2 ** 31 - 1;

/** Places of the arguments of kernels for products. */
const Argument = { a: 0, b: 1, c: 2, m: 3, n: 4, batch: 11 } as const;
const COUNT = 17;

/** Parts of a product of few rows: so many of the columns at a time, or of the matrices. */
export function pieces(args: readonly number[], of: 'columns' | 'matrices', bytes: number): Axis[] {
  const [, , , m, n, k, , , , bColumn, , , aBatch, bBatch, , cRow] = args;
  const steps = new Array<number>(COUNT).fill(0);
  if (of === 'matrices') {
    steps[Argument.a] = aBatch;
    steps[Argument.b] = bBatch;
    steps[Argument.c] = m * cRow;
    return [{ count: Argument.batch, size: Math.ceil(PER_CHUNK / (m * n * k)), steps }];
  }
  steps[Argument.b] = bColumn;
  steps[Argument.c] = bytes;
  // Rows of B are read faster the longer the parts are.
  const columns = Math.max(PER_CHUNK / (m * k), Math.min(n / 4, LONG_PART));
  const axes: Axis[] = [{ count: Argument.n, size: roundUp(columns, 128), steps }];
  if (args[Argument.batch] > 1) axes.push(pieces(args, 'matrices', bytes)[0]);
  return axes;
}

function roundUp(x: number, multiple: number): number {
  return Math.ceil(x / multiple) * multiple;
}

/**
 * Any strides. What one thread packs, another reads slowly, from the first one's caches; so where it is little work beside
 * the product, every thread packs all of B for itself and takes rows of C, or takes columns of C and packs its part of B
 * and all of A. For many threads they pack B together, as much of it as there is room for, and then each takes rows.
 */
export function packedByAll(gemm: TiledFunctions, lanes: FloatLanes, args: readonly number[]): void {
  const [, , , m, n, k, , , , , , batch] = args;
  const size = batch * m * n * k;
  jointly(
    -size - lanes.bytes / 16,
    Math.ceil(size / PER_CHUNK),
    args,
    (given) => gemm.packed(...given),
    (given) => divided(gemm, lanes, given),
  );
}

function divided(gemm: TiledFunctions, lanes: FloatLanes, args: readonly number[]): void {
  const [, , , m, n] = args;
  const enough = OWN_PER_THREAD * getNumThreads();
  if (m >= enough && (m >= n || m >= 2 * enough)) rowsOfC(gemm, lanes, args, true);
  else if (n >= enough) byColumns(gemm, lanes, args);
  else rowsOfC(gemm, lanes, args, m >= enough);
}

/** Columns of C, whole matrices one after the other. */
function byColumns(gemm: TiledFunctions, lanes: FloatLanes, args: readonly number[]): void {
  const { a, b, c, batch: count } = Argument;
  const [, , , m, n, , , , , bColumn, , batch, aBatch, bBatch, , cRow] = args;
  const steps = new Array<number>(COUNT).fill(0);
  steps[b] = bColumn;
  steps[c] = lanes.bytes;
  const size = roundUp(n / Math.ceil(n / OWN_PER_THREAD), gemm.width);
  const one = [...args];
  one[count] = 1;
  for (let matrix = 0; matrix < batch; matrix++) {
    one[a] = args[a] + matrix * aBatch;
    one[b] = args[b] + matrix * bBatch;
    one[c] = args[c] + matrix * m * cRow;
    job(gemm.packed, one, { count: Argument.n, size, steps });
  }
}

/** Numbers of products, by which a thread knows whether it has packed a B: never 0. */
let product = 0;

function rowsOfC(gemm: TiledFunctions, lanes: FloatLanes, args: readonly number[], own: boolean): void {
  const [a, b, c, m, n, k, aRow, aColumn, bRow, bColumn, beta, batch, aBatch, bBatch, depth, cRow] = args;
  const { bytes } = lanes;
  const { width } = gemm;
  const columnBytes = depth * bytes;
  const mostColumns = Math.floor(SHARED_B_BYTES / columnBytes / width) * width;
  const blocks = Math.ceil(k / depth);
  const columnsAtOnce = Math.min(n, blocks > 1 ? 1024 : mostColumns);
  const blocksAtOnce = Math.max(1, Math.floor(mostColumns / roundUp(columnsAtOnce, width)));
  for (let matrix = 0; matrix < batch; matrix++)
    for (let j = 0; j < n; j += columnsAtOnce) {
      const columns = Math.min(columnsAtOnce, n - j);
      const blockBytes = roundUp(columns, width) * columnBytes;
      for (let block = 0; block < blocks; block += blocksAtOnce) {
        const q = block * depth;
        const deep = Math.min(k - q, blocksAtOnce * depth);
        const from = b + matrix * bBatch + j * bColumn + q * bRow;
        if (own) product = product === MOST_PRODUCTS ? 1 : product + 1;
        else packBlocks(gemm, width, { from, columns, deep, depth, bytes, blockBytes, bRow, bColumn });
        const rows = rowsAtOnce(m, columns * deep, gemm.tile.rows);
        job(
          gemm.rows,
          [
            a + matrix * aBatch + q * aColumn,
            SHARED_B,
            c + matrix * m * cRow + j * bytes,
            m,
            columns,
            deep,
            aRow,
            aColumn,
            q > 0 ? 1 : beta,
            depth,
            blockBytes,
            cRow,
            from,
            bRow,
            bColumn,
            own ? product : 0,
          ],
          { count: 3, size: rows, steps: [aRow, 0, cRow, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        );
      }
    }
}

/** Rows a chunk: enough work, and chunks of about the same size. */
function rowsAtOnce(m: number, perRow: number, tileRows: number): number {
  const rows = Math.min(BLOCK_ROWS, Math.max(LEAST_ROWS, PER_ROWS / perRow));
  return roundUp(m / Math.ceil(m / rows), tileRows);
}

function packBlocks(
  gemm: TiledFunctions,
  width: number,
  b: Readonly<
    Record<'from' | 'columns' | 'deep' | 'depth' | 'bytes' | 'blockBytes' | 'bRow' | 'bColumn', number>
  >,
): void {
  const whole = Math.floor(b.deep / b.depth);
  const size = roundUp(Math.ceil(PACKED_PER_CHUNK / b.depth), width);
  const pack = (block: number, k: number, depth: number): void =>
    job(
      gemm.packB,
      [b.from + block * b.depth * b.bRow, SHARED_B + block * b.blockBytes, b.columns, k, b.bColumn, b.bRow],
      { count: 2, size, steps: [b.bColumn, depth * b.bytes, 0, 0, 0, 0] },
      { count: 3, size: depth, steps: [b.bRow, b.blockBytes / b.depth, 0, 0, 0, 0], apart: true },
    );
  if (whole > 0) pack(0, whole * b.depth, b.depth);
  const rest = b.deep - whole * b.depth;
  if (rest > 0) pack(whole, rest, rest);
}
