/**
 * The code of sums and extremes. Sums are accumulated in blocks, so that rounding errors grow with the size of a
 * block and the number of blocks rather than with their product; along rows of float32 the blocks are added up in
 * float64.
 */
import type { Element, FloatElement } from '../api.js';
import {
  f32x4,
  f64x2,
  i32,
  i32x4,
  i8x16,
  ModuleBuilder,
  select,
  v128,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import { describeKernel } from '../meaning.js';
import { float32Lanes, floatLanes, type FloatLanes } from './lanes.js';

export type SimdReduceOp = 'sum' | 'prod' | 'max' | 'min';
export type SimdReduceElement = Exclude<Element, 'uint8'>;

export interface Reduction {
  readonly start: V128;
  readonly step: (f: FunctionBuilder, accumulated: V128, x: V128) => V128;
}

/** Vectors of a row that are added up side by side. */
export const ROWS_IN_FLIGHT = 4;
/** Turns of a block along a row, and rows of a block of columns. */
export const BLOCK_VECTORS = 64;
export const BLOCK_ROWS = 128;

/** How a reduction starts, and takes one vector more. */
export function reductionOf(op: SimdReduceOp, element: SimdReduceElement): Reduction {
  if (element === 'int32') {
    const step = { sum: i32x4.add, prod: i32x4.mul, max: i32x4.max, min: i32x4.min }[op];
    const start = { sum: 0, prod: 1, max: -(2 ** 31), min: 2 ** 31 - 1 }[op];
    return { start: i32x4.const(start), step: (_, accumulated, x) => step(accumulated, x) };
  }
  const { ops } = floatLanes[element];
  if (op === 'sum') return { start: ops.const(0), step: (_, accumulated, x) => ops.add(accumulated, x) };
  if (op === 'prod') return { start: ops.const(1), step: (_, accumulated, x) => ops.mul(accumulated, x) };
  const extreme = op === 'max' ? ops.pmax : ops.pmin;
  return {
    start: ops.const(op === 'max' ? -Infinity : Infinity),
    // The extreme keeps an accumulated NaN; a new one is taken over.
    step: (f, accumulated, x) => {
      const value = f.let(x);
      return v128.select(value, extreme(accumulated, value), ops.ne(value, value));
    },
  };
}

/** Functions of (outer, size, inner, x, out): `rows` for inner = 1, `columns` for larger ones. */
export function compileReduce(
  op: SimdReduceOp,
  element: SimdReduceElement,
): Readonly<Record<'rows' | 'columns', WasmFunction>> {
  const module = new ModuleBuilder();
  const reduction = reductionOf(op, element);
  const lanes = element === 'float64' ? floatLanes.float64 : float32Lanes;
  const wide = op === 'sum' && element === 'float32';
  defineRows(module, reduction, lanes, wide);
  defineColumns(module, reduction, lanes);
  const { rows, columns } = module.compile();
  if (element !== 'int32') {
    describeKernel(rows, { kind: 'reduce', op, of: 'rows', element });
    describeKernel(columns, { kind: 'reduce', op, of: 'columns', element });
  }
  return { rows, columns };
}

const SIGNATURE = { outer: 'i32', size: 'i32', inner: 'i32', x: 'i32', out: 'i32' } as const;

export function smaller(a: I32, b: number): I32 {
  return select(a, i32.const(b), i32.ltU(a, b));
}

function defineRows(module: ModuleBuilder, reduction: Reduction, lanes: FloatLanes, wide: boolean): void {
  const { start, step } = reduction;
  const perTurn = ROWS_IN_FLIGHT * lanes.lanes;
  module.define('rows', SIGNATURE, (f, p) => {
    const left = f.local('i32');
    const block = f.local('i32');
    const sums = Array.from({ length: ROWS_IN_FLIGHT }, () => f.local('v128'));
    const total = f.local('v128');
    const combine = (a: V128, b: V128): V128 => step(f, a, b);
    f.while(p.outer, () => {
      f.set(total, wide ? f64x2.const(0) : start);
      f.set(left, p.size);
      f.while(i32.geU(left, perTurn), () => {
        f.set(block, i32.and(smaller(left, BLOCK_VECTORS * perTurn), -perTurn));
        f.set(left, i32.sub(left, block));
        for (const sum of sums) f.set(sum, start);
        f.while(block, () => {
          f.scope(() => {
            sums.forEach((sum, k) => f.set(sum, step(f, sum, v128.load(p.x, k * 16))));
          });
          f.advance(p.x, ROWS_IN_FLIGHT * 16);
          f.advance(block, -perTurn);
        });
        f.scope(() => {
          f.set(sums[0], combine(sums[0], sums[1]));
          f.set(sums[2], combine(sums[2], sums[3]));
          f.set(sums[0], combine(sums[0], sums[2]));
          if (wide) addPromoted(f, total, sums[0]);
          else f.set(total, combine(total, sums[0]));
        });
      });
      f.scope(() => {
        if (wide)
          f.set(
            total,
            floatLanes.float64.horizontal(f64x2.add, total, (half) => f.let(half)),
          );
        else
          f.set(
            total,
            lanes.horizontal(combine, total, (half) => f.let(half)),
          );
      });
      f.while(left, () => {
        f.scope(() => {
          if (wide) f.set(total, f64x2.add(total, f64x2.promoteF32(v128.load32Zero(p.x))));
          else f.set(total, step(f, total, lanes.loadSplat(p.x)));
        });
        f.advance(p.x, lanes.bytes);
        f.advance(left, -1);
      });
      f.storeLane(lanes.bytes, p.out, wide ? f32x4.demoteF64(total) : total);
      f.advance(p.out, lanes.bytes);
      f.advance(p.outer, -1);
    });
  });
}

/** Adds four float32 to two float64. */
export function addPromoted(f: FunctionBuilder, total: Local<'v128'>, sum: V128): void {
  const high = i8x16.shuffle(sum, sum, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
  const both = f64x2.add(f64x2.promoteF32(sum), f64x2.promoteF32(high));
  f.set(total, f64x2.add(total, both));
}

/** Strips of columns, as many as fit into registers, down all rows. */
function defineColumns(module: ModuleBuilder, reduction: Reduction, lanes: FloatLanes): void {
  const { start, step } = reduction;
  module.define('columns', SIGNATURE, (f, p) => {
    const rowBytes = f.let(i32.mul(p.inner, lanes.bytes));
    const columns = f.local('i32');
    const strip = f.local('i32');
    const from = f.local('i32');
    const left = f.local('i32');
    const block = f.local('i32');
    const totals = Array.from({ length: 4 }, () => f.local('v128'));
    const sums = Array.from({ length: 4 }, () => f.local('v128'));
    const emitStrip = (vectors: number, whole: boolean): void => {
      const width = whole ? vectors * lanes.lanes : 1;
      f.set(from, strip);
      f.set(left, p.size);
      for (let k = 0; k < vectors; k++) f.set(totals[k], start);
      f.while(left, () => {
        f.set(block, smaller(left, BLOCK_ROWS));
        f.set(left, i32.sub(left, block));
        for (let k = 0; k < vectors; k++) f.set(sums[k], start);
        f.while(block, () => {
          f.scope(() => {
            for (let k = 0; k < vectors; k++)
              f.set(sums[k], step(f, sums[k], whole ? v128.load(from, k * 16) : lanes.loadFirst(from)));
          });
          f.advance(from, rowBytes);
          f.advance(block, -1);
        });
        f.scope(() => {
          for (let k = 0; k < vectors; k++) f.set(totals[k], step(f, totals[k], sums[k]));
        });
      });
      for (let k = 0; k < vectors; k++)
        if (whole) f.store(p.out, totals[k], k * 16);
        else f.storeLane(lanes.bytes, p.out, totals[k]);
      f.advance(strip, width * lanes.bytes);
      f.advance(p.out, width * lanes.bytes);
      f.advance(columns, -width);
    };
    f.while(p.outer, () => {
      f.set(columns, p.inner);
      f.set(strip, p.x);
      f.while(i32.geU(columns, 4 * lanes.lanes), () => emitStrip(4, true));
      f.while(i32.geU(columns, lanes.lanes), () => emitStrip(1, true));
      f.while(columns, () => emitStrip(1, false));
      f.advance(p.x, i32.mul(rowBytes, p.size));
      f.advance(p.outer, -1);
    });
  });
}

/** A function of (outer, size, inner, x, out): the first place of the extreme of each column, as float64. */
export function compileArgColumns(op: 'max' | 'min', element: FloatElement): WasmFunction {
  const lanes = floatLanes[element];
  const { ops } = lanes;
  const module = new ModuleBuilder();
  module.define('run', SIGNATURE, (f, p) => {
    const rowBytes = f.let(i32.mul(p.inner, lanes.bytes));
    const columns = f.local('i32');
    const strip = f.local('i32');
    const from = f.local('i32');
    const left = f.local('i32');
    const best = f.local('v128');
    const place = f.local('v128');
    const current = f.local('v128');
    const emitStrip = (whole: boolean): void => {
      const load = (): V128 => (whole ? v128.load(from) : lanes.loadFirst(from));
      f.set(from, strip);
      f.set(best, load());
      f.set(place, ops.const(0));
      f.set(current, ops.const(0));
      f.set(left, i32.sub(p.size, 1));
      f.while(left, () => {
        f.advance(from, rowBytes);
        f.scope(() => {
          f.set(current, ops.add(current, ops.const(1)));
          const value = f.let(load());
          // The first NaN is better than any number, and nothing is better than it.
          const isNew = v128.andNot(ops.ne(value, value), ops.ne(best, best));
          const better = f.let(v128.or(op === 'max' ? ops.gt(value, best) : ops.lt(value, best), isNew));
          f.set(best, v128.select(value, best, better));
          f.set(place, v128.select(current, place, better));
        });
        f.advance(left, -1);
      });
      const single = element === 'float32';
      if (!whole) f.storeLane(8, p.out, single ? f64x2.promoteF32(place) : place);
      else if (single) {
        const high = i8x16.shuffle(place, place, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
        f.store(p.out, f64x2.promoteF32(place));
        f.store(p.out, f64x2.promoteF32(high), 16);
      } else f.store(p.out, place);
      const width = whole ? lanes.lanes : 1;
      f.advance(strip, width * lanes.bytes);
      f.advance(p.out, width * 8);
      f.advance(columns, -width);
    };
    f.while(p.outer, () => {
      f.set(columns, p.inner);
      f.set(strip, p.x);
      f.while(i32.geU(columns, lanes.lanes), () => emitStrip(true));
      f.while(columns, () => emitStrip(false));
      f.advance(p.x, i32.mul(rowBytes, p.size));
      f.advance(p.outer, -1);
    });
  });
  return module.compile().run;
}
