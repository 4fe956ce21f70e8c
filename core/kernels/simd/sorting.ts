/**
 * The order of rows of float32 by radix, eleven bits at a time: keys, whose unsigned order is that of the numbers, move
 * along with their positions. Stable; NaN counts as the largest, and 0 and −0 as equal.
 */
import type { Ptr } from '../api.js';
import {
  f64x2,
  i32,
  i32x4,
  ModuleBuilder,
  select,
  type I32,
  type Local,
  type WasmFunction,
} from '../assembler/index.js';
import { Storage } from '../../storage.js';

const BITS = 11;
const BUCKETS = 1 << BITS;
const PASSES = 3;

interface Functions {
  readonly keys: WasmFunction;
  readonly pass: WasmFunction;
}

const KEYS = { x: 'i32', count: 'i32', flip: 'i32', keys: 'i32', order: 'i32', counts: 'i32' } as const;
const PASS = {
  keys: 'i32',
  order: 'i32',
  count: 'i32',
  shift: 'i32',
  places: 'i32',
  outKeys: 'i32',
  outOrder: 'i32',
  /** Where positions go as int64 instead, or 0. */
  result: 'i32',
} as const;

/** Where the count of a digit is. */
function bucket(table: I32, key: I32, shift: I32): I32 {
  const digit = i32.and(i32.shrU(key, shift), i32.const(BUCKETS - 1));
  return i32.add(table, i32.shl(digit, i32.const(2)));
}

function compile(): Functions {
  const module = new ModuleBuilder();
  // Keys, positions and how often each digit appears; then, from those, where each digit begins.
  module.define('keys', KEYS, (f, p) => {
    const position = f.let(i32.const(0));
    const key = f.local('i32');
    const size = f.local('i32');
    const at = f.local('i32');
    const left = f.let(p.count);
    f.fillBytes(p.counts, 0, i32.const(4 * BUCKETS * PASSES));
    f.while(left, () => {
      f.set(key, i32.load(p.x));
      f.set(size, i32.and(key, i32.const(0x7fffffff)));
      const rising = select(
        i32.xor(key, i32.const(-1)),
        i32.or(key, i32.const(-0x80000000)),
        i32.ltS(key, i32.const(0)),
      );
      f.set(key, select(i32.const(-0x80000000), rising, i32.eqz(size)));
      f.set(key, select(i32.const(-1), key, i32.gtU(size, i32.const(0x7f800000))));
      f.set(key, i32.xor(key, p.flip));
      f.storeI32(p.keys, key);
      f.storeI32(p.order, position);
      for (let pass = 0; pass < PASSES; pass++) {
        const table = i32.add(p.counts, i32.const(4 * BUCKETS * pass));
        f.set(at, bucket(table, key, i32.const(BITS * pass)));
        f.storeI32(at, i32.add(i32.load(at), i32.const(1)));
      }
      for (const pointer of [p.x, p.keys, p.order]) f.advance(pointer, 4);
      f.advance(position, 1);
      f.advance(left, -1);
    });
    const total = f.local('i32');
    const buckets = f.local('i32');
    f.set(at, p.counts);
    for (let pass = 0; pass < PASSES; pass++) {
      f.set(total, i32.const(0));
      f.set(buckets, i32.const(BUCKETS));
      f.while(buckets, () => {
        f.set(key, i32.load(at));
        f.storeI32(at, total);
        f.set(total, i32.add(total, key));
        f.advance(at, 4);
        f.advance(buckets, -1);
      });
    }
  });
  module.define('pass', PASS, (f, p) => {
    const key = f.local('i32');
    const at = f.local('i32');
    const place = f.local('i32');
    const each = (put: (place: Local<'i32'>) => void): void => {
      f.while(p.count, () => {
        f.set(key, i32.load(p.keys));
        f.set(at, bucket(p.places, key, p.shift));
        f.set(place, i32.load(at));
        f.storeI32(at, i32.add(place, i32.const(1)));
        put(place);
        f.advance(p.keys, 4);
        f.advance(p.order, 4);
        f.advance(p.count, -1);
      });
    };
    f.if(
      p.result,
      () =>
        each(() => {
          const position = f64x2.convertI32(i32x4.splat(i32.load(p.order)));
          f.storeLane(8, i32.add(p.result, i32.shl(place, i32.const(3))), position);
        }),
      () =>
        each(() => {
          f.set(place, i32.shl(place, i32.const(2)));
          f.storeI32(i32.add(p.outKeys, place), key);
          f.storeI32(i32.add(p.outOrder, place), i32.load(p.order));
        }),
    );
  });
  const { keys, pass } = module.compile();
  return { keys, pass };
}

let functions: Functions | undefined;

export function sortRows(rows: number, columns: number, descending: boolean, x: Ptr, out: Ptr): void {
  const { keys, pass } = (functions ??= compile());
  const bytes = 4 * columns;
  const tables = 4 * BUCKETS;
  const storage = Storage.allocate(4 * bytes + PASSES * tables, 'sort');
  const [keysA, keysB, orderA, orderB] = [0, 1, 2, 3].map((part) => storage.ptr + part * bytes);
  const counts = storage.ptr + 4 * bytes;
  for (let row = 0; row < rows; row++) {
    keys(x + row * bytes, columns, descending ? -1 : 0, keysA, orderA, counts);
    pass(keysA, orderA, columns, 0, counts, keysB, orderB, 0);
    pass(keysB, orderB, columns, BITS, counts + tables, keysA, orderA, 0);
    pass(keysA, orderA, columns, 2 * BITS, counts + 2 * tables, 0, 0, out + 2 * row * bytes);
  }
  storage.release();
}
