/** The innermost loops of matrix products. */
import {
  i32,
  select,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type ModuleBuilder,
  type V128,
} from '../assembler/index.js';
import type { FloatLanes } from './lanes.js';

/** A tile at the edge of C is put at the beginning of the scratch memory before the part inside C is copied. */
export const TILE_BYTES = 1024;

/** The part of C that is kept in registers while k goes by. */
export interface Tile {
  readonly rows: number;
  /** Its columns, in vectors of 128 bits. */
  readonly vectors: number;
  /** Products and sums rounded once. */
  readonly fused: boolean;
}

/** a b + sum */
export function multiplyAdd({ ops }: FloatLanes, fused: boolean, a: V128, b: V128, sum: V128): V128 {
  return fused ? ops.relaxedMadd(a, b, sum) : ops.add(sum, ops.mul(a, b));
}

/**
 * c (+)= a b for a block: a in panels of `rows` rows (for rows = 1: plain), b with `bStep` bytes from k to k + 1 and
 * `bPanel` bytes from one panel of columns to the next. What is read past the last column goes into lanes that are
 * not stored.
 */
export function defineTiles(
  module: ModuleBuilder,
  name: string,
  lanes: FloatLanes,
  { rows, vectors, fused }: Tile,
): FunctionHandle {
  const { bytes } = lanes;
  const width = vectors * lanes.lanes;
  const signature = {
    a: 'i32',
    b: 'i32',
    c: 'i32',
    m: 'i32',
    n: 'i32',
    k: 'i32',
    aStep: 'i32',
    bStep: 'i32',
    bPanel: 'i32',
    cRow: 'i32',
    accumulate: 'i32',
  } as const;
  return module.define(name, signature, (f, p) => {
    const sums = Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local('v128')));
    const bs = Array.from({ length: vectors }, () => f.local('v128'));
    const a = f.local('v128');
    const aPointer = f.local('i32');
    const bPointer = f.local('i32');
    const panel = f.local('i32');
    const i = f.local('i32');
    const left = f.local('i32');
    const tile = f.local('i32');
    const target = f.local('i32');
    const zero = f.local('v128');

    f.while(i32.gtS(p.n, 0), () => {
      f.set(i, p.m);
      f.set(panel, p.a);
      f.set(tile, p.c);
      f.while(i32.gtS(i, 0), () => {
        for (const row of sums) for (const sum of row) f.set(sum, zero);
        f.set(aPointer, panel);
        f.set(bPointer, p.b);
        f.set(left, p.k);
        f.while(left, () => {
          bs.forEach((b, v) => f.set(b, v128.load(bPointer, v * 16)));
          sums.forEach((row, r) => {
            f.set(a, lanes.loadSplat(aPointer, r * bytes));
            row.forEach((sum, v) => f.set(sum, multiplyAdd(lanes, fused, a, bs[v], sum)));
          });
          f.advance(aPointer, p.aStep);
          f.advance(bPointer, p.bStep);
          f.advance(left, -1);
        });
        f.set(panel, aPointer);
        f.if(
          i32.leU(i32.const(width), p.n),
          () =>
            f.if(
              i32.leU(i32.const(rows), i),
              () => storeRows(f, lanes, sums, { tile, target, cRow: p.cRow, accumulate: p.accumulate }),
              () => storeRows(f, lanes, sums, { tile, target, cRow: p.cRow, accumulate: p.accumulate }, i),
            ),
          () => {
            sums.forEach((row, r) =>
              row.forEach((sum, v) => f.store(module.scratch(), sum, r * width * bytes + v * 16)),
            );
            const at = { from: module.scratch(), tile, i, n: p.n, cRow: p.cRow };
            storePartOfTile(f, lanes, { rows, width }, at, p.accumulate);
          },
        );
        f.advance(tile, i32.mul(p.cRow, rows));
        f.advance(i, -rows);
      });
      f.advance(p.b, p.bPanel);
      f.advance(p.c, width * bytes);
      f.advance(p.n, -width);
    });
  });
}

/** Whole rows of a tile: all of them, or the first `count`. */
function storeRows(
  f: FunctionBuilder,
  { ops }: FloatLanes,
  sums: readonly (readonly V128[])[],
  { tile, target, cRow, accumulate }: { tile: I32; target: Local<'i32'>; cRow: I32; accumulate: I32 },
  count?: I32,
): void {
  const store = (value: (sum: V128, offset: number) => V128): void => {
    f.set(target, tile);
    sums.forEach((row, r) => {
      const storeRow = (): void => {
        row.forEach((sum, v) => f.store(target, value(sum, v * 16), v * 16));
        if (r < sums.length - 1) f.advance(target, cRow);
      };
      if (count === undefined) storeRow();
      // Only what comes after the last row is left out: the last row of a part is never a whole tile's last.
      else if (r < sums.length - 1) f.if(i32.gtU(count, r), storeRow);
    });
  };
  f.if(
    accumulate,
    () => store((sum, offset) => ops.add(v128.load(target, offset), sum)),
    () => store((sum) => sum),
  );
}

/** Copies (or adds) the part of the tile in scratch memory that lies inside C. */
function storePartOfTile(
  f: FunctionBuilder,
  lanes: FloatLanes,
  size: { rows: number; width: number },
  at: { from: I32; tile: I32; i: I32; n: I32; cRow: I32 },
  accumulate: I32,
): void {
  const row = f.let(i32.const(0));
  const from = f.local('i32');
  const to = f.local('i32');
  const left = f.local('i32');
  f.while(i32.and(i32.ltS(row, at.i), i32.ltS(row, size.rows)), () => {
    f.set(from, i32.add(at.from, i32.mul(row, size.width * lanes.bytes)));
    f.set(to, i32.add(at.tile, i32.mul(row, at.cRow)));
    f.set(left, select(at.n, i32.const(size.width), i32.ltS(at.n, size.width)));
    f.while(left, () => {
      f.if(
        accumulate,
        () => f.storeLane(lanes.bytes, to, lanes.ops.add(lanes.loadFirst(to), lanes.loadFirst(from))),
        () => f.storeLane(lanes.bytes, to, lanes.loadFirst(from)),
      );
      f.advance(from, lanes.bytes);
      f.advance(to, lanes.bytes);
      f.advance(left, -1);
    });
    f.advance(row, 1);
  });
}
