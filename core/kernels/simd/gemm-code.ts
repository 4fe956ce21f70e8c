/**
 * The code of matrix products: Goto's scheme (Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", ACM TOMS 2008). Blocks of A and B are packed into panels so that the micro-kernel reads both in
 * order; it keeps a tile of C in registers. V8 spills registers above 14 live vectors, which halves the speed: hence
 * small tiles, and the loop over k not unrolled.
 */
import {
  i32,
  ModuleBuilder,
  select,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { PACKED_FOR, SCRATCH_BEGIN, SCRATCH_END } from '../../memory.js';
import { hasFusedMultiplyAdd, withRelaxedSimd } from '../tuning/fused.js';
import { definePack, PACK_SLACK } from './gemm-pack.js';
import { addRows } from './gemm-row.js';
import { defineTiles, multiplyAdd, TILE_BYTES, type Tile } from './gemm-tiles.js';
import type { FloatLanes } from './lanes.js';

/** A block of A of this many rows is kept in the second-level cache, a block of B of this many columns beyond. */
export const BLOCK_ROWS = 128;
export const BLOCK_COLUMNS = 1024;
export const MAX_BLOCK_DEPTH = 256;

/** The last tile of a block may have rows past its end. */
const MOST_TILE_ROWS = 16;

/** Where packed blocks are in the scratch memory of the thread that computes. */
const PACKED_A = TILE_BYTES;
const PACKED_B = PACKED_A + (BLOCK_ROWS + MOST_TILE_ROWS) * MAX_BLOCK_DEPTH * 8 + PACK_SLACK;

/** What all threads read is packed by all of them into the main thread's. There is as much room in each other's. */
export const SHARED_B = SCRATCH_BEGIN + PACKED_B;
export const SHARED_B_BYTES = SCRATCH_END - SHARED_B;

/** Blocks of about as many rows, whole tiles each, rather than a short last one. */
export function blockRows(m: number, { rows }: Tile): number {
  return Math.ceil(m / Math.ceil(m / BLOCK_ROWS) / rows) * rows;
}

/** What computes products of many rows, with one tile. */
export interface TiledFunctions {
  readonly tile: Tile;
  /** Columns of a tile. */
  readonly width: number;
  readonly packed: WasmFunction;
  readonly direct: WasmFunction;
  readonly packB: WasmFunction;
  readonly rows: WasmFunction;
  /** The innermost loops alone. */
  readonly tiles: WasmFunction;
}

export function compileTiled(lanes: FloatLanes, tile: Tile): TiledFunctions {
  const module = new ModuleBuilder();
  const packA = definePack(module, 'packA', lanes, tile.rows);
  const packB = definePack(module, 'packB', lanes, tile.vectors * lanes.lanes);
  const tiles = defineTiles(module, 'tiles', lanes, tile);
  const parts = { lanes, tile, packA, packB, tiles };
  definePacked(module, parts);
  defineDirect(module, parts);
  defineRows(module, parts);
  const functions = tile.fused ? withRelaxedSimd(() => module.compile()) : module.compile();
  return {
    tile,
    width: tile.vectors * lanes.lanes,
    packed: functions.packed,
    direct: functions.direct,
    packB: functions.packB,
    rows: functions.rows,
    tiles: functions.tiles,
  };
}

interface TiledParts {
  readonly lanes: FloatLanes;
  readonly tile: Tile;
  readonly packA: FunctionHandle;
  readonly packB: FunctionHandle;
  readonly tiles: FunctionHandle;
}

/** What computes products of few rows; the same whatever tile is best for many. */
export type FewRowsFunctions = Readonly<Record<'row' | 'dots', WasmFunction>>;

export function compileFewRows(lanes: FloatLanes): FewRowsFunctions {
  const module = new ModuleBuilder();
  const fused = hasFusedMultiplyAdd();
  defineRow(module, lanes, fused);
  defineDots(module, lanes, fused);
  const { row, dots } = fused ? withRelaxedSimd(() => module.compile()) : module.compile();
  return { row, dots };
}

/** All strides in bytes. */
const DRIVER_SIGNATURE = {
  a: 'i32',
  b: 'i32',
  c: 'i32',
  m: 'i32',
  n: 'i32',
  k: 'i32',
  aRow: 'i32',
  aColumn: 'i32',
  bRow: 'i32',
  bColumn: 'i32',
  accumulate: 'i32',
  batch: 'i32',
  aBatch: 'i32',
  bBatch: 'i32',
  blockDepth: 'i32',
  cRow: 'i32',
  blockRows: 'i32',
} as const;

/** Runs `body` for each matrix of the batch. */
function forEachMatrix(
  f: FunctionBuilder,
  p: Record<'a' | 'b' | 'c' | 'm' | 'cRow' | 'batch' | 'aBatch' | 'bBatch', Local<'i32'>>,
  body: () => void,
): void {
  f.while(p.batch, () => {
    body();
    f.advance(p.a, p.aBatch);
    f.advance(p.b, p.bBatch);
    f.advance(p.c, i32.mul(p.m, p.cRow));
    f.advance(p.batch, -1);
  });
}

/** Any strides: both operands are packed. */
function definePacked(module: ModuleBuilder, { lanes, tile, packA, packB, tiles }: TiledParts): void {
  const { bytes } = lanes;
  const width = tile.vectors * lanes.lanes;
  module.define('packed', DRIVER_SIGNATURE, (f, p) => {
    const j = f.local('i32');
    const columns = f.local('i32');
    const q = f.local('i32');
    const depth = f.local('i32');
    const i = f.local('i32');
    const rows = f.local('i32');
    const limited = (left: I32, most: I32): I32 => select(left, most, i32.ltU(left, most));
    forEachMatrix(f, p, () => {
      f.set(j, i32.const(0));
      f.while(i32.ltU(j, p.n), () => {
        f.set(columns, limited(i32.sub(p.n, j), i32.const(BLOCK_COLUMNS)));
        f.set(q, i32.const(0));
        f.while(i32.ltU(q, p.k), () => {
          f.set(depth, limited(i32.sub(p.k, q), p.blockDepth));
          const b = i32.add(p.b, i32.add(i32.mul(j, p.bColumn), i32.mul(q, p.bRow)));
          f.call(packB, b, module.scratch(PACKED_B), columns, depth, p.bColumn, p.bRow);
          f.set(i, i32.const(0));
          f.while(i32.ltU(i, p.m), () => {
            f.set(rows, limited(i32.sub(p.m, i), p.blockRows));
            const a = i32.add(p.a, i32.add(i32.mul(i, p.aRow), i32.mul(q, p.aColumn)));
            f.call(packA, a, module.scratch(PACKED_A), rows, depth, p.aRow, p.aColumn);
            f.call(
              tiles,
              module.scratch(PACKED_A),
              module.scratch(PACKED_B),
              i32.add(p.c, i32.add(i32.mul(i, p.cRow), i32.mul(j, bytes))),
              rows,
              columns,
              depth,
              tile.rows * bytes,
              width * bytes,
              i32.mul(depth, width * bytes),
              p.cRow,
              i32.or(p.accumulate, q),
            );
            f.advance(i, p.blockRows);
          });
          f.advance(q, p.blockDepth);
        });
        f.advance(j, BLOCK_COLUMNS);
      });
    });
  });
}

/**
 * Some rows of C by a packed B, for all of `k` (the length of the sums) block by block: its blocks of `blockDepth` lie one
 * behind the other, each of `blockBytes`. Where `ownB` is 0, they were packed before, at `packedB`. Otherwise it is the
 * number of this product, and a thread packs all of B for itself when it begins with rows of another one.
 */
function defineRows(module: ModuleBuilder, { lanes, tile, packA, packB, tiles }: TiledParts): void {
  const { bytes } = lanes;
  const width = tile.vectors * lanes.lanes;
  const signature = {
    a: 'i32',
    packedB: 'i32',
    c: 'i32',
    m: 'i32',
    n: 'i32',
    k: 'i32',
    aRow: 'i32',
    aColumn: 'i32',
    accumulate: 'i32',
    blockDepth: 'i32',
    blockBytes: 'i32',
    cRow: 'i32',
    b: 'i32',
    bRow: 'i32',
    bColumn: 'i32',
    ownB: 'i32',
  } as const;
  module.define('rows', signature, (f, p) => {
    const depth = f.local('i32');
    f.if(p.ownB, () => {
      f.set(p.packedB, module.scratch(PACKED_B));
      const packedFor = f.let(module.scratch(PACKED_FOR - SCRATCH_BEGIN));
      f.if(i32.ne(i32.load(packedFor), p.ownB), () => {
        const left = f.let(p.k);
        const target = f.let(p.packedB);
        f.while(left, () => {
          f.set(depth, i32.minU(left, p.blockDepth));
          f.call(packB, p.b, target, p.n, depth, p.bColumn, p.bRow);
          f.advance(p.b, i32.mul(p.bRow, depth));
          f.advance(target, p.blockBytes);
          f.set(left, i32.sub(left, depth));
        });
        // Last, because an interrupt may end this anywhere.
        f.storeI32(packedFor, p.ownB);
      });
    });
    const accumulate = f.let(p.accumulate);
    f.while(p.k, () => {
      f.set(depth, i32.minU(p.k, p.blockDepth));
      f.call(packA, p.a, module.scratch(PACKED_A), p.m, depth, p.aRow, p.aColumn);
      f.call(
        tiles,
        module.scratch(PACKED_A),
        p.packedB,
        p.c,
        p.m,
        p.n,
        depth,
        tile.rows * bytes,
        width * bytes,
        i32.mul(depth, width * bytes),
        p.cRow,
        accumulate,
      );
      f.set(accumulate, i32.const(1));
      f.advance(p.a, i32.mul(p.aColumn, depth));
      f.advance(p.packedB, p.blockBytes);
      f.set(p.k, i32.sub(p.k, depth));
    });
  });
}

/** B row-major and at most BLOCK_ROWS rows: B is read where it is, which pays when there are few rows. */
function defineDirect(module: ModuleBuilder, { lanes, tile, packA, tiles }: TiledParts): void {
  const { bytes } = lanes;
  module.define('direct', DRIVER_SIGNATURE, (f, p) => {
    const q = f.local('i32');
    const depth = f.local('i32');
    forEachMatrix(f, p, () => {
      f.set(q, i32.const(0));
      f.while(i32.ltU(q, p.k), () => {
        f.set(depth, i32.sub(p.k, q));
        f.set(depth, select(depth, p.blockDepth, i32.ltU(depth, p.blockDepth)));
        f.call(
          packA,
          i32.add(p.a, i32.mul(q, p.aColumn)),
          module.scratch(PACKED_A),
          p.m,
          depth,
          p.aRow,
          p.aColumn,
        );
        f.call(
          tiles,
          module.scratch(PACKED_A),
          i32.add(p.b, i32.mul(q, p.bRow)),
          p.c,
          p.m,
          p.n,
          depth,
          tile.rows * bytes,
          p.bRow,
          tile.vectors * 16,
          p.cRow,
          i32.or(p.accumulate, q),
        );
        f.advance(q, p.blockDepth);
      });
    });
  });
}

/** B row-major and A of few rows. */
function defineRow(module: ModuleBuilder, lanes: FloatLanes, fused: boolean): void {
  module.define('row', DRIVER_SIGNATURE, (f, p) => forEachMatrix(f, p, () => addRows(f, lanes, fused, p)));
}

/** A row-major, B column-major, few rows: each element is the dot product of two contiguous vectors. */
function defineDots(module: ModuleBuilder, lanes: FloatLanes, fused: boolean): void {
  const columnsAtOnce = 6;
  module.define('dots', DRIVER_SIGNATURE, (f, p) => {
    const i = f.local('i32');
    const j = f.local('i32');
    const a = f.local('i32');
    const b = f.local('i32');
    const c = f.local('i32');
    forEachMatrix(f, p, () => {
      f.set(i, p.m);
      f.set(a, p.a);
      f.set(c, p.c);
      f.while(i, () => {
        f.set(j, p.n);
        f.set(b, p.b);
        f.while(i32.geU(j, columnsAtOnce), () => {
          dotProducts(f, lanes, fused, columnsAtOnce, a, b, c, p);
          f.advance(b, i32.mul(p.bColumn, columnsAtOnce));
          f.advance(c, columnsAtOnce * lanes.bytes);
          f.advance(j, -columnsAtOnce);
        });
        f.while(j, () => {
          dotProducts(f, lanes, fused, 1, a, b, c, p);
          f.advance(b, p.bColumn);
          f.advance(c, lanes.bytes);
          f.advance(j, -1);
        });
        f.advance(a, p.aRow);
        f.advance(c, i32.sub(p.cRow, i32.mul(p.n, lanes.bytes)));
        f.advance(i, -1);
      });
    });
  });
}

/** The products of a row with so many columns, which lie in order. */
export function dotProducts(
  f: FunctionBuilder,
  lanes: FloatLanes,
  fused: boolean,
  columns: number,
  row: I32,
  firstColumn: I32,
  c: I32,
  p: { readonly k: I32; readonly bColumn: I32; readonly accumulate: I32 },
): void {
  const { ops, bytes } = lanes;
  const a = f.let(row);
  const bs = Array.from({ length: columns }, (_, v) => f.let(i32.add(firstColumn, i32.mul(p.bColumn, v))));
  const sums = bs.map(() => f.local('v128'));
  const vector = f.local('v128');
  const left = f.let(p.k);
  const accumulateProducts = (load: (address: I32) => V128, step: number, count: number): void => {
    f.set(vector, load(a));
    sums.forEach((sum, v) => f.set(sum, multiplyAdd(lanes, fused, vector, load(bs[v]), sum)));
    for (const pointer of [a, ...bs]) f.advance(pointer, step);
    f.advance(left, -count);
  };
  for (const sum of sums) f.set(sum, ops.const(0));
  f.while(i32.geU(left, lanes.lanes), () => accumulateProducts((x) => v128.load(x), 16, lanes.lanes));
  f.while(left, () => accumulateProducts((x) => lanes.loadFirst(x), bytes, 1));
  sums.forEach((sum, v) => {
    const keep = (value: V128): V128 => {
      f.set(vector, value);
      return vector;
    };
    f.set(sum, lanes.horizontal(ops.add, sum, keep));
    f.if(p.accumulate, () => f.set(sum, ops.add(sum, lanes.loadFirst(c, v * bytes))));
    f.storeLane(bytes, c, sum, 0, v * bytes);
  });
}
