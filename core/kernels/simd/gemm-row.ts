/** Few rows times a matrix whose rows are contiguous. */
import { i32, v128, type FunctionBuilder, type I32, type V128 } from '../assembler/index.js';
import { multiplyAdd } from './gemm-tiles.js';
import type { FloatLanes } from './lanes.js';

/** So many rows of B are added to two rows of C at a time, in turns of so many vectors: what fits into the registers. */
const ROWS_AT_ONCE = 4;
const PAIR = 2;
const VECTORS = 2;

/** Bytes of rows that are computed before the next: so much of some rows of B and of C stays in the first-level cache. */
const BLOCK_BYTES = 4096;

type Product = Readonly<
  Record<'a' | 'b' | 'c' | 'm' | 'n' | 'k' | 'aRow' | 'aColumn' | 'bRow' | 'cRow' | 'accumulate', I32>
>;

/**
 * c (+)= a b. It is bound by reading B, so whole stretches of its rows are read in order: columns of a few vectors would be
 * a page and a line of the same set of the cache each.
 */
export function addRows(f: FunctionBuilder, lanes: FloatLanes, fused: boolean, p: Product): void {
  const left = f.let(i32.mul(p.n, lanes.bytes));
  const block = f.local('i32');
  const [a, b, c] = [f.local('i32'), f.let(p.b), f.let(p.c)];
  const [row, rows] = [f.local('i32'), f.local('i32')];
  const [rowOfA, rowOfC, rowsOfC] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const eachOfC = (heights: readonly number[], body: (height: number) => void): void => {
    f.set(rowOfA, a);
    f.set(rowOfC, c);
    f.set(rowsOfC, p.m);
    for (const height of heights)
      f.while(i32.geU(rowsOfC, height), () => {
        f.scope(() => body(height));
        f.advance(rowOfA, i32.mul(p.aRow, height));
        f.advance(rowOfC, i32.mul(p.cRow, height));
        f.advance(rowsOfC, -height);
      });
  };
  f.while(left, () => {
    f.set(block, i32.minU(left, i32.const(BLOCK_BYTES)));
    f.set(a, p.a);
    f.set(row, b);
    f.set(rows, p.k);
    f.if(i32.eqz(p.accumulate), () => eachOfC([1], () => f.fillBytes(rowOfC, 0, block)));
    for (const count of [ROWS_AT_ONCE, 1])
      f.while(i32.geU(rows, count), () => {
        eachOfC([PAIR, 1], (height) =>
          addProducts(f, lanes, fused, [height, count], { ...p, a: rowOfA, b: row, c: rowOfC, block }),
        );
        f.advance(a, i32.mul(p.aColumn, count));
        f.advance(row, i32.mul(p.bRow, count));
        f.advance(rows, -count);
      });
    f.advance(b, block);
    f.advance(c, block);
    f.set(left, i32.sub(left, block));
  });
}

/** Adds to so many bytes of rows of C the products of the numbers of A, `height` by `count`, with rows of B. */
function addProducts(
  f: FunctionBuilder,
  lanes: FloatLanes,
  fused: boolean,
  [height, count]: readonly [number, number],
  p: Product & { readonly block: I32 },
): void {
  const { bytes, ops } = lanes;
  const places = (start: I32, step: I32, length: number): I32[] =>
    Array.from({ length }, (_, r) => i32.add(start, i32.mul(step, r)));
  const rows = places(p.b, p.bRow, count).map((place) => f.let(place));
  const results = places(p.c, p.cRow, height).map((place) => f.let(place));
  const numbers = places(p.a, p.aRow, height).map((place) =>
    places(place, p.aColumn, count).map((number) => f.let(lanes.loadSplat(number))),
  );
  const left = f.let(p.block);
  const b = f.let(ops.const(0));
  const sums = results.map(() => f.let(ops.const(0)));
  const add = (offset: number, load: (address: I32, offset: number) => V128): void => {
    results.forEach((c, i) => f.set(sums[i], load(c, offset)));
    rows.forEach((row, r) => {
      f.set(b, load(row, offset));
      sums.forEach((sum, i) => f.set(sum, multiplyAdd(lanes, fused, numbers[i][r], b, sum)));
    });
  };
  const advance = (step: number): void => {
    for (const pointer of [...results, ...rows]) f.advance(pointer, step);
    f.advance(left, -step);
  };
  for (const vectors of [VECTORS, 1])
    f.while(i32.geU(left, vectors * 16), () => {
      for (let v = 0; v < vectors; v++) {
        add(v * 16, v128.load);
        results.forEach((c, i) => f.store(c, sums[i], v * 16));
      }
      advance(vectors * 16);
    });
  f.while(left, () => {
    add(0, (address, offset) => lanes.loadFirst(address, offset));
    results.forEach((c, i) => f.storeLane(bytes, c, sums[i]));
    advance(bytes);
  });
}
