/** Places in sorted numbers, and counts of small whole numbers: several at once, without a branch for each. */
import type { Ptr } from '../api.js';
import {
  f32x4,
  f64x2,
  i32,
  i32x4,
  i8x16,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { search32 } from '../counting.js';

const SEARCH = { sorted: 'i32', size: 'i32', x: 'i32', count: 'i32', out: 'i32' } as const;

/** Where a sorted number stands before a value; NaN counts as the largest. */
function isBefore(right: boolean, sorted: Local<'v128'>, value: Local<'v128'>): V128 {
  const { ne, eq, lt, gt } = f32x4;
  if (!right) return v128.or(lt(sorted, value), v128.and(ne(value, value), eq(sorted, sorted)));
  return v128.not(v128.or(gt(sorted, value), v128.and(ne(sorted, sorted), eq(value, value))));
}

/** The sorted numbers at four places. */
function gather(f: FunctionBuilder, line: Local<'i32'>, places: V128): Local<'v128'> {
  const offsets = f.let(i32x4.shl(places, 2));
  const numbers = f.let(v128.load32Zero(i32.add(line, i32x4.extract(offsets, 0))));
  for (const lane of [1, 2, 3])
    f.set(numbers, v128.loadLane(4, i32.add(line, i32x4.extract(offsets, lane)), numbers, lane));
  return numbers;
}

/** Halves the lines of four values at a time, all by as much: the size of what is left is the same for all. */
function compileSearch(right: boolean): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', SEARCH, (f, p) => {
    const places = f.local('v128');
    const left = f.local('i32');
    const half = f.local('i32');
    f.while(p.count, () => {
      f.scope(() => {
        const value = f.let(v128.load(p.x));
        f.set(places, i32x4.const(0));
        f.set(left, p.size);
        f.while(i32.gtU(left, i32.const(1)), () => {
          f.scope(() => {
            f.set(half, i32.shrU(left, i32.const(1)));
            const step = f.let(i32x4.splat(half));
            const probed = i32x4.sub(i32x4.add(places, step), i32x4.const(1));
            const before = isBefore(right, gather(f, p.sorted, probed), value);
            f.set(places, i32x4.add(places, v128.and(step, before)));
            f.set(left, i32.sub(left, half));
          });
        });
        const before = isBefore(right, gather(f, p.sorted, places), value);
        // True is −1 in every lane.
        f.set(places, i32x4.sub(places, before));
        f.store(p.out, f64x2.convertI32(places));
        const upper = i8x16.shuffle(places, places, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
        f.store(p.out, f64x2.convertI32(upper), 16);
      });
      f.advance(p.x, 16);
      f.advance(p.out, 32);
      f.advance(p.count, -1);
    });
  });
  return module.compile().run;
}

const searches = new Map<boolean, WasmFunction>();

/** Looking at fewer values is quicker than calling. */
const FEW = 16;

export function searchSorted(sorted: Ptr, size: number, right: boolean, x: Ptr, n: number, out: Ptr): void {
  const fours = n < FEW || size === 0 ? 0 : n >> 2;
  if (fours > 0) {
    let run = searches.get(right);
    if (run === undefined) searches.set(right, (run = compileSearch(right)));
    run(sorted, size, x, fours, out);
  }
  const done = 4 * fours;
  if (done < n) search32(sorted, size, right, x + 4 * done, n - done, out + 8 * done);
}

const COUNT = { x: 'i32', pairs: 'i32', counts: 'i32', size: 'i32', wrong: 'i32' } as const;

/**
 * Counts pairs of int64 in two tables, so that equal neighbours do not wait for each other; `wrong` becomes other than 0
 * where one is no whole number from 0 up and below `size`, a power of two.
 */
function compileCount(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', COUNT, (f, p) => {
    const wrong = f.let(i32x4.const(0));
    const most = f.let(i32x4.splat(i32.sub(p.size, i32.const(1))));
    const second = f.let(i32.add(p.counts, i32.mul(p.size, 4)));
    const place = f.local('i32');
    f.while(p.pairs, () => {
      f.scope(() => {
        const given = f.let(v128.load(p.x));
        const labels = f.let(i32x4.truncateF64(given));
        const kept = f.let(v128.and(labels, most));
        f.set(wrong, v128.or(wrong, f64x2.ne(f64x2.convertI32(labels), given)));
        f.set(wrong, v128.or(wrong, i32x4.ne(labels, kept)));
        for (const [lane, table] of [p.counts, second].entries()) {
          f.set(place, i32.add(table, i32.mul(i32x4.extract(kept, lane), 4)));
          f.storeI32(place, i32.add(i32.load(place), i32.const(1)));
        }
      });
      f.advance(p.x, 16);
      f.advance(p.pairs, -1);
    });
    f.storeI32(p.wrong, v128.anyTrue(wrong));
  });
  return module.compile().run;
}

let countPairs: WasmFunction | undefined;

export function countWhole(x: Ptr, pairs: number, counts: Ptr, size: number, wrong: Ptr): void {
  (countPairs ??= compileCount())(x, pairs, counts, size, wrong);
}
