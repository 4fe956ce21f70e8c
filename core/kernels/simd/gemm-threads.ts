/** Matrix products divided among threads. The parts are computed as in the whole, so the results are the same. */
import { job, jointly, type Axis } from '../threads/index.js';
import { SHARED_B, SHARED_B_BYTES, BLOCK_ROWS, type TiledFunctions } from './gemm-code.js';
import type { FloatLanes } from './lanes.js';

/** Multiplications that are worth a chunk. */
const PER_CHUNK = 2 ** 17;
/** Numbers that are, to be packed. */
const PACKED_PER_CHUNK = 2 ** 13;

/** Rows of C, for which all of B is read. */
const LEAST_ROWS = 16;

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
  const axes: Axis[] = [{ count: Argument.n, size: roundUp(Math.ceil(PER_CHUNK / (m * k)), 128), steps }];
  if (args[Argument.batch] > 1) axes.push(pieces(args, 'matrices', bytes)[0]);
  return axes;
}

function roundUp(x: number, multiple: number): number {
  return Math.ceil(x / multiple) * multiple;
}

/** Any strides: threads pack B together, as much of it as there is room for, and then each takes rows of C. */
export function packedByAll(gemm: TiledFunctions, lanes: FloatLanes, args: readonly number[]): void {
  const [, , , m, n, k, , , , , , batch] = args;
  const size = batch * m * n * k;
  jointly(
    -size - lanes.bytes / 16,
    Math.ceil(size / PER_CHUNK),
    args,
    (given) => gemm.packed(...given),
    (given) => shared(gemm, lanes, given),
  );
}

function shared(gemm: TiledFunctions, lanes: FloatLanes, args: readonly number[]): void {
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
        packBlocks(gemm, width, {
          from: b + matrix * bBatch + j * bColumn + q * bRow,
          columns,
          deep,
          depth,
          bytes,
          blockBytes,
          bRow,
          bColumn,
        });
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
          ],
          { count: 3, size: rows, steps: [aRow, 0, cRow, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
        );
      }
    }
}

/** Rows a chunk: enough work, and chunks of about the same size. */
function rowsAtOnce(m: number, perRow: number, tileRows: number): number {
  const rows = Math.min(BLOCK_ROWS, Math.max(LEAST_ROWS, PER_CHUNK / perRow));
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
