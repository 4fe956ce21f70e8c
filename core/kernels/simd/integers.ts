/** Kernels of whole numbers: quotients of int64, and rows with a 1 at the place of a label. */
import type { Ptr } from '../api.js';
import { f64, f64x2, i32, ModuleBuilder, select, type WasmFunction } from '../assembler/index.js';
import { i32 as words } from '../../memory.js';
import { perRow } from '../threads/index.js';
import { runBinary } from './elementwise.js';
import { float64Lanes } from './lanes.js';
import { BINARY_SIGNATURE, emitMap, mapOfTwo } from './map-code.js';

let quotients: WasmFunction | undefined;

/** Adding 0 turns −0 into 0. */
function compileQuotients(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', BINARY_SIGNATURE, (f, p) => {
    emitMap(
      f,
      mapOfTwo(p, {
        access: float64Lanes,
        unroll: 2,
        compute: ([a, b]) => f64x2.add(f64x2.floor(f64x2.div(a, b)), f64x2.const(0)),
      }),
    );
  });
  return module.compile().run;
}

export function wholeQuotients(n: number, a: Ptr, b: Ptr, out: Ptr, aStep: 0 | 1, bStep: 0 | 1): void {
  runBinary((quotients ??= compileQuotients()), 8, 8, a, b, out, 1, n, 0, 0, aStep, bStep);
}

const MARK = { rows: 'i32', columns: 'i32', labels: 'i32', out: 'i32', wrong: 'i32' } as const;

/** Zeros first, of so few rows that they are still in the cache when the label's place is written. */
function compileMark(): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', MARK, (f, p) => {
    const rowBytes = f.let(i32.mul(p.columns, 8));
    const block = f.let(i32.add(i32.divU(16384, i32.add(rowBytes, 1)), 1));
    const rows = f.local('i32');
    const row = f.local('i32');
    const one = f.let(f64x2.const(1));
    f.while(p.rows, () => {
      f.set(rows, i32.minU(p.rows, block));
      f.fillBytes(p.out, 0, i32.mul(rows, rowBytes));
      f.set(row, rows);
      f.while(row, () => {
        f.scope(() => {
          const label = f64.load(p.labels);
          const place = f.let(i32.truncate(label));
          const isClass = f.let(i32.and(f64.eq(f64.convert(place), label), i32.ltU(place, p.columns)));
          // What is no class is written to the first place: the result is thrown away.
          const at = i32.mul(select(place, i32.const(0), isClass), 8);
          f.storeLane(8, i32.add(p.out, at), one);
          f.if(i32.eqz(isClass), () => f.storeI32(p.wrong, i32.const(1)));
        });
        f.advance(p.labels, 8);
        f.advance(p.out, rowBytes);
        f.advance(row, -1);
      });
      f.set(p.rows, i32.sub(p.rows, rows));
    });
  });
  return module.compile().run;
}

let mark: WasmFunction | undefined;

export function markRows(n: number, classes: number, labels: Ptr, out: Ptr, wrong: Ptr): void {
  words[wrong / 4] = 0;
  if (classes === 0) {
    words[wrong / 4] = n;
    return;
  }
  perRow((mark ??= compileMark()), [n, classes, labels, out, wrong], 0, classes, [0, 0, 8, 8 * classes, 0]);
}
