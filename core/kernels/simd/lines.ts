/**
 * Lines of float32: elements taken from them and put into them by int64 indices, two at a time, running sums and
 * products of four lines at a time, and cross products. And shifts of int32, which vectors know by one number only.
 */
import type { Ptr } from '../api.js';
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
import { Storage } from '../../storage.js';
import { ANSWER, i32 as words } from '../../memory.js';
import { perElement, perRow } from '../threads/index.js';
import { float32Lanes } from './lanes.js';
import { storeLeft } from './loops.js';

const compiled = new Map<string, WasmFunction>();

function cached(key: string, compile: () => WasmFunction): WasmFunction {
  let run = compiled.get(key);
  if (run === undefined) compiled.set(key, (run = compile()));
  return run;
}

/**
 * In rows of `length`: element k belongs to what lies at `line` + index · `scale` + k · `step`; the line moves by `lineRow`
 * from row to row, and so do the indices by `indexRow` beyond their own length. `wrong` (int32) becomes 1 where an index is none of 0 … last; it counts as another then.
 */
const ALONG = {
  rows: 'i32',
  length: 'i32',
  line: 'i32',
  index: 'i32',
  other: 'i32',
  last: 'i32',
  scale: 'i32',
  step: 'i32',
  lineRow: 'i32',
  indexRow: 'i32',
  wrong: 'i32',
} as const;

type Move = 'take' | 'put' | 'add';

function move(f: FunctionBuilder, kind: Move, place: Local<'i32'>, other: I32, offset: number): void {
  if (kind === 'take') f.storeI32(other, i32.load(place), offset);
  else if (kind === 'put') f.storeI32(place, i32.load(other, offset));
  else f.storeLane(4, place, f32x4.add(v128.load32Zero(place), v128.load32Zero(other, offset)));
}

function compileAlong(kind: Move): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', ALONG, (f, p) => {
    const last = f.let(i32x4.splat(p.last));
    const wrong = f.let(i32x4.const(0));
    const left = f.local('i32');
    const at = f.local('i32');
    const place = f.local('i32');
    const some = (count: 1 | 2): void => {
      f.scope(() => {
        const given = f.let(count === 2 ? v128.load(p.index) : v128.load64Zero(p.index));
        const places = f.let(i32x4.minU(i32x4.truncateF64(given), last));
        f.set(wrong, v128.or(wrong, f64x2.ne(f64x2.convertI32(places), given)));
        for (let k = 0; k < count; k++) {
          f.set(place, i32.add(at, i32.mul(i32x4.extract(places, k), p.scale)));
          move(f, kind, place, p.other, 4 * k);
          f.advance(at, p.step);
        }
      });
      f.advance(p.index, 8 * count);
      f.advance(p.other, 4 * count);
    };
    f.while(p.rows, () => {
      f.set(left, p.length);
      f.set(at, p.line);
      f.while(i32.geU(left, 2), () => {
        some(2);
        f.advance(left, -2);
      });
      f.if(left, () => some(1));
      f.advance(p.line, p.lineRow);
      f.advance(p.index, p.indexRow);
      f.advance(p.rows, -1);
    });
    f.if(v128.anyTrue(wrong), () => f.storeI32(p.wrong, i32.const(1)));
  });
  return module.compile().run;
}

/** Whether all indices did. */
function along(
  kind: Move,
  [outer, size, inner]: readonly [number, number, number],
  count: number,
  line: Ptr,
  index: Ptr,
  other: Ptr,
): boolean {
  if (outer * count * inner === 0) return true;
  if (size === 0) return false;
  words[ANSWER / 4] = 0;
  const run = cached(kind, () => compileAlong(kind));
  if (inner === 1) {
    const args = [outer, count, line, index, other, size - 1, 4, 0, 4 * size, 0, ANSWER];
    perRow(run, args, 0, 4 * count, [0, 0, 4 * size, 8 * count, 4 * count, 0, 0, 0, 0, 0, 0]);
  } else
    for (let o = 0; o < outer; o++) {
      const elements = o * count * inner;
      const from = line + 4 * o * size * inner;
      const args = [count, inner, from, index + 8 * elements, other + 4 * elements, size - 1];
      args.push(4 * inner, 4, 0, 0, ANSWER);
      // Elements of several rows may be put into the same place.
      if (kind === 'take') perRow(run, args, 0, 4 * inner, [0, 0, 0, 8 * inner, 4 * inner, 0, 0, 0, 0, 0, 0]);
      else run(...args);
    }
  return words[ANSWER / 4] === 0;
}

export function takeAlong(
  shape: readonly [outer: number, size: number, inner: number],
  count: number,
  x: Ptr,
  index: Ptr,
  out: Ptr,
): boolean {
  return along('take', shape, count, x, index, out);
}

export function takeSame(outer: number, size: number, count: number, x: Ptr, index: Ptr, out: Ptr): void {
  const run = cached('take', () => compileAlong('take'));
  const args = [outer, count, x, index, out, size - 1, 4, 0, 4 * size, -8 * count, ANSWER];
  perRow(run, args, 0, 4 * count, [0, 0, 4 * size, 0, 4 * count, 0, 0, 0, 0, 0, 0]);
}

export function putAlong(
  adds: boolean,
  shape: readonly [outer: number, size: number, inner: number],
  count: number,
  source: Ptr,
  index: Ptr,
  out: Ptr,
): boolean {
  return along(adds ? 'add' : 'put', shape, count, out, index, source);
}

const SCAN = { groups: 'i32', columns: 'i32', x: 'i32', out: 'i32' } as const;

const UPPER = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const LOWER_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

/** Groups of four rows: each sum waits for the one before, so that four at a time take as long as one. */
function compileScan(product: boolean, reverse: boolean): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', SCAN, (f, p) => {
    const rowBytes = f.let(i32.mul(p.columns, 4));
    const rows = Array.from({ length: 4 }, () => f.local('i32'));
    const outs = Array.from({ length: 4 }, () => f.local('i32'));
    const low = f.local('v128');
    const high = f.local('v128');
    const left = f.local('i32');
    const combine = product ? f64x2.mul : f64x2.add;
    /** The totals behind one column of the four rows. */
    const next = (column: Local<'v128'>): V128 => {
      f.set(low, combine(low, f64x2.promoteF32(column)));
      f.set(high, combine(high, f64x2.promoteF32(i8x16.shuffle(column, column, UPPER))));
      return i8x16.shuffle(f32x4.demoteF64(low), f32x4.demoteF64(high), LOWER_HALVES);
    };
    const advance = (bytes: number): void => {
      for (const pointer of [...rows, ...outs]) f.advance(pointer, bytes);
    };
    f.while(p.groups, () => {
      for (let r = 0; r < 4; r++) {
        const start = i32.mul(rowBytes, reverse ? r + 1 : r);
        f.set(rows[r], i32.add(p.x, start));
        f.set(outs[r], i32.add(p.out, start));
      }
      f.set(low, f64x2.const(product ? 1 : 0));
      f.set(high, low);
      f.set(left, p.columns);
      f.while(i32.geU(left, 4), () => {
        if (reverse) advance(-16);
        f.scope(() => {
          const columns = float32Lanes
            .transpose(rows.map((row) => f.let(v128.load(row))))
            .map((column) => f.let(column));
          const order = reverse ? [3, 2, 1, 0] : [0, 1, 2, 3];
          for (const c of order) f.set(columns[c], next(columns[c]));
          float32Lanes.transpose(columns).forEach((row, r) => {
            f.store(outs[r], row);
          });
        });
        if (!reverse) advance(16);
        f.advance(left, -4);
      });
      f.while(left, () => {
        if (reverse) advance(-4);
        f.scope(() => {
          const column = f.let(v128.load32Zero(rows[0]));
          for (const r of [1, 2, 3]) f.set(column, v128.loadLane(4, rows[r], column, r));
          f.set(column, next(column));
          for (let r = 0; r < 4; r++) f.storeLane(4, outs[r], column, r);
        });
        if (!reverse) advance(4);
        f.advance(left, -1);
      });
      f.advance(p.x, i32.mul(rowBytes, 4));
      f.advance(p.out, i32.mul(rowBytes, 4));
      f.advance(p.groups, -1);
    });
  });
  return module.compile().run;
}

/** Of groups of four rows. */
export function scanRows(
  product: boolean,
  reverse: boolean,
  groups: number,
  columns: number,
  x: Ptr,
  out: Ptr,
): void {
  const run = cached(`scan ${product} ${reverse}`, () => compileScan(product, reverse));
  const step = 16 * columns;
  perRow(run, [groups, columns, x, out], 0, 4 * columns, [0, 0, step, step]);
}

const SCAN_COLUMNS = {
  columns: 'i32',
  size: 'i32',
  x: 'i32',
  out: 'i32',
  step: 'i32',
  totals: 'i32',
} as const;

/** Row after row, with a float64 for each column. */
function compileScanColumns(product: boolean): WasmFunction {
  const module = new ModuleBuilder();
  const combine = product ? f64x2.mul : f64x2.add;
  module.define('run', SCAN_COLUMNS, (f, p) => {
    const first = f.let(f64x2.const(product ? 1 : 0));
    const [from, to, total, left] = [0, 1, 2, 3].map(() => f.local('i32'));
    /** Four columns and their totals. */
    const some = (store: (value: V128) => void): void => {
      f.scope(() => {
        const four = f.let(v128.load(from));
        const low = f.let(combine(v128.load(total), f64x2.promoteF32(four)));
        const high = f.let(combine(v128.load(total, 16), f64x2.promoteF32(i8x16.shuffle(four, four, UPPER))));
        f.store(total, low);
        f.store(total, high, 16);
        store(f.let(i8x16.shuffle(f32x4.demoteF64(low), f32x4.demoteF64(high), LOWER_HALVES)));
      });
    };
    f.set(total, p.totals);
    f.set(left, i32.add(i32.shrU(p.columns, 2), 1));
    f.while(left, () => {
      f.store(total, first);
      f.store(total, first, 16);
      f.advance(total, 32);
      f.advance(left, -1);
    });
    f.while(p.size, () => {
      f.set(from, p.x);
      f.set(to, p.out);
      f.set(total, p.totals);
      f.set(left, p.columns);
      f.while(i32.geU(left, 4), () => {
        some((value) => f.store(to, value));
        for (const pointer of [from, to]) f.advance(pointer, 16);
        f.advance(total, 32);
        f.advance(left, -4);
      });
      f.if(left, () => some((value) => storeLeft(f, 4, to, value, left)));
      f.advance(p.x, p.step);
      f.advance(p.out, p.step);
      f.advance(p.size, -1);
    });
  });
  return module.compile().run;
}

export function scanColumns(
  product: boolean,
  reverse: boolean,
  size: number,
  columns: number,
  x: Ptr,
  out: Ptr,
): void {
  const run = cached(`columns ${product}`, () => compileScanColumns(product));
  const room = Storage.allocate(8 * columns + 64, 'scan');
  const start = reverse ? 4 * columns * (size - 1) : 0;
  const args = [columns, size, x + start, out + start, reverse ? -4 * columns : 4 * columns, room.ptr];
  run(...args);
  room.release();
}

const SECOND_THIRD_FIRST = [4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 12, 13, 14, 15];
const THIRD_FIRST_SECOND = [8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15];

function compileCross(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', { count: 'i32', x: 'i32', y: 'i32', out: 'i32' }, (f, p) => {
    f.while(p.count, () => {
      f.scope(() => {
        const x = f.let(v128.load(p.x));
        const y = f.let(v128.load(p.y));
        const turned = (a: V128, pattern: readonly number[]): V128 => i8x16.shuffle(a, a, pattern);
        const first = f32x4.mul(turned(x, SECOND_THIRD_FIRST), turned(y, THIRD_FIRST_SECOND));
        const second = f32x4.mul(turned(x, THIRD_FIRST_SECOND), turned(y, SECOND_THIRD_FIRST));
        const value = f.let(f32x4.sub(first, second));
        f.storeLane(8, p.out, value);
        f.storeLane(4, p.out, value, 2, 8);
      });
      f.advance(p.x, 12);
      f.advance(p.y, 12);
      f.advance(p.out, 12);
      f.advance(p.count, -1);
    });
  });
  return module.compile().run;
}

/** Of `count` pairs of three numbers side by side. */
export function crossRows(count: number, x: Ptr, y: Ptr, out: Ptr): void {
  perRow(cached('cross', compileCross), [count, x, y, out], 0, 6, [0, 12, 12, 12]);
}

const SHIFT = { n: 'i32', a: 'i32', b: 'i32', out: 'i32', bStep: 'i32' } as const;

function compileShift(left: boolean): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', SHIFT, (f, p) => {
    const by = f.local('i32');
    const one = (k: number): void => {
      f.set(by, i32.load(p.b));
      const isFar = i32.gtU(by, 31);
      const value = i32.load(p.a, 4 * k);
      f.storeI32(
        p.out,
        left
          ? select(i32.const(0), i32.shl(value, by), isFar)
          : i32.shrS(value, select(i32.const(31), by, isFar)),
        4 * k,
      );
      f.advance(p.b, p.bStep);
    };
    f.while(i32.geU(p.n, 4), () => {
      for (let k = 0; k < 4; k++) one(k);
      f.advance(p.a, 16);
      f.advance(p.out, 16);
      f.advance(p.n, -4);
    });
    f.while(p.n, () => {
      one(0);
      f.advance(p.a, 4);
      f.advance(p.out, 4);
      f.advance(p.n, -1);
    });
  });
  return module.compile().run;
}

export function shift(left: boolean, n: number, a: Ptr, b: Ptr, out: Ptr, step: 0 | 1): void {
  const run = cached(`shift ${left}`, () => compileShift(left));
  perElement(run, [n, a, b, out, 4 * step], 0, [0, 4, 4 * step, 4, 0]);
}
